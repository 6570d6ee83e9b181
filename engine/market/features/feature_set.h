/* What feature_set.c (parsing) and feature_stream.c (computing) share. */
#ifndef GATEWALK_FEATURE_SET_H
#define GATEWALK_FEATURE_SET_H

#include "gatewalk/feature.h"

struct feature_item {
    const struct gw_feature_desc *desc;
    struct gw_own_params own; /* zeroed, then filled from desc->own: equal parameters are equal bytes */
    int64_t interval_ns;      /* 0: the bars' own interval */
    size_t column;            /* of the set's columns, when desc->takes_column */
    char name[GW_FEATURE_NAME_MAX];
};

struct gw_feature_set {
    size_t n;
    struct feature_item *item; /* [n] owned */
    size_t n_columns;
    char column[GW_COLUMNS_MAX][GW_COLUMN_NAME_MAX];
    bool of_market[GW_COLUMNS_MAX]; /* made of the symbols' bars: "BTCUSDT.close", "24.rank" */
};

/* GW_ERR_CONFIG: the bars lack an optional column that a feature is made of. */
int feature_set_check_columns(const struct gw_feature_set *set, const struct gw_bars *bars) GW_MUST_USE;
/* Fills the columns that are made of all symbols' bars into each of them. GW_ERR_CONFIG: a symbol is not among them. */
int feature_set_fill(const struct gw_feature_set *set, struct gw_market *market) GW_MUST_USE;
/* Bars of this interval after which every feature surely has a value, wherever in its longer interval the first one lies. */
size_t feature_set_warmup(const struct gw_feature_set *set, int64_t interval_ns);

#endif
