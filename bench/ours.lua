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

-- Calls `f` and drops its result at once, so that the next call finds its
-- memory free: else the time of a large one is that of the collector.
local function dropping(f, ...)
  local x, y = ...
  return function() local _ <close> = f(x, y) end
end

-- One operation on a tensor of rows x columns.
function makers.op(name, rows, columns)
  local x = pg.rand(rows, columns)
  if name == "add" or name == "mul" then
    return dropping(pg[name], x, pg.rand(rows, columns))
  elseif name == "add_scalar" then
    return dropping(pg.add, x, 2.5)
  elseif name == "add_row" then
    return dropping(pg.add, x, pg.rand(columns))
  elseif name == "add_column" then
    return dropping(pg.add, x, pg.rand(rows, 1))
  elseif name == "transpose" then
    return dropping(pg.contiguous, x:transpose(1, 2))
  elseif name == "sum_rows" then
    return dropping(pg.sum, x, 2)
  elseif name == "sum_columns" then
    return dropping(pg.sum, x, 1)
  elseif name == "softmax" or name == "log_softmax" then
    return dropping(pg[name], x, 2)
  elseif name == "cross_entropy" then
    return dropping(pg.cross_entropy, x, pg.randint(1, columns + 1, { rows }))
  elseif name == "cross_entropy_backward" then
    local target = pg.randint(1, columns + 1, { rows })
    x.requires_grad = true
    return function()
      x.grad = nil
      pg.cross_entropy(x, target):backward()
    end
  end
  return dropping(pg[name], x)
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
  end
  return last.step
end

local function serve(request)
  local reps, threads, case = request:match "^(%d+) (%d+) (.+)$"
  pg.set_threads(math.tointeger(threads))
  local step = step_of(case)
  step()
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
