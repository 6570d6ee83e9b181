/* What perpetual futures say beside their prices, where the data have it: the columns funding_rate and open_interest, of the bars' own
 * file or of a side file. As with col(), a value that is missing after the first is not guessed at: the one known last stands. */
#include "feature_parts.h"

/* The value known last; NaN before the first. */
static double last_known(double *last, size_t *n, double x) {
    if (!isnan(x)) {
        *last = x;
        *n = 1;
    }
    return *n ? *last : (double)NAN;
}

/* ---- funding_z(n) = (rate - mean) / sd over n bars, this one included ------------------------------------------------- */

struct funding {
    double last;
    size_t known;
    struct window window;
};

static size_t funding_state(const void *own) { return offsetof(struct funding, window) + window_size(length_of(own)); }

static double funding_z_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct funding *f = state;
    struct moments m;
    const double x = last_known(&f->last, &f->known, in->column);
    if (isnan(x) || !window_push(&f->window, length_of(own), x, &m)) return NAN;
    return ratio_or(x - m.mean, moments_sd(m), 0);
}

static const struct gw_param funding_z_params[] = {LENGTH_PARAM(96, 2, "bars in the mean and in the deviation")};

const struct gw_feature_desc feature_funding_z = {
    .name = "funding_z",
    .help = "z-score of the funding rate (column funding_rate) within the last n bars (population sd): who pays to be "
            "long, and more than lately; 0 while it stands still",
    .source = "perpetual funding as crowding: Ackerer, Hugonnier & Jermann 2024, Perpetual futures pricing",
    .own = GW_PARAM_TABLE(funding_z_params),
    .of_column = "funding_rate",
    .warmup = warmup_window,
    .state_size = funding_state,
    .push = funding_z_push,
};

/* ---- oi_change(n) = ln(open interest / open interest n bars ago) -------------------------------------------------------- */

struct interest {
    double last;
    size_t known;
    struct ring ring;
};

static size_t interest_state(const void *own) { return offsetof(struct interest, ring) + ring_size(length_of(own)); }

static double oi_change_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct interest *s = state;
    const double x = last_known(&s->last, &s->known, in->column);
    if (isnan(x)) return NAN;
    const double before = ring_push(&s->ring, length_of(own), x);
    return isnan(before) ? NAN : log_ratio(x, before);
}

static const struct gw_param oi_change_params[] = {LENGTH_PARAM(24, 1, "bars between the two")};

const struct gw_feature_desc feature_oi_change = {
    .name = "oi_change",
    .help = "ln(open interest / open interest n bars ago) (column open_interest): positions built up or closed; 0 when "
            "either is not positive",
    .source = "Bessembinder & Seguin 1993, J. Financial and Quantitative Analysis 28: open interest beside volume",
    .own = GW_PARAM_TABLE(oi_change_params),
    .of_column = "open_interest",
    .warmup = warmup_window_of_steps,
    .state_size = interest_state,
    .push = oi_change_push,
};
