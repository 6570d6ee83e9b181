/* The best k percent of each fold, every bar taken as one isolated trade, at no, normal and double costs. */
#include "metric_rows.h"

static int hit_rate_at_k(const struct gw_gate_sample *sample, double k_percent, double *value) {
    struct gw_top_k top;
    int rc = gw_metric_top_k(sample, k_percent, &top);
    *value = rc < 0 ? (double)NAN : top.hit_rate;
    return only_memory(rc);
}

static int profit_factor_at_k(const struct gw_gate_sample *sample, double k_percent, double *value) {
    struct gw_top_k top;
    int rc = gw_metric_top_k(sample, k_percent, &top);
    *value = rc < 0 ? (double)NAN : top.profit_factor;
    return only_memory(rc);
}

/* One descriptor for each of {mean, sum} × {0x, 1x, 2x}. */
#define PNL_METRIC(what, level, words, heading_)                                                                       \
    static int pnl_##what##_##level##x(const struct gw_gate_sample *sample, double k_percent, double *value) {         \
        struct gw_top_k top;                                                                                           \
        int rc = gw_metric_top_k(sample, k_percent, &top);                                                             \
        *value = rc < 0 ? (double)NAN : top.pnl_##what[level];                                                         \
        return only_memory(rc);                                                                                        \
    }                                                                                                                  \
    const struct gw_metric_desc metric_desc_pnl_##what##_at_k_##level##x = {                                           \
        .name = "pnl_" #what "_at_k_" #level "x",                                                                      \
        .help = words,                                                                                                 \
        .unit = "return",                                                                                              \
        .per_k = true,                                                                                                 \
        .higher_is_better = true,                                                                                      \
        .column = {.heading = heading_,                                                                                \
                   .title = heading_,                                                                                  \
                   .format = GW_SHOW_SIGNED_PERCENT,                                                                   \
                   .n_terminal = 2,                                                                                    \
                   .n_page = 1,                                                                                        \
                   .priority = {1, 5}},                                                                                \
        .compute = pnl_##what##_##level##x};

PNL_METRIC(mean, 0, "mean return of the best k % as isolated trades, without costs", NULL)
PNL_METRIC(mean, 1, "mean return of the best k % as isolated trades, after costs", "PnL")
PNL_METRIC(mean, 2, "mean return of the best k % as isolated trades, after double costs", NULL)
PNL_METRIC(sum, 0, "sum of returns of the best k % as isolated trades, without costs", NULL)
PNL_METRIC(sum, 1, "sum of returns of the best k % as isolated trades, after costs", NULL)
PNL_METRIC(sum, 2, "sum of returns of the best k % as isolated trades, after double costs", NULL)

const struct gw_metric_desc metric_desc_hit_rate_at_k = {
    .name = "hit_rate_at_k",
    .help = "share of the best k %'s isolated trades that gain after costs",
    .unit = "fraction",
    .per_k = true,
    .higher_is_better = true,
    .compute = hit_rate_at_k};
const struct gw_metric_desc metric_desc_profit_factor_at_k = {
    .name = "profit_factor_at_k",
    .help = "gains over losses of the best k %'s isolated trades after costs; infinite without losses",
    .unit = "ratio",
    .per_k = true,
    .higher_is_better = true,
    .compute = profit_factor_at_k};
