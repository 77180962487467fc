-- Data sets, loaders and readers. The format of IDX files and the drawing of
-- digits are looked at closely in spec/c/data_spec.c.

local pg = require "perigee"
local process = require "spec.support.process"
local tensors = require "spec.support.tensors"
local data = pg.data
local near, raises = tensors.near, tensors.raises

-- An IDX file of bytes with the given sizes.
local function idx(sizes, bytes)
  local header = string.char(0, 0, 8, #sizes)
  for _, size in ipairs(sizes) do header = header .. (">I4"):pack(size) end
  return header .. bytes
end

local function numbers(n)
  return data.TensorDataset(pg.arange(1, n + 1):to("float32"),
    pg.arange(1, n + 1))
end

-- The first batch of 'loader'.
local function first(loader)
  local x, y
  for a, b in loader:epoch() do x, y = x or a, y or b end
  return x, y
end

-- Rows that a pass of 'loader' delivers, batch by batch.
local function pass(loader)
  local batches = {}
  for _, y in loader:epoch() do batches[#batches + 1] = y:totable() end
  return batches
end

describe("TensorDataset", function()
  it("tells its size", function()
    assert.are.equal(10, #numbers(10))
  end)

  it("refuses tensors of unequal size", function()
    raises(function() data.TensorDataset(pg.ones { 2 }, pg.ones { 3 }) end,
      "[2]", "[3]")
  end)

  it("refuses nothing", function()
    raises(function() data.TensorDataset() end, "ataset")
  end)
end)

describe("DataLoader", function()
  it("delivers batches in order, the last one smaller", function()
    local loader = data.DataLoader(numbers(5), { batch_size = 2 })
    assert.are.equal(3, #loader)
    assert.are.same({ { 1, 2 }, { 3, 4 }, { 5 } }, pass(loader))
  end)

  it("drops a last batch that is not full when asked to", function()
    local loader = data.DataLoader(numbers(5),
      { batch_size = 2, drop_last = true })
    assert.are.equal(2, #loader)
    assert.are.same({ { 1, 2 }, { 3, 4 } }, pass(loader))
  end)

  it("shuffles each epoch anew, every sample once", function()
    pg.manual_seed(4)
    local loader = data.DataLoader(numbers(50),
      { batch_size = 50, shuffle = true })
    local one, other = pass(loader)[1], pass(loader)[1]
    assert.are_not.same(one, other)
    table.sort(one)
    table.sort(other)
    assert.are.same(one, other)
    assert.are.equal(50, one[50])
  end)

  it("gives the order of an epoch to the seed alone", function()
    local function orders()
      pg.manual_seed(4)
      local loader = data.DataLoader(numbers(20),
        { batch_size = 20, shuffle = true })
      local order = pass(loader)
      pg.rand { 7 }
      return { order, pass(loader) }
    end
    local before = orders()
    assert.are.same(before, orders())
  end)

  it("delivers tensors side by side", function()
    for x, y in data.DataLoader(numbers(4), { batch_size = 2 }):epoch() do
      near(x, y:totable())
    end
  end)

  it("begins anew after a break", function()
    local loader = data.DataLoader(numbers(4), { batch_size = 1 })
    for _, y in loader:epoch() do
      if y[1] == 2 then break end
    end
    assert.are.equal(4, #pass(loader))
  end)

  it("refuses a batch size of zero", function()
    raises(function() data.DataLoader(numbers(4), { batch_size = 0 }) end,
      "batch_size", "0")
  end)

  it("refuses an unknown option", function()
    raises(function() data.DataLoader(numbers(4), { batchsize = 2 }) end,
      "batchsize", "batch_size")
  end)
end)

describe("data.digits", function()
  local set = data.digits(60, 3)

  it("draws images with their classes", function()
    assert.are.equal(60, #set)
    for x, y in data.DataLoader(set, { batch_size = 60 }):epoch() do
      assert.are.same({ 60, 1, 28, 28 }, x.shape)
      assert.are.equal("float32", x.dtype)
      assert.is_true(x:min():item() >= 0 and x:max():item() <= 1)
      assert.is_true(y:min():item() >= 1 and y:max():item() <= 10)
    end
  end)

  it("names its classes from position 1", function()
    assert.are.equal("0", set.classes[1])
    assert.are.equal("9", set.classes[10])
  end)

  it("draws the same digits for the same seed", function()
    local function all(n, seed)
      return (first(data.DataLoader(data.digits(n, seed),
        { batch_size = n })))
    end
    tensors.same_bits(all(5, 3), all(9, 3)[{ { 1, 5 } }])
    assert.is_false(all(5, 3):eq(all(5, 4)):all())
  end)
end)

describe("data.mnist", function()
  local folder = process.run("mktemp -d").out:gsub("\n", "")
  local function write(name, text)
    local file = assert(io.open(folder .. "/" .. name, "wb"))
    file:write(text)
    file:close()
  end
  teardown(function() os.execute("rm -rf " .. process.quote(folder)) end)

  it("says when digits are drawn", function()
    local result = process.run("cd / && PERIGEE_DATA= " .. process.host
      .. " -e " .. process.quote [[
        local train, test = pg.data.mnist { train_size = 20, test_size = 10 }
        print(#train, #test, train.source)]])
    assert.are.equal("20\t10\tdrawn digits\n", result.out, result.err)
  end)

  it("answers nil and a message when the folder has no files", function()
    local set, message, status = data.mnist(folder)
    assert.is_nil(set)
    assert.is_truthy(message:find(folder, 1, true), message)
    assert.is_not_nil(status)
  end)

  it("reads the four files", function()
    write("train-images-idx3-ubyte", idx({ 3, 28, 28 }, ("\0"):rep(2352)))
    write("train-labels-idx1-ubyte", idx({ 3 }, "\0\4\9"))
    write("t10k-images-idx3-ubyte", idx({ 1, 28, 28 }, ("\255"):rep(784)))
    write("t10k-labels-idx1-ubyte", idx({ 1 }, "\7"))
    local train, test = data.mnist(folder)
    assert.are.equal(3, #train)
    for x, y in data.DataLoader(test):epoch() do
      near(y, { 8 })
      assert.are.equal("7", test.classes[y[1]])
      near(x:mean(), 1)
    end
  end)

  it("never draws digits in place of damaged files", function()
    write("train-images-idx3-ubyte", idx({ 3, 28, 28 }, ("\0"):rep(2351)))
    local set, message = data.mnist(folder)
    assert.is_nil(set)
    assert.is_truthy(message:find("train-images", 1, true), message)
  end)
end)

describe("data.idx", function()
  it("reads sizes and elements", function()
    process.with_file(idx({ 2, 3 }, "\1\2\3\4\5\255"), function(path)
      local x = assert(data.idx(path))
      assert.are.equal("uint8", x.dtype)
      near(x, { { 1, 2, 3 }, { 4, 5, 255 } })
    end)
  end)
end)
