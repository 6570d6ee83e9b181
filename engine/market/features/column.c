/* Columns that the user brings: of the data file or of a side file. What is not known yet at a bar is NaN, and so is the
 * feature until the first value is known. A value that is missing later, or has grown too old, counts as the mean of all
 * before it: finite, near what the scaler was fitted on, and made of nothing later. */
#include "feature_parts.h"

struct known {
    double n, mean;
};

static double known_value(struct known *known, double x) {
    if (isnan(x)) return known->n > 0 ? known->mean : (double)NAN;
    known->n += 1;
    known->mean += (x - known->mean) / known->n;
    return x;
}

/* ---- col(name) -------------------------------------------------------------------------------------------------- */

static size_t col_state(const void *own) {
    (void)own;
    return sizeof(struct known);
}

static double col_push(void *state, const void *own, const struct gw_feature_input *in) {
    (void)own;
    return known_value(state, in->column);
}

const struct gw_feature_desc feature_col = {
    .name = "col",
    .help = "a column of the data or of a side file, as known at the bar's close; over a longer interval the value "
            "known last",
    .source = "the user's own data; missing after the first value: the mean of those before",
    .takes_column = true,
    .warmup = warmup_none,
    .state_size = col_state,
    .push = col_push,
};

/* ---- col_change(name, n) = value - value n bars ago --------------------------------------------------------------- */

struct change {
    struct known known;
    struct ring ring;
};

static size_t col_change_state(const void *own) { return sizeof(struct known) + ring_size(length_of(own)); }

static double col_change_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct change *change = state;
    const double x = known_value(&change->known, in->column);
    return isnan(x) ? x : x - ring_push(&change->ring, length_of(own), x);
}

static const struct gw_param col_change_params[] = {LENGTH_PARAM(1, 1, "bars between the two values")};

const struct gw_feature_desc feature_col_change = {
    .name = "col_change",
    .help = "a column's value less that of n bars before, for what has no level to return to",
    .source = "first differences: Box & Jenkins 1970, Time Series Analysis, ch. 4",
    .own = GW_PARAM_TABLE(col_change_params),
    .takes_column = true,
    .warmup = warmup_window_of_steps,
    .state_size = col_change_state,
    .push = col_change_push,
};

/* ---- col_z(name, n) = (value - mean) / sd over n bars, this one included -------------------------------------------- */

struct z_score {
    struct known known;
    struct window window;
};

static size_t col_z_state(const void *own) { return sizeof(struct known) + window_size(length_of(own)); }

static double col_z_push(void *state, const void *own, const struct gw_feature_input *in) {
    struct z_score *z = state;
    struct moments m;
    const double x = known_value(&z->known, in->column);
    if (isnan(x) || !window_push(&z->window, length_of(own), x, &m)) return NAN;
    return ratio_or(x - m.mean, moments_sd(m), 0);
}

static const struct gw_param col_z_params[] = {LENGTH_PARAM(96, 2, "bars in the mean and in the deviation")};

const struct gw_feature_desc feature_col_z = {
    .name = "col_z",
    .help = "z-score of a column within the last n bars (population sd); 0 when they are all equal",
    .source = "as volume_z, of the user's own data",
    .own = GW_PARAM_TABLE(col_z_params),
    .takes_column = true,
    .warmup = warmup_window,
    .state_size = col_z_state,
    .push = col_z_push,
};
