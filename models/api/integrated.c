/* Integrated gradients (Sundararajan et al. 2017) of a gate's logit F over a window x, from the window of zeros:
 *   IG_j = x_j (1/m) Σ_k ∂F(a_k x)/∂x_j,   a_k = (k - 1/2) / m
 * A sample's points on the line fill shards of their own. The loss of such a shard is the logit itself, so that its way
 * back is that of training. Completeness, Σ IG = F(x) - F(0), is not assumed but measured, and m doubled until it holds. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gate_model.h"
#include "models/kernels/subnormal.h"

enum { STEPS_MOST = 8192 }; /* a kink of a ReLU is passed with an error of the order of 1 / m */
static const double completeness = 1e-3;

/* One shard of points on the line; every window has rows of its own. */
struct line {
    struct R(workspace) ws;
    struct R(pass) pass;
    struct R(shard_loss) loss;
    struct gw_series series;
    struct gw_sample sample[SHARD_WINDOWS];
    uint32_t index[SHARD_WINDOWS];
    size_t size;  /* T × F */
    float *x;     /* [SHARD_WINDOWS × T × F] */
    real *dx;     /* the same */
    double *sum;  /* [T × F] of the gradients along the line */
    int8_t *zero; /* labels, which nobody reads */
    real *packed, *gradient;
};

static double logit_itself(const void *own, double z, int label, double lambda, double *dz) {
    (void)own, (void)label, (void)lambda;
    *dz = 1;
    return z;
}
static const struct loss_ops logit_ops = {.name = "logit", .value = logit_itself};

static int line_init(struct line *line, const struct R(gate) *gate) {
    const struct R(network) *net = &gate->net;
    const size_t T = net->config.lookback;
    memset(line, 0, sizeof *line);
    line->size = T * net->config.n_features;
    TRY(R(workspace_init)(&line->ws, net, true));
    line->x = mem_calloc(SHARD_WINDOWS * line->size, sizeof *line->x);
    line->dx = mem_calloc(SHARD_WINDOWS * line->size, sizeof *line->dx);
    line->sum = mem_calloc(line->size, sizeof *line->sum);
    line->zero = mem_calloc(SHARD_WINDOWS * T, sizeof *line->zero);
    line->packed = mem_calloc(net->pack_size, sizeof *line->packed);
    line->gradient = mem_calloc(net->tensors.size, sizeof *line->gradient);
    if (!line->x || !line->dx || !line->sum || !line->zero || !line->packed || !line->gradient) return GW_ERR_NOMEM;
    R(network_pack)(net, gate->weights, line->packed);
    line->pass = (struct R(pass)){net, R(kernels_active)(), gate->weights, line->packed, line->gradient, &line->ws};
    line->loss.ops = &logit_ops;
    line->series = (struct gw_series){.x = line->x, .n_rows = SHARD_WINDOWS * T, .label = {line->zero, line->zero}};
    for (uint32_t b = 0; b < SHARD_WINDOWS; b++) {
        line->sample[b].row = (uint32_t)((b + 1) * T - 1);
        line->index[b] = b;
    }
    return GW_OK;
}

static void line_free(struct line *line) {
    R(workspace_free)(&line->ws);
    mem_free(line->x);
    mem_free(line->dx);
    mem_free(line->sum);
    mem_free(line->zero);
    mem_free(line->packed);
    mem_free(line->gradient);
}

static void put_window(struct line *line, size_t b, double part, const float *window) {
    for (size_t j = 0; j < line->size; j++) line->x[b * line->size + j] = (float)(part * (double)window[j]);
}

static void run(struct line *line, bool backward) {
    struct R(shard) shard = {.series = &line->series,
                             .sample = line->sample,
                             .index = line->index,
                             .n = SHARD_WINDOWS,
                             .loss = backward ? &line->loss : NULL};
    line->pass.gradient = backward ? line->gradient : NULL;
    R(shard_run)(&line->pass, &shard);
}

/* Both ends of the line. */
static void ends(struct line *line, const float *window, int gate, struct gw_integrated *about) {
    for (size_t b = 0; b < SHARD_WINDOWS; b++) put_window(line, b, b == 0, window);
    run(line, false);
    about->logit = (double)line->ws.logit[gate];
    about->baseline = (double)line->ws.logit[GW_N_GATES + gate];
}

/* Σ of the gradients at `steps` midpoints, in their order. */
static void walk(struct line *line, const float *window, size_t steps) {
    memset(line->sum, 0, line->size * sizeof *line->sum);
    for (size_t k = 0; k < steps; k += SHARD_WINDOWS) {
        for (size_t b = 0; b < SHARD_WINDOWS; b++) put_window(line, b, ((double)(k + b) + .5) / (double)steps, window);
        const unsigned mode = subnormal_off();
        run(line, true);
        line->pass.net->encoder->input_gradient(&line->pass, line->dx);
        subnormal_restore(mode);
        for (size_t b = 0; b < SHARD_WINDOWS; b++)
            for (size_t j = 0; j < line->size; j++) line->sum[j] += (double)line->dx[b * line->size + j];
    }
}

static int integrate(struct line *line, const float *window, int gate, float *value, struct gw_integrated *about) {
    for (int g = 0; g < GW_N_GATES; g++) line->loss.weight[g] = g == gate;
    ends(line, window, gate, about);
    const double difference = about->logit - about->baseline;
    for (about->steps = SHARD_WINDOWS, about->complete = false;; about->steps *= 2) {
        TRY(interrupt_check());
        walk(line, window, about->steps);
        about->sum = 0;
        for (size_t j = 0; j < line->size; j++) {
            const double part = (double)window[j] * line->sum[j] / (double)about->steps;
            about->sum += part;
            value[j] = (float)part;
        }
        about->complete = fabs(about->sum - difference) <= completeness * fabs(difference);
        if (about->complete || about->steps == STEPS_MOST) return GW_OK;
    }
}

const char *gw_model_no_gradients(const struct gw_model_config *config) {
    const struct R(attention_ops) *attention = R(attention_at)((size_t)config->attention);
    const struct R(encoder_ops) *encoder = R(encoder_at)((size_t)config->encoder);
    if (encoder->sequence && attention->encoder) encoder = attention->encoder;
    if (config->unroll == GW_UNROLL_STREAM) return "streams, and what it knows reaches back beyond any window";
    if (config->cross != GW_CROSS_NONE) return "looks at a second sequence, which the line from zeros leaves as it is";
    if (!encoder->input_gradient) return "has an encoder whose way back ends before the features";
    return NULL;
}

int gw_model_integrated_gradients(const struct gw_gate_model *model, const struct gw_series *series, size_t n_series,
                                  const struct gw_sample *sample, const int *gate, size_t n, float *value,
                                  struct gw_integrated *about) {
    const struct R(network) *net = &model->gate.net;
    const size_t T = net->config.lookback, F = net->config.n_features;
    const char *why = gw_model_no_gradients(&net->config);
    if (model->gate.n_snapshots) why = "is a mixture of snapshots, whose sum has no logit of its own";
    if (why) FAIL(GW_ERR_CONFIG, "integrated gradients: the model %s; they are of windowed \"lstm\" and \"gru\"", why);
    for (size_t i = 0; i < n; i++)
        if (sample[i].series >= n_series || sample[i].row + (size_t)1 < T ||
            sample[i].row >= series[sample[i].series].n_rows || gate[i] < 0 || gate[i] >= GW_N_GATES)
            FAIL(GW_ERR_INTERNAL, "sample %zu (series %u, row %u, gate %d) has no full window", i, sample[i].series,
                 sample[i].row, gate[i]);
    struct line line;
    int rc = line_init(&line, &model->gate);
    for (size_t i = 0; rc == GW_OK && i < n; i++) {
        const float *window = series[sample[i].series].x + (sample[i].row + (size_t)1 - T) * F;
        rc = integrate(&line, window, gate[i], value + i * line.size, &about[i]);
    }
    line_free(&line);
    return rc;
}
