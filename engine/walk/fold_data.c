/* Scaled windows of one fold. Fitted features and scaler come from the purged training samples and nothing else. */
#include <string.h>

#include "engine/base/base.h"
#include "fit_features.h"
#include "fold_data.h"

/* Behind the last bar of any slice. In a search the bars that are scored may end before those that validate. */
static size_t last_row(const struct gw_fold *fold, size_t symbol) {
    size_t end = 0;
    for (int slice = 0; slice < GW_N_SLICES; slice++)
        if (fold->bars[slice][symbol].end > end) end = fold->bars[slice][symbol].end;
    return end;
}

/* The earliest row any window of the fold reaches. */
static size_t first_row(const struct gw_fold *fold, size_t symbol, size_t lookback) {
    size_t first = SIZE_MAX;
    for (int slice = 0; slice < GW_N_SLICES; slice++) {
        const struct gw_range *r = &fold->samples[slice][symbol];
        if (r->end > r->begin && r->begin < first) first = r->begin;
    }
    if (first == SIZE_MAX) return 0;
    return first >= lookback - 1 ? first - (lookback - 1) : 0;
}

static int fit_scaler(const struct experiment *e, const struct prepared *p, const struct fit *fit,
                      struct fold_data *d) {
    const struct gw_fold *fold = &p->plan.fold[fit->fold];
    size_t n = fit_count_samples(p, fit, GW_SLICE_TRAIN), k = 0;
    const float **rows = mem_calloc(n ? n : 1, sizeof *rows);
    if (!rows) return GW_ERR_NOMEM;
    for (size_t i = 0; i < d->n_symbols; i++) {
        const struct gw_range *r = &fold->samples[GW_SLICE_TRAIN][d->symbol[i]];
        for (size_t t = r->begin; t < r->end; t++) rows[k++] = d->x[i] + (t - d->first[i]) * d->n_features;
    }
    int rc = gw_scaler_fit(e->scaler.kind, e->scaler.clip, rows, n, d->n_features, &d->scaler);
    mem_free(rows);
    return rc;
}

static int copy_scaler(const struct gw_scaler *stored, struct gw_scaler *out) {
    *out = *stored;
    out->center = mem_calloc(stored->n, sizeof *out->center);
    out->inverse_scale = mem_calloc(stored->n, sizeof *out->inverse_scale);
    if (!out->center || !out->inverse_scale) return GW_ERR_NOMEM;
    memcpy(out->center, stored->center, stored->n * sizeof *out->center);
    memcpy(out->inverse_scale, stored->inverse_scale, stored->n * sizeof *out->inverse_scale);
    return GW_OK;
}

/* The rows as they are, with what the fold's fitted features say. */
static int copy_rows(const struct prepared *p, size_t i, size_t n, struct fold_data *d) {
    const size_t s = d->symbol[i], first = d->first[i];
    d->x[i] = mem_calloc(n ? n * d->n_features : 1, sizeof(float));
    if (!d->x[i]) return GW_ERR_NOMEM;
    if (n == 0) return GW_OK;
    TRY(prepared_rows(p, s, first, first + n, d->x[i]));
    return d->learnt ? gw_feature_set_apply(p->set, d->learnt, &p->market.symbol[s], first, first + n, d->x[i]) : GW_OK;
}

static int take_symbol(const struct prepared *p, const struct gw_fold *fold, size_t i, struct fold_data *d) {
    const size_t s = d->symbol[i], first = first_row(fold, s, p->reach), end = last_row(fold, s);
    const size_t n = end > first ? end - first : 0, fit_end = fold->bars[GW_SLICE_VALIDATION][s].end;
    d->first[i] = first;
    TRY(copy_rows(p, i, n, d));
    d->score_series[i] = (struct gw_series){.x = d->x[i], .n_rows = n, .bar = p->market.symbol[s].bar + first};
    d->fit_series[i] = (struct gw_series){
        .x = d->x[i], .n_rows = fit_end > first ? fit_end - first : 0, .bar = p->market.symbol[s].bar + first};
    for (int g = 0; g < GW_N_GATES; g++) d->fit_series[i].label[g] = p->labels[s].gate[g] + first;
    return GW_OK;
}

static int list_samples(const struct gw_fold *fold, int slice, struct fold_data *d) {
    size_t k = 0;
    for (size_t i = 0; i < d->n_symbols; i++)
        d->n[slice] += fold->samples[slice][d->symbol[i]].end - fold->samples[slice][d->symbol[i]].begin;
    d->sample[slice] = mem_calloc(d->n[slice] ? d->n[slice] : 1, sizeof *d->sample[slice]);
    if (!d->sample[slice]) return GW_ERR_NOMEM;
    for (size_t i = 0; i < d->n_symbols; i++) {
        const struct gw_range *r = &fold->samples[slice][d->symbol[i]];
        for (size_t t = r->begin; t < r->end; t++)
            d->sample[slice][k++] = (struct gw_sample){(uint32_t)i, (uint32_t)(t - d->first[i])};
    }
    return GW_OK;
}

static int list_symbols(const struct prepared *p, const struct fit *fit, struct fold_data *d) {
    d->symbol = mem_calloc(p->market.n_symbols, sizeof *d->symbol);
    if (!d->symbol) return GW_ERR_NOMEM;
    for (size_t s = 0; s < p->market.n_symbols; s++)
        if (fit_knows(p, fit, s)) d->symbol[d->n_symbols++] = s;
    return GW_OK;
}

/* All fits of all symbols share what was learnt from these. */
static int learn(const struct prepared *p, const struct fit *fit, struct fold_data *d) {
    if (fit->models == MODELS_POOLED) return fitted_learnt(p, fit->fold, &d->learnt);
    TRY(fitted_learnt_of(p, fit->fold, d->symbol, d->n_symbols, &d->own_learnt));
    d->learnt = d->own_learnt;
    return GW_OK;
}

int fold_data_build_of(const struct experiment *e, const struct prepared *p, const struct fit *fit,
                       const struct fold_known *known, struct fold_data *d) {
    const struct gw_fold *fold = &p->plan.fold[fit->fold];
    int rc;
    memset(d, 0, sizeof *d);
    d->n_features = gw_feature_set_size(p->set);
    TRY(list_symbols(p, fit, d));
    d->first = mem_calloc(d->n_symbols, sizeof *d->first);
    d->x = mem_calloc(d->n_symbols, sizeof *d->x);
    d->fit_series = mem_calloc(d->n_symbols, sizeof *d->fit_series);
    d->score_series = mem_calloc(d->n_symbols, sizeof *d->score_series);
    if (!d->first || !d->x || !d->fit_series || !d->score_series) {
        rc = GW_ERR_NOMEM;
        goto fail;
    }
    d->learnt = known ? known->learnt : NULL;
    if (!d->learnt) TRY_GOTO(learn(p, fit, d), fail);
    for (size_t i = 0; i < d->n_symbols; i++) TRY_GOTO(take_symbol(p, fold, i, d), fail);
    TRY_GOTO(known && known->scaler ? copy_scaler(known->scaler, &d->scaler) : fit_scaler(e, p, fit, d), fail);
    for (size_t i = 0; i < d->n_symbols; i++) gw_scaler_apply(&d->scaler, d->x[i], d->score_series[i].n_rows, d->x[i]);
    for (int slice = 0; slice < GW_N_SLICES; slice++) TRY_GOTO(list_samples(fold, slice, d), fail);
    TRY_GOTO(fold_cross_build(e, p, d), fail);
    return GW_OK;
fail:
    fold_data_free(d);
    return rc;
}

int fold_data_build(const struct experiment *e, const struct prepared *p, size_t index, const struct fold_known *known,
                    struct fold_data *d) {
    const struct fit all = {.fold = index};
    return fold_data_build_of(e, p, &all, known, d);
}

void fold_data_free(struct fold_data *d) {
    fold_cross_free(d);
    for (size_t s = 0; d->x && s < d->n_symbols; s++) mem_free(d->x[s]);
    for (int slice = 0; slice < GW_N_SLICES; slice++) mem_free(d->sample[slice]);
    gw_scaler_free(&d->scaler);
    mem_free(d->own_learnt);
    mem_free(d->symbol);
    mem_free(d->first);
    mem_free(d->x);
    mem_free(d->fit_series);
    mem_free(d->score_series);
    memset(d, 0, sizeof *d);
}
