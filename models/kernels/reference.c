/* The float64 set: plain loops and libm, written to be read. Everything else is checked against it. */
#define GW_REAL_F64
#include "kernels.h"

#include <math.h>
#include <string.h>

/* a[i,k] lies at a[i*a_row + k*a_step], b[k,j] at b[k*b_row + j*b_step]. */
static void product(size_t m, size_t n, size_t k, const double *a, size_t a_row, size_t a_step, const double *b,
                    size_t b_row, size_t b_step, double *c, size_t ldc, bool accumulate) {
    for (size_t i = 0; i < m; i++) {
        if (!accumulate) memset(c + i * ldc, 0, n * sizeof *c);
        for (size_t p = 0; p < k; p++)
            for (size_t j = 0; j < n; j++) c[i * ldc + j] += a[i * a_row + p * a_step] * b[p * b_row + j * b_step];
    }
}

static void gemm_nn(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c,
                    size_t ldc, bool accumulate) {
    product(m, n, k, a, lda, 1, b, ldb, 1, c, ldc, accumulate);
}

static void gemm_tn(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c,
                    size_t ldc, bool accumulate) {
    product(m, n, k, a, 1, lda, b, ldb, 1, c, ldc, accumulate);
}

static void gemm_nt(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c,
                    size_t ldc, bool accumulate) {
    product(m, n, k, a, lda, 1, b, 1, ldb, c, ldc, accumulate);
}

/* ---- LSTM --------------------------------------------------------------------------------- */

static size_t lstm_pack_size(size_t hidden) { return 4 * hidden * hidden; }

static void lstm_pack(size_t hidden, const double *u, double *forward, double *backward) {
    memcpy(forward, u, 4 * hidden * hidden * sizeof *u);
    memcpy(backward, u, 4 * hidden * hidden * sizeof *u);
}

/* Without overflow for any x. */
static double sigmoid(double x) {
    double e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static void lstm_forward(const struct lstm_run_f64 *run) {
    const size_t hidden = run->hidden, n = run->n_windows, width = 4 * hidden;
    double spare[4]; /* the gates of a run that does not keep them */
    if (!run->carried) memset(run->c, 0, n * hidden * sizeof *run->c);
    if (!run->carried) memset(run->h, 0, n * hidden * sizeof *run->h);
    for (size_t row = 0; row < run->n_steps * n; row++) {
        size_t s = row / n, b = row % n;
        const double *xw = run->xw + (run->first_row[b] + s * run->row_stride) * width;
        for (size_t j = 0; j < hidden; j++) {
            double z[4];
            for (size_t gate = 0; gate < 4; gate++) {
                z[gate] = xw[gate * hidden + j];
                for (size_t k = 0; k < hidden; k++)
                    z[gate] += run->h[row * hidden + k] * run->u[k * width + gate * hidden + j];
            }
            double in = sigmoid(z[0]), forget = sigmoid(z[1]), g = tanh(z[2]), out = sigmoid(z[3]);
            double c = forget * run->c[row * hidden + j] + in * g;
            run->c[(row + n) * hidden + j] = c;
            run->h[(row + n) * hidden + j] = out * tanh(c);
            double *keep = run->gates ? run->gates + row * width + j : spare;
            size_t apart = run->gates ? hidden : 1;
            keep[0] = in, keep[apart] = forget, keep[2 * apart] = g, keep[3 * apart] = out;
        }
    }
}

static size_t lstm_scratch_size(size_t n_windows, size_t hidden) { return 2 * n_windows * hidden; }

/* dh, dc: gradients that reach h_s and c_s of one window from step s+1; dc becomes that of c_{s-1}. */
static void backward_cell(const struct lstm_run_f64 *run, size_t row, size_t j, double dh, double *dc, double *dxw) {
    const size_t hidden = run->hidden, n = run->n_windows;
    double *z = run->gates + row * 4 * hidden + j;
    double in = z[0], forget = z[hidden], g = z[2 * hidden], out = z[3 * hidden];
    double t = tanh(run->c[(row + n) * hidden + j]);
    *dc += dh * out * (1 - t * t);
    z[0] = *dc * g * in * (1 - in);
    z[hidden] = *dc * run->c[row * hidden + j] * forget * (1 - forget);
    z[2 * hidden] = *dc * in * (1 - g * g);
    z[3 * hidden] = dh * t * out * (1 - out);
    *dc *= forget;
    for (size_t gate = 0; gate < 4 && dxw; gate++) dxw[gate * hidden + j] += z[gate * hidden];
}

static void lstm_backward(const struct lstm_run_f64 *run, const double *u, const double *dh, const double *dh_last,
                          double *du, double *dxw, double *scratch) {
    const size_t hidden = run->hidden, n = run->n_windows, width = 4 * hidden;
    double *flow = scratch, *dc = scratch + n * hidden; /* from later steps */
    memset(scratch, 0, 2 * n * hidden * sizeof *scratch);
    for (size_t row = run->n_steps * n; row-- > 0;) {
        size_t s = row / n, b = row % n;
        double *to_xw = dxw ? dxw + (run->first_row[b] + s * run->row_stride) * width : NULL;
        for (size_t j = 0; j < hidden; j++) {
            double total = flow[b * hidden + j];
            if (dh) total += dh[row * hidden + j];
            if (dh_last && s + 1 == run->n_steps) total += dh_last[b * hidden + j];
            backward_cell(run, row, j, total, &dc[b * hidden + j], to_xw);
        }
        const double *dz = run->gates + row * width, *h = run->h + row * hidden;
        gemm_nt(1, hidden, width, dz, width, u, width, flow + b * hidden, hidden, false);
        gemm_tn(hidden, width, 1, h, hidden, dz, width, du, width, true);
    }
}

/* ---- element-wise and rows ---------------------------------------------------------------- */

static void vexp(size_t n, const double *in, double *out) {
    for (size_t i = 0; i < n; i++) out[i] = exp(in[i]);
}
static void vtanh(size_t n, const double *in, double *out) {
    for (size_t i = 0; i < n; i++) out[i] = tanh(in[i]);
}
static void vsigmoid(size_t n, const double *in, double *out) {
    for (size_t i = 0; i < n; i++) out[i] = sigmoid(in[i]);
}

static void softmax_rows(size_t rows, size_t columns, size_t ld, double scale, const double *in, double *out) {
    for (size_t r = 0; r < rows; r++, in += ld, out += ld) {
        double most = -INFINITY, sum = 0;
        for (size_t j = 0; j < columns; j++) most = scale * in[j] > most ? scale * in[j] : most;
        if (most == -INFINITY) most = 0; /* all masked: zeros */
        for (size_t j = 0; j < columns; j++) sum += out[j] = exp(scale * in[j] - most);
        for (size_t j = 0; j < columns; j++) out[j] = sum == 0 ? 0 : out[j] / sum;
    }
}

static void softmax_rows_backward(size_t rows, size_t columns, size_t ld, double scale, const double *a, double *d) {
    for (size_t r = 0; r < rows; r++, a += ld, d += ld) {
        double mean = 0;
        for (size_t j = 0; j < columns; j++) mean += a[j] * d[j];
        for (size_t j = 0; j < columns; j++) d[j] = scale * a[j] * (d[j] - mean);
    }
}

static void norm_rows(size_t rows, size_t columns, const double *x, const double *gain, const double *bias, double *out,
                      double *moments) {
    for (size_t r = 0; r < rows; r++, x += columns, out += columns, moments += 2) {
        double mean = 0, variance = 0;
        for (size_t j = 0; j < columns; j++) mean += x[j] / (double)columns;
        for (size_t j = 0; j < columns; j++) variance += (x[j] - mean) * (x[j] - mean) / (double)columns;
        moments[0] = mean;
        moments[1] = 1 / sqrt(variance + KERNELS_NORM_EPSILON);
        for (size_t j = 0; j < columns; j++) out[j] = (x[j] - mean) * moments[1] * gain[j] + bias[j];
    }
}

static void norm_rows_backward(size_t rows, size_t columns, const double *x, const double *gain, const double *moments,
                               const double *dout, bool add, double *dx, double *dgain, double *dbias) {
    for (size_t r = 0; r < rows; r++, x += columns, dout += columns, dx += columns, moments += 2) {
        double mean = 0, slope = 0;
        for (size_t j = 0; j < columns; j++) {
            double hat = (x[j] - moments[0]) * moments[1];
            mean += dout[j] * gain[j] / (double)columns;
            slope += dout[j] * gain[j] * hat / (double)columns;
            dgain[j] += dout[j] * hat;
            dbias[j] += dout[j];
        }
        for (size_t j = 0; j < columns; j++) {
            double hat = (x[j] - moments[0]) * moments[1];
            dx[j] = (add ? dx[j] : 0) + (dout[j] * gain[j] - mean - hat * slope) * moments[1];
        }
    }
}

static void add_row_relu(size_t rows, size_t columns, const double *bias, double *c) {
    for (size_t i = 0; i < rows * columns; i++) {
        c[i] += bias[i % columns];
        if (c[i] <= 0) c[i] = 0;
    }
}

static void relu_backward(size_t n, const double *out, double *d) {
    for (size_t i = 0; i < n; i++)
        if (out[i] <= 0) d[i] = 0;
}

/* keep: A [T × T]; backward makes it dS. */
static size_t head_keep_size(size_t steps) { return steps * steps; }
static size_t head_scratch_size(size_t steps, size_t key_dim) { return 0 * steps * key_dim; }

static void head_forward(const struct head_run_f64 *run, double *mean) {
    const size_t steps = run->steps;
    memset(mean, 0, steps * sizeof *mean);
    for (size_t t = 0; t < steps; t++) {
        double *a = run->keep + t * steps;
        gemm_nt(1, steps, run->key_dim, run->query + t * run->ld, run->ld, run->key, run->ld, a, steps, false);
        for (size_t s = t + 1; s < steps && run->causal; s++) a[s] = -INFINITY;
        softmax_rows(1, steps, steps, run->scale, a, a);
        for (size_t s = 0; s < steps; s++) mean[s] += a[s] / (double)steps;
    }
}

static void head_backward(const struct head_run_f64 *run, const double *g, double *dquery, double *dkey) {
    const size_t steps = run->steps, d = run->key_dim, ld = run->ld;
    for (size_t t = 0; t < steps; t++) {
        double *a = run->keep + t * steps, mean = 0;
        for (size_t s = 0; s < steps; s++) mean += a[s] * g[s];
        for (size_t s = 0; s < steps; s++) a[s] *= (g[s] - mean) * run->scale / (double)steps;
    }
    gemm_nn(steps, d, steps, run->keep, steps, run->key, ld, dquery, ld, false);
    gemm_tn(steps, d, steps, run->keep, steps, run->query, ld, dkey, ld, false);
}

static double dot(size_t n, const double *x, const double *y) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

static void axpy(size_t n, double a, const double *x, double *y) {
    for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

static void add_row(size_t rows, size_t columns, const double *bias, double *c, size_t ldc) {
    for (size_t r = 0; r < rows; r++) axpy(columns, 1, bias, c + r * ldc);
}

static void sum_rows(size_t rows, size_t columns, const double *c, size_t ldc, double *out) {
    for (size_t r = 0; r < rows; r++) axpy(columns, 1, c + r * ldc, out);
}

/* ---- attention and optimiser -------------------------------------------------------------- */

static void additive_forward(size_t steps, size_t units, const double *key, size_t ldk, const double *query,
                             const double *v, double *act, double *score) {
    for (size_t s = 0; s < steps; s++) {
        for (size_t j = 0; j < units; j++) act[s * units + j] = tanh(key[s * ldk + j] + query[j]);
        score[s] = dot(units, v, act + s * units);
    }
}

static void additive_backward(size_t steps, size_t units, const double *dscore, const double *v, double *act,
                              double *dv, double *dquery) {
    for (size_t s = 0; s < steps; s++) {
        for (size_t j = 0; j < units; j++) {
            double t = act[s * units + j], pre = dscore[s] * v[j] * (1 - t * t);
            dv[j] += dscore[s] * t;
            dquery[j] += pre;
            act[s * units + j] = pre;
        }
    }
}

/* Nothing to prepare: tanh is taken of the sum itself. */
static void additive_prepare(size_t n, const double *in, double *out) { memmove(out, in, n * sizeof *out); }

static void additive_band_forward(size_t steps, size_t units, const double *key, size_t ld, const double *query,
                                  const double *v, double *score) {
    for (size_t s = 0; s < steps; s++) {
        score[s] = 0;
        for (size_t j = 0; j < units; j++) score[s] += v[j] * tanh(key[s * ld + j] + query[j]);
    }
}

static void additive_band_backward(size_t steps, size_t units, const double *key, size_t ld, const double *query,
                                   const double *v, const double *dscore, double *dkey, double *dquery, double *dv) {
    for (size_t s = 0; s < steps; s++) {
        for (size_t j = 0; j < units; j++) {
            double t = tanh(key[s * ld + j] + query[j]), pre = dscore[s] * v[j] * (1 - t * t);
            dv[j] += dscore[s] * t;
            dquery[j] += pre;
            dkey[s * ld + j] += pre;
        }
    }
}

static void adam(size_t n, double *w, const double *g, double *m, double *v, double lr, double beta1, double beta2,
                 double eps, double decay, double bias1, double bias2, double gradient_scale) {
    for (size_t i = 0; i < n; i++) {
        double gradient = g[i] * gradient_scale;
        m[i] = beta1 * m[i] + (1 - beta1) * gradient;
        v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
        w[i] -= lr * (m[i] / bias1 / (sqrt(v[i] / bias2) + eps) + decay * w[i]);
    }
}

static double sum_squares(size_t n, const double *x) { return dot(n, x, x); }

static size_t largest(size_t n, const double *x) {
    size_t at = 0;
    for (size_t i = 1; i < n; i++)
        if (x[i] > x[at]) at = i;
    return at;
}

static const struct kernels_f64 reference = {
    .name = "reference",
    .gemm_nn = gemm_nn,
    .gemm_tn = gemm_tn,
    .gemm_nt = gemm_nt,
    .large_nn = gemm_nn,
    .large_tn = gemm_tn,
    .large_nt = gemm_nt,
    .lstm_pack_size = lstm_pack_size,
    .lstm_pack = lstm_pack,
    .lstm_forward = lstm_forward,
    .lstm_scratch_size = lstm_scratch_size,
    .lstm_backward = lstm_backward,
    .vexp = vexp,
    .vtanh = vtanh,
    .vsigmoid = vsigmoid,
    .softmax_rows = softmax_rows,
    .softmax_rows_backward = softmax_rows_backward,
    .norm_rows = norm_rows,
    .norm_rows_backward = norm_rows_backward,
    .add_row_relu = add_row_relu,
    .relu_backward = relu_backward,
    .head_keep_size = head_keep_size,
    .head_scratch_size = head_scratch_size,
    .head_forward = head_forward,
    .head_backward = head_backward,
    .dot = dot,
    .axpy = axpy,
    .add_row = add_row,
    .sum_rows = sum_rows,
    .additive_forward = additive_forward,
    .additive_backward = additive_backward,
    .additive_prepare = additive_prepare,
    .additive_band_forward = additive_band_forward,
    .additive_band_backward = additive_band_backward,
    .adam = adam,
    .sum_squares = sum_squares,
    .largest = largest,
};

const struct kernels_f64 *kernels_active_f64(void) { return &reference; }
const struct kernels_f64 *kernels_by_row_f64(void) { return &reference; }
const struct kernels_f64 *kernels_mixed_f64(void) { return &reference; }
const struct kernels_f64 *kernels_half_f64(void) { return &reference; }

#include "gemm_large.h"
