/* AVX-512 F/DQ/BW/VL words; see simd.h for their meaning. */
#ifndef GATEWALK_KERNELS_SIMD_AVX512_H
#define GATEWALK_KERNELS_SIMD_AVX512_H

#include <immintrin.h>

typedef __m512 vf;
enum { VW = 16, TILE_ROWS = 6, TILE_VECTORS = 4, TILE_TALL = 12, CELL_ROWS = 6 };

VINLINE __mmask16 lane_mask(size_t n) { return (__mmask16)((1u << n) - 1u); }

VINLINE vf vset1(float x) { return _mm512_set1_ps(x); }
VINLINE vf vzero(void) { return _mm512_setzero_ps(); }
VINLINE vf vload(const float *p) { return _mm512_loadu_ps(p); }
VINLINE void vstore(float *p, vf v) { _mm512_storeu_ps(p, v); }
VINLINE vf vload_n(const float *p, size_t n) { return _mm512_maskz_loadu_ps(lane_mask(n), p); }
VINLINE void vstore_n(float *p, vf v, size_t n) { _mm512_mask_storeu_ps(p, lane_mask(n), v); }
VINLINE vf vkeep(vf v, size_t n) { return _mm512_maskz_mov_ps(lane_mask(n), v); }

VINLINE vf vadd(vf a, vf b) { return _mm512_add_ps(a, b); }
VINLINE vf vsub(vf a, vf b) { return _mm512_sub_ps(a, b); }
VINLINE vf vmul(vf a, vf b) { return _mm512_mul_ps(a, b); }
VINLINE vf vdiv(vf a, vf b) { return _mm512_div_ps(a, b); }
VINLINE vf vfma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
VINLINE vf vfnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
VINLINE vf vmax(vf bound, vf x) { return _mm512_max_ps(bound, x); }
VINLINE vf vmin(vf bound, vf x) { return _mm512_min_ps(bound, x); }
VINLINE vf vabs(vf a) { return _mm512_abs_ps(a); }
VINLINE vf vwith_sign(vf magnitude, vf x) {
    __m512i sign = _mm512_set1_epi32(INT32_MIN); /* sign ? x : magnitude, bit by bit */
    return _mm512_castsi512_ps(
        _mm512_ternarylogic_epi32(sign, _mm512_castps_si512(x), _mm512_castps_si512(magnitude), 0xca));
}
VINLINE vf vsqrt(vf a) { return _mm512_sqrt_ps(a); }
VINLINE vf vround(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
VINLINE vf vscale(vf x, vf n) { return _mm512_scalef_ps(x, n); }
VINLINE vf vscale_normal(vf x, vf n) { return _mm512_scalef_ps(x, n); }
VINLINE vf vpow2(vf n) { return _mm512_scalef_ps(_mm512_set1_ps(1.0f), n); }

VINLINE vf vkeep_from(vf bound, vf x, vf v) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, bound, _CMP_NLT_UQ), v);
}

/* Sixteen powers of two in one register; see simd_math.h. */
enum { TABLE_BITS = 4 };
static const uint32_t table_pow2[16] __attribute__((aligned(64))) = {
    0x3f800000u, 0x3f7daac3u, 0x3f7b95c2u, 0x3f79c3d3u, 0x3f7837f0u, 0x3f76f532u, 0x3f75fed7u, 0x3f75583fu,
    0x3f7504f3u, 0x3f7508a4u, 0x3f75672au, 0x3f76248cu, 0x3f7744fdu, 0x3f78ccdfu, 0x3f7ac0c7u, 0x3f7d257du};
static const float table_rest[16] __attribute__((aligned(64))) = {
    0x0p+0f,          0x1.8d96d4p-26f,  -0x1.9c0c22p-28f, 0x1.964902p-26f,  0x1.125002p-26f, 0x1.370be4p-26f,
    -0x1.0a3552p-26f, -0x1.00d8acp-28f, 0x1.26055cp-27f,  -0x1.05cb44p-26f, 0x1.67a1cap-29f, 0x1.a3b5e4p-29f,
    -0x1.f9c306p-28f, -0x1.6961b4p-29f, -0x1.a5217cp-29f, 0x1.61428ep-29f};
VINLINE vf vtable_pow2(vf shifted) {
    __m512i bits = _mm512_castps_si512(shifted);
    __m512i base = _mm512_permutexvar_epi32(bits, _mm512_load_si512(table_pow2));
    return _mm512_castsi512_ps(_mm512_add_epi32(base, _mm512_slli_epi32(bits, 23 - TABLE_BITS)));
}
VINLINE vf vtable_rest(vf shifted) {
    return _mm512_permutexvar_ps(_mm512_castps_si512(shifted), _mm512_load_ps(table_rest));
}

typedef __m512i vp;
VINLINE vp vp_load(const uint32_t *p) { return _mm512_loadu_si512(p); }
VINLINE void vp_store(uint32_t *p, vp v) { _mm512_storeu_si512(p, v); }
VINLINE vp vp_set1(uint32_t x) { return _mm512_set1_epi32((int)x); }
VINLINE vp vp_round(vf x) {
    __m512i bits = _mm512_castps_si512(x), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), vp_set1(1));
    __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), tiny = _mm512_fpclass_ps_mask(x, 0x20 | 0x02 | 0x04);
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, vp_set1(0x7fff)));
    rounded = _mm512_mask_or_epi32(rounded, nan, bits, vp_set1(0x400000));
    return _mm512_mask_and_epi32(rounded, tiny, bits, vp_set1(0x80000000u));
}
VINLINE vp vp_join(vp first, vp second) { /* second's high half, else first moved down */
    return _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(first, 16), second);
}
VINLINE vf vp_first(vp v) { return _mm512_castsi512_ps(_mm512_slli_epi32(v, 16)); }
VINLINE vf vp_second(vp v) { return _mm512_castsi512_ps(_mm512_and_si512(v, vp_set1(0xffff0000u))); }
VINLINE void vp_store_firsts(uint16_t *p, vp r, size_t n) {
    _mm512_mask_cvtepi32_storeu_epi16(p, lane_mask(n), _mm512_srli_epi32(r, 16));
}

VINLINE float vsum(vf v) {
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    quarter = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
    return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)));
}

VINLINE float vmaximum(vf v) { return _mm512_reduce_max_ps(v); }

VINLINE void vtranspose(vf r[VW]) {
    vf t[16];
    UNROLL
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    UNROLL
    for (int i = 0; i < 16; i += 4) { /* columns i..i+3 of four rows, in each 128-bit quarter */
        r[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    UNROLL
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
    }
    UNROLL
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
        r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

#endif
