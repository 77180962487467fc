/* mask.h - the fast kernels of masks, compiled once for the lowest level. */
#ifndef PERI_FAST_MASK_H
#define PERI_FAST_MASK_H

#include "fast.h"

#define POSITIONS 256 /* looked for together */

void LOWEST(masked_select_i64)(const peri_call *call);
void LOWEST(masked_scatter_i64)(const peri_call *call);
void LOWEST(nonzero_i64)(const peri_call *call);

#endif
