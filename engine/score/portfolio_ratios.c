/* Return for risk. No risk-free rate is taken off: the comparison is with buy-and-hold of the same market. */
#include "portfolio_rows.h"

/* Rounding leaves a deviation near 1e-16 of the mean where there is none; its ratio would be a huge nonsense. */
static bool is_flat(double deviation, double mean) { return deviation <= 1e-12 * fabs(mean); }

double sharpe_of(double mean, double deviation, double periods_per_year) {
    if (is_flat(deviation, mean)) return NAN;
    return mean / deviation * sqrt(periods_per_year);
}

static double sharpe(const struct gw_portfolio_input *input) {
    struct return_moments m = return_moments(input);
    return sharpe_of(m.mean, m.deviation, input->periods_per_year);
}

static double sortino(const struct gw_portfolio_input *input) {
    struct return_moments m = return_moments(input);
    return ratio_or_nan(m.mean, m.downside) * sqrt(input->periods_per_year);
}

static double calmar(const struct gw_portfolio_input *input) {
    return ratio_or_nan(compound_annual_growth(input), drawdown_measure(input).depth);
}

const struct gw_portfolio_metric_desc portfolio_desc_sharpe = {
    .name = "sharpe",
    .help = "mean over standard deviation of returns by bar, annualised",
    .unit = "",
    .column = {.heading = "Sharpe", .title = "Sharpe", .format = GW_SHOW_RATIO},
    .compute = sharpe};
const struct gw_portfolio_metric_desc portfolio_desc_sortino = {
    .name = "sortino",
    .help = "mean over root mean squared negative return, annualised; infinite without losses",
    .unit = "",
    .compute = sortino};
const struct gw_portfolio_metric_desc portfolio_desc_calmar = {
    .name = "calmar",
    .help = "growth per year over maximum drawdown; infinite without drawdown",
    .unit = "",
    .compute = calmar};
