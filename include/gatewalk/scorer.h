/* A stored fit at work: from bars to probabilities, with the features and the scaler that it was trained on. */
#ifndef GATEWALK_SCORER_H
#define GATEWALK_SCORER_H

#include "feature.h"
#include "model.h"

GW_BEGIN_DECLS

/* What a run writes into a model's __metadata__ for this: canonical specs with a blank between, the scaler's clip ("inf":
 * none), the bars' interval ("15m"; left out when symbols differ). */
#define GW_META_FEATURES "gatewalk.features"
#define GW_META_CLIP     "gatewalk.scaler_clip"
#define GW_META_INTERVAL "gatewalk.interval"
/* What its fitted features have learnt (gw_feature_set_learnt numbers), a tensor beside those of the scaler. */
#define GW_TENSOR_LEARNT "features.learnt"
/* Thresholds of the traded K from the fold's validation slice, every symbol of the run in its order, a blank between:
 * "BTC:0.5123:0.4711" (long, short; "inf": none, because validation did not hold the symbol). */
#define GW_META_TAU "gatewalk.tau"

struct gw_scorer; /* const once open: any number of threads may score with one */

/* models/NAME.safetensors of a run. `previous`: the scorer of the fold before, for a fit that stores adapters only
 * (training.retrain "lora"); else NULL. It is not needed afterwards. Errors: GW_ERR_IO, GW_ERR_DATA for a damaged file and
 * for one that does not say its features (gw_model_save alone does not know them). */
int gw_scorer_open(const char *path, const struct gw_scorer *previous, struct gw_scorer **out) GW_MUST_USE;
void gw_scorer_close(struct gw_scorer *scorer); /* NULL is nothing to do */

const struct gw_gate_model *gw_scorer_model(const struct gw_scorer *scorer);
const struct gw_feature_set *gw_scorer_features(const struct gw_scorer *scorer);
/* What its fitted features have learnt, for gw_feature_set_apply and gw_feature_stream_learnt; NULL: none is fitted. */
const double *gw_scorer_learnt(const struct gw_scorer *scorer);
const struct gw_scaler *gw_scorer_scaler(const struct gw_scorer *scorer);
int64_t gw_scorer_interval_ns(const struct gw_scorer *scorer); /* of the bars it was trained on; 0: of several */

/* Probabilities at the closes of bars begin <= t < end, each from bars up to t alone: [(end - begin) × GW_N_GATES], NaN
 * where the features' warm-up and the window need bars before the first one. The same bits as in the run's scores.csv,
 * under the same kernels and with the history that the run had; of a streaming model if begin is the first bar of the run's
 * slice, because its state starts model.warm bars before begin. GW_ERR_CONFIG for bars of another interval or without a
 * column that a feature needs, GW_ERR_USAGE for a range beyond the bars and for a model that looks at another symbol's. */
int gw_scorer_score(const struct gw_scorer *scorer, const struct gw_bars *bars, size_t begin, size_t end,
                    float *probability) GW_MUST_USE;

/* Writes the fit as an ONNX file (opset 17): input "features", float32 [windows × lookback × features], raw values in the order
 * of gw_scorer_features and oldest bar first; outputs "p_long" and "p_short", float32 [windows]. Scaler, both heads and
 * calibration are in it. A gate with cross-attention has a second input, "second", float32 [windows × its lookback × features]:
 * the rows of the last bars that had closed in its second sequence, oldest first, NaN where there was none yet; the metadata
 * "gatewalk.second_interval" and "gatewalk.second_symbol" say whose. `meta`: more metadata_props beside GW_META_FEATURES and
 * GW_META_INTERVAL. GW_ERR_CONFIG for what has no such form, with the reason. */
int gw_scorer_export(const struct gw_scorer *scorer, const struct gw_meta_pair *meta, size_t n_meta,
                     const char *path) GW_MUST_USE;

GW_END_DECLS

#endif
