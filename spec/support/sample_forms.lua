-- What the tables of samples in this folder's samples/ are written with.

local pg = require "perigee"

local forms = {}

forms.labels = { of = "int64", { 4 }, { 2, 4, 1, 2 } }

function forms.sample(inputs, options)
  return { inputs = inputs, options = options }
end

-- Samples over one tensor: whole, and per option table. 'empty' has the last
-- options.
function forms.over(shape, ...)
  local list = {}
  for i, options in ipairs({ ... }) do
    list[i] = forms.sample({ shape }, options)
  end
  list.empty = forms.sample({ { 0, 3 } }, list[#list] and list[#list].options)
  return list
end

-- 'list' with another empty sample, or false: there is none.
function forms.with_empty(list, empty)
  list.empty = empty
  return list
end

-- Sample whose first argument is made by 'make' of a tensor of its shape.
function forms.of(make, inputs, options)
  return { inputs = inputs, options = options, through = { make } }
end

-- 'arguments' after the functions in 'through'.
function forms.pass(arguments, through)
  local list = {}
  for i, x in ipairs(arguments) do
    list[i] = through and through[i] and through[i](x) or x
  end
  return list
end

-- The unit matrix in the shape of 'x', its diagonal 'low', 'low' + 'step', ...
local function unit(x, low, step)
  local rows, columns = x:size(-2), x:size(-1)
  local scale = pg.arange(columns, { dtype = x.dtype }) * step + low
  return pg.eye(rows, columns, { dtype = x.dtype }) * scale
end

-- Matrices that are far from singular; symmetric ones with eigenvalues above
-- 0; those whose singular values or eigenvalues are apart.
function forms.regular(x) return x * 0.3 + unit(x, 3, 0) end
function forms.definite(x)
  return (x + x:transpose(-1, -2)) * 0.2 + unit(x, 4, 0)
end
function forms.apart(x) return x * 0.1 + unit(x, 1, 1) end
function forms.symmetric(x)
  return (x + x:transpose(-1, -2)) * 0.1 + unit(x, 1, 1)
end

return forms
