-- Runs busted in the Lua that runs this file, whatever launcher is installed:
--   build/perigee spec/run.lua [busted's options and files]
require "busted.runner" { standalone = false }
