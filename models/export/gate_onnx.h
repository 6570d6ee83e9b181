/* A whole gate as an ONNX model. */
#ifndef GATEWALK_MODELS_GATE_ONNX_H
#define GATEWALK_MODELS_GATE_ONNX_H

#include "gatewalk/feature.h"
#include "onnx.h"

/* Everything but the metadata; `out` is the caller's to free, also after an error. `cross_column`: as in struct gw_cross, of a
 * gate with a second sequence; else NULL. GW_ERR_CONFIG: it has no such form, and why. */
int gate_onnx(const struct gw_gate_model *model, const struct gw_scaler *scaler, const uint32_t *cross_column,
              struct protobuf *out) GW_MUST_USE;

#endif
