/* A small vocabulary of float32 vectors, the same words on every instruction set, so that one source serves all.
 *
 *   vf, VW          a vector and its number of lanes
 *   *_n             only the first n lanes (0 <= n <= VW) touch memory; the other lanes read as zero
 *   vfma(a,b,c)     a*b + c;  vfnma(a,b,c)  c - a*b: one rounding with FMA hardware, two in portable
 *   vmax(bound,x), vmin(bound,x)   a NaN in x comes through
 *   vround          to the nearest integer, ties to even, for |x| < 2^22
 *   vscale(x,n)     x * 2^n for integral n in [-252, 256], through the denormals
 *   vscale_normal   the same for n in [-126, 128] where the result is normal or overflows; 2^128 is infinity
 *   vwith_sign(a,x) a >= 0 with the sign of x
 *   vkeep_from(bound,x,v)  v where x >= bound (or x is NaN), else 0
 *   vsum            all lanes in a fixed tree
 *   vtranspose(r)   VW × VW lanes in place
 *
 *   vp              VW pairs of bf16, 32 bits each; the pair's first number is the low half. For x in vf:
 *   vp_round(x)     x rounded to bf16 (to nearest, ties to even), in the high half; smaller than 2^-126 becomes zero
 *   vp_join(a,b)    pairs from the high halves of a (first) and b
 *   vp_first, vp_second   the numbers of the pairs as float32
 *   vp_store_firsts(p,r,n)  the high halves of the first n lanes of r, one behind the other
 *
 * TILE_ROWS × TILE_VECTORS accumulators fill the register file of a matrix product; TILE_TALL rows of a single vector keep
 * the multipliers busy, which six sums of four cycles each do not; CELL_ROWS windows × 4 gates fill it in the recurrent step. */
#ifndef GATEWALK_KERNELS_SIMD_H
#define GATEWALK_KERNELS_SIMD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VINLINE static inline __attribute__((always_inline))

/* Loops over registers must disappear completely, or the accumulators live in memory. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* Halves and pairs meet in the same memory, so both go through memcpy. */
VINLINE void vp_store_half(uint16_t *p, uint32_t pair) {
    uint16_t half = (uint16_t)(pair >> 16);
    memcpy(p, &half, sizeof half);
}

#if defined(GW_ISA_AVX512)
#include "simd_avx512.h"
#elif defined(GW_ISA_AVX2)
#include "simd_avx2.h"
#else
#include "simd_portable.h"
#endif

/* One pair to all lanes. */
VINLINE vp vp_set1_at(const uint32_t *p) {
    uint32_t pair;
    memcpy(&pair, p, sizeof pair);
    return vp_set1(pair);
}

/* The loads and stores of code that knows at compile time that all lanes are there. */
VINLINE vf vload_lanes(const float *p, size_t n, int whole) { return whole ? vload(p) : vload_n(p, n); }
VINLINE void vstore_lanes(float *p, vf v, size_t n, int whole) {
    if (whole)
        vstore(p, v);
    else
        vstore_n(p, v, n);
}

#endif
