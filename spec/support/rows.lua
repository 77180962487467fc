-- The tables of operations, layers and optimizers as specs see them, by name.

local pg = require "perigee"

local rows = { list = pg.ops() }

local by_name = {}
for _, row in ipairs(rows.list) do by_name[row.name] = row end

-- Row of operation 'name', nil if there is none.
function rows.op(name) return by_name[name] end

local optimizers = pg.optim.optimizers()

-- True if there is an optimizer 'name'.
function rows.optimizer(name) return optimizers[name] ~= nil end

-- Name of the form of 'row' with an underscore, which may be its own.
function rows.inplace(row)
  return (row.name:gsub("_?$", "_", 1))
end

-- The entry called 'name' of a row's inputs or params.
function rows.find(list, name)
  for _, entry in ipairs(list) do
    if entry.name == name then return entry end
  end
  return nil
end

return rows
