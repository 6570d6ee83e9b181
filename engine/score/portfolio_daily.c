/* Returns by UTC day. Returns per bar depend on how often equity is marked: those of a position that is seldom open are mostly
 * zeros, and neighbouring bars of one position are one bet. Days are what published ratios rest on.
 *
 * A day's equity is the last point in it; a point at midnight closes the day before. Days without a point (weekends) are
 * no days; the year has as many as this series has. */
#include "portfolio_rows.h"

#include "engine/base/base.h"

static int64_t day_of(int64_t time_ns) {
    const int64_t before = time_ns - 1, day = before / NS_PER_DAY;
    return before % NS_PER_DAY < 0 ? day - 1 : day;
}

bool daily_next(const struct gw_portfolio_input *input, struct daily *daily) {
    if (daily->at >= input->n_equity) return false;
    daily->before = daily->at ? daily->equity : input->initial_cash;
    daily->day = day_of(input->equity[daily->at].time_ns);
    if (daily->at == 0) daily->first_day = daily->day;
    while (daily->at < input->n_equity && day_of(input->equity[daily->at].time_ns) == daily->day)
        daily->equity = input->equity[daily->at++].equity;
    daily->n++;
    daily->value = daily->before > 0 ? daily->equity / daily->before - 1.0 : (double)NAN;
    return true;
}

/* Like periods_per_year of the equity: n points are n - 1 steps of the clock. */
static double days_per_year(const struct gw_portfolio_input *input) {
    struct daily d = {0};
    while (daily_next(input, &d)) continue;
    return d.n > 1 ? (double)(d.n - 1) / ((double)(d.day - d.first_day) / 365.25) : (double)NAN;
}

static struct return_moments daily_moments(const struct gw_portfolio_input *input) {
    struct return_moments m = {NAN, NAN, NAN};
    double sum = 0, negative = 0, squares = 0;
    struct daily d = {0};
    while (daily_next(input, &d)) {
        sum += d.value; /* NaN from ruin on */
        if (d.value < 0) negative += d.value * d.value;
    }
    if (d.n < 2 || isnan(sum)) return m;
    m.mean = sum / (double)d.n;
    d = (struct daily){0};
    while (daily_next(input, &d)) squares += (d.value - m.mean) * (d.value - m.mean);
    m.deviation = sqrt(squares / (double)(d.n - 1));
    m.downside = sqrt(negative / (double)d.n);
    return m;
}

static double sharpe_daily(const struct gw_portfolio_input *input) {
    const struct return_moments m = daily_moments(input);
    return sharpe_of(m.mean, m.deviation, days_per_year(input));
}

static double sortino_daily(const struct gw_portfolio_input *input) {
    const struct return_moments m = daily_moments(input);
    return ratio_or_nan(m.mean, m.downside) * sqrt(days_per_year(input));
}

static double best_day(const struct gw_portfolio_input *input) {
    double best = NAN;
    for (struct daily d = {0}; daily_next(input, &d);) best = fmax(best, d.value);
    return best;
}

static double worst_day(const struct gw_portfolio_input *input) {
    double worst = NAN;
    for (struct daily d = {0}; daily_next(input, &d);) worst = fmin(worst, d.value);
    return worst;
}

/* NaN until there are ROLLING_DAYS returns. */
double rolling_sharpe(struct rolling *window, double day_return, double per_year) {
    double sum = 0, squares = 0;
    window->value[window->n++ % ROLLING_DAYS] = day_return;
    if (window->n < ROLLING_DAYS) return NAN;
    for (size_t i = 0; i < ROLLING_DAYS; i++) sum += window->value[i];
    const double mean = sum / ROLLING_DAYS;
    for (size_t i = 0; i < ROLLING_DAYS; i++) squares += (window->value[i] - mean) * (window->value[i] - mean);
    return sharpe_of(mean, sqrt(squares / (ROLLING_DAYS - 1)), per_year);
}

/* A window in which nothing was held has no ratio and is passed over. */
static double rolling_sharpe_min(const struct gw_portfolio_input *input) {
    const double per_year = days_per_year(input);
    struct rolling window = {.n = 0};
    double lowest = NAN;
    for (struct daily d = {0}; daily_next(input, &d);)
        lowest = fmin(lowest, rolling_sharpe(&window, d.value, per_year));
    return lowest;
}

static double rolling_sharpe_last(const struct gw_portfolio_input *input) {
    const double per_year = days_per_year(input);
    struct rolling window = {.n = 0};
    double last = NAN;
    for (struct daily d = {0}; daily_next(input, &d);) last = rolling_sharpe(&window, d.value, per_year);
    return last;
}

const struct gw_portfolio_metric_desc portfolio_desc_sharpe_daily = {
    .name = "sharpe_daily",
    .help = "mean over standard deviation of returns by UTC day, annualised",
    .unit = "",
    .column = {.heading = "Sharpe/day", .format = GW_SHOW_RATIO, .priority = {4}},
    .compute = sharpe_daily};
const struct gw_portfolio_metric_desc portfolio_desc_sortino_daily = {
    .name = "sortino_daily",
    .help = "mean over root mean squared negative return by UTC day, annualised; infinite without losses",
    .unit = "",
    .compute = sortino_daily};
const struct gw_portfolio_metric_desc portfolio_desc_rolling_sharpe_min = {
    .name = "rolling_sharpe_min",
    .help = "lowest Sharpe ratio of 90 days in a row, of daily returns, annualised",
    .unit = "",
    .compute = rolling_sharpe_min};
const struct gw_portfolio_metric_desc portfolio_desc_rolling_sharpe_last = {
    .name = "rolling_sharpe_last",
    .help = "Sharpe ratio of the last 90 days, of daily returns, annualised",
    .unit = "",
    .compute = rolling_sharpe_last};
const struct gw_portfolio_metric_desc portfolio_desc_best_day = {
    .name = "best_day", .help = "largest return of a UTC day", .unit = "return", .compute = best_day};
const struct gw_portfolio_metric_desc portfolio_desc_worst_day = {
    .name = "worst_day", .help = "smallest return of a UTC day", .unit = "return", .compute = worst_day};
