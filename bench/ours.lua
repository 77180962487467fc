-- Perigee's side of the benchmarks: each case written as a user writes it. A
-- worker as contest.lua describes it; with a request as its arguments it
-- serves that one and ends:
--
--   build/perigee bench/ours.lua 100 1 mlp 128 adam
--
-- A maker takes the words of its case and returns the function to be timed.

local pg = require "perigee"
local nn, optim = pg.nn, pg.optim

local makers = {}

-- Calls `f` and drops its results at once, so that the next call finds their
-- memory free: else the time of large ones is that of the collector.
local function dropping(f, ...)
  local x, y = ...
  return function()
    local _ <close>, also = f(x, y)
    local _ <close> = also
  end
end

-- ---- Single operations ------------------------------------------------------

local function square(n) return pg.rand(n, n) end

local cubes = { [2] = { 1, 2, 2 }, [512] = { 64, 64, 64 },
  [4096] = { 256, 256, 256 } }

-- What the texts of operations.lua name, for a side of n.
local operands = {
  n = function(n) return n end,
  x = square, y = square, z = square,
  row = function(n) return pg.rand(n) end,
  column = function(n) return pg.rand(n, 1) end,
  cube = function(n) return pg.rand(cubes[n]) end,
  points = function(n) return pg.rand(n, 16) end,
  mask = function(n) return square(n):lt(0.5) end,
  index = function(n) return pg.randint(1, n + 1, { n, n }) end,
  places = function(n) return pg.randint(1, n * n + 1, { n, n }) end,
  order = function(n) return pg.randperm(n) end,
  target = function(n) return pg.randint(1, n + 1, { n }) end,
  words = function(n) return pg.randint(1, 1001, { n, n }) end,
  sorted = function(n) return (pg.rand(n):sort()) end,
  k = function(n) return math.max(1, n // 64) end,
  leaf = function(n) return pg.rand(n, n, { requires_grad = true }) end,
  leaf_column = function(n) return pg.rand(n, 1, { requires_grad = true }) end,
}

-- The function whose body is the expression of `words`.
local function expression(n, words)
  local text = table.concat(words, " ")
  local names, values = { "pg" }, { pg }
  for name in text:gmatch "[%a_][%w_]*" do
    if operands[name] and not names[name] then
      names[name] = true
      names[#names + 1], values[#values + 1] = name, operands[name](n)
    end
  end
  local maker = ("local %s = ... return function() return %s end"):format(
    table.concat(names, ", "), text)
  return assert(load(maker, "=case"))(table.unpack(values)), values
end

function makers.op(n, ...)
  local call = expression(n, { ... })
  return n == 2 and call or dropping(call)
end

-- The same with its gradient.
function makers.back(n, ...)
  local call, values = expression(n, { ... })
  local dy
  return function()
    for _, value in ipairs(values) do
      if pg.is_tensor(value) then value.grad = nil end
    end
    local y <close> = call()
    dy = dy or pg.rand_like(y:detach())
    y:backward(dy)
  end
end

-- x [M, K] times y [K, N]; T in `form` says which one lies transposed.
function makers.matmul(form, m, n, k)
  local x = form:sub(1, 1) == "T" and pg.rand(k, m):transpose(1, 2)
    or pg.rand(m, k)
  local y = form:sub(2, 2) == "T" and pg.rand(n, k):transpose(1, 2)
    or pg.rand(k, n)
  return dropping(pg.matmul, x, y)
end

-- The rate of Adam is so small that nothing is learned by heart: its state
-- would become denormal, which costs other frameworks time.
local function optimizer(name, parameters)
  if name == "sgd" then return optim.SGD(parameters, { lr = 1e-3 }) end
  return optim.Adam(parameters, { lr = 1e-6 })
end

-- A training step of `model` from `inputs` numbers to 10 classes.
local function training(model, inputs, batch, name)
  local opt = optimizer(name, model:parameters())
  local xs, ys, turn = {}, {}, 0
  for i = 1, 8 do
    xs[i], ys[i] = pg.rand(batch, inputs), pg.randint(1, 11, { batch })
  end
  return function()
    turn = turn % 8 + 1
    local loss = pg.cross_entropy(model(xs[turn]), ys[turn])
    opt:zero_grad()
    loss:backward()
    opt:step()
  end
end

function makers.mlp(batch, name)
  return training(nn.Sequential {
    nn.Linear(784, 256), nn.ReLU(),
    nn.Linear(256, 128), nn.ReLU(),
    nn.Linear(128, 10),
  }, 784, batch, name)
end

function makers.small(batch, name)
  return training(nn.Sequential {
    nn.Linear(784, 15), nn.ReLU(),
    nn.Linear(15, 10),
  }, 784, batch, name)
end

-- An optimizer alone, over `count` tensors of `size` elements.
function makers.update(name, count, size)
  local parameters = {}
  for i = 1, count do
    local parameter = pg.rand(size)
    parameter.requires_grad = true
    parameter.grad = pg.rand(size)
    parameters[i] = parameter
  end
  local opt = optimizer(name, parameters)
  return function() opt:step() end
end

-- Operations so small that only their overhead counts.
function makers.tiny(name)
  local x, y = pg.rand(4), pg.rand(4)
  if name == "call" then return function() end end
  if name == "add" then return function() return x + y end end
  if name == "add_recording" then
    x.requires_grad = true
    return function() return x + y end
  end
  local layer, data, dy = nn.Linear(16, 16), pg.rand(8, 16), pg.rand(8, 16)
  local weight, bias = table.unpack(layer:parameters())
  return function()
    weight.grad, bias.grad = nil, nil
    layer(data):backward(dy)
  end
end

-- ---- The worker -------------------------------------------------------------

local last = {} -- the case served last, so that a row's samples share one

local function step_of(case)
  if last.case ~= case then
    last = {}
    collectgarbage() -- the memory of the case before
    local words = {}
    for word in case:gmatch "%S+" do
      words[#words + 1] = math.tointeger(word) or word
    end
    pg.manual_seed(1)
    last = { case = case, step = makers[words[1]](table.unpack(words, 2)) }
    last.step()
  end
  return last.step
end

local function serve(request)
  local reps, threads, case = request:match "^(%d+) (%d+) (.+)$"
  pg.set_threads(math.tointeger(threads))
  local step = step_of(case)
  local start = pg.clock()
  for _ = 1, reps do step() end
  print(("%.9g"):format(pg.clock() - start))
  io.flush()
end

if #arg > 0 then
  serve(table.concat(arg, " "))
else
  local info = pg.info()
  print(("Perigee %s (%s)"):format(info.version, info.isa))
  io.flush()
  for request in io.lines() do serve(request) end
end
