/* The recursive check. A window of bars is computed again as if the data began with it: features that look back a stated
 * number of bars have the same bits, recursions (EMA, RSI, ATR) come closer the more they have seen, and what never comes
 * closer depends on where the data begin. Live use from a short history sees the middle row of these. */
#include "history.h"

#include <math.h>
#include <string.h>

enum { HISTORY_PLACES = 24 };

/* Bars of the test slices, evenly spread. */
static size_t place_at(const struct prepared *p, size_t s, size_t k) {
    const struct gw_fold_plan *plan = &p->plan;
    size_t begin = plan->fold[0].bars[GW_SLICE_TEST][s].begin,
           end = plan->fold[plan->n_folds - 1].bars[GW_SLICE_TEST][s].end;
    if (end <= begin) end = p->market.symbol[s].n, begin = end > 1 ? end - 1 : 0;
    return begin + (end - begin) * (2 * k + 1) / (2 * HISTORY_PLACES);
}

/* column: room for the bars' further columns. */
static struct gw_bars last_bars(const struct gw_bars *bars, size_t end, size_t n,
                                struct gw_column column[GW_COLUMNS_MAX]) {
    struct gw_bars part = *bars;
    size_t from = end - n;
    part.n = n;
    part.bar += from;
    if (part.quote_volume) part.quote_volume += from;
    if (part.trade_count) part.trade_count += from;
    if (part.taker_buy_base) part.taker_buy_base += from;
    for (size_t c = 0; c < bars->n_columns; c++) {
        column[c] = bars->column[c];
        column[c].value += from;
    }
    part.column = column;
    return part;
}

static int compare_place(const struct prepared *p, size_t s, size_t t, size_t step, struct history_check *check) {
    size_t F = check->n_features, n = check->bars[step];
    struct gw_feature_matrix matrix;
    struct gw_column column[GW_COLUMNS_MAX];
    if (n > t + 1) return GW_OK;
    struct gw_bars part = last_bars(&p->market.symbol[s], t + 1, n, column);
    TRY(gw_feature_set_build(p->set, &part, &matrix));
    const float *whole = p->features[s].value + t * F, *alone = matrix.value + (n - 1) * F;
    for (size_t f = 0; f < F; f++) {
        struct feature_history *h = &check->feature[f];
        double off = fabs((double)whole[f] - (double)alone[f]);
        if (isnan(whole[f])) continue;
        h->n[step]++;
        h->exact[step] &= memcmp(&whole[f], &alone[f], sizeof whole[f]) == 0;
        if (isnan(off)) off = INFINITY; /* still warming up */
        if (off > h->difference[step]) h->difference[step] = off;
    }
    gw_feature_matrix_free(&matrix);
    return interrupt_check();
}

/* Over all bars that have one. */
static double deviation(const struct prepared *p, size_t f, size_t F) {
    double sum = 0, square = 0, n = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++)
        for (size_t t = 0; t < p->market.symbol[s].n; t++) {
            double x = (double)p->features[s].value[t * F + f];
            if (!isfinite(x)) continue;
            sum += x, square += x * x, n++;
        }
    double variance = n > 1 ? square / n - sum / n * (sum / n) : 0;
    return variance > 0 ? sqrt(variance) : 1;
}

int history_check(const struct prepared *p, struct history_check *out) {
    size_t warmup = 0;
    memset(out, 0, sizeof *out);
    out->n_features = gw_feature_set_size(p->set);
    out->feature = mem_calloc(out->n_features, sizeof *out->feature);
    if (!out->feature) return GW_ERR_NOMEM;
    for (size_t s = 0; s < p->market.n_symbols; s++)
        if (p->features[s].warmup > warmup && p->features[s].warmup < p->market.symbol[s].n)
            warmup = p->features[s].warmup;
    for (size_t step = 0; step < HISTORY_STEPS; step++) {
        out->bars[step] = (warmup + 1) << step;
        for (size_t f = 0; f < out->n_features; f++) out->feature[f].exact[step] = true;
        for (size_t s = 0; s < p->market.n_symbols; s++)
            for (size_t k = 0; k < HISTORY_PLACES; k++) TRY(compare_place(p, s, place_at(p, s, k), step, out));
    }
    for (size_t f = 0; f < out->n_features; f++)
        for (size_t step = 0; step < HISTORY_STEPS; step++)
            out->feature[f].difference[step] /= deviation(p, f, out->n_features);
    return GW_OK;
}

void history_free(struct history_check *check) {
    mem_free(check->feature);
    memset(check, 0, sizeof *check);
}
