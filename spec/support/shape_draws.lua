-- Random calls of operations on shapes, for random_calls.lua: tensors large
-- enough for the fast copies, with drawn options.

local randoms = require "spec.support.randoms"

local random, either = math.random, randoms.either

return function(families, draw_input, domain_of)
  -- One tensor of 'least' to 4 dimensions. -> its shape
  local function one(call, least)
    local shape = randoms.shape(least, 4, 20000)
    call.inputs[1] = draw_input(call, domain_of(call), shape)
    return shape
  end

  -- Some of 'count' dimensions, each once.
  local function some(count)
    local dims = {}
    for d = 1, count do
      if random(2) == 1 then table.insert(dims, random(#dims + 1), d) end
    end
    return #dims > 0 and dims or { random(count) }
  end

  function families.flip(call)
    call.options.dims = some(#one(call, 1))
  end

  function families.roll(call)
    call.options.dims = some(#one(call, 1))
    call.options.shifts = {}
    for i = 1, #call.options.dims do
      call.options.shifts[i] = random(-30, 30)
    end
  end

  local function triangle(call)
    one(call, 2)
    call.options.diagonal = random(-20, 20)
  end
  families.tril, families.triu = triangle, triangle

  function families.tile(call)
    local repeats = {}
    for i = 1, #one(call, 0) do repeats[i] = random(3) end
    call.options.repeats = repeats
  end

  function families.pad(call)
    local shape = one(call, 1)
    local mode = either("constant", "reflect", "replicate", "circular")
    local pad = {}
    for d = #shape, either(1, #shape), -1 do
      local most = mode == "reflect" and shape[d] - 1 or shape[d]
      most = math.max(0, math.min(9, most))
      for _ = 1, 2 do pad[#pad + 1] = random(0, most) end
    end
    call.options = { pad = pad, mode = mode }
  end

  function families.unfold(call)
    local shape = one(call, 1)
    local dim = random(#shape)
    local size = random(math.max(1, math.min(9, shape[dim])))
    call.options = { dim = dim, size = size, step = random(9) }
  end

  function families.diagonal(call)
    one(call, 2)
    call.options.offset = random(-20, 20)
  end
end
