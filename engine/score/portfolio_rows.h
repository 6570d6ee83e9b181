/* What the files portfolio_*.c share. Private to engine/score.
 *
 * The initial cash is the equity before the first point, so n points give n returns over n periods, and the
 * equity of one fold can be measured alone by passing what it started with. */
#ifndef GATEWALK_SCORE_PORTFOLIO_ROWS_H
#define GATEWALK_SCORE_PORTFOLIO_ROWS_H

#include "ranking.h"

#define PORTFOLIO_METRIC(name) extern const struct gw_portfolio_metric_desc portfolio_desc_##name;
#include "portfolio_metrics.def"
#undef PORTFOLIO_METRIC

static inline double equity_before(const struct gw_portfolio_input *input, size_t i) {
    return i ? input->equity[i - 1].equity : input->initial_cash;
}

static inline double period_return(const struct gw_portfolio_input *input, size_t i) {
    return input->equity[i].equity / equity_before(input, i) - 1.0;
}

struct return_moments {
    double mean, deviation; /* deviation with n - 1 */
    double downside;        /* root of the mean squared negative return, over all n */
};
/* NaN fields where undefined: fewer than two returns, or equity that reached zero before the end. */
struct return_moments return_moments(const struct gw_portfolio_input *input);

/* NaN where the returns do not differ. */
double sharpe_of(double mean, double deviation, double periods_per_year);

/* The equity day by day; begin with zeros. */
struct daily {
    size_t at, n; /* points and days seen */
    int64_t day, first_day;
    double before, equity, value; /* value: the day's return, NaN after ruin */
};
bool daily_next(const struct gw_portfolio_input *input, struct daily *daily);

enum { ROLLING_DAYS = 90 }; /* a quarter: long enough for a ratio, short enough to show when it went */
struct rolling {
    size_t n;
    double value[ROLLING_DAYS];
};
double rolling_sharpe(struct rolling *window, double day_return, double per_year);

double compound_annual_growth(const struct gw_portfolio_input *input);

struct drawdown {
    double depth;        /* fraction of the peak */
    double days;         /* of the deepest one: peak to recovery, or to the end */
    double longest_days; /* of the longest one */
};
struct drawdown drawdown_measure(const struct gw_portfolio_input *input);

#endif
