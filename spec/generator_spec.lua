-- Generators: streams of random numbers beside the context's own.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local raises, same_bits = tensors.raises, tensors.same_bits

describe("a generator", function()
  it("gives what the context gives from the same seed", function()
    pg.manual_seed(7)
    local want = pg.cat { pg.rand { 5 }, pg.randn { 5 } }
    local g = pg.Generator(7)
    same_bits(pg.cat { pg.rand({ 5 }, { generator = g }),
      pg.randn({ 5 }, { generator = g }) }, want)
  end)

  it("leaves the context's stream alone", function()
    pg.manual_seed(7)
    local want = pg.rand { 5 }
    pg.manual_seed(7)
    pg.rand({ 5 }, { generator = pg.Generator(1) })
    same_bits(pg.rand { 5 }, want)
  end)

  it("starts anew by manual_seed, which gives it back", function()
    local g = pg.Generator(7)
    local first = pg.rand({ 5 }, { generator = g })
    assert.are.equal(g, g:manual_seed(7))
    same_bits(pg.rand({ 5 }, { generator = g }), first)
  end)

  it("knows its seed, up to the largest and the smallest", function()
    for _, seed in ipairs { 0, 42, -1, math.maxinteger, math.mininteger } do
      assert.are.equal(seed, pg.Generator(seed):initial_seed())
    end
    assert.are.equal(0, pg.Generator():initial_seed())
  end)

  it("takes a seed of the system's choice", function()
    local g = pg.Generator(1)
    local seed = g:seed()
    assert.are.equal(seed, g:initial_seed())
    local first = pg.rand({ 5 }, { generator = g })
    same_bits(pg.rand({ 5 }, { generator = pg.Generator(seed) }), first)
  end)

  it("goes back to a state", function()
    local g = pg.Generator(7)
    pg.rand({ 5 }, { generator = g })
    local state = g:get_state()
    assert.are.same({ 7, 1 }, state:totable())
    local want = pg.randn({ 5 }, { generator = g })
    same_bits(pg.randn({ 5 }, { generator = g:set_state(state) }), want)
    same_bits(pg.randn({ 5 }, { generator =
      pg.Generator():set_state(state) }), want)
  end)

  it("prints seed and draws", function()
    local g = pg.Generator(7)
    pg.rand({ 5 }, { generator = g })
    assert.are.equal("generator of seed 7 after 1 draws", tostring(g))
  end)

  it("draws nothing in a call that fails", function()
    local g = pg.Generator(7)
    raises(function() pg.tensor({ 1.5 }):bernoulli { generator = g } end,
      "1.5")
    raises(function()
      pg.randint(1, 5, { 2 }, { generator = g, requires_grad = true })
    end, "int64")
    assert.are.equal(0, g:get_state()[2])
  end)

  it("gives a replay new numbers, also after it was collected", function()
    local g = pg.Generator(7)
    local y
    local recording = pg.record(function()
      y = pg.rand({ 5 }, { generator = g })
    end)
    local first = y:clone()
    g = nil
    collectgarbage()
    collectgarbage()
    local other = pg.Generator(7)
    same_bits(pg.rand({ 5 }, { generator = other }), first)
    recording:replay()
    same_bits(pg.rand({ 5 }, { generator = other }), y)
    recording:replay()
    same_bits(pg.rand({ 5 }, { generator = other }), y)
    assert.is_nil(g)
  end)

  it("may start anew between replays", function()
    local g = pg.Generator(7)
    local y
    local recording = pg.record(function()
      y = pg.rand({ 5 }, { generator = g })
    end)
    local first = y:clone()
    g:manual_seed(7)
    recording:replay()
    same_bits(y, first)
  end)

  local refused = {
    { "a seed that is no whole number",
      function() pg.Generator(1.5) end, "Generator", "whole number", "1.5" },
    { "no seed", function() pg.Generator():manual_seed() end, "manual_seed" },
    { "something else in its place",
      function() pg.rand({ 2 }, { generator = 7 }) end,
      "rand: generator must be a generator, got 7" },
    { "a state that is none",
      function() pg.Generator():set_state(pg.zeros { 2 }) end,
      "set_state: state must be the int64 tensor { seed, draws }" },
  }
  tensors.each_raises(it, "refuses ", refused)
end)

describe("the random state", function()
  it("is seed and draws, and can be set again", function()
    pg.manual_seed(42)
    pg.rand { 3 }
    local state = pg.get_rng_state()
    assert.are.same({ 42, 1 }, state:totable())
    local want = pg.cat { pg.rand { 3 }, pg.randn { 3 } }
    pg.set_rng_state(state)
    same_bits(pg.cat { pg.rand { 3 }, pg.randn { 3 } }, want)
    assert.are.equal(42, pg.initial_seed())
  end)

  it("survives a seed of the system's choice", function()
    local seed = pg.seed()
    local want = pg.rand { 3 }
    pg.manual_seed(seed)
    same_bits(pg.rand { 3 }, want)
  end)
end)
