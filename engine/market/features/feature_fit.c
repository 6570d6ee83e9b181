/* The fitted features of a set: learnt from a fold's purged training slice, then computed bar by bar like all others. */
#include <string.h>

#include "engine/base/base.h"
#include "feature_set.h"

/* ---- learning ------------------------------------------------------------------------------ */

/* One symbol's: the bars end with its last sample, whatever lies behind them in memory. */
struct symbol_slice {
    struct gw_bars bars;
    double *observed;
};

/* The feature walks over the bars from the first one on; what it observes before the samples is forgotten again. */
static int observe(const struct gw_feature_set *set, size_t i, struct gw_feature_slice *slice, double **out) {
    const struct feature_item *item = &set->item[i];
    const size_t width = item->desc->fit->n_observed(&item->own), n = slice->bars->n;
    struct gw_feature_stream *stream;
    struct feature_source source;
    float *row = mem_calloc(set->n, sizeof *row);
    /* A bar completes no more hours than there were bars, but for one that was open before. */
    const size_t room = (n > slice->samples.begin ? n - slice->samples.begin : 0) + 1;
    double *all = mem_calloc(room, width * sizeof *all);
    int rc = row && all ? feature_stream_open_fitted(set, slice->bars->interval_ns, (int)i, &stream) : GW_ERR_NOMEM;
    if (rc < 0) {
        mem_free(row);
        mem_free(all);
        return rc;
    }
    slice->n_observed = 0;
    feature_source_open(set, slice->bars, &source);
    for (size_t t = 0; t < n; t++) {
        size_t n_new;
        const struct gw_feature_input in = feature_source_at(&source, t);
        gw_feature_stream_push(stream, &in, row);
        const double *new = feature_stream_observed(stream, &n_new);
        if (t < slice->samples.begin || n_new == 0) continue;
        memcpy(all + slice->n_observed * width, new, n_new * width * sizeof *all);
        slice->n_observed += n_new;
    }
    gw_feature_stream_close(stream);
    mem_free(row);
    slice->observed = *out = all;
    return GW_OK;
}

static int learn_one(const struct gw_feature_set *set, size_t i, struct gw_feature_slice *cut, struct symbol_slice *own,
                     size_t n_symbols, uint64_t seed, double *learnt) {
    const struct feature_item *item = &set->item[i];
    int rc = GW_OK;
    for (size_t s = 0; rc == GW_OK && item->desc->fit->n_observed && s < n_symbols; s++)
        rc = observe(set, i, &cut[s], &own[s].observed);
    if (rc == GW_OK) rc = item->desc->fit->learn(&item->own, cut, n_symbols, seed, learnt + item->learnt);
    for (size_t s = 0; s < n_symbols; s++) {
        mem_free(own[s].observed);
        own[s].observed = NULL;
    }
    return rc == GW_ERR_CONFIG ? gw_error_prefix(rc, "features: \"%s\"", item->name) : rc;
}

int gw_feature_set_learn(const struct gw_feature_set *set, const struct gw_feature_slice *slice, size_t n_symbols,
                         uint64_t seed, double *learnt) {
    struct gw_feature_slice *cut = mem_calloc(n_symbols ? n_symbols : 1, sizeof *cut);
    struct symbol_slice *own = mem_calloc(n_symbols ? n_symbols : 1, sizeof *own);
    int rc = cut && own ? GW_OK : GW_ERR_NOMEM;
    for (size_t s = 0; rc == GW_OK && s < n_symbols; s++) {
        own[s].bars = *slice[s].bars;
        if (slice[s].samples.end < own[s].bars.n) own[s].bars.n = slice[s].samples.end;
        cut[s] = slice[s];
        cut[s].bars = &own[s].bars;
        rc = feature_set_check_columns(set, &own[s].bars);
    }
    for (size_t i = 0; rc == GW_OK && i < set->n; i++)
        if (set->item[i].desc->fit && set->item[i].fit_of == i)
            rc = learn_one(set, i, cut, own, n_symbols, seed, learnt);
    mem_free(own);
    mem_free(cut);
    return rc;
}

/* ---- applying ------------------------------------------------------------------------------ */

/* Those of one fit that are not made bar by bar. */
static int apply_values(const struct gw_feature_set *set, size_t leader, const double *learnt,
                        const struct gw_bars *bars, size_t begin, size_t end, float *rows) {
    const void **own = mem_calloc(set->n, sizeof *own);
    float **out = mem_calloc(set->n, sizeof *out);
    size_t n = 0;
    int rc = own && out ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = leader; rc == GW_OK && i < set->n; i++) {
        if (!set->item[i].desc->fit || set->item[i].fit_of != leader) continue;
        own[n] = &set->item[i].own;
        out[n++] = rows + i;
    }
    if (rc == GW_OK)
        rc = set->item[leader].desc->fit->values(own, n, learnt + set->item[leader].learnt, bars, begin, end, out,
                                                 set->n);
    mem_free((void *)own);
    mem_free((void *)out);
    return rc;
}

int gw_feature_set_apply(const struct gw_feature_set *set, const double *learnt, const struct gw_bars *bars,
                         size_t begin, size_t end, float *rows) {
    struct gw_feature_stream *stream;
    struct feature_source source;
    if (begin > end || end > bars->n)
        FAIL(GW_ERR_USAGE, "bars %zu to %zu of %zu have no features", begin, end, bars->n);
    if (set->n_learnt == 0) return GW_OK;
    TRY(feature_set_check_columns(set, bars));
    float *before = mem_calloc(set->n, sizeof *before);
    if (!before) return GW_ERR_NOMEM;
    int rc = feature_stream_open_fitted(set, bars->interval_ns, FITTED_ALL, &stream);
    if (rc == GW_OK) {
        gw_feature_stream_learnt(stream, learnt);
        feature_source_open(set, bars, &source);
        for (size_t t = 0; t < end; t++) {
            const struct gw_feature_input in = feature_source_at(&source, t);
            gw_feature_stream_push(stream, &in, t < begin ? before : rows + (t - begin) * set->n);
        }
        gw_feature_stream_close(stream);
    }
    mem_free(before);
    for (size_t i = 0; rc == GW_OK && i < set->n; i++)
        if (!gw_feature_set_streams(set, i) && set->item[i].fit_of == i)
            rc = apply_values(set, i, learnt, bars, begin, end, rows);
    return rc;
}
