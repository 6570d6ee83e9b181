/* Features of a whole history: the stream fed in a loop. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "feature_set.h"

int feature_set_check_columns(const struct gw_feature_set *set, const struct gw_bars *bars) {
    for (size_t i = 0; i < set->n; i++) {
        const struct gw_feature_desc *desc = set->item[i].desc;
        bool unknown = bars->n && isnan(bars->bar[0].volume); /* a source without volume */
        const char *lacks = desc->needs_volume && unknown                     ? "volume"
                            : desc->needs_taker_buy && !bars->taker_buy_base  ? "taker-buy volume"
                            : desc->needs_quote_volume && !bars->quote_volume ? "quote volume"
                            : desc->needs_trade_count && !bars->trade_count   ? "trade counts"
                                                                              : NULL;
        if (lacks)
            FAIL(GW_ERR_CONFIG, "features: \"%s\" needs %s, which the data of %s does not have; leave it out",
                 set->item[i].name, lacks, bars->symbol);
    }
    for (size_t i = 0; i < set->n; i++)
        if (feature_has_column(set->item[i].desc) && !gw_bars_column(bars, set->column[set->item[i].column]))
            FAIL(GW_ERR_CONFIG,
                 set->item[i].desc->market
                     ? "features: \"%s\" looks at other symbols, and there are bars of %s alone (column \"%s\")"
                     : "features: \"%s\": the data of %s have no column \"%s\"",
                 set->item[i].name, bars->symbol, set->column[set->item[i].column]);
    return GW_OK;
}

void feature_source_open(const struct gw_feature_set *set, const struct gw_bars *bars, struct feature_source *out) {
    *out = (struct feature_source){.bars = bars, .n_columns = set->n_columns};
    for (size_t c = 0; c < set->n_columns; c++) out->from[c] = gw_bars_column(bars, set->column[c]);
}

struct gw_feature_input feature_source_at(struct feature_source *source, size_t t) {
    const struct gw_bars *bars = source->bars;
    for (size_t c = 0; c < source->n_columns; c++) source->columns[c] = source->from[c][t];
    return (struct gw_feature_input){
        .bar = &bars->bar[t],
        .close_ns = gw_bar_close_ns(bars, t),
        .quote_volume = bars->quote_volume ? bars->quote_volume[t] : NAN,
        .trade_count = bars->trade_count ? bars->trade_count[t] : NAN,
        .taker_buy_base = bars->taker_buy_base ? bars->taker_buy_base[t] : NAN,
        .columns = source->columns,
    };
}

int feature_set_rows(const struct gw_feature_set *set, const struct gw_bars *bars, size_t begin, size_t end, float *out,
                     size_t *warmup) {
    struct gw_feature_stream *stream = NULL;
    struct feature_source source;
    if (warmup) *warmup = end;
    TRY(feature_set_check_columns(set, bars));
    TRY(gw_feature_stream_open(set, bars->interval_ns, &stream));
    float *unseen = mem_calloc(set->n ? set->n : 1, sizeof *unseen);
    if (!unseen) {
        gw_feature_stream_close(stream);
        return GW_ERR_NOMEM;
    }
    feature_source_open(set, bars, &source);
    for (size_t t = 0; t < end; t++) {
        const struct gw_feature_input in = feature_source_at(&source, t);
        float *row = t >= begin ? out + (t - begin) * set->n : unseen;
        gw_feature_stream_push(stream, &in, row);
        if (warmup && *warmup == end && feature_stream_complete(stream, row)) *warmup = t;
    }
    mem_free(unseen);
    gw_feature_stream_close(stream);
    return GW_OK;
}

int gw_feature_set_build(const struct gw_feature_set *set, const struct gw_bars *bars, struct gw_feature_matrix *out) {
    *out = (struct gw_feature_matrix){.n_bars = bars->n, .n_features = set->n, .warmup = bars->n};
    TRY(feature_set_check_columns(set, bars));
    out->value = mem_calloc(bars->n ? bars->n * set->n : 1, sizeof *out->value);
    if (!out->value) return GW_ERR_NOMEM;
    const int rc = feature_set_rows(set, bars, 0, bars->n, out->value, &out->warmup);
    if (rc < 0) gw_feature_matrix_free(out);
    return rc;
}

void gw_feature_matrix_free(struct gw_feature_matrix *matrix) {
    mem_free(matrix->value);
    *matrix = (struct gw_feature_matrix){0};
}
