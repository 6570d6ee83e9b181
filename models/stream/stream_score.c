/* Scoring the slices of several series. */
#include <math.h>

#include "stream.h"

static bool finite_row(const float *x, size_t n) {
    float sum = 0; /* 0 × anything finite is 0, 0 × the rest is NaN */
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) sum += 0 * x[i];
    return sum == 0;
}

size_t R(stream_start)(const struct R(network) *net, const struct gw_series *series, size_t row) {
    size_t F = net->config.n_features, warm = R(network_warm)(net), start = row;
    while (start > 0 && row - start < warm && finite_row(series->x + (start - 1) * F, F)) start--;
    return start;
}

/* Rows [from, to) without wanting their scores. */
static void pass_over(struct R(carry) *carry, const real *weights, const real *packed, const struct gw_series *series,
                      size_t from, size_t to) {
    size_t F = carry->net->config.n_features;
    for (size_t row = from; row < to;) {
        size_t end = row;
        while (end < to && finite_row(series->x + end * F, F)) end++;
        if (end > row) R(carry_bars)(carry, weights, packed, series->x + row * F, end - row, 0, NULL, NULL);
        if (end < to) R(carry_reset)(carry);
        row = end < to ? end + 1 : to;
    }
}

/* Scored rows [from, to), one behind the other. */
static void score_rows(struct R(carry) *carry, const real *weights, const real *packed, const struct gw_series *series,
                       size_t from, size_t to, real *logit, float *map) {
    size_t F = carry->net->config.n_features, per_row = carry->net->maps * carry->net->config.lookback, at = 0;
    for (size_t row = from; row < to; row++, at++) {
        size_t end = row;
        while (end < to && finite_row(series->x + end * F, F)) end++;
        R(carry_bars)(carry, weights, packed, series->x + row * F, end - row, end - row, logit + at * GW_N_GATES,
                      map ? map + at * per_row : NULL);
        at += end - row;
        row = end;
        if (end == to) break;
        R(carry_reset)(carry);
        for (size_t gate = 0; gate < GW_N_GATES; gate++) logit[at * GW_N_GATES + gate] = (real)NAN;
        for (size_t i = 0; map && i < per_row; i++) map[at * per_row + i] = NAN;
    }
}

void R(stream_logits)(struct R(carry) *carry, const real *weights, const real *packed, const struct gw_series *series,
                      const struct gw_sample *sample, size_t n, real *logit, const struct gw_attention_out *attention) {
    size_t per_row = carry->net->maps * carry->net->config.lookback, end;
    if (n == 0) return;
    series += sample->series;
    size_t row = R(stream_start)(carry->net, series, sample->row);
    R(carry_reset)(carry);
    for (size_t i = 0; i < n; i = end) {
        for (end = i + 1; end < n && sample[end].row == sample[end - 1].row + 1;) end++;
        float *map = attention && attention->time ? attention->time + i * per_row : NULL;
        pass_over(carry, weights, packed, series, row, sample[i].row);
        row = sample[end - 1].row + (size_t)1;
        score_rows(carry, weights, packed, series, sample[i].row, row, logit + i * GW_N_GATES, map);
    }
}
