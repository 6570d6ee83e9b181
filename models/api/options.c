/* What a model and a training may be set to: the two tables and their defaults. */
#include <string.h>

#include "engine/base/base.h"
#include "models/api/adapters.h"
#include "models/training/training.h"

/* ---- what can be chosen ------------------------------------------------------------------------------------ */

/* The tables of models/, as settings see them. */
#define ROWS(kind, row_at)                                                                                             \
    static struct gw_choice kind##_choice(size_t i) {                                                                  \
        return row_at(i) ? (struct gw_choice){row_at(i)->name, row_at(i)->help, row_at(i)->own}                        \
                         : (struct gw_choice){.name = NULL};                                                           \
    }                                                                                                                  \
    static const struct gw_choices kind##_choices = {.at = kind##_choice};
ROWS(encoder, R(encoder_at))
ROWS(attention, R(attention_at))
ROWS(loss, R(loss_at))
ROWS(optimizer, R(optimizer_at))
ROWS(schedule, R(schedule_at))
#undef ROWS

#define PLAIN_CHOICES(kind, rows) static const struct gw_choices kind##_choices = {.row = rows, .n = COUNT_OF(rows)}
static const struct gw_choice lora_ons[] = {
    [LORA_ON_ALL] = {.name = "all", .help = "recurrent and attention matrices"},
    [LORA_ON_RECURRENT] = {.name = "recurrent", .help = "U of every LSTM or GRU layer"},
    [LORA_ON_ATTENTION] = {.name = "attention", .help = "matrices of the attention, over time and over features"},
};
PLAIN_CHOICES(lora_on, lora_ons);
static const struct gw_choice lora_bases[] = {
    [LORA_BASE_FLOAT32] = {.name = "float32", .help = "as they are"},
    [LORA_BASE_INT8] = {.name = "int8", .help = "8 bits, blocks of 64 by their largest magnitude"},
    [LORA_BASE_INT4] = {.name = "int4", .help = "4-bit NormalFloat, blocks of 64 (QLoRA, Dettmers et al. 2023)"},
};
PLAIN_CHOICES(lora_base, lora_bases);
static const struct gw_param lora_rows[] = {
    GW_CHOICE_PARAM(struct lora_params, lora_on, &lora_on_choices, 0, "matrices that get adapters"),
    GW_SIZE_PARAM(struct lora_params, lora_rank, "", 16, 1, 512, "rank of the adapters"),
    GW_NUMBER_PARAM(struct lora_params, lora_alpha, "", 16, 1e-3, 1e4, "scale of the adapters"),
    GW_NUMBER_PARAM(struct lora_params, lora_dropout, "fraction", .05, 0, .95, "dropout of the adapters' input"),
    GW_CHOICE_PARAM(struct lora_params, lora_base, &lora_base_choices, 0,
                    "how the frozen matrices beneath adapters are kept"),
    GW_TEXT_PARAM(
        struct lora_params, lora_targets, GW_PARAM_TEXT,
        "names of the matrices that get adapters, commas between: \"query,key,value\", \"W1,W2\", \"U\"; given, "
        "lora_on does not count"),
};
static const struct gw_choice retrains[] = {
    [GW_RETRAIN_FRESH] = {.name = "fresh", .help = "new weights in every fold"},
    [GW_RETRAIN_WARM] = {.name = "warm", .help = "start from the previous fold's weights"},
    [GW_RETRAIN_LORA] = {.name = "lora",
                         .help = "previous weights frozen, low-rank adapters trained and stored (Hu et al. 2021)",
                         .own = GW_PARAM_TABLE(lora_rows)},
};
PLAIN_CHOICES(retrain, retrains);
static const struct gw_param half_rows[] = {
    GW_NUMBER_PARAM(struct loss_scale_params, loss_scale, "", 65536, 1, LOSS_SCALE_MOST,
                    "what fp16 multiplies the loss by at first, a power of two: halved when a gradient overflows"),
    GW_SIZE_PARAM(struct loss_scale_params, loss_scale_updates, "updates", 2000, 1, 1e9,
                  "without an overflow, after which the loss scale is doubled"),
};
static const struct gw_choice precisions[] = {
    [GW_PRECISION_FLOAT32] = {.name = "float32", .help = "32-bit floats throughout"},
    [GW_PRECISION_BF16] = {.name = "bf16",
                           .help = "large products of training in bfloat16, sums, weights and scoring in 32 bits"},
    [GW_PRECISION_FP16] = {.name = "fp16",
                           .help =
                               "the same in half precision, under a loss scale that adapts (Micikevicius et al. 2018)",
                           .own = GW_PARAM_TABLE(half_rows)},
};
PLAIN_CHOICES(precision, precisions);
static const struct gw_choice monitors[] = {
    [GW_MONITOR_LOSS] = {.name = "loss", .help = "lowest validation loss"},
    [GW_MONITOR_AVERAGE_PRECISION] = {.name = "average_precision",
                                      .help = "highest validation average precision, mean of both gates"},
};
PLAIN_CHOICES(monitor, monitors);

static const struct gw_param stream_rows[] = {
    GW_SIZE_PARAM(struct stream_params, warm, "bars", 0, 0, 1e7,
                  "before a scored slice, from which the state is carried; 0 = 4 x lookback"),
};
static const struct gw_choice unrolls[] = {
    [GW_UNROLL_WINDOW] = {.name = "window", .help = "every bar has a window of its own, from a zero state"},
    [GW_UNROLL_STREAM] = {.name = "stream",
                          .help = "the state is carried from bar to bar; attention sees the last lookback states",
                          .own = GW_PARAM_TABLE(stream_rows)},
};
PLAIN_CHOICES(unroll, unrolls);

#define CROSS_ROWS                                                                                                     \
    GW_SIZE_PARAM(struct cross_params, cross_lookback, "bars", 48, 1, 4096, "closed bars of the second sequence"),     \
        GW_SIZE_PARAM(struct cross_params, cross_hidden, "units", 0, 0, 1024,                                          \
                      "LSTM units of the second sequence; 0 = hidden"),                                                \
        GW_SIZE_PARAM(struct cross_params, cross_units, "units", 64, 1, 1024, "units of the additive scores")
#define CROSS_INTERVAL_ROW                                                                                             \
    {                                                                                                                  \
        .name = "cross_interval", .type = GW_PARAM_DURATION, .offset = offsetof(struct cross_params, cross_interval),  \
        .unit = "", .help = "of the second sequence: a multiple of the bars', the @interval of some features"          \
    }
static const struct gw_param cross_interval_rows[] = {CROSS_INTERVAL_ROW, CROSS_ROWS};
static const struct gw_param cross_symbol_rows[] = {
    GW_TEXT_PARAM(struct cross_params, cross_symbol, GW_PARAM_TEXT, "whose bars the second sequence is"),
    CROSS_INTERVAL_ROW,
    CROSS_ROWS,
};
static const struct gw_choice crosses[] = {
    [GW_CROSS_NONE] = {.name = "none", .help = "no second sequence"},
    [GW_CROSS_INTERVAL] = {.name = "interval",
                           .help = "closed bars of a longer interval: what the features @interval say of them",
                           .own = GW_PARAM_TABLE(cross_interval_rows)},
    [GW_CROSS_SYMBOL] = {.name = "symbol",
                         .help = "closed bars of another symbol, or of a longer interval of it",
                         .own = GW_PARAM_TABLE(cross_symbol_rows)},
};
PLAIN_CHOICES(cross, crosses);

static const struct gw_choice decoder_teachers[] = {
    [TEACHER_SCHEDULED] = {.name = "scheduled", .help = "a share of steps that decays is told (Bengio et al. 2015)"},
    [TEACHER_FULL] = {.name = "full",
                      .help = "every step but the first is told what had come (Williams & Zipser 1989)"},
    [TEACHER_NONE] = {.name = "none", .help = "no step is told: every one goes on from what was said"},
};
PLAIN_CHOICES(decoder_teacher, decoder_teachers);
static const struct gw_choice decoder_decays[] = {
    [DECAY_LINEAR] = {.name = "linear", .help = "to nothing after decoder_decay_epochs"},
    [DECAY_EXPONENTIAL] = {.name = "exponential", .help = "to 5 % after decoder_decay_epochs"},
    [DECAY_INVERSE_SIGMOID] = {.name = "inverse_sigmoid", .help = "slow, quick, slow: half is told half-way"},
};
PLAIN_CHOICES(decoder_decay, decoder_decays);
static const struct gw_param decoder_rows[] = {
    GW_SIZE_PARAM(struct decoder_params, decoder_steps, "steps", 6, 1, GW_PATH_STEPS_MAX,
                  "coarse steps over labels.horizon (M), at most so many bars"),
    GW_CHOICE_PARAM(struct decoder_params, decoder_teacher, &decoder_teacher_choices, 0,
                    "what steps of the walk that is taught are told; the gate and all scores come from the free one"),
    GW_CHOICE_PARAM(struct decoder_params, decoder_decay, &decoder_decay_choices, 0,
                    "decoder_teacher scheduled: how the share of told steps falls"),
    GW_NUMBER_PARAM(struct decoder_params, decoder_decay_epochs, "epochs", 10, 1, 100000,
                    "decoder_teacher scheduled: span of that fall"),
    GW_NUMBER_PARAM(struct decoder_params, decoder_weight, "", .1, 0, 1000,
                    "lambda of the paths' loss beside the gates'; 0 = the gates alone teach the decoder"),
};
static const struct gw_choice decoders[] = {
    [GW_DECODER_NONE] = {.name = "none", .help = "the last state asks, once"},
    [GW_DECODER_PATH] = {.name = "path",
                         .help =
                             "an LSTM over coarse steps of the horizon asks at each, and forecasts best and worst move",
                         .own = GW_PARAM_TABLE(decoder_rows)},
};
PLAIN_CHOICES(decoder, decoders);

/* ---- the tables --------------------------------------------------------------------------------------------- */

#define MODEL(kind, field, ...) GW_##kind##_PARAM(struct gw_model_config, field, __VA_ARGS__)
static const struct gw_param model_rows[] = {
    MODEL(CHOICE, encoder, &encoder_choices, offsetof(struct gw_model_config, encoder_own),
          "what turns a window into a state"),
    MODEL(CHOICE, attention, &attention_choices, offsetof(struct gw_model_config, attention_own),
          "how the context vector is formed"),
    MODEL(SIZE, lookback, "bars", 96, 1, 4096, "steps per window (T)"),
    MODEL(SIZE, hidden, "units", 64, 1, 1024, "LSTM units (H)"),
    MODEL(SIZE, layers, "layers", 1, 1, LAYERS_MAX, "stacked LSTM or GRU layers"),
    MODEL(SIZE, dense_units, "units", 64, 1, 4096, "units of the dense layer"),
    MODEL(NUMBER, dropout, "fraction", .3, 0, .95, "dropped share of the context while training"),
    MODEL(CHOICE, unroll, &unroll_choices, offsetof(struct gw_model_config, unroll_own),
          "a window for every bar, or a state carried on"),
    MODEL(CHOICE, cross, &cross_choices, offsetof(struct gw_model_config, cross_own),
          "a second sequence that the last state attends to"),
    MODEL(CHOICE, decoder, &decoder_choices, offsetof(struct gw_model_config, decoder_own),
          "who asks the window's states: bahdanau or luong_dot, _general, _concat"),
};
const struct gw_param_table gw_model_params = GW_PARAM_TABLE(model_rows);

#define TRAIN(kind, field, ...) GW_##kind##_PARAM(struct gw_train_config, field, __VA_ARGS__)
static const struct gw_param train_rows[] = {
    TRAIN(CHOICE, loss, &loss_choices, offsetof(struct gw_train_config, loss_own), "what is minimised"),
    TRAIN(CHOICE, optimizer, &optimizer_choices, offsetof(struct gw_train_config, optimizer_own), "update rule"),
    TRAIN(NUMBER, learning_rate, "", 1e-3, 1e-9, 10, "peak learning rate"),
    TRAIN(CHOICE, schedule, &schedule_choices, offsetof(struct gw_train_config, schedule_own),
          "learning rate over the epochs"),
    TRAIN(NUMBER, warmup_epochs, "epochs", 0, 0, 100000, "linear warm-up before the schedule; at most epochs"),
    TRAIN(NUMBER, clip_norm, "", 1, 0, 1e6, "clip of the gradient's global norm; 0 = off"),
    TRAIN(SIZE, batch_size, "windows", 256, 1, 65536, "windows per gradient"),
    TRAIN(SIZE, block, "windows", 32, 1, 4096,
          "contiguous windows that share their input, at most batch_size; 1 = full shuffle"),
    TRAIN(SIZE, accumulate, "batches", 1, 1, 4096, "gradients per update"),
    TRAIN(SIZE, epochs, "epochs", 50, 1, 100000, "passes over the training slice at most"),
    TRAIN(SIZE, patience, "epochs", 5, 0, 100000, "epochs without improvement before stopping; 0 = never"),
    TRAIN(CHOICE, monitor, &monitor_choices, 0, "what decides the best epoch, on validation"),
    TRAIN(NUMBER, positive_fraction, "fraction", 0, 0, .95, "class-balanced sampling; 0 = off"),
    TRAIN(SIZE, segment, "bars", 0, 0, 65536, "unroll stream: scored bars of a segment (L); 0 = 2 x lookback"),
    TRAIN(SIZE, segment_warmup, "bars", 0, 0, 65536, "unroll stream: bars before them without loss (W); 0 = lookback"),
    TRAIN(SIZE, segments, "segments", 0, 0, 4096, "unroll stream: side by side per gradient; 0 = batch_size / 32"),
    TRAIN(CHOICE, retrain, &retrain_choices, offsetof(struct gw_train_config, retrain_own), "how a fold starts"),
    TRAIN(CHOICE, calibration, &calibration_choices, 0, "of the probabilities, fitted on validation"),
    TRAIN(CHOICE, precision, &precision_choices, offsetof(struct gw_train_config, precision_own),
          "arithmetic of the large products"),
};
const struct gw_param_table gw_train_params = GW_PARAM_TABLE(train_rows);

void gw_model_config_default(struct gw_model_config *config) {
    memset(config, 0, sizeof *config);
    gw_param_defaults(&gw_model_params, config);
}

void gw_train_config_default(struct gw_train_config *config) {
    memset(config, 0, sizeof *config);
    gw_param_defaults(&gw_train_params, config);
}

int gw_model_config_set(struct gw_model_config *config, const char *key, const char *value) {
    int rc = gw_param_set(&gw_model_params, config, key, value);
    return rc < 0 ? gw_error_prefix(rc, "model") : GW_OK;
}

int gw_train_config_set(struct gw_train_config *config, const char *key, const char *value) {
    int rc = gw_param_set(&gw_train_params, config, key, value);
    return rc < 0 ? gw_error_prefix(rc, "training") : GW_OK;
}

static struct gw_choice option_at(const char *kind, size_t i) {
    struct gw_param_key key;
    bool found = gw_param_find(&gw_model_params, kind, &key) || gw_param_find(&gw_train_params, kind, &key);
    return found && key.param->choices ? gw_choice_at(key.param->choices, i) : (struct gw_choice){.name = NULL};
}

const char *gw_model_option_name(const char *kind, size_t i) { return option_at(kind, i).name; }
const char *gw_model_option_help(const char *kind, size_t i) { return option_at(kind, i).help; }
