-- Functions and activations: values at the edges, the gradient where it is a
-- matter of choice, options, dtypes. Numbers are those of PyTorch 2.15, of
-- polygamma mpmath's; ordinary values are golden_spec's.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

local inf, nan = math.huge, 0 / 0

describe("functions", function()
  local edges = {
    { "reciprocal", { 0.0, -0.0, inf, nan }, { inf, -inf, 0, nan } },
    { "rsqrt", { 0.0, 4, inf, -1 }, { inf, 0.5, 0, nan } },
    { "ceil", { -0.5, 1.2, inf, nan }, { -0.0, 2, inf, nan } },
    { "trunc", { -1.7, 1.7, -inf }, { -1, 1, -inf } },
    { "frac", { -1.75, 1.75, inf }, { -0.75, 0.75, nan } },
    { "round", { 0.5, 1.5, 2.5, -0.5, -1.5, nan }, { 0, 2, 2, -0.0, -2, nan } },
    { "sign", { -inf, -0.0, 3, nan }, { -1, 0, 1, 0 } },
    { "expm1", { -inf, 1e-20, inf, nan }, { -1, 1e-20, inf, nan } },
    { "log1p", { -1, 1e-20, inf, -2 }, { -inf, 1e-20, inf, nan } },
    { "sin", { -0.0, inf, nan }, { -0.0, nan, nan } },
    { "cos", { 0.0, -inf, nan }, { 1, nan, nan } },
    { "erf", { -inf, 0, inf, nan }, { -1, 0, 1, nan } },
    { "erfc", { -inf, 0, inf, 5 }, { 2, 1, 0, 1.5374597944280349e-12 } },
    { "erfinv", { -1, 0, 1, 2, 0.5 },
      { -inf, 0, inf, nan, 0.4769362762044699 } },
    { "exp2", { -inf, 10, inf }, { 0, 1024, inf } },
    { "log2", { 0, 8, 1024, -1 }, { -inf, 3, 10, nan } },
    { "log10", { 0, 1000, inf }, { -inf, 3, inf } },
    { "lgamma", { 0, 1, 2, inf, -1.5 }, { inf, 0, 0, inf, 0.860047015376481 } },
    { "digamma", { 0.0, -0.0, -2, 1 },
      { -inf, inf, nan, -0.5772156649015329 } },
    { "logit", { 0, 0.5, 1, 2 }, { -inf, 0, inf, nan } },
    { "sinc", { 0, 0.5, -0.0 }, { 1, 0.6366197723675814, 1 } },
    { "acosh", { 1, 0, inf }, { 0, nan, inf } },
    { "atanh", { 1, -1, 2 }, { inf, -inf, nan } },
    { "tan", { 0, math.pi / 4 }, { 0, 1 } },
    { "silu", { -1e4, 0, inf }, { 0, 0, inf } },
    { "mish", { -1e4, 0, 50, inf }, { 0, 0, 50, inf } },
    { "gelu", { -1e4, 0, 40 }, { 0, 0, 40 } },
    { "softplus", { -inf, 0, 40, inf }, { 0, 0.6931471805599453, 40, inf } },
    { "log_sigmoid", { -1e4, 0, inf }, { -1e4, -0.6931471805599453, 0 } },
    { "elu", { -inf, 0, 40, inf }, { -1, 0, 40, inf } },
    { "hardtanh", { -inf, 0.5, inf, nan }, { -1, 0.5, 1, nan } },
    { "relu6", { -inf, 3, inf, nan }, { 0, 3, 6, nan } },
    { "softshrink", { -inf, 0.5, nan, 2 }, { -inf, 0, nan, 1.5 } },
    { "hardshrink", { -0.5, 0.6, nan }, { 0, 0.6, nan } },
  }
  for _, case in ipairs(edges) do
    it(case[1] .. " follows its definition at the edges", function()
      for _, dtype in ipairs({ "float32", "float64" }) do
        near(pg[case[1]](pg.tensor(case[2], { dtype = dtype })), case[3])
      end
    end)
  end

  -- Where a derivative jumps, and far out.
  local kinks = {
    { "relu6", { 0, 6, nan }, { 0, 0, 1 } },
    { "hardtanh", { -1, 1, 0.5 }, { 0, 0, 1 } },
    { "hardsigmoid", { -3, 3, 7 }, { 0, 0, 0 } },
    { "hardswish", { -3, 3, 0 }, { 0, 1, 0.5 } },
    { "leaky_relu", { 0, 1, nan }, { 0.01, 1, 0.01 } },
    { "elu", { 0, -40, 40 }, { 1, 4.248354255291589e-18, 1 } },
    { "selu", { 0, 1 }, { 1.7580993408473766, 1.0507009873554805 } },
    { "softshrink", { 0.5, -0.5, 0.6 }, { 0, 0, 1 } },
    { "abs", { 0, -0.0, -2 }, { 0, 0, -1 } },
    { "sinc", { 0, 1 }, { 0, -1 } },
    { "softplus", { -1e4, 1e4 }, { 0, 1 } },
    { "log_sigmoid", { -1e4, 1e4 }, { 1, 0 } },
    { "silu", { -1e4, 1e4 }, { 0, 1 } },
    { "mish", { -1e4, 1e4 }, { 0, 1 } },
    { "gelu", { -1e4, 1e4 }, { 0, 1 } },
    { "tanh", { -1e4, 0 }, { 0, 1 } },
  }
  for _, case in ipairs(kinks) do
    it(case[1] .. " has the gradient of PyTorch at its kinks", function()
      local x = pg.tensor(case[2], { dtype = "float64", requires_grad = true })
      pg[case[1]](x):sum():backward()
      near(x.grad, case[3])
    end)
  end

  it("elu has a second derivative where the exponential would overflow",
    function()
      local x = pg.tensor({ 1e4, -1.0 }, { requires_grad = true })
      local dx = pg.grad(pg.elu(x):sum(), x, { create_graph = true })
      near((pg.grad(dx:sum(), x)), { 0, math.exp(-1) })
    end)

  it("sin and cos reduce angles of any size", function()
    for _, dtype in ipairs({ "float32", "float64" }) do
      local x = pg.tensor({ 1.0, 2.0 ^ 30, -2.0 ^ 40 }, { dtype = dtype })
      near(x:sin(), { math.sin(1), math.sin(2 ^ 30), -math.sin(2 ^ 40) })
      near(x:cos(), { math.cos(1), math.cos(2 ^ 30), math.cos(2 ^ 40) })
    end
  end)

  it("the options of activations are PyTorch's", function()
    local x = pg.tensor({ -2.0, 0.3, 4.0 }, { dtype = "float64" })
    near(x:leaky_relu { negative_slope = 0.5 }, { -1, 0.3, 4 })
    near(x:hardtanh { min_val = -1, max_val = 2 }, { -1, 0.3, 2 })
    near(x:celu(2), { 2 * (math.exp(-1) - 1), 0.3, 4 })
    near(x:threshold(0.5, 9), { 9, 9, 4 })
    near(x:softplus { beta = 2, threshold = 3 },
      { math.log(1 + math.exp(-4)) / 2, math.log(1 + math.exp(0.6)) / 2, 4 })
    near(x:gelu { approximate = "tanh" },
      { -0.04540230591222494, 0.18537092354275922, 3.9999297540518075 })
  end)

  it("round takes decimals of either sign", function()
    near(pg.tensor { 123.456, -0.055 }:round(1), { 123.5, -0.1 })
    near(pg.tensor { 125.0, 135.0, 1e30 }:round(-1), { 120, 140, 1e30 })
  end)

  it("polygamma has any order", function()
    local x = pg.tensor({ 0.5, 2.5, -2.3 }, { dtype = "float64" })
    near(x:polygamma(0), x:digamma():totable())
    near(x:polygamma(1),
      { 4.934802200544679, 0.4903577561002349, 14.725912160961292 })
    near(x:polygamma(2),
      { -16.828796644234322, -0.2362040516417276, 68.71379252927031 })
  end)

  it("integers stay what they are where nothing else can come out", function()
    for _, name in ipairs({ "ceil", "trunc", "round", "sign", "square", "frac",
      "positive", "relu6" }) do
      assert.are.equal("int32", pg[name](pg.tensor({ 2, -3 },
        { dtype = "int32" })).dtype)
    end
    assert.are.equal("float32", pg.tensor({ 2, 3 }):silu().dtype)
  end)

  it("half floats are computed in float32", function()
    for _, dtype in ipairs({ "float16", "bfloat16" }) do
      local x = pg.tensor({ -1.5, 0.0, 2.0 }, { dtype = dtype })
      for _, name in ipairs({ "gelu", "tan", "erf", "digamma" }) do
        local want = pg[name](x:to "float32"):to(dtype)
        tensors.same_bits(pg[name](x), want)
      end
    end
  end)
end)

describe("lerp, addcmul and addcdiv", function()
  local x, a, b = pg.tensor { 1.0, 2.0 }, pg.tensor { 3.0, -4.0 },
    pg.tensor { 2.0, 8.0 }

  it("take a number or tensors that broadcast", function()
    near(x:lerp(a, 0.25), { 1.5, 0.5 })
    near(x:lerp(a, pg.tensor { { 0.0 }, { 1.0 } }), { { 1, 2 }, { 3, -4 } })
    near(x:addcmul(a, b, { value = 0.5 }), { 4, -14 })
    near(x:addcdiv(a, b), { 2.5, 1.5 })
  end)

  it("change their first input in place", function()
    local y = x:clone()
    near(y:addcmul_(a, b), { 7, -30 })
    near(y:lerp_(a, 1), { 3, -4 })
    near(y:addcdiv_(a, b, 2), { 6, -5 })
  end)

  it("keep integers where a product does", function()
    local i = pg.tensor { 1, 2 }
    assert.are.equal("int64", i:addcmul(i, i).dtype)
    raises(function() i:addcdiv_(i, i) end, "addcdiv", "float32", "int64")
  end)
end)
