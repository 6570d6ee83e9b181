/* Are the probabilities probabilities? */
#include "metric_rows.h"

enum { CALIBRATION_BINS = 10 };
/* A probability of exactly 0 or 1 that is wrong would cost infinity; this floor caps one bar at 34.5 nats. */
static const double LOG_LOSS_FLOOR = 1e-15;

static int brier(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    double sum = 0;
    *value = NAN;
    if (sample->ranking_only) return GW_OK;
    for (size_t i = 0; i < sample->n; i++) {
        double error = (double)sample->score[i] - sample->label[i];
        sum += error * error;
    }
    *value = sample->n ? sum / (double)sample->n : (double)NAN;
    return GW_OK;
}

double gw_metric_log_loss(float probability, int8_t label) {
    double p = fmin(fmax((double)probability, LOG_LOSS_FLOOR), 1.0 - LOG_LOSS_FLOOR);
    return label ? -log(p) : -log1p(-p);
}

static int log_loss(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    double sum = 0;
    *value = NAN;
    if (sample->ranking_only) return GW_OK;
    for (size_t i = 0; i < sample->n; i++) {
        if (isnan(sample->score[i])) return GW_OK;
        sum += gw_metric_log_loss(sample->score[i], sample->label[i]);
    }
    *value = sample->n ? sum / (double)sample->n : (double)NAN;
    return GW_OK;
}

/* Expected calibration error over ten bins of equal count: mean |probability - hit rate|. */
static int calibration_error(const struct gw_gate_sample *sample, double k_percent, double *value) {
    (void)k_percent;
    struct gw_curve_point bin[CALIBRATION_BINS];
    size_t n_bins = 0;
    *value = NAN;
    if (sample->ranking_only) return GW_OK;
    int rc = gw_curve_reliability(sample, CALIBRATION_BINS, bin, &n_bins);
    if (rc < 0 || n_bins == 0) return only_memory(rc);
    double sum = 0;
    for (size_t b = 0; b < n_bins; b++) sum += bin[b].count * fabs(bin[b].x - bin[b].y);
    *value = sum / (double)sample->n;
    return GW_OK;
}

const struct gw_metric_desc metric_desc_brier = {
    .name = "brier", .help = "mean squared error of the probability", .unit = "", .compute = brier};
const struct gw_metric_desc metric_desc_log_loss = {
    .name = "log_loss", .help = "mean cross-entropy", .unit = "nats", .compute = log_loss};
const struct gw_metric_desc metric_desc_calibration_error = {
    .name = "calibration_error",
    .help = "mean distance of probability and hit rate over ten bins of equal count",
    .unit = "fraction",
    .compute = calibration_error};
