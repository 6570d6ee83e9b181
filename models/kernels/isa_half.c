/* Tables of mixed precision whose operands are fp16 (IEEE binary16): the templates of bf16 (isa_mixed.c) with other words. Operands
 * are rounded to nearest, ties to even, below 2^-14 to multiples of 2^-24, from 65520 on to infinity, which is how an overflow
 * is seen. A product of two of them has 22 bits and is exact in float32, in which sums are made: the same bytes by every table.
 *   soft    by integers, on any CPU
 *   native  the conversions of F16C, which every CPU with AVX-512 has in sixteen lanes
 * The arithmetic of AVX512-FP16 is not used: it sums in 11 bits, and what a fit needs are sums over hundreds of terms. */
#include "head_parts.h"
#include "lstm_parts.h"
#include "mixed_table.h"
#include "openblas.h"

#define MIXED_STEP 1
#define TILES_OPEN()
#define TILES_CLOSE()

/* ---- by integers --------------------------------------------------------------------------------------------------- */

#if !defined(GW_ISA_AVX512) /* which converts whatever the CPU */
/* The magnitude in units of 2^-24, the smallest there is; x is below 2^-14. */
VINLINE uint32_t half_small(uint32_t magnitude) {
    const uint32_t exponent = magnitude >> 23, digits = (magnitude & 0x7fffffu) | 0x800000u;
    if (exponent < 102) return 0; /* below 2^-25 */
    const uint32_t shift = 126 - exponent, rest = digits & ((1u << shift) - 1), tie = 1u << (shift - 1);
    const uint32_t down = digits >> shift;
    return down + (rest > tie || (rest == tie && down % 2));
}

VINLINE uint16_t half_of(float x) {
    uint32_t bits, half;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) /* NaN, quiet, with the first digits of what it carries */
        half = 0x7e00u | (magnitude >> 13 & 0x3ffu);
    else if (magnitude >= 0x477ff000u)
        half = 0x7c00u;
    else if (magnitude < 0x38800000u)
        half = half_small(magnitude);
    else
        half = (magnitude + 0xfffu + (magnitude >> 13 & 1) - 0x38000000u) >> 13;
    return (uint16_t)(sign | half);
}

VINLINE float half_value(uint32_t half) {
    const uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31, digits = half & 0x3ffu;
    float small = (float)digits * 0x1p-24f;
    uint32_t bits;
    memcpy(&bits, &small, sizeof bits);
    if (exponent == 31)
        bits = 0x7f800000u | digits << 13 | (digits ? 0x400000u : 0);
    else if (exponent > 0)
        bits = (exponent + 112) << 23 | digits << 13;
    bits |= sign;
    memcpy(&small, &bits, sizeof small);
    return small;
}

VINLINE vp half_soft_pair(vf first, vf second) {
    float a[VW], b[VW];
    uint32_t pair[VW];
    vstore(a, first), vstore(b, second);
    for (size_t i = 0; i < VW; i++) pair[i] = half_of(a[i]) | (uint32_t)half_of(b[i]) << 16;
    return vp_load(pair);
}
VINLINE vf half_soft_part(vp v, int shift) {
    uint32_t pair[VW];
    float x[VW];
    vp_store(pair, v);
    for (size_t i = 0; i < VW; i++) x[i] = half_value(pair[i] >> shift & 0xffffu);
    return vload(x);
}
VINLINE vf half_soft_dot(vp a, vp b, vf sum) {
    sum = vfma(half_soft_part(a, 16), half_soft_part(b, 16), sum);
    return vfma(half_soft_part(a, 0), half_soft_part(b, 0), sum);
}
VINLINE void half_soft_firsts(uint16_t *p, vf x, size_t n) {
    float a[VW];
    vstore(a, x);
    for (size_t i = 0; i < n; i++) {
        const uint16_t half = half_of(a[i]);
        memcpy(p + i, &half, sizeof half);
    }
}

#define MIXED(name) name##_half_soft
#define PAIR_OF     half_soft_pair
#define PAIR_DOT    half_soft_dot
#define PAIR_FIRSTS half_soft_firsts
#include "mixed_templates.h"

#if defined(GW_ISA_AVX2)
MIXED_TABLE(kernels_half_avx2_soft, "avx2 fp16 soft", half_soft);
#else
MIXED_TABLE(kernels_half_portable, "portable fp16 soft", half_soft);
MIXED_TABLE_OF(kernels_half_openblas, "openblas fp16 soft", half_soft, OPENBLAS_PRODUCTS); /* whose are all float32 */
#endif
#endif

/* ---- by the CPU ----------------------------------------------------------------------------------------------------- */

#if !defined(GW_ISA_PORTABLE)
#if defined(GW_ISA_AVX2)
#undef MIXED
#undef PAIR_OF
#undef PAIR_DOT
#undef PAIR_FIRSTS
#endif
#define MIXED(name) name##_half
#define PAIR_OF     half_pair
#define PAIR_DOT    half_dot
#define PAIR_FIRSTS half_firsts
enum { HALF_ROUNDING = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };

#if defined(GW_ISA_AVX512)
VINLINE vp half_pair(vf first, vf second) {
    const __m512i high = _mm512_cvtepu16_epi32(_mm512_cvtps_ph(second, HALF_ROUNDING));
    return _mm512_or_si512(_mm512_cvtepu16_epi32(_mm512_cvtps_ph(first, HALF_ROUNDING)), _mm512_slli_epi32(high, 16));
}
VINLINE vf half_low(vp v) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v)); }
VINLINE vf half_high(vp v) { return half_low(_mm512_srli_epi32(v, 16)); }
VINLINE void half_firsts(uint16_t *p, vf x, size_t n) {
    _mm256_mask_storeu_epi16(p, lane_mask(n), _mm512_cvtps_ph(x, HALF_ROUNDING));
}
#else
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("f16c")
#endif
VINLINE vp half_pair(vf first, vf second) {
    const __m256i high = _mm256_cvtepu16_epi32(_mm256_cvtps_ph(second, HALF_ROUNDING));
    return _mm256_or_si256(_mm256_cvtepu16_epi32(_mm256_cvtps_ph(first, HALF_ROUNDING)), _mm256_slli_epi32(high, 16));
}
VINLINE vf half_high(vp v) {
    const __m256i high = _mm256_srli_epi32(v, 16), packed = _mm256_packus_epi32(high, high);
    return _mm256_cvtph_ps(_mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08)));
}
VINLINE vf half_low(vp v) { return half_high(_mm256_slli_epi32(v, 16)); }
VINLINE void half_firsts(uint16_t *p, vf x, size_t n) {
    uint16_t half[VW];
    _mm_storeu_si128((__m128i *)(void *)half, _mm256_cvtps_ph(x, HALF_ROUNDING));
    memcpy(p, half, n * sizeof *half);
}
#endif

VINLINE vf half_dot(vp a, vp b, vf sum) {
    sum = vfma(half_high(a), half_high(b), sum);
    return vfma(half_low(a), half_low(b), sum);
}

#include "mixed_templates.h"

#if defined(GW_ISA_AVX512)
MIXED_TABLE(kernels_half_avx512, "avx512 fp16", half);
#else
MIXED_TABLE(kernels_half_avx2, "avx2 fp16", half);
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
#endif
