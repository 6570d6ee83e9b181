/* What a model and a training may be set to: the two tables, their defaults, and what does not go together. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/base.h"
#include "models/api/adapters.h"
#include "models/boosting/xgboost_api.h"
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

/* ---- check ------------------------------------------------------------------------------------------------- */

static int clash(struct gw_model_report *report, const char *first, const char *second, const char *third) {
    report->key[0] = first;
    report->key[1] = second;
    report->key[2] = third;
    return GW_ERR_CONFIG;
}

/* An encoder's or attention's own check names the keys in its line, "model.pattern_width: … model.pattern_heads": those are the place. */
static int row_clash(struct gw_model_report *report, int rc, const char *last) {
    static _Thread_local char named[2][64];
    static const char *const section[] = {"model.", "training."};
    const char *at = gw_error_message();
    for (size_t n = 0; n < 2 && *at; at++)
        for (size_t s = 0; s < COUNT_OF(section) && n < 2; s++) {
            size_t length = strlen(section[s]);
            if (strncmp(at, section[s], length) != 0) continue;
            length += strspn(at + length, "abcdefghijklmnopqrstuvwxyz_0123456789");
            if (length >= sizeof named[n]) continue;
            snprintf(named[n], sizeof named[n], "%.*s", (int)length, at);
            report->key[n] = named[n];
            n++;
        }
    report->key[report->key[0] && report->key[1] ? 2 : report->key[0] ? 1 : 0] = last;
    return rc;
}

static int check_model(const struct gw_model_config *config, const struct gw_train_config *train,
                       struct gw_model_report *report) {
    const struct R(attention_ops) *attention = R(attention_at)((size_t)config->attention);
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    if (!encoder->sequence && attention->forward)
        return gw_error_set(clash(report, "model.attention", "model.encoder", NULL),
                            "model.attention: encoder \"%s\" has no states to attend to; use \"none\"", encoder->name);
    if (encoder->check) {
        int rc = encoder->check(config, train);
        if (rc < 0) return row_clash(report, rc, "model.encoder");
    }
    if (attention->check) {
        int rc = attention->check(config);
        if (rc < 0) return row_clash(report, rc, "model.attention");
    }
    if (attention->encoder && config->layers > 1)
        return gw_error_set(clash(report, "model.layers", "model.attention", NULL),
                            "model.layers: attention \"%s\" works on one layer", attention->name);
    return GW_OK;
}

/* What the last state may ask beside its own window. */
static int check_cross(const struct gw_model_config *config, struct gw_model_report *report) {
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    if (config->cross == GW_CROSS_NONE) return GW_OK;
    if (!encoder->sequence)
        return gw_error_set(clash(report, "model.cross", "model.encoder", NULL),
                            "model.cross: encoder \"%s\" leaves no states that could ask; use \"lstm\"", encoder->name);
    if (config->unroll == GW_UNROLL_STREAM)
        return gw_error_set(
            clash(report, "model.cross", "model.unroll", NULL),
            "model.cross: a state that is carried from bar to bar meets the second sequence's window only "
            "where it ends; use unroll \"window\"");
    return GW_OK;
}

/* Who can be asked by a decoder. */
static int check_decoder(const struct gw_model_config *config, struct gw_model_report *report) {
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    const struct R(attention_ops) *attention = R(attention_at)((size_t)config->attention);
    if (config->decoder == GW_DECODER_NONE) return GW_OK;
    if (!encoder->sequence)
        return gw_error_set(clash(report, "model.decoder", "model.encoder", NULL),
                            "model.decoder: encoder \"%s\" leaves no states that could be asked; use \"lstm\"",
                            encoder->name);
    if (!attention->asked)
        return gw_error_set(clash(report, "model.decoder", "model.attention", NULL),
                            "model.decoder: attention \"%s\" cannot be asked by a decoder; use \"bahdanau\", "
                            "\"luong_dot\", \"luong_general\" or \"luong_concat\"",
                            attention->name);
    if (config->unroll == GW_UNROLL_STREAM)
        return gw_error_set(clash(report, "model.decoder", "model.unroll", NULL),
                            "model.decoder: it asks the states of one window, step by step; use unroll \"window\"");
    if (config->cross != GW_CROSS_NONE)
        return gw_error_set(clash(report, "model.decoder", "model.cross", NULL),
                            "model.decoder: a second sequence is asked by the window's last state, and with a decoder "
                            "nothing else may be; use cross \"none\"");
    return GW_OK;
}

/* Every cycle takes as many epochs, and snapshots need all of them. */
static int check_cycles(const struct gw_model_config *config, const struct gw_train_config *train,
                        struct gw_model_report *report) {
    const struct cycle_params cycles = R(schedule_cycles)(train);
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    if (cycles.cycles > 1 && encoder->fits != FITS_NETWORK)
        return gw_error_set(clash(report, "training.cycles", "model.encoder", NULL),
                            "training.cycles: encoder \"%s\" is trained in one cycle; leave it out", encoder->name);
    if (train->epochs % cycles.cycles)
        return gw_error_set(clash(report, "training.cycles", "training.epochs", NULL),
                            "training.cycles: %zu cycles do not divide %zu epochs; set training.epochs to %zu",
                            cycles.cycles, train->epochs, (train->epochs / cycles.cycles + 1) * cycles.cycles);
    if (train->warmup_epochs > (double)(train->epochs / cycles.cycles))
        return gw_error_set(clash(report, "training.warmup_epochs", "training.cycles", NULL),
                            "training.warmup_epochs: %g is more than the %zu of the first cycle", train->warmup_epochs,
                            train->epochs / cycles.cycles);
    if (cycles.snapshots == SNAPSHOTS_NONE) return GW_OK;
    if (cycles.cycles < 2)
        return gw_error_set(clash(report, "training.snapshots", "training.cycles", NULL),
                            "training.snapshots: there is one snapshot a cycle, and one cycle; set training.cycles "
                            "to 2 or more");
    if (train->patience > 0)
        return gw_error_set(
            clash(report, "training.snapshots", "training.patience", NULL),
            "training.snapshots: every cycle has to come to its end; set training.patience to 0 (now %zu)",
            train->patience);
    if (train->retrain == GW_RETRAIN_LORA)
        return gw_error_set(clash(report, "training.snapshots", "training.retrain", NULL),
                            "training.snapshots: adapters are kept of one set of weights; use retrain \"fresh\" or "
                            "\"warm\"");
    return GW_OK;
}

/* Half precision needs gradients that a scale of the loss reaches. */
static int check_half(const struct gw_model_config *config, const struct gw_train_config *train,
                      struct gw_model_report *report) {
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    int exponent;
    if (train->precision != GW_PRECISION_FP16) return GW_OK;
    if (encoder->fits != FITS_NETWORK)
        return gw_error_set(clash(report, "training.precision", "model.encoder", NULL),
                            "training.precision: encoder \"%s\" has no loss scale; use \"float32\"%s", encoder->name,
                            encoder->fits == FITS_PATTERNS ? " or \"bf16\"" : "");
    if (frexp(loss_scale_own(train)->loss_scale, &exponent) != .5)
        return gw_error_set(clash(report, "training.loss_scale", NULL, NULL),
                            "training.loss_scale: %g is no power of two, and others would round the gradient",
                            loss_scale_own(train)->loss_scale);
    return GW_OK;
}

static int check_training(const struct gw_train_config *train, struct gw_model_report *report) {
    if (train->warmup_epochs > (double)train->epochs)
        return gw_error_set(clash(report, "training.warmup_epochs", "training.epochs", NULL),
                            "training.warmup_epochs: %g is more than training.epochs (%zu)", train->warmup_epochs,
                            train->epochs);
    if (train->block > train->batch_size)
        return gw_error_set(clash(report, "training.block", "training.batch_size", NULL),
                            "training.block: %zu is more than training.batch_size (%zu)", train->block,
                            train->batch_size);
    return GW_OK;
}

/* What goes with a carried state and what does not. */
static int check_stream(const struct gw_model_config *config, const struct gw_train_config *train,
                        struct gw_model_report *report) {
    const struct R(attention_ops) *attention = R(attention_at)((size_t)config->attention);
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    if (config->unroll != GW_UNROLL_STREAM) return GW_OK;
    if (encoder->windowed_only)
        return gw_error_set(clash(report, "model.unroll", "model.encoder", NULL),
                            "model.unroll: encoder \"%s\" cannot stream: %s; use \"window\"", encoder->name,
                            encoder->windowed_only);
    if (attention->windowed_only)
        return gw_error_set(clash(report, "model.unroll", "model.attention", NULL),
                            "model.unroll: attention \"%s\" cannot stream: %s; use \"window\"", attention->name,
                            attention->windowed_only);
    if (train->positive_fraction > 0)
        return gw_error_set(clash(report, "training.positive_fraction", "model.unroll", NULL),
                            "training.positive_fraction: draws windows by their label, but a stream visits whole "
                            "segments and most of them hold positives; use training.pos_weight");
    return GW_OK;
}

/* Every word of training.lora_targets names a matrix that takes adapters. */
static int check_targets(const struct R(network) *net, const char *targets, struct gw_model_report *report) {
    char known[200] = "";
    for (size_t length; *targets; targets += length + (targets[length] == ',')) {
        size_t used = 0, i = 0;
        length = strcspn(targets, ",");
        while (i < net->tensors.n &&
               !(net->tensors.item[i].adapt && R(lora_is_named)(&net->tensors.item[i], targets, length)))
            i++;
        if (i < net->tensors.n) continue;
        for (i = 0; i < net->tensors.n && used < sizeof known; i++)
            if (net->tensors.item[i].adapt)
                used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "",
                                         net->tensors.item[i].name);
        return gw_error_set(clash(report, "training.lora_targets", "training.retrain", "model.attention"),
                            "training.lora_targets: \"%.*s\" names no matrix of encoder \"%s\" with attention \"%s\"; "
                            "adapters may sit on %s",
                            (int)length, targets, net->encoder->name, net->attention->name, *known ? known : "none");
    }
    return GW_OK;
}

/* Adapters need something to sit on; better said before the first fold than after it. */
static int check_adapters(const struct gw_model_config *config, const struct gw_train_config *train,
                          struct gw_model_report *report) {
    struct R(network) net;
    struct R(lora_plan) plan;
    if (train->retrain != GW_RETRAIN_LORA) return GW_OK;
    TRY(R(network_init)(&net, config));
    TRY(check_targets(&net, lora_own(train)->lora_targets, report));
    R(lora_lay_out)(&net, train, &plan);
    if (plan.n > 0) return GW_OK;
    return gw_error_set(clash(report, "training.lora_on", "training.retrain", "model.encoder"),
                        "training.lora_on: \"%s\" names no matrix of encoder \"%s\" with attention \"%s\"; name others "
                        "or retrain \"warm\"",
                        lora_ons[lora_own(train)->lora_on].name, net.encoder->name, net.attention->name);
}

int gw_model_config_check(const struct gw_model_config *config, const struct gw_train_config *train,
                          struct gw_model_report *report) {
    struct gw_model_report unread;
    if (!report) report = &unread;
    *report = (struct gw_model_report){.key = {NULL}};
    TRY(gw_param_check(&gw_model_params, "model", config));
    TRY(gw_param_check(&gw_train_params, "training", train));
    TRY(check_model(config, train, report));
    TRY(check_cross(config, report));
    TRY(check_decoder(config, report));
    TRY(check_training(train, report));
    TRY(check_cycles(config, train, report));
    TRY(check_half(config, train, report));
    TRY(check_stream(config, train, report));
    TRY(check_adapters(config, train, report));
    const struct R(attention_ops) *attention = R(attention_at)((size_t)config->attention);
    if (attention->advise) attention->advise(config, report->advice);
    return GW_OK;
}

size_t gw_train_cycles(const struct gw_train_config *config) { return R(schedule_cycles)(config).cycles; }

size_t gw_train_snapshots(const struct gw_train_config *config) {
    const struct cycle_params cycles = R(schedule_cycles)(config);
    return cycles.snapshots == SNAPSHOTS_NONE ? 0 : cycles.cycles;
}

/* ---- what follows from the settings ------------------------------------------------------------------------- */

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
