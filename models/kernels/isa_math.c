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

enum { SHORT_ROW = 4 /* vectors */, ROWS_TOGETHER = 4 };

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

/* The same bits for rows that fit in registers: so many vectors each, the last of them perhaps not whole. A row is one long
 * chain of dependent steps; several side by side keep the units busy. */
VINLINE void softmax_short(const size_t rows, const size_t vectors, size_t n, size_t ld, float scale, const float *in,
                           float *out) {
    const size_t last = vectors - 1, left = n - last * VW;
    const vf s = vset1(scale);
    vf e[ROWS_TOGETHER * SHORT_ROW], of_row[ROWS_TOGETHER];
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        UNROLL
        for (size_t j = 0; j < last; j++) e[r * vectors + j] = vmul(s, vload(in + r * ld + j * VW));
        e[r * vectors + last] = vmul(s, vload_n(in + r * ld + last * VW, left));
        of_row[r] =
            vmul(s, vload(in + r * ld + n - VW)); /* the row's last VW, whether or not they are a vector of it */
        UNROLL
        for (size_t j = 0; j < last; j++) of_row[r] = vmax(of_row[r], e[r * vectors + j]);
    }
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        const float maximum = vmaximum(of_row[r]);
        of_row[r] = vset1(maximum == -INFINITY ? 0 : maximum);
    }
    UNROLL
    for (size_t i = 0; i < rows * vectors; i++) e[i] = exp_below_zero(vsub(e[i], of_row[i / vectors]));
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        e[r * vectors + last] = vkeep(e[r * vectors + last], left);
        of_row[r] = vzero();
        UNROLL
        for (size_t j = 0; j < vectors; j++) of_row[r] = vadd(of_row[r], e[r * vectors + j]);
    }
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        const float sum = vsum(of_row[r]);
        of_row[r] = vset1(sum == 0 ? 0 : 1 / sum);
    }
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        UNROLL
        for (size_t j = 0; j < last; j++) vstore(out + r * ld + j * VW, vmul(e[r * vectors + j], of_row[r]));
        vstore_n(out + r * ld + last * VW, vmul(e[r * vectors + last], of_row[r]), left);
    }
}

#define SHORT_ROWS(vectors)                                                                                            \
    static void softmax_short_##vectors(size_t rows, size_t n, size_t ld, float scale, const float *in, float *out) {  \
        for (; rows >= ROWS_TOGETHER; rows -= ROWS_TOGETHER, in += ROWS_TOGETHER * ld, out += ROWS_TOGETHER * ld)      \
            softmax_short(ROWS_TOGETHER, vectors, n, ld, scale, in, out);                                              \
        for (; rows > 0; rows--, in += ld, out += ld) softmax_short(1, vectors, n, ld, scale, in, out);                \
    }
SHORT_ROWS(1)
SHORT_ROWS(2)
SHORT_ROWS(3)
SHORT_ROWS(4)
typedef void short_rows(size_t rows, size_t n, size_t ld, float scale, const float *in, float *out);
static short_rows *const softmax_shorts[SHORT_ROW] = {softmax_short_1, softmax_short_2, softmax_short_3,
                                                      softmax_short_4};

void ISA(softmax_rows)(size_t rows, size_t columns, size_t ld, float scale, const float *in, float *out) {
    if (columns >= VW && columns <= SHORT_ROW * VW)
        softmax_shorts[vectors_for(columns) - 1](rows, columns, ld, scale, in, out);
    else
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
