-- The files of reference values in this folder.

return { files = {
  { file = "pointwise.lua" },
  { file = "reduce.lua" },
  { file = "product.lua" },
  { file = "shape.lua" },
  { file = "loss.lua" },
  { file = "optim.lua" },
  { file = "training.lua" },
} }
