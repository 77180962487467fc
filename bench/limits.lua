-- What the machine can do at most. Bandwidth is that of plain loads and
-- stores, over arrays that have the named size in all.

local KiB, MiB = 1024, 1024 * 1024

local rows = {
  { name = "clock", unit = "GHz", amount = 65536, threads = { 1 },
    cases = { measured = "clock" } },
  { name = "float32 multiply-add", unit = "GFLOP/s", amount = 393216,
    cases = { measured = "fma" } },
}

local sizes = {
  { "24 KiB", 24 * KiB }, { "1 MiB", MiB }, { "24 MiB", 24 * MiB },
  { "768 MiB", 768 * MiB },
}

for _, kind in ipairs { "triad", "store" } do
  for _, size in ipairs(sizes) do
    rows[#rows + 1] = {
      name = kind .. " " .. size[1], unit = "GB/s", amount = size[2],
      cases = { measured = kind .. " " .. size[2] },
    }
  end
end

return {
  title = "Limits of this machine",
  columns = { { name = "measured", worker = "limits" } },
  rows = rows,
}
