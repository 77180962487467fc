-- What linear algebra refuses: numbers that are not finite, matrices that have
-- no answer, gradients that do not exist, all of it where there is no LAPACK.

local pg = require "perigee"
local process = require "spec.support.process"
local tensors = require "spec.support.tensors"
local raises = tensors.raises

local function drawn(shape, dtype)
  return tensors.make(shape, tensors.spread(tensors.count(shape), -2, 2), dtype)
end

describe("numbers that are not finite", function()
  for _, odd in ipairs { 0 / 0, math.huge } do
    local x = pg.tensor { { odd, 1.0 }, { 1.0, 2.0 } }

    it(odd .. " are refused by iterations", function()
      for _, name in ipairs { "svd", "svdvals", "eigh", "eigvalsh", "pinv" } do
        raises(function() pg[name](x) end, "x has NaN or infinite elements")
      end
      raises(function() pg.lstsq(x, pg.ones(2, 1)) end,
        "lstsq: a or b has NaN or infinite elements")
    end)

    it(odd .. " pass through what does not iterate", function()
      x:det()
      x:qr()
      x:lu()
      pcall(pg.inverse, x)
      pcall(pg.cholesky, x)
    end)
  end
end)

describe("a batch with a matrix that fails", function()
  local batch = pg.stack { pg.eye(2), pg.zeros(2, 2) }

  it("is refused with the place of the matrix", function()
    raises(function() batch:inverse() end,
      "inverse: matrix [2] of x is singular (zero pivot 1)")
    raises(function() pg.solve(batch:expand(3, 2, 2, 2), pg.ones(2, 1)) end,
      "solve: matrix [1, 2] of a is singular (zero pivot 1)")
    raises(function() (-batch):cholesky() end,
      "cholesky: matrix [1] of x is not positive definite (leading minor 1)")
  end)
end)

describe("a gradient", function()
  it("of qr needs as many columns of Q as of x", function()
    local x = drawn({ 3, 2 }, "float64")
    x.requires_grad = true
    for _, mode in ipairs { "r", "complete" } do
      raises(function()
        local _, r = x:qr(mode)
        r:sum():backward()
      end, ('qr: mode "%s" has no gradient'):format(mode), 'take "reduced"')
    end
  end)

  it("of the residuals of lstsq raises", function()
    local x = drawn({ 3, 2 }, "float64")
    x.requires_grad = true
    local _, residuals = pg.lstsq(x, pg.ones({ 3, 1 }, { dtype = "float64" }))
    raises(function() residuals:sum():backward() end,
      "lstsq: residuals and singular values have no gradient here")
  end)
end)

describe("without LAPACK", function()
  local function run(library, code)
    return process.run(("PERIGEE_LAPACK=%s %s -e %s"):format(library,
      process.host, process.quote("local pg = require 'perigee' " .. code)))
  end

  it("what needs it names the package to install", function()
    for _, library in ipairs { "''", "/nowhere/lapack.so" } do
      local made = run(library, "pg.inverse(pg.eye(2))")
      assert.are_not.equal(0, made.status)
      assert.is_truthy(made.err:find("inverse: needs LAPACK; install "
        .. "liblapack3 or libopenblas0 (Debian's names), or name its file in "
        .. "PERIGEE_LAPACK", 1, true), made.err)
    end
  end)

  it("shapes, triangles and positive powers do", function()
    local made = run("''", [[
      local x = pg.eye(2) * 2
      pg.solve_triangular(x, x, { upper = false })
      x:cholesky_solve(x); x:matrix_power(3); x:matrix_norm()
      pg.inverse(pg.zeros({ 2, 2 }, { device = "meta" }))
      print "done"]])
    assert.are.equal("done\n", made.out, made.err)
  end)
end)
