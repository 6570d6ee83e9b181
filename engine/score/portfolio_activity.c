/* How much of the time, of the money and of the bars was used. */
#include "portfolio_rows.h"

#include <math.h>
#include <stdint.h>

/* Equity is known at closes only, and a trade may open and close between two of them. A period at whose close nothing is
 * held belongs to the trades that ended in it: it is the first one that closes when or after they did. (One that left at
 * the next bar's open bears the time of this close, too, but then this close still held it.) */
static size_t ended_between_closes(const struct gw_portfolio_input *input, const struct gw_trade *trade) {
    size_t low = 0, high = input->n_equity;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (input->equity[middle].time_ns < trade->exit_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low < input->n_equity && input->equity[low].exposure == 0 ? low : SIZE_MAX;
}

static double entry_notional(const struct gw_trade *trade) {
    return trade->return_fraction != 0 ? fabs(trade->pnl / trade->return_fraction)
                                       : trade->quantity * trade->entry_price;
}

static double exposure(const struct gw_portfolio_input *input) {
    double sum = 0;
    for (size_t i = 0; i < input->n_equity; i++) sum += input->equity[i].exposure;
    for (size_t i = 0; i < input->n_trades; i++) {
        const size_t at = ended_between_closes(input, &input->trade[i]);
        if (at != SIZE_MAX && input->equity[at].equity > 0)
            sum += entry_notional(&input->trade[i]) / input->equity[at].equity;
    }
    return input->n_equity ? sum / (double)input->n_equity : (double)NAN;
}

static double time_in_market(const struct gw_portfolio_input *input) {
    size_t n = 0, last = SIZE_MAX;
    for (size_t i = 0; i < input->n_equity; i++) n += input->equity[i].exposure > 0;
    for (size_t i = 0; i < input->n_trades; i++) { /* in the order of their exits */
        const size_t at = ended_between_closes(input, &input->trade[i]);
        n += at != SIZE_MAX && at != last;
        if (at != SIZE_MAX) last = at;
    }
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

static double max_exposure(const struct gw_portfolio_input *input) {
    double most = NAN;
    for (size_t i = 0; i < input->n_equity; i++) most = fmax(most, input->equity[i].exposure);
    return most;
}

static double n_ambiguous_bars(const struct gw_portfolio_input *input) { return (double)input->n_ambiguous_bars; }

static double ambiguous_share(const struct gw_portfolio_input *input) {
    size_t n = 0;
    for (size_t i = 0; i < input->n_trades; i++) n += input->trade[i].ambiguous;
    return input->n_trades ? (double)n / (double)input->n_trades : (double)NAN;
}

const struct gw_portfolio_metric_desc portfolio_desc_exposure = {
    .name = "exposure",
    .help = "mean gross notional over equity, within bars too",
    .unit = "fraction",
    .column = {.heading = "exposure %", .format = GW_SHOW_PERCENT, .best = GW_BEST_NONE, .priority = {4}},
    .compute = exposure};
const struct gw_portfolio_metric_desc portfolio_desc_max_exposure = {
    .name = "max_exposure",
    .help = "largest gross notional over equity at a close",
    .unit = "fraction",
    .compute = max_exposure};
const struct gw_portfolio_metric_desc portfolio_desc_time_in_market = {
    .name = "time_in_market",
    .help = "share of periods in which a position was held",
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
const struct gw_portfolio_metric_desc portfolio_desc_ambiguous_share = {
    .name = "ambiguous_share",
    .help = "share of trades whose stop and target lay in one bar",
    .unit = "fraction",
    .compute = ambiguous_share};
const struct gw_portfolio_metric_desc portfolio_desc_n_ambiguous_bars = {
    .name = "n_ambiguous_bars",
    .help = "bars in which the order of events mattered to what was held and is not known",
    .unit = "bars",
    .compute = n_ambiguous_bars};
