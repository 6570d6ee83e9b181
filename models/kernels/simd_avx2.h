/* AVX2 + FMA words; see simd.h for their meaning. */
#ifndef GATEWALK_KERNELS_SIMD_AVX2_H
#define GATEWALK_KERNELS_SIMD_AVX2_H

#include <immintrin.h>

typedef __m256 vf;
enum { VW = 8, TILE_ROWS = 6, TILE_VECTORS = 2, TILE_TALL = 12, CELL_ROWS = 3 };

VINLINE __m256i lane_mask(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

VINLINE vf vset1(float x) { return _mm256_set1_ps(x); }
VINLINE vf vzero(void) { return _mm256_setzero_ps(); }
VINLINE vf vload(const float *p) { return _mm256_loadu_ps(p); }
VINLINE void vstore(float *p, vf v) { _mm256_storeu_ps(p, v); }
VINLINE vf vload_n(const float *p, size_t n) { return _mm256_maskload_ps(p, lane_mask(n)); }
VINLINE void vstore_n(float *p, vf v, size_t n) { _mm256_maskstore_ps(p, lane_mask(n), v); }
VINLINE vf vkeep(vf v, size_t n) { return _mm256_and_ps(v, _mm256_castsi256_ps(lane_mask(n))); }

VINLINE vf vadd(vf a, vf b) { return _mm256_add_ps(a, b); }
VINLINE vf vsub(vf a, vf b) { return _mm256_sub_ps(a, b); }
VINLINE vf vmul(vf a, vf b) { return _mm256_mul_ps(a, b); }
VINLINE vf vdiv(vf a, vf b) { return _mm256_div_ps(a, b); }
VINLINE vf vfma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
VINLINE vf vfnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
VINLINE vf vmax(vf bound, vf x) { return _mm256_max_ps(bound, x); }
VINLINE vf vmin(vf bound, vf x) { return _mm256_min_ps(bound, x); }
VINLINE vf vabs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
VINLINE vf vwith_sign(vf magnitude, vf x) { return _mm256_or_ps(magnitude, _mm256_and_ps(_mm256_set1_ps(-0.0f), x)); }
VINLINE vf vsqrt(vf a) { return _mm256_sqrt_ps(a); }
VINLINE vf vround(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
VINLINE vf vpow2(vf n) {
    __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
}
VINLINE vf vscale_normal(vf x, vf n) { return vmul(x, vpow2(n)); }
VINLINE vf vscale(vf x, vf n) {
    vf half = vround(vmul(n, vset1(0.5f)));
    return vmul(vmul(x, vpow2(half)), vpow2(vsub(n, half)));
}

VINLINE vf vkeep_from(vf bound, vf x, vf v) { return _mm256_and_ps(_mm256_cmp_ps(x, bound, _CMP_NLT_UQ), v); }

/* Eight powers of two in one register; see simd_math.h. */
enum { TABLE_BITS = 3 };
static const uint32_t table_pow2[8] __attribute__((aligned(32))) = {0x3f800000u, 0x3f7b95c2u, 0x3f7837f0u, 0x3f75fed7u,
                                                                    0x3f7504f3u, 0x3f75672au, 0x3f7744fdu, 0x3f7ac0c7u};
static const float table_rest[8]
    __attribute__((aligned(32))) = {0x0p+0f,         -0x1.9c0c22p-28f, 0x1.125002p-26f,  -0x1.0a3552p-26f,
                                    0x1.26055cp-27f, 0x1.67a1cap-29f,  -0x1.f9c306p-28f, -0x1.a5217cp-29f};
VINLINE vf vtable_pow2(vf shifted) {
    __m256i bits = _mm256_castps_si256(shifted);
    __m256i base = _mm256_permutevar8x32_epi32(_mm256_load_si256((const __m256i *)(const void *)table_pow2), bits);
    return _mm256_castsi256_ps(_mm256_add_epi32(base, _mm256_slli_epi32(bits, 23 - TABLE_BITS)));
}
VINLINE vf vtable_rest(vf shifted) {
    return _mm256_permutevar8x32_ps(_mm256_load_ps(table_rest), _mm256_castps_si256(shifted));
}

typedef __m256i vp;
VINLINE vp vp_load(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
VINLINE void vp_store(uint32_t *p, vp v) { _mm256_storeu_si256((__m256i *)(void *)p, v); }
VINLINE vp vp_set1(uint32_t x) { return _mm256_set1_epi32((int)x); }
VINLINE vp vp_round(vf x) {
    __m256i bits = _mm256_castps_si256(x), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), vp_set1(1));
    __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    __m256i tiny = _mm256_castps_si256(_mm256_cmp_ps(vabs(x), _mm256_set1_ps(0x1p-126f), _CMP_LT_OQ));
    __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, vp_set1(0x7fff)));
    rounded = _mm256_blendv_epi8(rounded, _mm256_or_si256(bits, vp_set1(0x400000)), nan);
    return _mm256_blendv_epi8(rounded, _mm256_and_si256(bits, vp_set1(0x80000000u)), tiny);
}
VINLINE vp vp_join(vp first, vp second) { return _mm256_blend_epi16(_mm256_srli_epi32(first, 16), second, 0xaa); }
VINLINE vf vp_first(vp v) { return _mm256_castsi256_ps(_mm256_slli_epi32(v, 16)); }
VINLINE vf vp_second(vp v) { return _mm256_castsi256_ps(_mm256_and_si256(v, vp_set1(0xffff0000u))); }
VINLINE void vp_store_firsts(uint16_t *p, vp r, size_t n) {
    uint32_t lane[VW];
    vp_store(lane, r);
    for (size_t i = 0; i < n; i++) vp_store_half(p + i, lane[i]);
}

VINLINE float vsum(vf v) {
    __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    quarter = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
    return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)));
}

VINLINE float vmaximum(vf v) {
    __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    quarter = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
    return _mm_cvtss_f32(_mm_max_ss(quarter, _mm_movehdup_ps(quarter)));
}

VINLINE void vtranspose(vf r[VW]) {
    vf t[8];
    UNROLL
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    UNROLL
    for (int i = 0; i < 8; i += 4) {
        r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    UNROLL
    for (int i = 0; i < 4; i++) {
        vf low = r[i], high = r[i + 4];
        r[i] = _mm256_permute2f128_ps(low, high, 0x20);
        r[i + 4] = _mm256_permute2f128_ps(low, high, 0x31);
    }
}

#endif
