-- What a seed gives is a file format: the first four numbers of each law from
-- seed 42, in float64, by a second implementation of the generator and of the
-- laws in Python, with the logarithms of libm.

local pg = require "perigee"
local tensors = require "spec.support.tensors"

local laws = {
  { "uniform", function(o) return pg.uniform(2, 5, o) end,
    { 3.8388796435682475, 2.2196952123247513, 4.9631559527435316,
      3.5417184409133498 } },
  { "exponential", function(o) return pg.exponential(2, o) end,
    { 0.47461346257405096, 0.038025865560364559, 2.1998367509577346,
      0.36067678024872368 } },
  { "laplace", function(o) return pg.laplace(1, 2, o) end,
    { -0.89845385029620384, 0.84789653775854179, -7.7993470038309383,
      -0.44270712099489473 } },
  { "cauchy", function(o) return pg.cauchy(0, 1, o) end,
    { 0.37056174698161337, -4.2696510736805635, 25.905290850130854,
      0.043715264255815248 } },
  { "geometric", function(o) return pg.geometric(0.3, o) end,
    { 3, 1, 13, 3 } },
  { "gamma of 3", function(o) return pg.gamma(3, nil, o) end,
    { 5.4399535410373279, 6.9271978273477739, 4.1341300558447696,
      1.0516644276513052 } },
  { "gamma of 1/2", function(o) return pg.gamma(0.5, nil, o) end,
    { 2.2704392449511057, 2.5976315251685946, 0.87790405907553781,
      0.0053381728285293029 } },
  { "beta", function(o) return pg.beta(0.5, 2, o) end,
    { 0.5290597959080372, 0.91850282102977876, 0.16425212466848713,
      0.0012360128902412198 } },
  { "poisson of 3", function(o) return pg.poisson(3, o) end, { 7, 0, 4, 3 } },
  { "poisson of 30", function(o) return pg.poisson(30, o) end,
    { 25, 46, 34, 37 } },
  { "binomial", function(o) return pg.binomial(10, 0.3, o) end,
    { 6, 1, 3, 3 } },
  { "trunc_normal", function(o) return pg.trunc_normal(0, 1, o) end,
    { 1.3142077353363422, 1.8354670109532394, 0.77094691851060559,
      -1.3063830209716141 } },
  { "trunc_normal in a tail", function(o)
      o.a, o.b = 3, 100
      return pg.trunc_normal(0, 1, o)
    end, { 3.2714707557158391, 4.0394951547027595, 3.4337062897134016,
      3.574250802984638 } },
}

describe("the numbers of", function()
  for _, law in ipairs(laws) do
    it(law[1] .. " are those of the format", function()
      pg.manual_seed(42)
      local x = law[2] { shape = { 4 }, dtype = "float64" }
      tensors.near(x, law[3], { rtol = 1e-13, atol = 0 })
    end)

    it(law[1] .. " do not depend on how many are drawn", function()
      pg.manual_seed(42)
      local x = law[2] { shape = { 1000 }, dtype = "float64" }
      pg.manual_seed(42)
      local few = law[2] { shape = { 4 }, dtype = "float64" }
      tensors.same_bits(x[{ { 1, 4 } }], few)
    end)
  end
end)
