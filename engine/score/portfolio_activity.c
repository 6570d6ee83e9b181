/* How much of the time, of the money and of the bars was used. */
#include "portfolio_rows.h"

static double exposure(const struct gw_portfolio_input *input) {
    double sum = 0;
    for (size_t i = 0; i < input->n_equity; i++) sum += input->equity[i].exposure;
    return input->n_equity ? sum / (double)input->n_equity : (double)NAN;
}

static double time_in_market(const struct gw_portfolio_input *input) {
    size_t n = 0;
    for (size_t i = 0; i < input->n_equity; i++) n += input->equity[i].exposure > 0;
    return input->n_equity ? (double)n / (double)input->n_equity : (double)NAN;
}

static double turnover(const struct gw_portfolio_input *input) { return input->turnover; }

static double turnover_per_year(const struct gw_portfolio_input *input) {
    if (input->n_equity == 0 || !(input->periods_per_year > 0)) return NAN;
    return input->turnover * input->periods_per_year / (double)input->n_equity;
}

static double n_trades(const struct gw_portfolio_input *input) { return (double)input->n_trades; }

static double long_share(const struct gw_portfolio_input *input) {
    size_t n = 0;
    for (size_t i = 0; i < input->n_trades; i++) n += input->trade[i].side == GW_SIDE_LONG;
    return input->n_trades ? (double)n / (double)input->n_trades : (double)NAN;
}

static double average_bars_held(const struct gw_portfolio_input *input) {
    double sum = 0;
    for (size_t i = 0; i < input->n_trades; i++) sum += input->trade[i].bars_held;
    return input->n_trades ? sum / (double)input->n_trades : (double)NAN;
}

static double ambiguous_share(const struct gw_portfolio_input *input) {
    size_t n = 0;
    for (size_t i = 0; i < input->n_trades; i++) n += input->trade[i].ambiguous;
    return input->n_trades ? (double)n / (double)input->n_trades : (double)NAN;
}

const struct gw_portfolio_metric_desc portfolio_desc_exposure = {
    .name = "exposure",
    .help = "mean gross notional over equity",
    .unit = "fraction",
    .column = {.heading = "exposure %", .format = GW_SHOW_PERCENT, .best = GW_BEST_NONE, .priority = {4}},
    .compute = exposure};
const struct gw_portfolio_metric_desc portfolio_desc_time_in_market = {.name = "time_in_market",
                                                                       .help = "share of periods with a position",
                                                                       .unit = "fraction",
                                                                       .compute = time_in_market};
const struct gw_portfolio_metric_desc portfolio_desc_turnover = {
    .name = "turnover", .help = "traded notional over initial cash", .unit = "ratio", .compute = turnover};
const struct gw_portfolio_metric_desc portfolio_desc_turnover_per_year = {
    .name = "turnover_per_year", .help = "turnover per year", .unit = "ratio/year", .compute = turnover_per_year};
const struct gw_portfolio_metric_desc portfolio_desc_n_trades = {
    .name = "n_trades",
    .help = "closed trades",
    .unit = "trades",
    .column = {.heading = "trades", .title = "trades", .format = GW_SHOW_COUNT, .best = GW_BEST_NONE, .priority = {1}},
    .compute = n_trades};
const struct gw_portfolio_metric_desc portfolio_desc_long_share = {
    .name = "long_share", .help = "share of trades on the long side", .unit = "fraction", .compute = long_share};
const struct gw_portfolio_metric_desc portfolio_desc_average_bars_held = {
    .name = "average_bars_held", .help = "mean holding time", .unit = "bars", .compute = average_bars_held};
const struct gw_portfolio_metric_desc portfolio_desc_ambiguous_share = {
    .name = "ambiguous_share",
    .help = "share of trades whose stop and target lay in one bar",
    .unit = "fraction",
    .compute = ambiguous_share};
