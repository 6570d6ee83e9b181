/* What is measured. Classification metrics are rows of engine/score/metrics.def, portfolio metrics rows of
 * portfolio_metrics.def. Everything here is a pure function of arrays. */
#ifndef GATEWALK_METRICS_H
#define GATEWALK_METRICS_H

#include "order.h"
#include "replay.h"

GW_BEGIN_DECLS

/* One gate of one (strategy, seed) over one or more folds. All arrays have n entries, ordered by time within
 * fold; bars without label are already left out. */
struct gw_gate_sample {
    size_t n;
    const float *score;   /* probability */
    const int8_t *label;  /* 0 or 1 */
    const uint32_t *fold; /* fold number, non-decreasing */
    const uint8_t *acted; /* p >= causal tau for the traded K; may be NULL */
    const double *pnl[3]; /* isolated trade's return at 0x, 1x, 2x costs; NaN when it cannot be entered; may be NULL */
    bool ranking_only;    /* scores are an order and no probabilities: calibration is undefined */
};

/* Average precision: sum over DISTINCT thresholds of (R_n - R_{n-1}) P_n; equals scikit-learn's
 * average_precision_score to 1e-12. *ap is NaN where it is undefined: no positives, a NaN score, a label other than 0 and
 * 1. Fails with GW_ERR_NOMEM only. */
int gw_metric_average_precision(const float *score, const int8_t *label, size_t n, double *ap) GW_MUST_USE;

/* Cross-entropy of one bar in nats, the probability kept 1e-15 away from 0 and 1. */
double gw_metric_log_loss(float probability, int8_t label);

/* How many of n bars the top k_percent are: ceil(k/100 * n), at least 1, at most n. */
size_t gw_metric_top_k_count(double k_percent, size_t n);
/* The top k_percent of each fold by score, gw_metric_top_k_count of its bars. The tie group at the
 * border shares its members' mean, so the result does not depend on order. */
struct gw_top_k {
    size_t n_selected;
    double precision, recall, lift;                          /* pooled over folds */
    double pnl_mean[3], pnl_sum[3], hit_rate, profit_factor; /* at 0x/1x/2x; hit rate and factor at 1x */
};
/* NaN where undefined: no bars, no positives (recall, lift), no selected bar that can be entered (pnl). profit_factor is
 * infinite when nothing lost. GW_ERR_CONFIG for k outside (0, 100], GW_ERR_DATA for a NaN score or a label other than 0, 1. */
int gw_metric_top_k(const struct gw_gate_sample *sample, double k_percent, struct gw_top_k *out) GW_MUST_USE;
/* Selection weight of every bar (1 in, 0 out, fraction on the tie border): what gw_metric_top_k uses. */
int gw_metric_top_k_weights(const struct gw_gate_sample *sample, double k_percent,
                            double *weight /* [n] */) GW_MUST_USE;

enum { GW_METRIC_KS_MAX = 4 };
/* How the tables of reports show a metric; summary.json carries it to them. Without a heading it has no column. */
enum gw_metric_format {
    GW_SHOW_FRACTION,       /* 0.213 */
    GW_SHOW_PERCENT,        /* 21.3 */
    GW_SHOW_SIGNED_PERCENT, /* +0.21 */
    GW_SHOW_LOSS,           /* a percentage that reads with a minus */
    GW_SHOW_RATIO,          /* 1.90 */
    GW_SHOW_COUNT,          /* 17 */
    GW_N_SHOWS
};
enum gw_metric_best { GW_BEST_HIGHEST, GW_BEST_LOWEST, GW_BEST_NONE, GW_N_BESTS };
struct gw_metric_column {
    const char *heading; /* on a terminal: "AP"; of a metric per K it goes on with its K, "P@1%" */
    const char *title;   /* on a report's first page; NULL: not there */
    enum gw_metric_format format;
    enum gw_metric_best best;
    bool no_spread;                 /* its deviation over seeds says nothing that another column's does not */
    size_t n_terminal, n_page;      /* of a metric per K: for the first so many Ks */
    int priority[GW_METRIC_KS_MAX]; /* by K: a narrow terminal leaves out the highest first, 0 never */
};

struct gw_metric_desc {
    const char *name; /* e.g. "average_precision", "precision_at_k" */
    const char *help, *unit;
    bool per_k; /* evaluated once for every K */
    bool higher_is_better;
    struct gw_metric_column column;
    /* *value is NaN where the metric is not defined. What could not be computed fails, with GW_ERR_NOMEM only. */
    int (*compute)(const struct gw_gate_sample *sample, double k_percent, double *value) GW_MUST_USE;
};
size_t gw_metric_count(void);
const struct gw_metric_desc *gw_metric_at(size_t i);

struct gw_portfolio_input {
    const struct gw_equity_point *equity;
    size_t n_equity;
    const struct gw_trade *trade; /* in the order of their exits */
    size_t n_trades;
    double initial_cash;     /* equity before the first point: n points are n periods */
    double turnover;         /* traded notional / initial cash */
    double periods_per_year; /* of the equity series */
    size_t n_ambiguous_bars; /* of the replay */
};
struct gw_portfolio_metric_desc {
    const char *name, *help, *unit;
    struct gw_metric_column column;
    double (*compute)(const struct gw_portfolio_input *input); /* NaN when undefined, infinite for x/0 with x > 0 */
};
size_t gw_portfolio_metric_count(void);
const struct gw_portfolio_metric_desc *gw_portfolio_metric_at(size_t i);

/* ---- curves for the report -------------------------------------------------------------------- */

struct gw_curve_point {
    double x, y, count;
};
/* All fail with GW_ERR_DATA on a NaN score or a label other than 0 and 1, GW_ERR_CONFIG on fewer than 2 points. */
/* Precision (y) over recall (x), thinned to at most max_points without losing the ends, dense at the best scores; count:
 * bars at or above the threshold. No points without positives. */
int gw_curve_precision_recall(const struct gw_gate_sample *sample, size_t max_points, struct gw_curve_point *out,
                              size_t *n) GW_MUST_USE;
/* n_bins equal-count bins (fewer when there are fewer bars), lowest probabilities first: x mean probability, y hit rate,
 * count bars. Tied bars on a bin's border share their hit rate. */
int gw_curve_reliability(const struct gw_gate_sample *sample, size_t n_bins, struct gw_curve_point *out,
                         size_t *n) GW_MUST_USE;
/* Histogram of scores over [0,1]: x bin centre, y density, split: positives counted in `count`. */
int gw_curve_histogram(const struct gw_gate_sample *sample, size_t n_bins, struct gw_curve_point *out) GW_MUST_USE;

GW_END_DECLS

#endif
