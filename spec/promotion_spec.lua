-- Promotion over all pairs of dtypes: tensors, 0-d tensors and plain numbers.

local pg = require "perigee"
local promotion = require "spec.support.promotion"

local names = promotion.names

local function vector(dtype) return pg.ones({ 2 }, { dtype = dtype }) end
local function single(dtype) return pg.ones({}, { dtype = dtype }) end

-- Rows whose result has the promoted dtype, whose result is a float, whose
-- result is bool.
local arith = { "add", "mul", "maximum", "remainder", "floor_divide" }
local compare = { "eq", "lt", "logical_or" }

local function choose(x, y)
  return pg.where(pg.ones({}, { dtype = "bool" }), x, y)
end

-- The dtypes that 'row' gives for 'x' with each second operand.
local function dtypes_with(row, x, second)
  local list = {}
  for i, dtype in ipairs(names) do
    list[i] = (row == "where" and choose or pg[row])(x, second(dtype)).dtype
  end
  return list
end

local pairs_of = {
  { "a tensor and a tensor", vector, vector, promotion.equals },
  { "a tensor and a 0-d tensor", vector, single, promotion.with_0d },
  { "two 0-d tensors", single, single, promotion.equals },
}

describe("the dtype of", function()
  for _, case in ipairs(pairs_of) do
    for i, dtype in ipairs(names) do
      it(("%s is PyTorch's, the first %s"):format(case[1], dtype), function()
        local x = case[2](dtype)
        for _, row in ipairs(arith) do
          assert.are.same(case[4][i], dtypes_with(row, x, case[3]), row)
        end
        assert.are.same(case[4][i], dtypes_with("where", x, case[3]))
      end)
    end
  end

  it("a 0-d tensor and a tensor does not ask who comes first", function()
    for i, a in ipairs(names) do
      for j, b in ipairs(names) do
        assert.are.equal(promotion.with_0d[j][i],
          single(a):add(vector(b)).dtype, a .. " + " .. b)
      end
    end
  end)

  it("a tensor and a number is PyTorch's", function()
    for i, dtype in ipairs(names) do
      for _, x in ipairs { vector(dtype), single(dtype) } do
        for _, row in ipairs(arith) do
          assert.are.same(promotion.with_number[i],
            { pg[row](x, 2).dtype, pg[row](x, 2.5).dtype }, row .. dtype)
          assert.are.same(promotion.with_number[i],
            { pg[row](2, x).dtype, pg[row](2.5, x).dtype }, row .. dtype)
        end
      end
    end
  end)

  it("a quotient is the promoted float, or float32", function()
    for i, a in ipairs(names) do
      for j, b in ipairs(names) do
        local joined = promotion.equals[i][j]
        for k, name in ipairs(names) do
          if name == joined then
            assert.are.equal(promotion.float_of[k],
              vector(a):div(vector(b)).dtype)
          end
        end
      end
      assert.are.equal(promotion.float_of[i], vector(a):div(2).dtype)
    end
  end)

  it("a function of floats is that of x, or float32", function()
    for i, dtype in ipairs(names) do
      assert.are.equal(promotion.float_of[i], vector(dtype):exp().dtype)
      assert.are.equal(promotion.float_of[i], vector(dtype):sqrt().dtype)
    end
  end)

  it("a comparison is bool", function()
    for _, row in ipairs(compare) do
      for _, a in ipairs(names) do
        for _, b in ipairs(names) do
          assert.are.equal("bool", pg[row](vector(a), vector(b)).dtype)
        end
      end
    end
  end)

  it("a result in place is that of x, or an error", function()
    local category = { bool = 0, uint8 = 1, int32 = 1, int64 = 1 }
    for _, a in ipairs(names) do
      for _, b in ipairs(names) do
        local x = vector(a)
        local fits = (category[b] or 2) <= (category[a] or 2)
        local ok, message = pcall(x.add_, x, vector(b))
        assert.are.equal(fits, ok, a .. " with " .. b)
        if fits then
          assert.are.equal(a, x.dtype)
        else
          assert.is_truthy(message:find("add_: the result is", 1, true))
        end
      end
    end
  end)
end)
