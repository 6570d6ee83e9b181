/* Products of many rows in tasks. */
#undef GW_REAL_F64
#include "kernels.h"

#include "gemm_large.h"
