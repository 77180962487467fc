/* scan.h - the kernel of all scans, which the lowest level has for all. */
#ifndef PERI_FAST_SCAN_H
#define PERI_FAST_SCAN_H

#include "fast.h"

void LOWEST(scan)(const peri_call *call);

#endif
