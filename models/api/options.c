/* Defaults, the names in the tables, and the check of a model's and a training's settings. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/base.h"
#include "models/training/training.h"

void gw_model_config_default(struct gw_model_config *config) {
    *config = (struct gw_model_config){
        .encoder = "lstm",
        .attention = "none",
        .lookback = 96,
        .hidden = 64,
        .layers = 1,
        .attention_units = 64,
        .heads = 4,
        .key_dim = 32,
        .dense_units = 64,
        .dropout = .3,
        .forget_init = "one",
    };
}

void gw_train_config_default(struct gw_train_config *config) {
    *config = (struct gw_train_config){
        .loss = "bce",
        .pos_weight = 1,
        .focal_gamma = 2,
        .focal_alpha = .25,
        .self_paced_start = .5,
        .self_paced_epochs = 10,
        .optimizer = "adam",
        .learning_rate = 1e-3,
        .weight_decay = .01,
        .momentum = .9,
        .schedule = "constant",
        .schedule_power = 2,
        .clip_norm = 1,
        .batch_size = 256,
        .block = 32,
        .accumulate = 1,
        .epochs = 50,
        .patience = 5,
        .monitor = "loss",
        .retrain = "fresh",
        .lora_on = "all",
        .lora_rank = 16,
        .lora_alpha = 16,
        .lora_dropout = .05,
        .calibration = "none",
        .precision = "float32",
    };
}

/* ---- names ------------------------------------------------------------------------------------------------ */

struct option {
    const char *name, *help;
};

static const struct R(encoder_ops) *const encoders[] = {
#define ENCODER(symbol) &R(symbol),
#include "models/encoder/encoder.def"
#undef ENCODER
};
static const struct R(attention_ops) *const attentions[] = {
#define ATTENTION(symbol) &R(symbol),
#include "models/attention/attention.def"
#undef ATTENTION
};
static const struct loss_ops *const losses[] = {
#define LOSS(symbol) &R(symbol),
#include "models/loss/loss.def"
#undef LOSS
};
static const struct R(optimizer_ops) *const optimizers[] = {
#define OPTIMIZER(symbol) &R(symbol),
#include "models/optimizer/optimizer.def"
#undef OPTIMIZER
};
static const struct schedule_ops *const schedules[] = {
#define SCHEDULE(symbol) &R(symbol),
#include "models/schedule/schedule.def"
#undef SCHEDULE
};
static const struct option retrains[] = {
    {"fresh", "new weights in every fold"},
    {"warm", "start from the previous fold's weights"},
    {"lora", "previous weights frozen, low-rank adapters trained and stored (Hu et al. 2021)"},
};
static const struct option lora_ons[] = {
    {"all", "recurrent and attention matrices"},
    {"recurrent", "U of every LSTM layer"},
    {"attention", "matrices of the attention, over time and over features"},
};
static const struct option precisions[] = {
    {"float32", "32-bit floats throughout"},
    {"bf16", "large products of training in bfloat16, sums, weights and scoring in 32 bits"},
};
static const struct option monitors[] = {
    {"loss", "lowest validation loss"},
    {"average_precision", "highest validation average precision, mean of both gates"},
};
static const struct option forget_inits[] = {
    {"one", "forget bias 1"},
    {"chrono", "forget bias log U(1, lookback - 1), for long memories (Tallec & Ollivier 2018)"},
};

#define TABLE_ROW(table, i) ((i) < COUNT_OF(table) ? (struct option){(table)[i]->name, (table)[i]->help} : none)
#define PLAIN_ROW(table, i) ((i) < COUNT_OF(table) ? (table)[i] : none)

static struct option option_at(const char *kind, size_t i) {
    static const struct option none = {NULL, NULL};
    if (strcmp(kind, "encoder") == 0) return TABLE_ROW(encoders, i);
    if (strcmp(kind, "attention") == 0) return TABLE_ROW(attentions, i);
    if (strcmp(kind, "loss") == 0) return TABLE_ROW(losses, i);
    if (strcmp(kind, "optimizer") == 0) return TABLE_ROW(optimizers, i);
    if (strcmp(kind, "schedule") == 0) return TABLE_ROW(schedules, i);
    if (strcmp(kind, "retrain") == 0) return PLAIN_ROW(retrains, i);
    if (strcmp(kind, "lora_on") == 0) return PLAIN_ROW(lora_ons, i);
    if (strcmp(kind, "precision") == 0) return PLAIN_ROW(precisions, i);
    if (strcmp(kind, "monitor") == 0) return PLAIN_ROW(monitors, i);
    if (strcmp(kind, "forget_init") == 0) return PLAIN_ROW(forget_inits, i);
    if (strcmp(kind, "calibration") == 0) return (struct option){calibration_name(i), calibration_help(i)};
    return none;
}

const char *gw_model_option_name(const char *kind, size_t i) { return option_at(kind, i).name; }
const char *gw_model_option_help(const char *kind, size_t i) { return option_at(kind, i).help; }

/* ---- check ------------------------------------------------------------------------------------------------- */

enum { OPTIONS_MAX = 32 };

static int check_name(const char *section, const char *kind, const char *name) {
    const char *names[OPTIONS_MAX];
    size_t n = 0;
    for (const char *option; n < OPTIONS_MAX && (option = gw_model_option_name(kind, n)); n++) {
        if (strcmp(option, name) == 0) return GW_OK;
        names[n] = option;
    }
    const char *nearest = nearest_word(name, names, n);
    if (nearest) FAIL(GW_ERR_CONFIG, "%s.%s: unknown \"%s\"; did you mean \"%s\"?", section, kind, name, nearest);
    char known[256] = "";
    for (size_t i = 0, used = 0; i < n && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", names[i]);
    FAIL(GW_ERR_CONFIG, "%s.%s: unknown \"%s\"; known: %s", section, kind, name, known);
}

static int check_size(const char *key, size_t value, size_t low, size_t high) {
    if (value >= low && value <= high) return GW_OK;
    FAIL(GW_ERR_CONFIG, "%s: %zu is outside %zu to %zu", key, value, low, high);
}

static int check_number(const char *key, double value, double low, double high) {
    if (value >= low && value <= high) return GW_OK; /* false for NaN */
    FAIL(GW_ERR_CONFIG, "%s: %g is outside %g to %g", key, value, low, high);
}

static int check_names(const struct gw_model_config *config, const struct gw_train_config *train) {
    TRY(check_name("model", "encoder", config->encoder));
    TRY(check_name("model", "attention", config->attention));
    TRY(check_name("model", "forget_init", config->forget_init));
    TRY(check_name("training", "loss", train->loss));
    TRY(check_name("training", "optimizer", train->optimizer));
    TRY(check_name("training", "schedule", train->schedule));
    TRY(check_name("training", "monitor", train->monitor));
    TRY(check_name("training", "retrain", train->retrain));
    TRY(check_name("training", "lora_on", train->lora_on));
    TRY(check_name("training", "calibration", train->calibration));
    return check_name("training", "precision", train->precision);
}

static int check_model(const struct gw_model_config *config) {
    TRY(check_size("model.lookback", config->lookback, 1, 4096));
    TRY(check_size("model.hidden", config->hidden, 1, 1024));
    TRY(check_size("model.layers", config->layers, 1, LAYERS_MAX));
    TRY(check_size("model.attention_units", config->attention_units, 1, 1024));
    TRY(check_size("model.heads", config->heads, 1, 64));
    TRY(check_size("model.key_dim", config->key_dim, 1, 512));
    TRY(check_size("model.dense_units", config->dense_units, 1, 4096));
    TRY(check_number("model.dropout", config->dropout, 0, .95));
    const struct R(attention_ops) *attention = R(attention_find)(config->attention);
    const struct R(encoder_ops) *encoder = R(encoder_find)(config->encoder);
    if (!encoder->sequence && strcmp(config->attention, "none") != 0)
        FAIL(GW_ERR_CONFIG, "model.attention: encoder \"%s\" has no states to attend to; use \"none\"",
             config->encoder);
    if (config->luong_combine && !attention->combines)
        FAIL(GW_ERR_CONFIG, "model.luong_combine: attention \"%s\" has nothing to combine", config->attention);
    if (config->causal_mask && strcmp(config->attention, "multihead") != 0)
        FAIL(GW_ERR_CONFIG, "model.causal_mask: only attention \"multihead\" looks both ways");
    if (attention->encoder && config->layers > 1)
        FAIL(GW_ERR_CONFIG, "model.layers: attention \"%s\" works on one layer", config->attention);
    return GW_OK;
}

static int check_training(const struct gw_train_config *train) {
    TRY(check_number("training.pos_weight", train->pos_weight, 1e-3, 1e4));
    TRY(check_number("training.focal_gamma", train->focal_gamma, 0, 10));
    TRY(check_number("training.focal_alpha", train->focal_alpha, 0, 1));
    TRY(check_number("training.bootstrap_beta", train->bootstrap_beta, 0, 1));
    TRY(check_number("training.self_paced_start", train->self_paced_start, .01, 1));
    TRY(check_number("training.self_paced_epochs", train->self_paced_epochs, 0, 1e6));
    TRY(check_number("training.learning_rate", train->learning_rate, 1e-9, 10));
    TRY(check_number("training.weight_decay", train->weight_decay, 0, 1));
    TRY(check_number("training.momentum", train->momentum, 0, .999));
    TRY(check_number("training.warmup_epochs", train->warmup_epochs, 0, (double)train->epochs));
    TRY(check_number("training.schedule_power", train->schedule_power, .01, 100));
    TRY(check_number("training.clip_norm", train->clip_norm, 0, 1e9));
    TRY(check_size("training.batch_size", train->batch_size, 1, 65536));
    TRY(check_size("training.block", train->block, 1, train->batch_size));
    TRY(check_size("training.accumulate", train->accumulate, 1, 4096));
    TRY(check_size("training.epochs", train->epochs, 1, 100000));
    TRY(check_size("training.patience", train->patience, 0, 100000));
    TRY(check_number("training.positive_fraction", train->positive_fraction, 0, 1));
    TRY(check_size("training.lora_rank", train->lora_rank, 1, 512));
    TRY(check_number("training.lora_alpha", train->lora_alpha, 1e-3, 1e4));
    return check_number("training.lora_dropout", train->lora_dropout, 0, .95);
}

/* Adapters need something to sit on; better said before the first fold than after it. */
static int check_adapters(const struct gw_model_config *config, const struct gw_train_config *train) {
    struct R(network) net;
    struct R(lora_plan) plan;
    if (strcmp(train->retrain, "lora") != 0) return GW_OK;
    TRY(R(network_init)(&net, config));
    R(lora_lay_out)(&net, train, &plan);
    if (plan.n > 0) return GW_OK;
    FAIL(GW_ERR_CONFIG,
         "training.lora_on: \"%s\" names no matrix of encoder \"%s\" with attention \"%s\"; name others or retrain "
         "\"warm\"",
         train->lora_on, net.encoder->name, config->attention);
}

static void advise(const struct gw_model_config *config, char warning[256]) {
    warning[0] = '\0';
    if (strcmp(config->attention, "multihead") != 0) return;
    if (config->key_dim < 16)
        snprintf(warning, 256, "model.key_dim: %zu dimensions a head are few; 16 or more tell bars apart better",
                 config->key_dim);
    else if (config->heads > 4 && config->heads * 16 > config->hidden)
        snprintf(warning, 256, "model.heads: %zu heads share %zu hidden units; raise model.hidden with them",
                 config->heads, config->hidden);
}

int gw_model_config_check(const struct gw_model_config *config, const struct gw_train_config *train,
                          char warning[256]) {
    TRY(check_names(config, train));
    TRY(check_model(config));
    TRY(check_training(train));
    TRY(check_adapters(config, train));
    if (warning) advise(config, warning);
    return GW_OK;
}

size_t gw_model_parameter_count(const struct gw_model_config *config) {
    struct R(network) net;
    return R(network_init)(&net, config) == GW_OK ? net.tensors.count : 0;
}

size_t gw_model_attention_maps(const struct gw_model_config *config) {
    struct R(network) net;
    return R(network_init)(&net, config) == GW_OK ? net.maps : 0;
}

bool gw_model_has_feature_attention(const struct gw_model_config *config) {
    const struct R(attention_ops) *attention = R(attention_find)(config->attention);
    return attention && attention->encoder != NULL;
}
