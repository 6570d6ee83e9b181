/* Where two trained models are not the same bytes. */
#ifndef GATEWALK_MODELS_DIFFER_H
#define GATEWALK_MODELS_DIFFER_H

#include "gatewalk/model.h"

struct model_difference {
    char tensor[48]; /* "lstm0.W", "calibration.long" */
    size_t row, column;
    double value[2];
};
/* The first difference in the order of a stored model's tensors; false: there is none. */
bool model_differs(const struct gw_gate_model *a, const struct gw_gate_model *b, struct model_difference *out);

#endif
