/* What follows from the settings before anything is trained: kind, inputs, reach, sizes. */
#include "engine/base/base.h"
#include "models/api/adapters.h"
#include "models/boosting/xgboost_api.h"
#include "models/training/training.h"

bool gw_model_is_recurrent(const struct gw_model_config *config) {
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    return encoder && encoder->sequence;
}

bool gw_model_takes_windows(const struct gw_model_config *config) {
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    return encoder && (encoder->sequence || encoder->window);
}

bool gw_model_is_baseline(const struct gw_model_config *config) {
    const struct R(attention_ops) *attention = R(attention_at)((size_t)config->attention);
    return gw_model_is_recurrent(config) && attention && !attention->forward && config->cross == GW_CROSS_NONE;
}

size_t gw_model_inputs(const struct gw_model_config *config) {
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    return encoder && encoder->reach ? encoder->n_channels : config->n_features;
}

const char *gw_model_input_name(const struct gw_model_config *config, size_t i) {
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    return encoder && encoder->reach && i < encoder->n_channels ? encoder->channels[i] : NULL;
}

size_t gw_model_reach(const struct gw_model_config *config) {
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    return encoder && encoder->reach ? encoder->reach(config) : config->lookback;
}

static bool grows_trees(const struct gw_model_config *config) {
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    return encoder && encoder->fits == FITS_TREES;
}

int gw_model_ready(const struct gw_model_config *config) {
    const struct xgboost_api *api;
    return grows_trees(config) ? xgboost_api_load(&api) : GW_OK;
}

const char *gw_model_library(const struct gw_model_config *config) {
    const struct xgboost_api *api;
    return grows_trees(config) && xgboost_api_load(&api) == GW_OK ? api->version : "";
}

bool gw_model_resumes(const struct gw_model_config *model, const struct gw_train_config *train) {
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)model->encoder);
    return encoder && encoder->fits == FITS_NETWORK && gw_train_snapshots(train) == 0;
}

size_t gw_model_parameter_count(const struct gw_model_config *config) {
    struct R(network) net;
    return R(network_init)(&net, config) == GW_OK ? net.tensors.count : 0;
}

size_t adapters_base_bytes(const struct gw_model_config *config, const struct gw_train_config *train) {
    struct R(network) net;
    struct R(lora_plan) plan;
    if (train->retrain != GW_RETRAIN_LORA || R(network_init)(&net, config) < 0) return 0;
    R(lora_lay_out)(&net, train, &plan);
    return R(lora_base_bytes)(&plan, &net.tensors);
}

size_t gw_model_attention_maps(const struct gw_model_config *config) {
    struct R(network) net;
    return R(network_init)(&net, config) == GW_OK ? net.maps : 0;
}

bool gw_model_has_feature_attention(const struct gw_model_config *config) {
    const struct R(attention_ops) *attention = R(attention_at)((size_t)config->attention);
    return attention && attention->encoder != NULL;
}

size_t gw_model_path_steps(const struct gw_model_config *config) {
    return R(decoder_wanted)(config) ? decoder_own(config)->decoder_steps : 0;
}

size_t gw_model_cross_lookback(const struct gw_model_config *config) {
    return R(cross_wanted)(config) ? cross_own(config)->cross_lookback : 0;
}

int64_t gw_model_cross_interval(const struct gw_model_config *config) {
    return R(cross_wanted)(config) ? cross_own(config)->cross_interval : 0;
}

size_t gw_model_cross_reach(const struct gw_model_config *config, int64_t interval_ns) {
    const int64_t own_ns = gw_model_cross_interval(config);
    if (!R(cross_wanted)(config)) return 0;
    /* One more, by which the first of them is seen to close. */
    return gw_model_cross_lookback(config) * (own_ns > interval_ns ? (size_t)(own_ns / interval_ns) : 1) + 1;
}

bool gw_model_attends(const struct gw_model_config *config) {
    return gw_model_attention_maps(config) > 0 || gw_model_cross_lookback(config) > 0;
}

size_t gw_model_attention_width(const struct gw_model_config *config) {
    return gw_model_attention_maps(config) * config->lookback + gw_model_cross_lookback(config);
}
