/* The reference study's order. */
#include "engine/base/base.h"
#include "study_private.h"

/* Loss, additive units, multiplicative forms, heads, dual stage; then controls that ask whether it is attention at all, and
 * whether it is the LSTM at all. */
const char study_reference_order[] =
    "{\"stages\": [{\"name\": \"loss\", \"carry\": true, \"variants\": [{\"name\": \"bce\", \"training\": {\"loss\": "
    "\"bce\"}},{\"name\": \"bce_weighted\", \"training\": {\"loss\": \"bce\", \"pos_weight\": 3}},{\"name\": "
    "\"focal\", \"training\": {\"loss\": \"focal\"}},{\"name\": \"bootstrap_soft\", \"training\": {\"loss\": "
    "\"bootstrap_soft\"}},{\"name\": \"bootstrap_hard\", \"training\": {\"loss\": \"bootstrap_hard\"}},{\"name\": "
    "\"self_paced_linear\", \"training\": {\"loss\": \"self_paced_linear\"}}]},{\"name\": \"bahdanau\", \"variants\": "
    "[{\"name\": \"bahdanau_32\", \"model\": {\"attention\": \"bahdanau\", \"attention_units\": 32}},{\"name\": "
    "\"bahdanau_64\", \"model\": {\"attention\": \"bahdanau\", \"attention_units\": 64}},{\"name\": \"bahdanau_128\", "
    "\"model\": {\"attention\": \"bahdanau\", \"attention_units\": 128}},{\"name\": \"bahdanau_64_combine\", "
    "\"model\": {\"attention\": \"bahdanau\", \"luong_combine\": true}}]},{\"name\": \"luong\", \"variants\": "
    "[{\"name\": \"luong_dot\", \"model\": {\"attention\": \"luong_dot\"}},{\"name\": \"luong_general\", \"model\": "
    "{\"attention\": \"luong_general\"}},{\"name\": \"luong_concat\", \"model\": {\"attention\": "
    "\"luong_concat\"}},{\"name\": \"luong_general_combine\", \"model\": {\"attention\": \"luong_general\", "
    "\"luong_combine\": true}}]},{\"name\": \"multihead\", \"variants\": [{\"name\": \"multihead_2x16\", \"model\": "
    "{\"attention\": \"multihead\", \"heads\": 2, \"key_dim\": 16}},{\"name\": \"multihead_2x32\", \"model\": "
    "{\"attention\": \"multihead\", \"heads\": 2, \"key_dim\": 32}},{\"name\": \"multihead_4x16\", \"model\": "
    "{\"attention\": \"multihead\", \"heads\": 4, \"key_dim\": 16}},{\"name\": \"multihead_4x32\", \"model\": "
    "{\"attention\": \"multihead\", \"heads\": 4, \"key_dim\": 32}},{\"name\": \"multihead_8x16_h128\", \"model\": "
    "{\"attention\": \"multihead\", \"heads\": 8, \"key_dim\": 16, \"hidden\": 128}}]},{\"name\": \"dual_stage\", "
    "\"variants\": [{\"name\": \"dual_stage\", \"model\": {\"attention\": \"dual_stage\"}}]},{\"name\": \"control\", "
    "\"variants\": [{\"name\": \"mean_pool\", \"model\": {\"attention\": \"mean_pool\"}},{\"name\": \"max_pool\", "
    "\"model\": {\"attention\": \"max_pool\"}},{\"name\": \"lstm_chrono\", \"model\": {\"forget_init\": "
    "\"chrono\"}},{\"name\": \"lstm_h128\", \"model\": {\"hidden\": 128}}]},{\"name\": \"lstm_at_all\", \"variants\": "
    "[{\"name\": \"gru\", \"model\": {\"encoder\": \"gru\"}},{\"name\": \"tcn\", \"model\": {\"encoder\": "
    "\"tcn\"}},{\"name\": \"causal_transformer\", \"model\": {\"encoder\": \"causal_transformer\"}},{\"name\": "
    "\"xgboost\", \"model\": {\"encoder\": \"xgboost\"}}]}]}";

/* Refused for its unroll alone: over windows it would do. */
static bool only_streaming_is_wrong(const struct strategy_spec *spec) {
    struct gw_model_report report;
    struct gw_model_config window = spec->model;
    if (spec->model.unroll != GW_UNROLL_STREAM || gw_model_config_check(&spec->model, &spec->train, &report) == GW_OK)
        return false;
    window.unroll = GW_UNROLL_WINDOW;
    return gw_model_config_check(&window, &spec->train, &report) == GW_OK;
}

bool study_goes_without(const struct study_stage *stage, const struct strategy_spec *spec) {
    struct gw_model_report report;
    int rc = gw_model_ready(&spec->model);
    if (rc == GW_OK && only_streaming_is_wrong(spec)) rc = gw_model_config_check(&spec->model, &spec->train, &report);
    if (rc != GW_OK) progress_message("stage %s goes without %s: %s", stage->name, spec->name, gw_error_message());
    return rc != GW_OK;
}
