-- What the tables of samples in this folder's samples/ are written with.

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

return forms
