/* How deep and how long below the highest equity so far. */
#include "portfolio_rows.h"

#include <math.h>

static double max_drawdown(const struct gw_portfolio_input *input) { return drawdown_measure(input).depth; }
static double max_drawdown_days(const struct gw_portfolio_input *input) { return drawdown_measure(input).days; }
static double longest_drawdown_days(const struct gw_portfolio_input *input) {
    return drawdown_measure(input).longest_days;
}

static double time_under_water(const struct gw_portfolio_input *input) {
    double peak = input->initial_cash;
    size_t n = 0;
    for (size_t i = 0; i < input->n_equity; i++) {
        n += input->equity[i].equity < peak;
        peak = fmax(peak, input->equity[i].equity);
    }
    return input->n_equity ? (double)n / (double)input->n_equity : (double)NAN;
}

const struct gw_portfolio_metric_desc portfolio_desc_max_drawdown = {
    .name = "max_drawdown",
    .help = "largest loss from a peak, as a fraction of it",
    .unit = "fraction",
    .column = {.heading = "max DD %", .title = "max. DD", .format = GW_SHOW_LOSS, .best = GW_BEST_LOWEST},
    .compute = max_drawdown};
const struct gw_portfolio_metric_desc portfolio_desc_max_drawdown_days = {
    .name = "max_drawdown_days",
    .help = "length of the deepest drawdown, from its peak to recovery or the end",
    .unit = "days",
    .compute = max_drawdown_days};
const struct gw_portfolio_metric_desc portfolio_desc_longest_drawdown_days = {
    .name = "longest_drawdown_days",
    .help = "longest time from a peak to recovery or the end",
    .unit = "days",
    .compute = longest_drawdown_days};
const struct gw_portfolio_metric_desc portfolio_desc_time_under_water = {
    .name = "time_under_water",
    .help = "share of periods that closed below the highest equity so far",
    .unit = "fraction",
    .compute = time_under_water};
