/* Portable words on the compiler's own four-lane vectors: plain IEEE operations in a written order, so that every
 * compiler and every level of optimisation gives the same bytes. See simd.h for their meaning. */
#ifndef GATEWALK_KERNELS_SIMD_PORTABLE_H
#define GATEWALK_KERNELS_SIMD_PORTABLE_H

#if defined(__SSE2__)
#include <emmintrin.h>
#else
#include <math.h>
#endif

typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef uint32_t vu __attribute__((vector_size(16)));
enum { VW = 4, TILE_ROWS = 4, TILE_VECTORS = 2, TILE_TALL = 4, CELL_ROWS = 2 };

VINLINE vf vset1(float x) { return (vf){x, x, x, x}; }
VINLINE vf vzero(void) { return (vf){0, 0, 0, 0}; }
VINLINE vf vload(const float *p) {
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}
VINLINE void vstore(float *p, vf v) { memcpy(p, &v, sizeof v); }
VINLINE vf vload_n(const float *p, size_t n) {
    vf v = {n > 0 ? p[0] : 0, n > 1 ? p[1] : 0, n > 2 ? p[2] : 0, n > 3 ? p[3] : 0};
    return v;
}
VINLINE void vstore_n(float *p, vf v, size_t n) {
    for (size_t i = 0; i < n; i++) p[i] = v[i];
}
VINLINE vf vkeep(vf v, size_t n) {
    vf w = {n > 0 ? v[0] : 0, n > 1 ? v[1] : 0, n > 2 ? v[2] : 0, n > 3 ? v[3] : 0};
    return w;
}

VINLINE vf vadd(vf a, vf b) { return a + b; }
VINLINE vf vsub(vf a, vf b) { return a - b; }
VINLINE vf vmul(vf a, vf b) { return a * b; }
VINLINE vf vdiv(vf a, vf b) { return a / b; }
VINLINE vf vfma(vf a, vf b, vf c) {
    vf product = a * b;
    return product + c;
}
VINLINE vf vfnma(vf a, vf b, vf c) {
    vf product = a * b;
    return c - product;
}
VINLINE vf vselect(vi mask, vf yes, vf no) { return (vf)((mask & (vi)yes) | (~mask & (vi)no)); }
VINLINE vf vmax(vf bound, vf x) { return vselect((vi)(x < bound), bound, x); }
VINLINE vf vmin(vf bound, vf x) { return vselect((vi)(x > bound), bound, x); }
VINLINE vf vabs(vf a) { return (vf)((vi)a & ~(vi)vset1(-0.0f)); }
VINLINE vf vwith_sign(vf magnitude, vf x) { return (vf)((vi)magnitude | ((vi)x & (vi)vset1(-0.0f))); }
VINLINE vf vsqrt(vf a) { /* correctly rounded either way */
#if defined(__SSE2__)
    return (vf)_mm_sqrt_ps((__m128)a);
#else
    return (vf){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])};
#endif
}
/* Adding 1.5 * 2^23 leaves the rounded integer in the low bits. */
#define ROUNDER 12582912.0f
VINLINE vf vround(vf a) {
    vf shifted = a + vset1(ROUNDER);
    return shifted - vset1(ROUNDER);
}
VINLINE vf vpow2(vf n) {
    vu bits = (vu)(n + vset1(ROUNDER));
    vu biased = bits - (vu){0x4b400000u, 0x4b400000u, 0x4b400000u, 0x4b400000u} + (vu){127, 127, 127, 127};
    return (vf)(biased << 23);
}
VINLINE vf vscale_normal(vf x, vf n) { return x * vpow2(n); }
VINLINE vf vscale(vf x, vf n) {
    vf half = vround(n * vset1(0.5f));
    vf scaled = x * vpow2(half);
    return scaled * vpow2(n - half);
}

VINLINE vf vkeep_from(vf bound, vf x, vf v) { return (vf)(~(vi)(x < bound) & (vi)v); }

typedef vu vp;
VINLINE vp vp_load(const uint32_t *p) {
    vp v;
    memcpy(&v, p, sizeof v);
    return v;
}
VINLINE void vp_store(uint32_t *p, vp v) { memcpy(p, &v, sizeof v); }
VINLINE vp vp_set1(uint32_t x) { return (vp){x, x, x, x}; }
VINLINE vp vp_round(vf x) {
    vp bits = (vp)x, rounded = bits + vp_set1(0x7fff) + ((bits >> 16) & vp_set1(1));
    vp nan = (vp)(x != x), tiny = (vp)(vabs(x) < vset1(0x1p-126f));
    rounded = (nan & (bits | vp_set1(0x400000))) | (~nan & rounded);
    return (tiny & bits & vp_set1(0x80000000u)) | (~tiny & rounded);
}
VINLINE vp vp_join(vp first, vp second) { return (first >> 16) | (second & vp_set1(0xffff0000u)); }
VINLINE vf vp_first(vp v) { return (vf)(v << 16); }
VINLINE vf vp_second(vp v) { return (vf)(v & vp_set1(0xffff0000u)); }
VINLINE void vp_store_firsts(uint16_t *p, vp r, size_t n) {
    for (size_t i = 0; i < n; i++) vp_store_half(p + i, r[i]);
}

VINLINE float vsum(vf v) {
    float even = v[0] + v[2], odd = v[1] + v[3];
    return even + odd;
}
VINLINE float vmaximum(vf v) {
    float even = v[0] > v[2] ? v[0] : v[2], odd = v[1] > v[3] ? v[1] : v[3];
    return even > odd ? even : odd;
}

VINLINE void vtranspose(vf r[VW]) {
    vf a = r[0], b = r[1], c = r[2], d = r[3];
    r[0] = (vf){a[0], b[0], c[0], d[0]};
    r[1] = (vf){a[1], b[1], c[1], d[1]};
    r[2] = (vf){a[2], b[2], c[2], d[2]};
    r[3] = (vf){a[3], b[3], c[3], d[3]};
}

#endif
