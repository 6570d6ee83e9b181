/* What trading cost, in cash. */
#include "portfolio_rows.h"

static double fees(const struct gw_portfolio_input *input) {
    double sum = 0;
    for (size_t i = 0; i < input->n_trades; i++) sum += input->trade[i].fees;
    return sum;
}

static double slippage(const struct gw_portfolio_input *input) {
    double sum = 0;
    for (size_t i = 0; i < input->n_trades; i++) sum += input->trade[i].slippage;
    return sum;
}

static double funding(const struct gw_portfolio_input *input) {
    double sum = 0;
    for (size_t i = 0; i < input->n_trades; i++) sum += input->trade[i].funding;
    return sum;
}

const struct gw_portfolio_metric_desc portfolio_desc_fees = {
    .name = "fees", .help = "fees paid", .unit = "cash", .compute = fees};
const struct gw_portfolio_metric_desc portfolio_desc_slippage = {
    .name = "slippage", .help = "spread and slippage, already inside the prices", .unit = "cash", .compute = slippage};
const struct gw_portfolio_metric_desc portfolio_desc_funding = {
    .name = "funding", .help = "funding and borrow paid (negative: received)", .unit = "cash", .compute = funding};
