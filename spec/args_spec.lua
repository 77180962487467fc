-- How calls are read: positions, names, and the texts of what is wrong.

local pg = require "perigee"
local process = require "spec.support.process"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

local x = pg.tensor { { 1.0, 2.0 }, { 3.0, 4.0 } }

describe("arguments", function()
  local forms = {
    { "by position", function() return x:sum(1) end },
    { "by name", function() return x:sum { dim = 1 } end },
    { "of the function form", function() return pg.sum(x, 1) end },
    { "named in the function form",
      function() return pg.sum(x, { dim = 1 }) end },
    { "as a list", function() return x:sum { 1 } end },
    { "from the end", function() return x:sum(-2) end },
    { "as integral floats", function() return x:sum(1.0) end },
    { "with inputs by name", function() return pg.sum { x = x, dim = 1 } end },
    { "with empty options", function() return x:sum(1, {}) end },
  }
  for _, form in ipairs(forms) do
    it("are read " .. form[1], function() near(form[2](), { 4, 6 }) end)
  end

  it("mix positions and names", function()
    near(x:sum(1, { keepdim = true }), { { 4, 6 } })
  end)

  it("take a list as the value of the next list parameter", function()
    assert.are.same({ 4, 1 }, x:reshape({ 4, -1 }).shape)
    assert.are.same({ 4, 1 }, x:reshape({ shape = { 4, -1 } }).shape)
    assert.are.same({ 4, 1 }, x:reshape(4, -1).shape)
  end)

  it("take nil for an absent optional tensor", function()
    near(pg.linear(x, x, nil), { { 5, 11 }, { 11, 25 } })
  end)

  it("take plain numbers on either side", function()
    near(pg.sub(10, x), { { 9, 8 }, { 7, 6 } })
    near(pg.sub(x, 1), { { 0, 1 }, { 2, 3 } })
  end)
end)

describe("what is wrong with a call", function()
  local cases = {
    { "an unknown option", function() x:sum { dimm = 1 } end,
      "sum", "dimm", "dim" },
    { "a wrong type", function() x:sum("one") end, "sum", "dim", "one" },
    { "a fraction", function() x:sum(1.5) end, "sum", "dim", "1.5" },
    { "a missing tensor", function() pg.matmul(x) end, "matmul", "b",
      "no value" },
    { "a number for a tensor", function() pg.matmul(x, 3) end, "matmul", "b",
      "number" },
    { "a table for a tensor", function() pg.exp({ 1, 2 }) end, "exp", "x",
      "table" },
    { "a missing parameter", function() x:transpose(1) end, "transpose",
      "dim1" },
    { "one argument too many", function() x:exp(1) end, "exp" },
    { "a value given twice", function() x:sum(1, { dim = 1 }) end, "sum",
      "dim", "twice" },
    { "a nil hole", function() x:transpose(nil, 2) end, "transpose", "dim0" },
    { "a string for a flag", function() x:sum(1, { keepdim = "yes" }) end,
      "keepdim", "string" },
    { "a fraction in a list", function() x:reshape { 1.5 } end, "reshape",
      "shape", "1.5" },
    { "too many sizes", function() x:reshape { 1, 1, 1, 1, 1, 1, 1, 1, 4 } end,
      "reshape", "8" },
    { "an unknown dtype", function() x:to("float33") end, "to", "float33",
      "float32" },
    { "an unknown operation", function() return pg.smu end, "smu" },
    { "an unknown method", function() return x:summ() end, "summ", "sum" },
    { "a call without its colon", function() x.sum() end, "sum" },
  }
  tensors.each_raises(it, "is said for ", cases)

  it("stands at the caller's line", function()
    local line = debug.getinfo(1, "l").currentline + 2
    local message = raises(function()
      x:matmul(pg.ones { 3, 3 })
    end, "matmul")
    assert.is_truthy(message:find("args_spec.lua:" .. line, 1, true), message)
  end)
end)

describe("pg.help", function()
  for _, name in ipairs({ "matmul", "Linear", "Adam", "mnist", "grad" }) do
    it("prints a text for " .. name, function()
      local result = process.run(process.host .. " -e "
        .. process.quote("pg.help '" .. name .. "'"))
      assert.are.equal(0, result.status, result.err)
      assert.is_truthy(result.out:find(name, 1, true))
      assert.is_true(#result.out > 40)
    end)
  end

  it("has a text for every operation that names its parameters", function()
    local result = process.run(process.host .. " -e " .. process.quote [[
      local missing = {}
      local print_out = print
      print = function() end
      for _, row in ipairs(pg.ops()) do
        local text = pg.help(row.name)
        for _, param in ipairs(row.params) do
          if not text:find(param.name, 1, true) then
            missing[#missing + 1] = row.name .. " " .. param.name
          end
        end
      end
      print_out(table.concat(missing, "\n"))]])
    assert.are.equal("\n", result.out, result.err)
  end)

  it("names all it takes where none is near", function()
    raises(function() x:sum { across = 1 } end, "across", "dim, keepdim")
  end)

  it("names the nearest for an unknown name", function()
    raises(function() pg.help("matmull") end, "matmul")
  end)
end)
