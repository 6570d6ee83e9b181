/* exp, sigmoid and tanh of a vector, in registers. No branch, no libm; NaN comes through. Errors over the whole float
 * range are asserted in tests/models/test_kernels.c.
 *
 * e^x = 2^n e^r with |r| small and e^r - 1 = r + r² q(r), q a minimax polynomial.
 *   polynomial   n integral, |r| <= ln2/2. ln 2 comes in two parts (Cody & Waite 1980), so that n * LN2_HIGH is exact.
 *   table        where one register holds a table of 2^(j/N), n is a multiple of 1/N and |r| <= ln2/2N, which saves half
 *                of q. x log2(e) + 1.5 * 2^23/N leaves the integer N n in the low bits: its lowest bits pick the entry,
 *                the others become the exponent by a shift. The entries have their own j taken off beforehand. */
#ifndef GATEWALK_KERNELS_SIMD_MATH_H
#define GATEWALK_KERNELS_SIMD_MATH_H

#include "simd.h"

#define LOG2_E   1.44269504088896341f
#define LN2_HIGH 0.693359375f
#define LN2_LOW  -2.12194440e-4f
/* ln of the smallest normal float: below, the result is flushed to zero. */
#define LN_SMALLEST -87.3366f

/* e^r - 1 and n of x = n ln 2 + r. */
VINLINE vf reduced_expm1(vf x, vf *n) {
    *n = vround(vmul(x, vset1(LOG2_E)));
    vf r = vfnma(*n, vset1(LN2_HIGH), x);
    r = vfnma(*n, vset1(LN2_LOW), r);
    vf q = vfma(r, vset1(0.0013946497347205877f), vset1(0.00836661085486412f));
    q = vfma(q, r, vset1(0.04166628047823906f));
    q = vfma(q, r, vset1(0.1666654348373413f));
    q = vfma(q, r, vset1(0.5f));
    return vfma(vmul(r, r), q, r);
}

/* Infinity above 88.72, gradual to zero below -87.3. */
VINLINE vf exp_of(vf x) {
    x = vmin(vset1(89.0f), vmax(vset1(-104.0f), x));
    vf n, p = reduced_expm1(x, &n);
    return vscale(vadd(p, vset1(1.0f)), n);
}

#if defined(GW_ISA_PORTABLE)

/* For -87.3 <= x <= 88; outside a number that the caller throws away. */
VINLINE vf exp_normal(vf x) {
    vf n, p = reduced_expm1(x, &n), scale = vpow2(n);
    return vfma(scale, p, scale);
}

/* (e^2x - 1) / 2 for 0 <= x <= 10, with small relative error down to x = 0. */
VINLINE vf half_expm1_twice(vf x) {
    vf n, p = reduced_expm1(vadd(x, x), &n), scale = vpow2(n);
    vf m = vfma(scale, p, vsub(scale, vset1(1.0f)));
    return vmul(m, vset1(0.5f));
}

#else

#define TABLE_SHIFTER (12582912.0f / (float)(1 << TABLE_BITS))
/* ln 2 rounded to float, and what is left of it. */
#define LN2           0.693147182464599609375f
#define LN2_REST      -1.904654299957768e-09f

VINLINE vf exp_normal(vf x) {
    vf shifted = vfma(x, vset1(LOG2_E), vset1(TABLE_SHIFTER)), n = vsub(shifted, vset1(TABLE_SHIFTER));
    vf r = vfnma(n, vset1(LN2_REST), vfnma(n, vset1(LN2), x));
#if defined(GW_ISA_AVX512)
    vf q = vfma(r, vset1(0.1666705161333084f), vset1(0.5000162124633789f)); /* relative error 1.6e-9 */
#else
    vf q = vfma(r, vset1(0.16668233275413513f), vset1(0.5000648498535156f)); /* 2.5e-8 */
#endif
    vf p = vfma(vmul(r, r), q, r), scale = vtable_pow2(shifted);
    return vfma(scale, p, scale);
}

/* 2^n is a table entry T times a power of two; table_rest corrects r by ln of what T was rounded by, so that T counts as
 * exact and T - 1 loses nothing. The error of n * LN2 is small relative to x. Here x is half the exponent. */
VINLINE vf half_expm1_twice(vf x) {
    vf shifted = vfma(x, vset1(2 * LOG2_E), vset1(TABLE_SHIFTER)), n = vsub(shifted, vset1(TABLE_SHIFTER));
    vf r = vadd(vfnma(n, vset1(LN2 / 2), x), vtable_rest(shifted));
#if defined(GW_ISA_AVX512)
    vf q = vfma(r, vset1(0.33334073424339294f), vset1(0.6666796207427979f)); /* 3.2e-10 of e^2r - 1 */
#else
    vf q = vfma(r, vset1(0.333362877368927f), vset1(0.666718602180481f));    /* 5.1e-9 */
#endif
    q = vfma(q, r, vset1(1.0f));
    vf p = vfma(vmul(r, r), q, r), scale = vtable_pow2(shifted);
    return vfma(scale, p, vfma(scale, vset1(0.5f), vset1(-0.5f)));
}

#endif

/* For x <= 0 (softmax): zero instead of a denormal. */
VINLINE vf exp_below_zero(vf x) { return vkeep_from(vset1(LN_SMALLEST), x, exp_normal(x)); }

/* 1 / (1 + e^-x), zero instead of a denormal. */
VINLINE vf sigmoid_of(vf x) {
    vf e = exp_normal(vsub(vzero(), vmin(vset1(87.0f), x)));
    return vkeep_from(vset1(LN_SMALLEST), x, vdiv(vset1(1.0f), vadd(e, vset1(1.0f))));
}

/* m / (m + 1) with m = (e^2|x| - 1) / 2 >= 0; exactly ±1 from |x| = 9.02 on. */
VINLINE vf tanh_of(vf x) {
    vf m = half_expm1_twice(vmin(vset1(10.0f), vabs(x)));
    return vwith_sign(vdiv(m, vadd(m, vset1(1.0f))), x);
}

#endif
