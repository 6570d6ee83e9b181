/* From logits to probabilities that mean what they say, fitted on the validation slice only. */
#ifndef GATEWALK_MODELS_CALIBRATION_H
#define GATEWALK_MODELS_CALIBRATION_H

#include "gatewalk/model.h"

/* platt: p = sigmoid(slope z + intercept). isotonic: piecewise linear through (x, y) over sigmoid(z). */
struct calibration {
    enum gw_calibration_kind kind;
    double slope, intercept;
    size_t n;
    double *x, *y; /* [n] owned */
};

/* Labels may be missing; without both classes present the calibration stays the identity. */
int calibration_fit(enum gw_calibration_kind kind, const double *logit, const int8_t *label, size_t n,
                    struct calibration *out) GW_MUST_USE;
double calibration_apply(const struct calibration *calibration, double logit);
void calibration_free(struct calibration *calibration);
extern const struct gw_choices calibration_choices; /* by enum gw_calibration_kind */

#endif
