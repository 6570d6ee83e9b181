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

/* Features of all bars, with the fitted ones as a fold's models see them. */
struct whole {
    const struct prepared *p;
    const double *learnt; /* NULL: none is fitted */
    struct gw_feature_matrix *features;
};

static int take_whole(const struct prepared *p, const double *learnt, struct whole *out) {
    *out = (struct whole){p, learnt, mem_calloc(p->market.n_symbols, sizeof *out->features)};
    if (!out->features) return GW_ERR_NOMEM;
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        struct gw_feature_matrix *own = &out->features[s];
        const size_t n = p->features[s].n_bars * p->features[s].n_features;
        *own = p->features[s];
        if (!(own->value = mem_calloc(n ? n : 1, sizeof *own->value))) return GW_ERR_NOMEM;
        if (n) memcpy(own->value, p->features[s].value, n * sizeof *own->value);
        if (learnt) TRY(gw_feature_set_apply(p->set, learnt, &p->market.symbol[s], 0, own->n_bars, own->value));
    }
    return GW_OK;
}

static void whole_free(struct whole *whole) {
    for (size_t s = 0; whole->features && s < whole->p->market.n_symbols; s++)
        gw_feature_matrix_free(&whole->features[s]);
    mem_free(whole->features);
}

static int compare_place(const struct whole *w, size_t s, size_t t, size_t step, struct history_check *check) {
    const struct prepared *p = w->p;
    size_t F = check->n_features, n = check->bars[step];
    struct gw_feature_matrix matrix;
    struct gw_column column[GW_COLUMNS_MAX];
    if (n > t + 1) return GW_OK;
    struct gw_bars part = last_bars(&p->market.symbol[s], t + 1, n, column);
    TRY(gw_feature_set_build(p->set, &part, &matrix));
    if (w->learnt) {
        const int rc = gw_feature_set_apply(p->set, w->learnt, &part, 0, n, matrix.value);
        if (rc < 0) gw_feature_matrix_free(&matrix);
        TRY(rc);
    }
    const float *whole = w->features[s].value + t * F, *alone = matrix.value + (n - 1) * F;
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
static double deviation(const struct whole *w, size_t f, size_t F) {
    const struct prepared *p = w->p;
    double sum = 0, square = 0, n = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++)
        for (size_t t = 0; t < p->market.symbol[s].n; t++) {
            double x = (double)w->features[s].value[t * F + f];
            if (!isfinite(x)) continue;
            sum += x, square += x * x, n++;
        }
    double variance = n > 1 ? square / n - sum / n * (sum / n) : 0;
    return variance > 0 ? sqrt(variance) : 1;
}

static int check_history(const struct prepared *p, const struct whole *whole, struct history_check *out) {
    size_t warmup = 0;
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
            for (size_t k = 0; k < HISTORY_PLACES; k++) TRY(compare_place(whole, s, place_at(p, s, k), step, out));
    }
    for (size_t f = 0; f < out->n_features; f++)
        for (size_t step = 0; step < HISTORY_STEPS; step++)
            out->feature[f].difference[step] /= deviation(whole, f, out->n_features);
    return GW_OK;
}

int history_check(const struct prepared *p, const double *learnt, struct history_check *out) {
    struct whole whole;
    memset(out, 0, sizeof *out);
    int rc = take_whole(p, learnt, &whole);
    if (rc == GW_OK) rc = check_history(p, &whole, out);
    whole_free(&whole);
    return rc;
}

void history_free(struct history_check *check) {
    mem_free(check->feature);
    memset(check, 0, sizeof *check);
}
