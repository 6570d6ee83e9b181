/* How sure is the Sharpe ratio? */
#include "engine/base/base.h"
#include "gatewalk/verdict.h"
#include "portfolio_rows.h"

static const double TRACK_RECORD_CONFIDENCE = 0.95;

/* Per bar: as the deflated Sharpe ratio takes them. false: there is no ratio. */
struct ratio_shape {
    double sharpe, skewness, kurtosis;
};
static bool ratio_shape(const struct gw_portfolio_input *input, struct ratio_shape *out) {
    const struct return_moments m = return_moments(input);
    double second = 0, third = 0, fourth = 0, n = (double)input->n_equity;
    if (!(m.deviation > 1e-12 * fabs(m.mean))) return false; /* NAN neither */
    for (size_t i = 0; i < input->n_equity; i++) {
        double d = period_return(input, i) - m.mean, d2 = d * d;
        second += d2 / n;
        third += d2 * d / n;
        fourth += d2 * d2 / n;
    }
    *out = (struct ratio_shape){m.mean / m.deviation, third / (second * sqrt(second)), fourth / (second * second)};
    return true;
}

static double probabilistic_sharpe(const struct gw_portfolio_input *input) {
    struct ratio_shape shape;
    if (!ratio_shape(input, &shape)) return NAN;
    return gw_probabilistic_sharpe(shape.sharpe, input->n_equity, shape.skewness, shape.kurtosis, 0);
}

static double minimum_track_record(const struct gw_portfolio_input *input) {
    struct ratio_shape shape;
    if (!ratio_shape(input, &shape)) return NAN;
    return gw_minimum_track_record(shape.sharpe, shape.skewness, shape.kurtosis, 0, TRACK_RECORD_CONFIDENCE) /
           input->periods_per_year;
}

const struct gw_portfolio_metric_desc portfolio_desc_probabilistic_sharpe = {
    .name = "probabilistic_sharpe",
    .help = "probability that the true Sharpe ratio is above 0 (Bailey & Lopez de Prado 2012)",
    .unit = "probability",
    .column = {.heading = "P(Sharpe>0)", .format = GW_SHOW_FRACTION, .no_spread = true, .priority = {5}},
    .compute = probabilistic_sharpe};
const struct gw_portfolio_metric_desc portfolio_desc_min_track_record_years = {
    .name = "min_track_record_years",
    .help = "years until the Sharpe ratio is above 0 with 95 % (the same); infinite when it is not above 0",
    .unit = "years",
    .compute = minimum_track_record};
