-- What dtype comes of two operands: torch.result_type of PyTorch 2.15, as data.
-- Rows are the first operand, columns the second, both in the order of names.

local promotion = {}

promotion.names = { "bool", "uint8", "int32", "int64", "float16", "bfloat16",
  "float32", "float64" }

local b, u8, i32, i64 = "bool", "uint8", "int32", "int64"
local f16, bf16, f32, f64 = "float16", "bfloat16", "float32", "float64"

-- Both have dimensions, or both have none.
promotion.equals = {
  { b, u8, i32, i64, f16, bf16, f32, f64 },
  { u8, u8, i32, i64, f16, bf16, f32, f64 },
  { i32, i32, i32, i64, f16, bf16, f32, f64 },
  { i64, i64, i64, i64, f16, bf16, f32, f64 },
  { f16, f16, f16, f16, f16, f32, f32, f64 },
  { bf16, bf16, bf16, bf16, f32, bf16, f32, f64 },
  { f32, f32, f32, f32, f32, f32, f32, f64 },
  { f64, f64, f64, f64, f64, f64, f64, f64 },
}

-- The second is 0-d: it counts only if its category is the higher one.
promotion.with_0d = {
  { b, u8, i32, i64, f16, bf16, f32, f64 },
  { u8, u8, u8, u8, f16, bf16, f32, f64 },
  { i32, i32, i32, i32, f16, bf16, f32, f64 },
  { i64, i64, i64, i64, f16, bf16, f32, f64 },
  { f16, f16, f16, f16, f16, f16, f16, f16 },
  { bf16, bf16, bf16, bf16, bf16, bf16, bf16, bf16 },
  { f32, f32, f32, f32, f32, f32, f32, f32 },
  { f64, f64, f64, f64, f64, f64, f64, f64 },
}

-- The second is a whole number, a float number; the first any tensor.
promotion.with_number = {
  { i64, f32 }, { u8, f32 }, { i32, f32 }, { i64, f32 }, { f16, f16 },
  { bf16, bf16 }, { f32, f32 }, { f64, f64 },
}

-- What floats the functions give that have no whole results: the dtype of x,
-- or float32.
promotion.float_of = { f32, f32, f32, f32, f16, bf16, f32, f64 }

return promotion
