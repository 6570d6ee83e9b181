/* What of a model's and a training's settings does not go together, named by the keys that are to blame. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/base.h"
#include "models/api/adapters.h"
#include "models/training/training.h"

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
                        gw_param_word(&gw_train_params, train, "lora_on"), net.encoder->name, net.attention->name);
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
