/* How much the equity grew and how much it shook. */
#include "portfolio_rows.h"

static double final_equity(const struct gw_portfolio_input *input) { return input->equity[input->n_equity - 1].equity; }

static double total_return(const struct gw_portfolio_input *input) {
    return input->n_equity ? final_equity(input) / input->initial_cash - 1.0 : (double)NAN;
}

double compound_annual_growth(const struct gw_portfolio_input *input) {
    if (input->n_equity == 0 || !(input->periods_per_year > 0)) return NAN;
    double growth = final_equity(input) / input->initial_cash;
    if (growth <= 0) return -1.0; /* ruined: nothing compounds from there */
    return expm1(log(growth) * input->periods_per_year / (double)input->n_equity);
}

static double volatility(const struct gw_portfolio_input *input) {
    return return_moments(input).deviation * sqrt(input->periods_per_year);
}

const struct gw_portfolio_metric_desc portfolio_desc_total_return = {
    .name = "total_return",
    .help = "final equity over initial cash, less 1",
    .unit = "fraction",
    .column = {.heading = "return %", .title = "return", .format = GW_SHOW_PERCENT},
    .compute = total_return};
const struct gw_portfolio_metric_desc portfolio_desc_cagr = {
    .name = "cagr", .help = "compound growth per year", .unit = "fraction/year", .compute = compound_annual_growth};
const struct gw_portfolio_metric_desc portfolio_desc_volatility = {
    .name = "volatility",
    .help = "standard deviation of the returns per period, times the root of periods per year",
    .unit = "fraction/year",
    .compute = volatility};
