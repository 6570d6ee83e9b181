/* What a pattern library may be set to, and what its training says of itself. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/base.h"
#include "patterns_model.h"

static const struct gw_choice contrasts[] = {
    [PATTERN_MEAN_COSINE] = {.name = "mean_cosine", .help = "mean cosine of different windows of a batch"},
    [PATTERN_NT_XENT] = {.name = "nt_xent",
                         .help = "two augmented views of every window against all others (SimCLR, Chen et al. 2020)"},
};
const struct gw_choices pattern_contrast_choices = {.row = contrasts, .n = COUNT_OF(contrasts)};

static const struct gw_choice rates[] = {
    [PATTERN_RATES_OWN] = {.name = "own", .help = "its category's, in the order of distances to the centre"},
    [PATTERN_RATES_NEAR] = {.name = "near", .help = "those of the eight nearest categories, the nearer the more"},
};
const struct gw_choices pattern_rates_choices = {.row = rates, .n = COUNT_OF(rates)};

static const struct gw_param shape_rows[] = {PATTERN_SHAPE_ROWS};
const struct gw_param_table transformer_params = GW_PARAM_TABLE(shape_rows);
static const struct gw_param rows[] = {PATTERN_ROWS};
const struct gw_param_table patterns_params = GW_PARAM_TABLE(rows);
_Static_assert(sizeof(struct patterns_params) <= GW_OWN_PARAMS_SIZE, "room for own parameters");

static void set(struct gw_train_config *training, const char *key, const char *value) {
    int rc = gw_train_config_set(training, key, value);
    (void)rc; /* words of the tables */
}

void patterns_config_default(struct patterns_config *config) {
    memset(config, 0, sizeof *config);
    gw_param_defaults(&patterns_params, &config->model);
    gw_train_config_default(&config->training);
    set(&config->training, "optimizer", "adamw");
    set(&config->training, "schedule", "cosine");
    config->training.learning_rate = 1e-4;
    config->training.warmup_epochs = 5;
    config->training.epochs = 2000;
    config->training.patience = 100;
}

/* ---- what a training says -------------------------------------------------------------------------------------- */

/* .1235 in place of 0.1235, as the study writes them; 1 and more keep their digits. */
static const char *short_number(double value, char out[24]) {
    snprintf(out, 24, "%.4f", value);
    char *zero = out + (out[0] == '-');
    if (zero[0] == '0') memmove(zero, zero + 1, strlen(zero));
    return out;
}

char *patterns_epoch_line(const struct patterns_epoch *e, size_t epochs, char out[PATTERN_LINE]) {
    char t[3][24], v[3][24];
    int used = snprintf(out, PATTERN_LINE, "epoch %04u/%04zu | lr %.2e | train %s (R %s C %s)", e->epoch, epochs,
                        e->learning_rate, short_number(e->train, t[0]), short_number(e->train_r, t[1]),
                        short_number(e->train_c, t[2]));
    if (!isnan(e->valid) && used > 0 && used < PATTERN_LINE)
        used += snprintf(out + used, (size_t)(PATTERN_LINE - used), " | valid %s (R %s C %s)",
                         short_number(e->valid, v[0]), short_number(e->valid_r, v[1]), short_number(e->valid_c, v[2]));
    if (e->best && used > 0 && used < PATTERN_LINE) snprintf(out + used, (size_t)(PATTERN_LINE - used), " | best");
    return out;
}

enum pattern_learnt pattern_learnt(double r) {
    return r <= .05 ? PATTERN_GOOD : r <= .2 ? PATTERN_FAIR : r < .5 ? PATTERN_POOR : PATTERN_NOT_LEARNT;
}

const char *pattern_learnt_word(enum pattern_learnt learnt) {
    static const char *const word[] = {"good", "fair", "poor", "not learnt"};
    return word[learnt];
}

char *patterns_advice(const struct patterns_config *config, const struct patterns_log *log, char out[PATTERN_ADVICE]) {
    out[0] = '\0';
    if (log->n == 0 || log->best == 0) return out;
    const struct patterns_epoch *e = &log->epoch[log->best - 1];
    const double r = isnan(e->valid_r) ? e->train_r : e->valid_r;
    if (pattern_learnt(r) == PATTERN_NOT_LEARNT)
        snprintf(out, PATTERN_ADVICE,
                 "the autoencoder has not learnt: R is %.3f (.05 is good, .5 and more is nothing); raise "
                 "training.learning_rate (now %g; 1e-4 to 1e-3 learns) or training.epochs",
                 r, config->training.learning_rate);
    else if (e->pull > 1 && (config->model.contrastive == PATTERN_MEAN_COSINE || pattern_learnt(r) > PATTERN_FAIR))
        snprintf(
            out, PATTERN_ADVICE,
            "the contrast dominates: it pulls at the patterns %.1f times as hard as the reconstruction does; lower "
            "model.contrastive_weight (now %g)",
            e->pull, config->model.contrastive_weight);
    return out;
}

void patterns_log_free(struct patterns_log *log) {
    mem_free(log->epoch);
    memset(log, 0, sizeof *log);
}
