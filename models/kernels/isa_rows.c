/* What stands between the products of a transformer layer, row by row: layer normalisation, ReLU, softmax's way back. */
#include <float.h>
#include <math.h>

#include "isa.h"

/* f(i, lanes, whole) over the vectors of a row; whole is known at compile time. */
#define EACH_VECTOR(n, body)                                                                                           \
    do {                                                                                                               \
        size_t i = 0;                                                                                                  \
        for (; i + VW <= (n); i += VW) body(i, VW, 1);                                                                 \
        if (i < (n)) body(i, (n)-i, 0);                                                                                \
    } while (0)

/* ---- layer normalisation ---------------------------------------------------------------------------------- */

static void norm_row(size_t n, const float *x, const float *gain, const float *bias, float *out, float *moment) {
    vf sum = vzero();
#define ADD(i, lanes, whole) sum = vadd(sum, vload_lanes(x + (i), lanes, whole))
    EACH_VECTOR(n, ADD);
#undef ADD
    const float mean = vsum(sum) / (float)n;
    const vf m = vset1(mean);
    vf squares = vzero();
#define ADD(i, lanes, whole)                                                                                           \
    do {                                                                                                               \
        vf d = vsub(vload_lanes(x + (i), lanes, whole), m);                                                            \
        if (!(whole)) d = vkeep(d, lanes);                                                                             \
        squares = vfma(d, d, squares);                                                                                 \
    } while (0)
    EACH_VECTOR(n, ADD);
#undef ADD
    const float inverse = 1 / sqrtf(vsum(squares) / (float)n + (float)KERNELS_NORM_EPSILON);
    const vf r = vset1(inverse);
#define PUT(i, lanes, whole)                                                                                           \
    do {                                                                                                               \
        vf hat = vmul(vsub(vload_lanes(x + (i), lanes, whole), m), r);                                                 \
        vf y = vfma(hat, vload_lanes(gain + (i), lanes, whole), vload_lanes(bias + (i), lanes, whole));                \
        vstore_lanes(out + (i), y, lanes, whole);                                                                      \
    } while (0)
    EACH_VECTOR(n, PUT);
#undef PUT
    moment[0] = mean;
    moment[1] = inverse;
}

void ISA(norm_rows)(size_t rows, size_t columns, const float *x, const float *gain, const float *bias, float *out,
                    float *moments) {
    for (size_t r = 0; r < rows; r++)
        norm_row(columns, x + r * columns, gain, bias, out + r * columns, moments + 2 * r);
}

/* With h = (x - mean) / deviation and g = dout * gain: dx = (g - mean(g) - h mean(g h)) / deviation. */
static void norm_row_backward(size_t n, const float *x, const float *gain, const float *moment, const float *dout,
                              bool add, float *dx, float *dgain, float *dbias) {
    const vf m = vset1(moment[0]), r = vset1(moment[1]);
    vf sum = vzero(), along = vzero();
#define SUM(i, lanes, whole)                                                                                           \
    do {                                                                                                               \
        vf hat = vmul(vsub(vload_lanes(x + (i), lanes, whole), m), r), d = vload_lanes(dout + (i), lanes, whole);      \
        vf g = vmul(d, vload_lanes(gain + (i), lanes, whole)), share = vmul(d, hat);                                   \
        sum = vadd(sum, g);                                                                                            \
        along = vfma(g, hat, along); /* beyond the last lane g is 0 */                                                 \
        vstore_lanes(dgain + (i), vadd(vload_lanes(dgain + (i), lanes, whole), share), lanes, whole);                  \
        vstore_lanes(dbias + (i), vadd(vload_lanes(dbias + (i), lanes, whole), d), lanes, whole);                      \
    } while (0)
    EACH_VECTOR(n, SUM);
#undef SUM
    const vf mean = vset1(vsum(sum) / (float)n), slope = vset1(vsum(along) / (float)n);
#define PUT(i, lanes, whole)                                                                                           \
    do {                                                                                                               \
        vf hat = vmul(vsub(vload_lanes(x + (i), lanes, whole), m), r), d = vload_lanes(dout + (i), lanes, whole);      \
        vf g = vsub(vmul(d, vload_lanes(gain + (i), lanes, whole)), mean);                                             \
        vf out = vmul(vfnma(hat, slope, g), r);                                                                        \
        if (add) out = vadd(out, vload_lanes(dx + (i), lanes, whole));                                                 \
        vstore_lanes(dx + (i), out, lanes, whole);                                                                     \
    } while (0)
    EACH_VECTOR(n, PUT);
#undef PUT
}

void ISA(norm_rows_backward)(size_t rows, size_t columns, const float *x, const float *gain, const float *moments,
                             const float *dout, bool add, float *dx, float *dgain, float *dbias) {
    for (size_t r = 0; r < rows; r++)
        norm_row_backward(columns, x + r * columns, gain, moments + 2 * r, dout + r * columns, add, dx + r * columns,
                          dgain, dbias);
}

/* ---- ReLU ----------------------------------------------------------------------------------------------------- */

void ISA(add_row_relu)(size_t rows, size_t columns, const float *bias, float *c) {
    const vf zero = vzero();
    for (size_t r = 0; r < rows; r++, c += columns) {
#define PUT(i, lanes, whole)                                                                                           \
    vstore_lanes(c + (i), vmax(zero, vadd(vload_lanes(c + (i), lanes, whole), vload_lanes(bias + (i), lanes, whole))), \
                 lanes, whole)
        EACH_VECTOR(columns, PUT);
#undef PUT
    }
}

void ISA(relu_backward)(size_t n, const float *out, float *d) {
    const vf least = vset1(FLT_TRUE_MIN); /* nothing positive is smaller */
#define PUT(i, lanes, whole)                                                                                           \
    vstore_lanes(d + (i), vkeep_from(least, vload_lanes(out + (i), lanes, whole), vload_lanes(d + (i), lanes, whole)), \
                 lanes, whole)
    EACH_VECTOR(n, PUT);
#undef PUT
}

/* ---- softmax -------------------------------------------------------------------------------------------------- */

void ISA(softmax_rows_backward)(size_t rows, size_t columns, size_t ld, float scale, const float *a, float *d) {
    for (size_t row = 0; row < rows; row++, a += ld, d += ld) {
        vf sum = vzero();
#define ADD(i, lanes, whole) sum = vfma(vload_lanes(a + (i), lanes, whole), vload_lanes(d + (i), lanes, whole), sum)
        EACH_VECTOR(columns, ADD);
#undef ADD
        const vf mean = vset1(vsum(sum)), s = vset1(scale);
#define PUT(i, lanes, whole)                                                                                           \
    do {                                                                                                               \
        vf share = vmul(vload_lanes(a + (i), lanes, whole), vsub(vload_lanes(d + (i), lanes, whole), mean));           \
        vstore_lanes(d + (i), vmul(share, s), lanes, whole);                                                           \
    } while (0)
        EACH_VECTOR(columns, PUT);
#undef PUT
    }
}
