/* How long positions were held. */
#include "portfolio_rows.h"

static double average_bars_held(const struct gw_portfolio_input *input) {
    double sum = 0;
    for (size_t i = 0; i < input->n_trades; i++) sum += input->trade[i].bars_held;
    return input->n_trades ? sum / (double)input->n_trades : (double)NAN;
}

/* The value with `rank` others at or below it, found by halving the range: nothing to sort, nothing to allocate. */
static uint32_t bars_held_of_rank(const struct gw_portfolio_input *input, size_t rank) {
    uint32_t low = 0, high = UINT32_MAX;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        size_t n = 0;
        for (size_t i = 0; i < input->n_trades; i++) n += input->trade[i].bars_held <= middle;
        if (n > rank)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static double median_bars_held(const struct gw_portfolio_input *input) {
    const size_t n = input->n_trades;
    if (n == 0) return NAN;
    return ((double)bars_held_of_rank(input, (n - 1) / 2) + (double)bars_held_of_rank(input, n / 2)) / 2;
}

static double max_bars_held(const struct gw_portfolio_input *input) {
    double most = NAN;
    for (size_t i = 0; i < input->n_trades; i++) most = fmax(most, input->trade[i].bars_held);
    return most;
}

static double average_hours_held(const struct gw_portfolio_input *input) {
    double sum = 0;
    for (size_t i = 0; i < input->n_trades; i++)
        sum += (double)(input->trade[i].exit_ns - input->trade[i].entry_ns) / 3600e9;
    return input->n_trades ? sum / (double)input->n_trades : (double)NAN;
}

const struct gw_portfolio_metric_desc portfolio_desc_average_bars_held = {
    .name = "average_bars_held", .help = "mean holding time", .unit = "bars", .compute = average_bars_held};
const struct gw_portfolio_metric_desc portfolio_desc_median_bars_held = {
    .name = "median_bars_held", .help = "median holding time", .unit = "bars", .compute = median_bars_held};
const struct gw_portfolio_metric_desc portfolio_desc_max_bars_held = {
    .name = "max_bars_held", .help = "longest holding time", .unit = "bars", .compute = max_bars_held};
const struct gw_portfolio_metric_desc portfolio_desc_average_hours_held = {
    .name = "average_hours_held",
    .help = "mean holding time by the clock, closed markets included",
    .unit = "hours",
    .compute = average_hours_held};
