/* Which rows of a fold are the closed bars of a second sequence, and how many of them each bar knows. A list names rows of
 * the fold's own scaled features: what stands there was known at that bar's close, as features "@4h" are. */
#include <string.h>

#include "engine/base/base.h"
#include "engine/market/bars/closes.h"
#include "engine/market/features/feature_set.h"
#include "fold_data.h"
#include "models/network/cross.h"

static uint32_t *numbers(size_t n) { return mem_calloc(n ? n : 1, sizeof(uint32_t)); }

/* Where a symbol stands among those of the fold. */
static size_t place_of(const struct fold_data *d, size_t symbol) {
    size_t i = 0;
    while (i < d->n_symbols && d->symbol[i] != symbol) i++;
    return i;
}

/* The second sequence as the fold's symbol s sees it. */
static int look(const struct prepared *p, const struct gw_model_config *model, const struct fold_data *d, size_t s,
                struct fold_cross *cross) {
    const size_t of = place_of(d, prepare_cross_symbol(p, model, d->symbol[s])), n = d->score_series[s].n_rows;
    const size_t m = d->score_series[of].n_rows;
    const struct gw_bars *bars = &p->market.symbol[d->symbol[of]];
    cross->row[s] = numbers(m);
    cross->known[s] = numbers(n);
    if (!cross->row[s] || !cross->known[s]) return GW_ERR_NOMEM;
    const size_t found = bars_closes(bars, d->first[of], m, cross_own(model)->cross_interval, cross->row[s]);
    bars_known(&p->market.symbol[d->symbol[s]], d->first[s], n, bars, d->first[of], cross->row[s], found,
               cross->known[s]);
    cross->view[s] = (struct gw_cross){
        .series = (uint32_t)of, .n = found, .row = cross->row[s], .known = cross->known[s], .column = cross->column};
    cross->fit[s] = d->fit_series[s];
    cross->score[s] = d->score_series[s];
    cross->fit[s].cross = cross->score[s].cross = &cross->view[s];
    return GW_OK;
}

static int build(const struct prepared *p, const struct gw_model_config *model, const struct fold_data *d,
                 struct fold_cross *cross) {
    const size_t n = d->n_symbols;
    cross->fit = mem_calloc(n, sizeof *cross->fit);
    cross->score = mem_calloc(n, sizeof *cross->score);
    cross->view = mem_calloc(n, sizeof *cross->view);
    cross->row = mem_calloc(n, sizeof *cross->row);
    cross->known = mem_calloc(n, sizeof *cross->known);
    cross->column = numbers(d->n_features);
    if (!cross->fit || !cross->score || !cross->view || !cross->row || !cross->known || !cross->column)
        return GW_ERR_NOMEM;
    feature_set_of_interval(p->set, cross_own(model)->cross_interval, cross->column);
    for (size_t s = 0; s < n; s++) TRY(look(p, model, d, s, cross));
    return GW_OK;
}

/* Paths go with what is fitted alone: a score has none to look at. */
static int take_paths(const struct prepared *p, size_t steps, const struct fold_data *d, struct fold_cross *cross) {
    cross->fit = mem_calloc(d->n_symbols, sizeof *cross->fit);
    if (!cross->fit) return GW_ERR_NOMEM;
    for (size_t s = 0; s < d->n_symbols; s++) {
        cross->fit[s] = d->fit_series[s];
        cross->fit[s].path = prepared_path(p, steps, d->symbol[s]) + d->first[s] * steps * GW_PATH_SIDES;
    }
    return GW_OK;
}

int fold_cross_build(const struct experiment *e, const struct prepared *p, struct fold_data *d) {
    d->cross = mem_calloc(e->n_strategies ? e->n_strategies : 1, sizeof *d->cross);
    if (!d->cross) return GW_ERR_NOMEM;
    d->n_strategies = e->n_strategies;
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct gw_model_config *model = &e->strategy[s].model;
        if (!strategy_trains(&e->strategy[s])) continue;
        const size_t steps = gw_model_path_steps(model);
        if (steps) TRY(take_paths(p, steps, d, &d->cross[s]));
        if (model->cross == GW_CROSS_NONE) continue;
        /* Rows of one symbol alone are no place for a contestant that looks at another. */
        if (d->n_symbols && place_of(d, prepare_cross_symbol(p, model, d->symbol[0])) == d->n_symbols) continue;
        TRY(build(p, model, d, &d->cross[s]));
    }
    return GW_OK;
}

void fold_cross_free(struct fold_data *d) {
    for (size_t i = 0; d->cross && i < d->n_strategies; i++) {
        struct fold_cross *cross = &d->cross[i];
        for (size_t s = 0; cross->row && s < d->n_symbols; s++) mem_free(cross->row[s]);
        for (size_t s = 0; cross->known && s < d->n_symbols; s++) mem_free(cross->known[s]);
        mem_free(cross->column);
        mem_free(cross->known);
        mem_free(cross->row);
        mem_free(cross->view);
        mem_free(cross->score);
        mem_free(cross->fit);
    }
    mem_free(d->cross);
}

const struct gw_series *fold_fit_series(const struct fold_data *d, size_t strategy) {
    return d->cross && d->cross[strategy].fit ? d->cross[strategy].fit : d->fit_series;
}

const struct gw_series *fold_score_series(const struct fold_data *d, size_t strategy) {
    return d->cross && d->cross[strategy].score ? d->cross[strategy].score : d->score_series;
}
