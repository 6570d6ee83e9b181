/* All functions of one way of mixed precision, made anew for every MIXED that is defined before: so there is no guard here, nor
 * in any of these. The order counts, each uses those before. */
#include "mixed_pack.h"

#include "mixed_tile.h"

#include "mixed_gemm.h"

#include "mixed_lstm.h"

#include "mixed_head.h"
