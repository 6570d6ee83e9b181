/* Tables of mixed precision: the large products take bf16 and sum in float32. mixed_*.h are read once per way to
 * multiply pairs of bf16:
 *   soft    with the words of the instruction set: the pair's second product is added first, then its first, each
 *           sum rounded, as the hardware does
 *   native  VDPBF16PS, which also takes intermediate sums below 2^-126 for zero; apart from that the same bytes
 *   amx     the tile registers, which sum in an order of their own, and amx_soft their emulation: the same bytes
 * Words of the templates: PAIR_OF(first, second) rounds and joins, PAIR_DOT(a, b, sum) multiplies, PAIR_FIRSTS(p, x, n)
 * rounds and stores n numbers one behind the other, two of which are a pair. Rows of A and pairs of terms are laid out
 * in multiples of MIXED_STEP. TILE_* are the tile instructions; what does not use them has TILES_OPEN and TILES_CLOSE
 * do nothing. */
#include "amx_tiles.h"
#include "head_parts.h"
#include "lstm_parts.h"
#include "openblas.h"

VINLINE vp soft_pair(vf first, vf second) { return vp_join(vp_round(first), vp_round(second)); }
VINLINE vf soft_dot(vp a, vp b, vf sum) {
    sum = vfma(vp_second(a), vp_second(b), sum);
    return vfma(vp_first(a), vp_first(b), sum);
}
VINLINE void soft_firsts(uint16_t *p, vf x, size_t n) { vp_store_firsts(p, vp_round(x), n); }

#define MIXED(name) name##_soft
#define PAIR_OF     soft_pair
#define PAIR_DOT    soft_dot
#define PAIR_FIRSTS soft_firsts
#define MIXED_STEP  1
#define TILES_OPEN()
#define TILES_CLOSE()
#include "mixed_templates.h"

#include "mixed_table.h"

#if defined(GW_ISA_AVX512)
MIXED_TABLE(kernels_mixed_avx512, "avx512 bf16 soft", soft);
#elif defined(GW_ISA_AVX2)
MIXED_TABLE(kernels_mixed_avx2, "avx2 bf16 soft", soft);
#else
MIXED_TABLE(kernels_mixed_portable, "portable bf16 soft", soft);
MIXED_TABLE_OF(kernels_mixed_openblas, "openblas bf16 soft", soft, OPENBLAS_PRODUCTS); /* whose are all float32 */
#endif

#if defined(GW_ISA_AVX512)
#undef MIXED
#undef MIXED_STEP
#undef TILES_OPEN
#undef TILES_CLOSE
#define MIXED(name)                 name##_amx_soft
#define MIXED_STEP                  16
#define TILES_OPEN()                tiles_soft_config(&whole_tiles)
#define TILES_CLOSE()               tiles_soft_release()
#define TILE_ZERO(tile)             tiles_soft_zero(tile)
#define TILE_LOAD(tile, p, stride)  tiles_soft_load(tile, p, stride)
#define TILE_STORE(tile, p, stride) tiles_soft_store(tile, p, stride)
#define TILE_DP(c, a, b)            tiles_soft_dp(c, a, b)
#include "mixed_pack.h"

#include "mixed_amx.h"

#include "mixed_gemm.h"

#include "mixed_lstm.h"

MIXED_TABLE(kernels_mixed_amx_soft, "avx512 amx bf16 soft", soft);

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512bf16"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512bf16")
#endif

VINLINE vp native_pair(vf first, vf second) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(second, first));
}
VINLINE vf native_dot(vp a, vp b, vf sum) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b); }
VINLINE void native_firsts(uint16_t *p, vf x, size_t n) {
    _mm256_mask_storeu_epi16(p, lane_mask(n), (__m256i)_mm512_cvtneps_pbh(x));
}

#undef MIXED
#undef MIXED_STEP
#undef PAIR_OF
#undef PAIR_DOT
#undef PAIR_FIRSTS
#undef TILES_OPEN
#undef TILES_CLOSE
#define MIXED(name) name##_native
#define PAIR_OF     native_pair
#define PAIR_DOT    native_dot
#define PAIR_FIRSTS native_firsts
#define MIXED_STEP  1
#define TILES_OPEN()
#define TILES_CLOSE()
#include "mixed_templates.h"

MIXED_TABLE(kernels_mixed_avx512bf16, "avx512 bf16", native);

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#if defined(KERNELS_HAVE_AMX)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512bf16,amx-tile,amx-bf16"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512bf16,amx-tile,amx-bf16")
#endif

#undef MIXED
#undef MIXED_STEP
#undef TILES_OPEN
#undef TILES_CLOSE
#undef TILE_ZERO
#undef TILE_LOAD
#undef TILE_STORE
#undef TILE_DP
/* To gcc 12 a tile load touches no memory: what was stored before it must be told to be in its place. */
#define TILE_FENCE()    __asm__ volatile("" ::: "memory")
#define MIXED(name)     name##_amx
#define MIXED_STEP      16
#define TILES_OPEN()    _tile_loadconfig(&whole_tiles)
#define TILES_CLOSE()   _tile_release()
#define TILE_ZERO(tile) _tile_zero(tile)
#define TILE_LOAD(tile, p, stride)                                                                                     \
    do {                                                                                                               \
        TILE_FENCE();                                                                                                  \
        _tile_loadd(tile, p, stride);                                                                                  \
    } while (0)
#define TILE_STORE(tile, p, stride)                                                                                    \
    do {                                                                                                               \
        _tile_stored(tile, p, stride);                                                                                 \
        TILE_FENCE();                                                                                                  \
    } while (0)
#define TILE_DP(c, a, b) _tile_dpbf16ps(c, a, b)
#include "mixed_pack.h"

#include "mixed_amx.h"

#include "mixed_gemm.h"

#include "mixed_lstm.h"

MIXED_TABLE(kernels_mixed_amx, "avx512 amx bf16", native);

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
#endif
