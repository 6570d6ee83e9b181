/* A fit as bytes: what it leaves behind in memory, then its model file. */
#include <stdio.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/results/run_key.h"
#include "gatewalk/version.h"
#include "wire.h"

void cluster_key(const struct experiment *e, const struct prepared *p, char key[CLUSTER_KEY_SIZE]) {
    char config[RUN_KEY_SIZE];
    config_key(e, p, config);
    snprintf(key, CLUSTER_KEY_SIZE, "%s %.64s %s %s", config, gw_source_hash(), gw_kernels_selected(),
             gw_kernels_selected_bf16());
}

/* Sizes that follow from the plan and need no telling. */
struct shape {
    size_t validation, test, symbols, features, inputs, lookback, cross, path;
};
static struct shape shape_of(const struct experiment *e, const struct prepared *p, const struct fit *fit) {
    const struct gw_model_config *model = &e->strategy[fit->strategy].model;
    return (struct shape){.validation = fit_count_samples(p, fit, GW_SLICE_VALIDATION),
                          .test = fit_count_samples(p, fit, GW_SLICE_TEST),
                          .symbols = fit_count_symbols(p, fit),
                          .features = model->n_features,
                          .inputs = gw_model_inputs(model),
                          .lookback = model->lookback,
                          .cross = gw_model_cross_lookback(model),
                          .path = gw_model_path_steps(model) * GW_PATH_SIDES};
}

static void put_attention(struct wire *w, const struct fit *fit, size_t width, size_t inputs) {
    for (int g = 0; g < GW_N_GATES; g++) {
        const struct attention_sums *sums = &fit->attention[g];
        wire_put_block(w, sums->top, width * sizeof *sums->top);
        wire_put_block(w, sums->rest, width * sizeof *sums->rest);
        wire_put_size(w, sums->n_top);
        wire_put_size(w, sums->n_rest);
    }
    wire_put_size(w, fit->n_rows);
    for (size_t i = 0; i < fit->n_rows; i++) {
        wire_put_size(w, fit->row[i].test_row);
        wire_put(w, &fit->row[i].gate, sizeof fit->row[i].gate);
        wire_put_block(w, fit->row[i].weight, width * sizeof(float));
        wire_put_block(w, fit->row[i].gradient, inputs * sizeof(float));
        wire_put(w, &fit->row[i].integrated, sizeof fit->row[i].integrated);
    }
}

static void get_attention(struct wire *w, struct fit *fit, size_t width, size_t inputs, size_t n_test) {
    for (int g = 0; g < GW_N_GATES; g++) {
        struct attention_sums *sums = &fit->attention[g];
        sums->top = wire_get_block(w, width * sizeof *sums->top, NULL);
        sums->rest = wire_get_block(w, width * sizeof *sums->rest, NULL);
        sums->n_top = wire_get_size(w);
        sums->n_rest = wire_get_size(w);
    }
    size_t n = wire_get_size(w);
    if (w->failed || n > GW_N_GATES * n_test) {
        w->failed = true;
        return;
    }
    fit->row = n ? mem_calloc(n, sizeof *fit->row) : NULL;
    w->failed |= n && !fit->row;
    for (size_t i = 0; i < n && !w->failed; i++) {
        struct attention_row *row = &fit->row[fit->n_rows++];
        row->test_row = wire_get_size(w);
        wire_get(w, &row->gate, sizeof row->gate);
        row->weight = wire_get_block(w, width * sizeof(float), NULL);
        row->gradient = wire_get_block(w, inputs * sizeof(float), NULL);
        wire_get(w, &row->integrated, sizeof row->integrated);
    }
}

static void put_log(struct wire *w, const struct gw_training_log *log) {
    wire_put_block(w, log->epoch, log->n_epochs * sizeof *log->epoch);
    wire_put_size(w, log->n_epochs);
    wire_put_size(w, log->best_epoch);
    wire_put(w, &log->windows, sizeof log->windows);
    wire_put(w, &log->seconds, sizeof log->seconds);
    wire_put(w, &log->processor_seconds, sizeof log->processor_seconds);
}

static void get_log(struct wire *w, struct gw_training_log *log) {
    size_t bytes;
    log->epoch = wire_get_block(w, SIZE_MAX, &bytes);
    log->n_epochs = wire_get_size(w);
    log->best_epoch = wire_get_size(w);
    wire_get(w, &log->windows, sizeof log->windows);
    wire_get(w, &log->seconds, sizeof log->seconds);
    wire_get(w, &log->processor_seconds, sizeof log->processor_seconds);
    if (bytes != log->n_epochs * sizeof *log->epoch) {
        log->n_epochs = 0;
        w->failed = true;
    }
}

void wire_put_fit(struct wire *w, const struct experiment *e, const struct prepared *p, const struct fit *fit) {
    struct shape shape = shape_of(e, p, fit);
    wire_put(w, fit->key, sizeof fit->key);
    wire_put(w, &fit->reused, sizeof fit->reused);
    wire_put(w, fit->advice, sizeof fit->advice);
    wire_put_block(w, fit->validation, shape.validation * GW_N_GATES * sizeof *fit->validation);
    wire_put_block(w, fit->probability, shape.test * GW_N_GATES * sizeof *fit->probability);
    wire_put_block(w, fit->tau, shape.symbols * sizeof *fit->tau);
    put_log(w, &fit->log);
    wire_put_size(w, fit->n_maps);
    put_attention(w, fit, fit->n_maps * shape.lookback + shape.cross, shape.lookback * shape.features);
    wire_put_block(w, fit->permutation, GW_N_GATES * shape.inputs * sizeof *fit->permutation);
    wire_put_block(w, fit->feature_attention, shape.features * sizeof *fit->feature_attention);
    wire_put_block(w, fit->path, shape.test * shape.path * sizeof *fit->path);
    wire_put_block(w, fit->fan, shape.path * sizeof *fit->fan);
    wire_put_file(w, fit->model_path);
}

int wire_get_fit(struct wire *w, const struct experiment *e, const struct prepared *p, struct fit *fit) {
    struct shape shape = shape_of(e, p, fit);
    char key[sizeof fit->key];
    wire_get(w, key, sizeof key);
    if (w->failed || memcmp(key, fit->key, sizeof key) != 0 || fit->done)
        FAIL(GW_ERR_DATA, "a rank has sent a fit that nobody asked for");
    wire_get(w, &fit->reused, sizeof fit->reused);
    wire_get(w, fit->advice, sizeof fit->advice);
    fit->validation = wire_get_block(w, shape.validation * GW_N_GATES * sizeof *fit->validation, NULL);
    fit->probability = wire_get_block(w, shape.test * GW_N_GATES * sizeof *fit->probability, NULL);
    fit->tau = wire_get_block(w, shape.symbols * sizeof *fit->tau, NULL);
    get_log(w, &fit->log);
    fit->n_test = shape.test;
    fit->n_maps = wire_get_size(w);
    get_attention(w, fit, fit->n_maps * shape.lookback + shape.cross, shape.lookback * shape.features, shape.test);
    fit->permutation = wire_get_block(w, GW_N_GATES * shape.inputs * sizeof *fit->permutation, NULL);
    fit->feature_attention = wire_get_block(w, shape.features * sizeof *fit->feature_attention, NULL);
    fit->path_width = shape.path;
    fit->path = wire_get_block(w, shape.test * shape.path * sizeof *fit->path, NULL);
    fit->fan = wire_get_block(w, shape.path * sizeof *fit->fan, NULL);
    if (w->failed) FAIL(GW_ERR_DATA, "a rank has sent a damaged fit");
    TRY(wire_get_file(w, fit->model_path));
    fit->done = true;
    return GW_OK;
}
