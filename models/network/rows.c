/* The distinct bars under a shard's windows. Windows of a contiguous block overlap: 32 windows of 96 bars lie on 127
 * bars, so a bar's features are projected once, not once per window that holds it. */
#include <string.h>

#include "gate.h"

static void copy_rows(const struct gw_series *series, size_t n_features, size_t first, size_t n, real *out) {
    const float *x = series->x + first * n_features;
    for (size_t i = 0; i < n * n_features; i++) out[i] = (real)x[i];
}

/* Fills ws->x and ws->first_row. A window joins the run of bars before it when it starts inside or right after it. */
void R(rows_gather)(const struct R(pass) *pass, const struct R(shard) *shard) {
    struct R(workspace) *ws = pass->ws;
    const struct gw_model_config *config = &pass->net->config;
    size_t F = config->n_features, T = R(takes_windows)(pass->net) ? config->lookback : 1;
    if (pass->net->encoder->gather) {
        ws->n_windows = shard->n;
        pass->net->encoder->gather(pass, shard);
        return;
    }
    size_t rows = 0, run_base = 0, run_start = 0, run_end = 0;
    uint32_t run_series = UINT32_MAX;
    for (size_t b = 0; b < shard->n; b++) {
        const struct gw_sample *sample = &shard->sample[shard->index[b]];
        size_t start = (size_t)sample->row + 1 - T, end = (size_t)sample->row + 1;
        if (sample->series != run_series || start < run_start || start > run_end) {
            run_series = sample->series;
            run_base = rows;
            run_start = run_end = start;
        }
        if (end > run_end) {
            copy_rows(&shard->series[run_series], F, run_end, end - run_end, ws->x + rows * F);
            rows += end - run_end;
            run_end = end;
        }
        ws->first_row[b] = (uint32_t)(run_base + start - run_start);
    }
    ws->n_windows = shard->n;
    ws->n_rows = rows;
    ws->n_rows_padded = (rows + PROJECT_ROWS - 1) / PROJECT_ROWS * PROJECT_ROWS;
    memset(ws->x + rows * F, 0, (ws->n_rows_padded - rows) * F * sizeof(real));
}

size_t R(rows_most)(const struct gw_model_config *config) {
    return (SHARD_WINDOWS * config->lookback + PROJECT_ROWS - 1) / PROJECT_ROWS * PROJECT_ROWS;
}

void R(rows_times)(const struct R(pass) *pass, const real *w, size_t columns, real *out, size_t ld) {
    const struct R(workspace) *ws = pass->ws;
    size_t F = pass->net->config.n_features;
    for (size_t r = 0; r < ws->n_rows_padded; r += PROJECT_ROWS)
        pass->k->large_nn(PROJECT_ROWS, columns, F, ws->x + r * F, F, w, columns, out + r * ld, ld, false);
}

void R(rows_times_backward)(const struct R(pass) *pass, size_t columns, const real *dout, size_t ld, real *dw) {
    const struct R(workspace) *ws = pass->ws;
    size_t F = pass->net->config.n_features;
    pass->k->gemm_tn(F, columns, ws->n_rows, ws->x, F, dout, ld, dw, columns, true);
}

/* xw = x W + b for every distinct bar. */
void R(rows_project)(const struct R(pass) *pass, const real *w, const real *b) {
    size_t columns = 4 * pass->net->config.hidden;
    R(rows_times)(pass, w, columns, pass->ws->xw, columns);
    pass->k->add_row(pass->ws->n_rows, columns, b, pass->ws->xw, columns);
}
