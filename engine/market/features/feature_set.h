/* What feature_set.c (parsing) and feature_stream.c (computing) share. */
#ifndef GATEWALK_FEATURE_SET_H
#define GATEWALK_FEATURE_SET_H

#include "gatewalk/feature.h"

struct feature_item {
    const struct gw_feature_desc *desc;
    struct gw_own_params own; /* zeroed, then filled from desc->own: equal parameters are equal bytes */
    int64_t interval_ns;      /* 0: the bars' own interval */
    size_t column;            /* of the set's columns, when feature_has_column() */
    size_t fit_of;            /* of a fitted feature: the first item that shares its fit, itself perhaps … */
    size_t learnt;            /* … and where that fit's numbers begin among the set's */
    char name[GW_FEATURE_NAME_MAX];
};

static inline bool feature_has_column(const struct gw_feature_desc *desc) {
    return desc->takes_column || desc->of_column;
}

struct gw_feature_set {
    size_t n;
    struct feature_item *item; /* [n] owned */
    size_t n_learnt;           /* numbers of all fits */
    size_t n_columns;
    char column[GW_COLUMNS_MAX][GW_COLUMN_NAME_MAX];
    bool of_market[GW_COLUMNS_MAX]; /* made of the symbols' bars: "BTCUSDT.close", "24.rank" */
};

/* GW_ERR_CONFIG: the bars lack an optional column that a feature is made of. */
int feature_set_check_columns(const struct gw_feature_set *set, const struct gw_bars *bars) GW_MUST_USE;
/* The rows of bars [begin, end) alone, what stands before them only seen: [(end - begin) × n]. *warmup (NULL: not asked for): the first
 * bar of those before `end` at which every feature has a value; end: none. */
int feature_set_rows(const struct gw_feature_set *set, const struct gw_bars *bars, size_t begin, size_t end, float *out,
                     size_t *warmup) GW_MUST_USE;
/* Fills the columns that are made of all symbols' bars into each of them. GW_ERR_CONFIG: a symbol is not among them. */
int feature_set_fill(const struct gw_feature_set *set, struct gw_market *market) GW_MUST_USE;
/* Bars of this interval after which every feature surely has a value, wherever in its longer interval the first one lies. */
size_t feature_set_warmup(const struct gw_feature_set *set, int64_t interval_ns);

/* A stream that pushes the fitted features alone, or one of them: the others' places in a row are left as they are. */
enum { FITTED_ALL = -1 };
int feature_stream_open_fitted(const struct gw_feature_set *set, int64_t interval_ns, int item,
                               struct gw_feature_stream **out) GW_MUST_USE;
/* What the last push of the only feature of such a stream has put: rows [*n × its fit's number], at most two (an hour that a gap
 * left behind, and the one that the bar completes). */
const double *feature_stream_observed(const struct gw_feature_stream *stream, size_t *n);
/* A value of every feature, those of fitted ones as far as they would be there. */
bool feature_stream_complete(const struct gw_feature_stream *stream, const float *row);
/* Bars as features see them, one after the other. The set's columns must be there (feature_set_check_columns). */
struct feature_source {
    const struct gw_bars *bars;
    size_t n_columns;
    const double *from[GW_COLUMNS_MAX];
    double columns[GW_COLUMNS_MAX]; /* of the bar at hand */
};
void feature_source_open(const struct gw_feature_set *set, const struct gw_bars *bars, struct feature_source *out);
struct gw_feature_input feature_source_at(struct feature_source *source, size_t t);
/* Which of its features are of this longer interval; 0: all. column: [set->n] or NULL. Returns how many. */
size_t feature_set_of_interval(const struct gw_feature_set *set, int64_t interval_ns, uint32_t *column);

#endif
