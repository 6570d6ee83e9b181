/* How deep and how long below the highest equity so far. */
#include "portfolio_rows.h"

static double max_drawdown(const struct gw_portfolio_input *input) { return drawdown_measure(input).depth; }
static double max_drawdown_days(const struct gw_portfolio_input *input) { return drawdown_measure(input).days; }
static double longest_drawdown_days(const struct gw_portfolio_input *input) {
    return drawdown_measure(input).longest_days;
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
