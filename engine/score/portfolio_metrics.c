/* The table of portfolio metrics and the passes over the equity that several of them share. */
#include "engine/base/base.h"
#include "portfolio_rows.h"

static const struct gw_portfolio_metric_desc *const table[] = {
#define PORTFOLIO_METRIC(name) &portfolio_desc_##name,
#include "portfolio_metrics.def"
#undef PORTFOLIO_METRIC
};

size_t gw_portfolio_metric_count(void) { return COUNT_OF(table); }

const struct gw_portfolio_metric_desc *gw_portfolio_metric_at(size_t i) {
    return i < COUNT_OF(table) ? table[i] : NULL;
}

struct return_moments return_moments(const struct gw_portfolio_input *input) {
    struct return_moments m = {NAN, NAN, NAN};
    size_t n = input->n_equity;
    double sum = 0, squares = 0, negative = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(equity_before(input, i) > 0)) return m;
        double r = period_return(input, i);
        sum += r;
        if (r < 0) negative += r * r;
    }
    if (n < 2) return m;
    m.mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double centred = period_return(input, i) - m.mean;
        squares += centred * centred;
    }
    m.deviation = sqrt(squares / (double)(n - 1));
    m.downside = sqrt(negative / (double)n);
    return m;
}

static double days_between(int64_t from_ns, int64_t to_ns) { return (double)(to_ns - from_ns) / (double)NS_PER_DAY; }

/* A spell under water lasts from the last point at the peak to the point that reaches it again, or to the end. */
struct drawdown drawdown_measure(const struct gw_portfolio_input *input) {
    struct drawdown d = {NAN, NAN, NAN};
    if (input->n_equity == 0) return d;
    d = (struct drawdown){0};
    double peak = input->initial_cash;
    int64_t peak_ns = input->equity[0].time_ns; /* the initial cash has no time of its own */
    bool under = false, deepest = false;        /* deepest: this spell holds the maximum so far */
    for (size_t i = 0; i < input->n_equity; i++) {
        double equity = input->equity[i].equity, depth = 1.0 - equity / peak;
        if (equity < peak) under = true;
        if (under && depth > d.depth) {
            d.depth = depth;
            deepest = true;
        }
        if (under) {
            double days = days_between(peak_ns, input->equity[i].time_ns);
            if (days > d.longest_days) d.longest_days = days;
            if (deepest) d.days = days;
        }
        if (equity >= peak) {
            peak = equity;
            peak_ns = input->equity[i].time_ns;
            under = deepest = false;
        }
    }
    return d;
}
