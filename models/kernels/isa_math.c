/* Element-wise functions, softmax, and the small vector operations. */
#include <math.h>

#include "simd_math.h"

#include "isa.h"

#define MAP(function, of)                                                                                              \
    void ISA(function)(size_t n, const float *in, float *out) {                                                        \
        size_t i = 0;                                                                                                  \
        for (; i + VW <= n; i += VW) vstore(out + i, of(vload(in + i)));                                               \
        if (i < n) vstore_n(out + i, of(vload_n(in + i, n - i)), n - i);                                               \
    }
MAP(vexp, exp_of)
MAP(vtanh, tanh_of)
MAP(vsigmoid, sigmoid_of)

static float row_maximum(size_t n, float scale, const float *x) {
    const vf lowest = vset1(-INFINITY), s = vset1(scale);
    vf most = lowest;
    size_t i = 0;
    for (; i + VW <= n; i += VW) most = vmax(most, vmul(s, vload(x + i)));
    float maximum = vmaximum(most);
    for (; i < n; i++) maximum = scale * x[i] > maximum ? scale * x[i] : maximum;
    return maximum;
}

/* A row of nothing but -infinity (every step masked) gives zeros; a NaN anywhere in a row makes all of it NaN. */
static void softmax_row(size_t n, float scale, const float *in, float *out) {
    float maximum = row_maximum(n, scale, in);
    if (maximum == -INFINITY) maximum = 0;
    const vf s = vset1(scale), most = vset1(maximum);
    vf total = vzero();
    size_t i = 0;
    for (; i + VW <= n; i += VW) {
        vf e = exp_below_zero(vsub(vmul(s, vload(in + i)), most));
        total = vadd(total, e);
        vstore(out + i, e);
    }
    if (i < n) {
        vf e = vkeep(exp_below_zero(vsub(vmul(s, vload_n(in + i, n - i)), most)), n - i);
        total = vadd(total, e);
        vstore_n(out + i, e, n - i);
    }
    float sum = vsum(total), inverse = sum == 0 ? 0 : 1 / sum;
    for (i = 0; i + VW <= n; i += VW) vstore(out + i, vmul(vload(out + i), vset1(inverse)));
    if (i < n) vstore_n(out + i, vmul(vload_n(out + i, n - i), vset1(inverse)), n - i);
}

void ISA(softmax_rows)(size_t rows, size_t columns, size_t ld, float scale, const float *in, float *out) {
    for (size_t r = 0; r < rows; r++) softmax_row(columns, scale, in + r * ld, out + r * ld);
}

float ISA(dot)(size_t n, const float *x, const float *y) {
    vf s0 = vzero(), s1 = vzero(), s2 = vzero(), s3 = vzero();
    size_t i = 0;
    for (; i + 4 * VW <= n; i += 4 * VW) {
        s0 = vfma(vload(x + i), vload(y + i), s0);
        s1 = vfma(vload(x + i + VW), vload(y + i + VW), s1);
        s2 = vfma(vload(x + i + 2 * VW), vload(y + i + 2 * VW), s2);
        s3 = vfma(vload(x + i + 3 * VW), vload(y + i + 3 * VW), s3);
    }
    for (; i + VW <= n; i += VW) s0 = vfma(vload(x + i), vload(y + i), s0);
    if (i < n) s1 = vfma(vload_n(x + i, n - i), vload_n(y + i, n - i), s1);
    return vsum(vadd(vadd(s0, s1), vadd(s2, s3)));
}

void ISA(axpy)(size_t n, float a, const float *x, float *y) {
    size_t i = 0;
    for (; i + VW <= n; i += VW) vstore(y + i, vfma(vset1(a), vload(x + i), vload(y + i)));
    if (i < n) vstore_n(y + i, vfma(vset1(a), vload_n(x + i, n - i), vload_n(y + i, n - i)), n - i);
}

VINLINE void add_into(size_t n, const float *x, float *y) {
    size_t i = 0;
    for (; i + VW <= n; i += VW) vstore(y + i, vadd(vload(y + i), vload(x + i)));
    if (i < n) vstore_n(y + i, vadd(vload_n(y + i, n - i), vload_n(x + i, n - i)), n - i);
}

void ISA(add_row)(size_t rows, size_t columns, const float *bias, float *c, size_t ldc) {
    for (size_t r = 0; r < rows; r++) add_into(columns, bias, c + r * ldc);
}

void ISA(sum_rows)(size_t rows, size_t columns, const float *c, size_t ldc, float *out) {
    for (size_t r = 0; r < rows; r++) add_into(columns, c + r * ldc, out);
}

/* Runs of four vectors are compared as a whole; only the run that wins is looked through. */
size_t ISA(largest)(size_t n, const float *x) {
    size_t first = 0, i = 0;
    float most = -INFINITY;
    for (; i + 4 * VW <= n; i += 4 * VW) {
        vf a = vmax(vload(x + i), vload(x + i + VW)), b = vmax(vload(x + i + 2 * VW), vload(x + i + 3 * VW));
        const float here = vmaximum(vmax(a, b));
        if (here > most) most = here, first = i;
    }
    while (first < i && x[first] < most) first++;
    if (i == 0) first = 0, most = x[0];
    for (; i < n; i++)
        if (x[i] > most) most = x[i], first = i;
    return first;
}
