/* What the trades brought. A trade wins when its pnl after all costs is above 0. */
#include "portfolio_rows.h"

struct trade_sums {
    double wins, gains, losses; /* cash; losses >= 0 */
    double win_returns, loss_returns;
};

static struct trade_sums sum_trades(const struct gw_portfolio_input *input) {
    struct trade_sums s = {0};
    for (size_t i = 0; i < input->n_trades; i++) {
        const struct gw_trade *t = &input->trade[i];
        if (t->pnl > 0) {
            s.wins += 1;
            s.gains += t->pnl;
            s.win_returns += t->return_fraction;
        } else {
            s.losses -= t->pnl;
            s.loss_returns += t->return_fraction;
        }
    }
    return s;
}

static double win_rate(const struct gw_portfolio_input *input) {
    return input->n_trades ? sum_trades(input).wins / (double)input->n_trades : (double)NAN;
}

static double profit_factor(const struct gw_portfolio_input *input) {
    struct trade_sums s = sum_trades(input);
    return ratio_or_nan(s.gains, s.losses);
}

static double expectancy(const struct gw_portfolio_input *input) {
    struct trade_sums s = sum_trades(input);
    return input->n_trades ? (s.gains - s.losses) / (double)input->n_trades : (double)NAN;
}

static double average_trade(const struct gw_portfolio_input *input) {
    struct trade_sums s = sum_trades(input);
    return input->n_trades ? (s.win_returns + s.loss_returns) / (double)input->n_trades : (double)NAN;
}

/* Returns instead of cash or risk multiples: the size of positions follows the equity, and not every exit has a
 * stop to take as its risk. */
static double sqn(const struct gw_portfolio_input *input) {
    if (input->n_trades < 2) return NAN;
    double n = (double)input->n_trades, mean = average_trade(input), squares = 0;
    for (size_t i = 0; i < input->n_trades; i++) {
        double centred = input->trade[i].return_fraction - mean;
        squares += centred * centred;
    }
    double deviation = sqrt(squares / (n - 1));
    return deviation > 1e-12 * fabs(mean) ? sqrt(n) * mean / deviation : (double)NAN;
}

static double average_win(const struct gw_portfolio_input *input) {
    struct trade_sums s = sum_trades(input);
    return s.wins > 0 ? s.win_returns / s.wins : (double)NAN;
}

static double average_loss(const struct gw_portfolio_input *input) {
    struct trade_sums s = sum_trades(input);
    double n_losses = (double)input->n_trades - s.wins;
    return n_losses > 0 ? s.loss_returns / n_losses : (double)NAN;
}

static double best_trade(const struct gw_portfolio_input *input) {
    double best = NAN;
    for (size_t i = 0; i < input->n_trades; i++) best = fmax(best, input->trade[i].return_fraction);
    return best;
}

static double worst_trade(const struct gw_portfolio_input *input) {
    double worst = NAN;
    for (size_t i = 0; i < input->n_trades; i++) worst = fmin(worst, input->trade[i].return_fraction);
    return worst;
}

static double average_mae(const struct gw_portfolio_input *input) {
    double sum = 0;
    for (size_t i = 0; i < input->n_trades; i++) sum += input->trade[i].mae;
    return input->n_trades ? sum / (double)input->n_trades : (double)NAN;
}

static double average_mfe(const struct gw_portfolio_input *input) {
    double sum = 0;
    for (size_t i = 0; i < input->n_trades; i++) sum += input->trade[i].mfe;
    return input->n_trades ? sum / (double)input->n_trades : (double)NAN;
}

const struct gw_portfolio_metric_desc portfolio_desc_win_rate = {
    .name = "win_rate",
    .help = "share of trades that gain after all costs",
    .unit = "fraction",
    .column = {.heading = "win rate %", .format = GW_SHOW_PERCENT, .priority = {3}},
    .compute = win_rate};
const struct gw_portfolio_metric_desc portfolio_desc_profit_factor = {
    .name = "profit_factor",
    .help = "gains over losses in cash; infinite without losses",
    .unit = "ratio",
    .column = {.heading = "profit factor", .format = GW_SHOW_RATIO, .priority = {2}},
    .compute = profit_factor};
const struct gw_portfolio_metric_desc portfolio_desc_expectancy = {
    .name = "expectancy", .help = "mean pnl of a trade", .unit = "cash", .compute = expectancy};
const struct gw_portfolio_metric_desc portfolio_desc_sqn = {
    .name = "sqn",
    .help = "root of the number of trades times mean over standard deviation of their returns (Tharp)",
    .unit = "",
    .compute = sqn};
const struct gw_portfolio_metric_desc portfolio_desc_average_trade = {
    .name = "average_trade", .help = "mean return of a trade", .unit = "return", .compute = average_trade};
const struct gw_portfolio_metric_desc portfolio_desc_average_win = {
    .name = "average_win", .help = "mean return of the trades that gain", .unit = "return", .compute = average_win};
const struct gw_portfolio_metric_desc portfolio_desc_average_loss = {.name = "average_loss",
                                                                     .help =
                                                                         "mean return of the trades that do not gain",
                                                                     .unit = "return",
                                                                     .compute = average_loss};
const struct gw_portfolio_metric_desc portfolio_desc_best_trade = {
    .name = "best_trade", .help = "largest return of a trade", .unit = "return", .compute = best_trade};
const struct gw_portfolio_metric_desc portfolio_desc_worst_trade = {
    .name = "worst_trade", .help = "smallest return of a trade", .unit = "return", .compute = worst_trade};
const struct gw_portfolio_metric_desc portfolio_desc_average_mae = {.name = "average_mae",
                                                                    .help = "mean worst excursion against the trade",
                                                                    .unit = "fraction",
                                                                    .compute = average_mae};
const struct gw_portfolio_metric_desc portfolio_desc_average_mfe = {
    .name = "average_mfe", .help = "mean best excursion for the trade", .unit = "fraction", .compute = average_mfe};
