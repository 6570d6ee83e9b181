/* Scaling of features: fitted once on a fold's purged training rows, then frozen.
 *
 *   standard: center = mean, spread = population standard deviation
 *   robust:   center = median, spread = (q75 - q25) / 1.349, which is the standard deviation of a normal;
 *             quantiles interpolate linearly between order statistics (Hyndman & Fan 1996, type 7)
 *   none:     the features as they are, not clipped either */
#include <math.h>

#include "engine/base/base.h"
#include "gatewalk/feature.h"

static const struct gw_choice kinds[] = {
    [GW_SCALER_STANDARD] = {.name = "standard", .help = "mean and standard deviation"},
    [GW_SCALER_ROBUST] = {.name = "robust", .help = "median and interquartile range"},
    [GW_SCALER_NONE] = {.name = "none", .help = "the features as they are, unclipped"},
};
static const struct gw_choices kind_choices = {.row = kinds, .n = COUNT_OF(kinds)};
static const struct gw_param scaler_rows[] = {
    GW_CHOICE_PARAM(struct gw_scaler_config, kind, &kind_choices, 0, "fitted on the purged training slice only"),
    GW_NUMBER_PARAM(struct gw_scaler_config, clip, "deviations", 10, .1, 1e9,
                    "scaled values are clipped to +-clip; of kind none nothing is"),
};
const struct gw_param_table gw_scaler_params = GW_PARAM_TABLE(scaler_rows);

/* ---- order statistics ----------------------------------------------------------------------- */

/* The k-th smallest of value[0..n-1] (Hoare 1961); afterwards no value before k is larger and none
 * after k is smaller. */
static float select_kth(float *value, size_t n, size_t k) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        float a = value[low], b = value[low + (high - low) / 2], c = value[high];
        float pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
        size_t i = low, j = high;
        for (;;) {
            while (value[i] < pivot) i++;
            while (pivot < value[j]) j--;
            if (i >= j) break;
            float swap = value[i];
            value[i++] = value[j];
            value[j--] = swap;
        }
        /* value[low..j] <= pivot <= value[j+1..high] */
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return value[k];
}

static double quantile(float *value, size_t n, double q) {
    double position = q * (double)(n - 1);
    size_t k = (size_t)position;
    double below = select_kth(value, n, k);
    if (k + 1 >= n) return below;
    float above = value[k + 1];
    for (size_t i = k + 2; i < n; i++)
        if (value[i] < above) above = value[i];
    return below + (position - (double)k) * ((double)above - below);
}

/* ---- fit ---------------------------------------------------------------------------------- */

struct column {
    double mean, sd;
};

/* Two passes in double around the first value, so that a constant has a spread of exactly 0; the second
 * pass also takes out what rounding left in the mean. */
static struct column column_moments(const float *value, size_t n) {
    struct column column;
    double sum = 0, rest = 0, square = 0, origin = value[0];
    for (size_t i = 0; i < n; i++) sum += value[i] - origin;
    double mean = origin + sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = value[i] - mean;
        rest += d;
        square += d * d;
    }
    column.mean = mean + rest / (double)n;
    column.sd = sqrt((square - rest * rest / (double)n) / (double)n);
    return column;
}

static void fit_column(struct gw_scaler *scaler, size_t j, float *value, size_t n_rows) {
    struct column column = column_moments(value, n_rows);
    double center = column.mean, spread = column.sd;
    if (scaler->kind == GW_SCALER_ROBUST) {
        center = quantile(value, n_rows, .5);
        double iqr = quantile(value, n_rows, .75) - quantile(value, n_rows, .25);
        /* More than half of the rows are equal: fall back to a spread that sees the others. */
        if (iqr > 0) spread = iqr / 1.349;
    }
    scaler->center[j] = center;
    scaler->inverse_scale[j] = spread > 0 ? 1 / spread : 0;
}

static int gather_column(const float *const *rows, size_t n_rows, size_t j, float *value) {
    for (size_t i = 0; i < n_rows; i++) {
        value[i] = rows[i][j];
        if (!isfinite(value[i]))
            FAIL(GW_ERR_INTERNAL, "scaler: feature %zu is not finite in training row %zu: a row before the warm-up?", j,
                 i);
    }
    return GW_OK;
}

int gw_scaler_fit(enum gw_scaler_kind kind, double clip, const float *const *rows, size_t n_rows, size_t n_features,
                  struct gw_scaler *out) {
    float *value = NULL;
    int rc = GW_ERR_NOMEM;
    *out = (struct gw_scaler){.kind = kind, .n = n_features, .clip = kind == GW_SCALER_NONE ? INFINITY : clip};
    if (!(clip > 0)) FAIL(GW_ERR_CONFIG, "scaler: clip must be greater than 0 (default 10)");
    if (kind != GW_SCALER_NONE && n_rows == 0) FAIL(GW_ERR_CONFIG, "scaler: no training rows to fit on");
    out->center = mem_calloc(n_features ? n_features : 1, sizeof *out->center);
    out->inverse_scale = mem_calloc(n_features ? n_features : 1, sizeof *out->inverse_scale);
    value = mem_calloc(n_rows ? n_rows : 1, sizeof *value);
    if (!out->center || !out->inverse_scale || !value) goto cleanup;
    rc = GW_OK;
    for (size_t j = 0; j < n_features; j++) {
        if (kind == GW_SCALER_NONE) {
            out->inverse_scale[j] = 1;
            continue;
        }
        TRY_GOTO(gather_column(rows, n_rows, j, value), cleanup);
        fit_column(out, j, value, n_rows);
    }
cleanup:
    mem_free(value);
    if (rc < 0) gw_scaler_free(out);
    return rc;
}

/* ---- apply -------------------------------------------------------------------------------- */

void gw_scaler_apply(const struct gw_scaler *scaler, const float *in, size_t n_rows, float *out) {
    size_t n = scaler->n;
    double clip = scaler->clip;
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n; j++) {
            double y = (in[i * n + j] - scaler->center[j]) * scaler->inverse_scale[j];
            /* Both comparisons are false for NaN, which so stays NaN. */
            y = y > clip ? clip : y;
            out[i * n + j] = (float)(y < -clip ? -clip : y);
        }
}

void gw_scaler_free(struct gw_scaler *scaler) {
    mem_free(scaler->center);
    mem_free(scaler->inverse_scale);
    *scaler = (struct gw_scaler){0};
}
