/* matmul.h - the products of one element type: 'shape' is how the record is
   read, the data and the rest come from it. */
#ifndef PERI_FAST_MATMUL_H
#define PERI_FAST_MATMUL_H

#include "cpu/product.h"
#include "fast.h"

void LEVEL(matmul_f32)(const peri_call *call, const peri__product *shape);
void LEVEL(matmul_f64)(const peri_call *call, const peri__product *shape);
size_t LEVEL(matmul_f32_workspace)(const peri_call *call,
                                   const peri__product *shape);
size_t LEVEL(matmul_f64_workspace)(const peri_call *call,
                                   const peri__product *shape);

/* float16 and bfloat16, through float32. */
void LEVEL(matmul_half)(const peri_call *call, const peri__product *shape);
size_t LEVEL(matmul_half_workspace)(const peri_call *call,
                                    const peri__product *shape);

#endif
