/* Shared parts of attentions in a stream (see attention_band.h). */
#include <string.h>

#include "attention_band.h"

size_t R(band_nothing)(const struct gw_model_config *config) {
    (void)config;
    return 0;
}

size_t R(band_no_room)(const struct gw_model_config *config, size_t rows, size_t queries) {
    (void)config;
    (void)rows;
    (void)queries;
    return 0;
}

size_t R(band_scores_room)(const struct gw_model_config *config, size_t rows, size_t queries) {
    (void)rows;
    return queries * config->lookback;
}

/* ---- a = softmax(e), context = Σ_s a_s h_s ------------------------------------------------------------- */

static void weigh(const struct R(band_run) *run, real *context, size_t ld) {
    size_t H = run->config->hidden, T = run->config->lookback;
    for (size_t r = run->query; r < run->n; r++, context += ld) {
        size_t first = R(band_first)(run, r), m = R(band_length)(run, r);
        real *a = R(band_row)(run, run->map, r);
        memset(a - (T - m), 0, (T - m) * sizeof *a);
        run->k->softmax_rows(1, m, m, 1, a, a);
        run->k->gemm_nn(1, H, m, a, m, run->h + first * H, H, context, H, false);
    }
}

/* dh_s += a_s dc;  da_s = dc · h_s;  de_s = a_s (da_s - Σ_u a_u da_u) */
static void weigh_backward(const struct R(band_run) *run, const real *dcontext, size_t ld, real *dscore) {
    size_t H = run->config->hidden;
    for (size_t r = run->query; r < run->n; r++, dcontext += ld) {
        size_t first = R(band_first)(run, r), m = R(band_length)(run, r);
        const real *a = R(band_row)(run, run->map, r);
        real *de = R(band_row)(run, dscore, r);
        run->k->gemm_tn(m, H, 1, a, m, dcontext, H, run->dh + first * H, H, true);
        run->k->gemm_nn(m, 1, H, run->h + first * H, H, dcontext, 1, de, 1, false);
        R(softmax_backward)(run->k, m, a, de);
    }
}

static void put_queries(const struct R(band_run) *run, real *both) {
    size_t H = run->config->hidden;
    for (size_t r = run->query; r < run->n; r++, both += 2 * H) memcpy(both + H, run->h + r * H, H * sizeof *both);
}

static void take_query_gradients(const struct R(band_run) *run, const real *dboth) {
    size_t H = run->config->hidden;
    for (size_t r = run->query; r < run->n; r++, dboth += 2 * H) run->k->axpy(H, 1, dboth + H, run->dh + r * H);
}

void R(band_concat_forward)(const struct R(band_run) *run) {
    size_t H = run->config->hidden;
    weigh(run, run->context, luong_combine(run->config) ? 2 * H : H);
    if (luong_combine(run->config)) put_queries(run, run->context);
}

void R(band_concat_backward)(const struct R(band_run) *run, real *dscore) {
    size_t H = run->config->hidden;
    weigh_backward(run, run->dcontext, luong_combine(run->config) ? 2 * H : H, dscore);
    if (luong_combine(run->config)) take_query_gradients(run, run->dcontext);
}

size_t R(band_luong_keep)(const struct gw_model_config *config, size_t queries) { return 2 * queries * config->hidden; }
size_t R(band_luong_scratch)(const struct gw_model_config *config, size_t queries) {
    return 3 * queries * config->hidden;
}

void R(band_luong_forward)(const struct R(band_run) *run, const real *wc, real *both) {
    size_t H = run->config->hidden, n = R(band_queries)(run);
    if (!luong_combine(run->config)) {
        weigh(run, run->context, H);
        return;
    }
    weigh(run, both, 2 * H);
    put_queries(run, both);
    run->k->gemm_nn(n, H, 2 * H, both, 2 * H, wc, H, run->context, H, false);
    run->k->vtanh(n * H, run->context, run->context);
}

void R(band_luong_backward)(const struct R(band_run) *run, const real *wc, real *dwc, const real *both, real *scratch,
                            real *dscore) {
    size_t H = run->config->hidden, n = R(band_queries)(run);
    if (!luong_combine(run->config)) {
        weigh_backward(run, run->dcontext, H, dscore);
        return;
    }
    real *dpre = scratch, *dboth = scratch + n * H;
    for (size_t i = 0; i < n * H; i++) dpre[i] = run->dcontext[i] * (1 - run->context[i] * run->context[i]);
    run->k->gemm_tn(2 * H, H, n, both, 2 * H, dpre, H, dwc, H, true);
    run->k->gemm_nt(n, 2 * H, H, dpre, H, wc, H, dboth, 2 * H, false);
    weigh_backward(run, dboth, 2 * H, dscore);
    take_query_gradients(run, dboth);
}

/* ---- e_s = v · tanh(q W1 + h_s W2) ---------------------------------------------------------------------- */

size_t R(band_units)(const struct gw_model_config *config) { return attention_units(config); }
size_t R(band_additive_room)(const struct gw_model_config *config, size_t rows, size_t queries) {
    (void)rows;
    return queries * attention_units(config);
}

void R(band_additive)(const struct R(band_run) *run, const real *w1, const real *w2, const real *v, real *query) {
    size_t H = run->config->hidden, A = attention_units(run->config), n = R(band_queries)(run);
    size_t fresh = run->n - run->fresh;
    real *key = run->memory + run->fresh * A;
    run->k->large_nn(fresh, A, H, run->h + run->fresh * H, H, w2, A, key, A, false);
    run->k->additive_prepare(fresh * A, key, key);
    run->k->large_nn(n, A, H, run->h + run->query * H, H, w1, A, query, A, false);
    run->k->additive_prepare(n * A, query, query);
    for (size_t r = run->query; r < run->n; r++, query += A)
        run->k->additive_band_forward(R(band_length)(run, r), A, run->memory + R(band_first)(run, r) * A, A, query, v,
                                      R(band_row)(run, run->map, r));
}

void R(band_additive_backward)(const struct R(band_run) *run, const real *dscore, const real *w1, const real *w2,
                               const real *v, const real *query, real *dquery, real *dw1, real *dw2, real *dv) {
    size_t H = run->config->hidden, A = attention_units(run->config), n = R(band_queries)(run);
    const real *states = run->h + run->query * H;
    real *dkey = run->dmemory;
    memset(dkey, 0, run->n * A * sizeof *dkey);
    memset(dquery, 0, n * A * sizeof *dquery);
    for (size_t r = run->query; r < run->n; r++) {
        size_t first = R(band_first)(run, r), at = (r - run->query) * A;
        run->k->additive_band_backward(R(band_length)(run, r), A, run->memory + first * A, A, query + at, v,
                                       R(band_row)(run, (real *)dscore, r), dkey + first * A, dquery + at, dv);
    }
    run->k->large_tn(H, A, run->n, run->h, H, dkey, A, dw2, A, true);
    run->k->large_nt(run->n, H, A, dkey, A, w2, A, run->dh, H, true);
    run->k->large_tn(H, A, n, states, H, dquery, A, dw1, A, true);
    run->k->large_nt(n, H, A, dquery, A, w1, A, run->dh + run->query * H, H, true);
}

/* ---- e_s = query · h_s ---------------------------------------------------------------------------------- */

void R(band_product)(const struct R(band_run) *run, const real *query) {
    size_t H = run->config->hidden;
    for (size_t r = run->query; r < run->n; r++, query += H)
        run->k->gemm_nn(R(band_length)(run, r), 1, H, run->h + R(band_first)(run, r) * H, H, query, 1,
                        R(band_row)(run, run->map, r), 1, false);
}

/* dh_s += e'_s query, dquery = Σ e'_s h_s */
void R(band_product_backward)(const struct R(band_run) *run, const real *dscore, const real *query, real *dquery) {
    size_t H = run->config->hidden;
    for (size_t r = run->query; r < run->n; r++, query += H, dquery += H) {
        size_t first = R(band_first)(run, r), m = R(band_length)(run, r);
        const real *de = R(band_row)(run, (real *)dscore, r);
        run->k->gemm_tn(m, H, 1, de, m, query, H, run->dh + first * H, H, true);
        run->k->gemm_nn(1, H, m, de, m, run->h + first * H, H, dquery, H, false);
    }
}

/* ---- means ------------------------------------------------------------------------------------------------ */

static void fill(real *ones, size_t n, real value) {
    for (size_t i = 0; i < n; i++) ones[i] = value;
}

void R(band_mean)(const struct R(band_run) *run, size_t columns, const real *in, size_t ld, real *mean, real *ones) {
    size_t filled = 0;
    for (size_t r = run->query; r < run->n; r++, mean += columns) {
        size_t m = R(band_length)(run, r);
        if (m != filled) fill(ones, m, (real)(1.0 / (double)m));
        filled = m;
        run->k->gemm_nn(1, columns, m, ones, m, in + R(band_first)(run, r) * ld, ld, mean, columns, false);
    }
}

void R(band_mean_backward)(const struct R(band_run) *run, size_t columns, real *dmean, size_t first, real *out,
                           size_t ld, bool add, real *ones) {
    size_t T = run->config->lookback;
    for (size_t r = run->query; r < run->n; r++) {
        real share = (real)(1.0 / (double)R(band_length)(run, r)), *row = dmean + (r - run->query) * columns;
        for (size_t i = 0; i < columns; i++) row[i] *= share;
    }
    fill(ones, T, 1);
    for (size_t r = first; r < run->n; r++) {
        size_t from = r > run->query ? r : run->query, end = r + T < run->n ? r + T : run->n;
        size_t m = end > from ? end - from : 0;
        run->k->gemm_nn(1, columns, m, ones, m, dmean + (from - run->query) * columns, columns, out + r * ld, ld, add);
    }
}
