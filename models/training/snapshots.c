/* Snapshot ensembles (Huang et al. 2017): weights at the ends of the schedule's cycles, mixed by what they say.
 *   p(x) = Σ_s w_s σ(logit_s(x)),   w_s = 1 / n or the likeliest mixture of the validation slice, for each gate */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/score/mixture.h"
#include "training.h"

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

/* What calibration is made of; no sum of sigmoids in double is so near to 0 or 1 that it matters. */
double R(snapshots_logit)(double p) {
    const double least = 1e-15;
    p = fmin(fmax(p, least), 1 - least);
    return log(p / (1 - p));
}

/* ---- while training -------------------------------------------------------------------------------------------------- */

int R(snapshots_init)(struct R(training) *fit) {
    const struct cycle_params cycles = R(schedule_cycles)(fit->config);
    struct R(snapshots) *snapshots = &fit->snapshots;
    if (cycles.snapshots == SNAPSHOTS_NONE) return GW_OK;
    snapshots->n = cycles.cycles;
    snapshots->how = cycles.snapshots;
    snapshots->weights = mem_calloc(snapshots->n * fit->net.tensors.size, sizeof *snapshots->weights);
    snapshots->said = mem_calloc(snapshots->n * fit->input->n_validation * GW_N_GATES, sizeof *snapshots->said);
    return snapshots->weights && snapshots->said ? GW_OK : GW_ERR_NOMEM;
}

void R(snapshots_free)(struct R(training) *fit) {
    mem_free(fit->snapshots.weights);
    mem_free(fit->snapshots.said);
}

void R(snapshots_take)(struct R(training) *fit) {
    struct R(snapshots) *snapshots = &fit->snapshots;
    const size_t size = fit->net.tensors.size, n = fit->input->n_validation * GW_N_GATES;
    if (snapshots->taken == snapshots->n) return;
    memcpy(snapshots->weights + snapshots->taken * size, fit->weights, size * sizeof *fit->weights);
    for (size_t i = 0; i < n; i++)
        snapshots->said[i * snapshots->n + snapshots->taken] = sigmoid((double)fit->logit[i]);
    snapshots->taken++;
}

/* ---- the mixture ----------------------------------------------------------------------------------------------------- */

static double mixed(const double *weight, const double *said, size_t n) {
    double p = 0;
    for (size_t s = 0; s < n; s++) p += weight[s] * said[s];
    return p;
}

/* Weights [n] of one gate by its labelled validation samples; the same for all without any. */
static int learn(const struct R(training) *fit, size_t gate, double *weight) {
    const struct gw_fit_input *input = fit->input;
    const size_t n = fit->snapshots.n;
    double *likelihood = mem_calloc(input->n_validation * n, sizeof *likelihood);
    size_t rows = 0;
    if (!likelihood) return GW_ERR_NOMEM;
    for (size_t i = 0; i < input->n_validation; i++) {
        const struct gw_sample *sample = &input->validation[i];
        const int8_t label = input->series[sample->series].label[gate][sample->row];
        const double *said = fit->snapshots.said + (i * GW_N_GATES + gate) * n;
        if (label == GW_LABEL_MISSING) continue;
        for (size_t s = 0; s < n; s++) likelihood[rows * n + s] = mixture_likelihood(said[s], label);
        rows++;
    }
    mixture_weights(likelihood, rows, n, weight);
    mem_free(likelihood);
    return GW_OK;
}

/* The last epoch's record is that of the mixture, for that is what is kept. */
static int record_mixture(struct R(training) *fit, const double *mix, struct gw_training_log *log) {
    const size_t n = fit->snapshots.n;
    for (size_t i = 0; i < fit->input->n_validation * GW_N_GATES; i++)
        fit->logit[i] = (real)R(snapshots_logit)(mixed(mix + i % GW_N_GATES * n, fit->snapshots.said + i * n, n));
    for (size_t e = 0; e < log->n_epochs; e++) log->epoch[e].best = e + 1 == log->n_epochs;
    log->best_epoch = log->n_epochs;
    return R(training_measure)(fit, &log->epoch[log->n_epochs - 1]);
}

int R(snapshots_finish)(struct R(training) *fit, struct R(gate) *gate, struct gw_training_log *log) {
    struct R(snapshots) *snapshots = &fit->snapshots;
    gate->mix = mem_calloc(GW_N_GATES * snapshots->n, sizeof *gate->mix);
    if (!gate->mix) return GW_ERR_NOMEM;
    for (size_t i = 0; i < GW_N_GATES * snapshots->n; i++) gate->mix[i] = 1 / (double)snapshots->n;
    for (size_t g = 0; g < GW_N_GATES && snapshots->how == SNAPSHOTS_VALIDATION; g++)
        TRY(learn(fit, g, gate->mix + g * snapshots->n));
    gate->n_snapshots = snapshots->n;
    gate->snapshot = snapshots->weights;
    snapshots->weights = NULL;
    return record_mixture(fit, gate->mix, log);
}

/* ---- scoring --------------------------------------------------------------------------------------------------------- */

/* What attention tells beside the probabilities, and room for one snapshot's share of it. */
enum { PARTS = 4 };
struct part {
    float *sum, *one;
    size_t n;
};

static bool make_parts(const struct R(network) *net, size_t n, const struct gw_attention_out *out,
                       struct gw_attention_out *own, struct part part[PARTS]) {
    bool ok = true;
    part[0] = (struct part){.sum = out->time, .n = n * net->maps * net->config.lookback};
    part[1] = (struct part){.sum = out->feature, .n = n * net->config.n_features};
    part[2] = (struct part){.sum = out->path, .n = n * net->decoder.steps * GW_PATH_SIDES};
    part[3] = (struct part){.sum = out->cross, .n = n * net->cross.lookback};
    for (size_t k = 0; k < PARTS; k++) {
        if (!part[k].sum) continue;
        memset(part[k].sum, 0, part[k].n * sizeof *part[k].sum);
        part[k].one = mem_calloc(part[k].n, sizeof *part[k].one);
        ok = ok && part[k].one;
    }
    *own = (struct gw_attention_out){
        .n_maps = out->n_maps, .time = part[0].one, .feature = part[1].one, .path = part[2].one, .cross = part[3].one};
    return ok;
}

int R(snapshots_score)(const struct R(gate) *gate, const struct gw_series *series, const struct gw_sample *sample,
                       size_t n, double *p, struct gw_attention_out *attention) {
    const struct R(network) *net = &gate->net;
    struct part part[PARTS] = {{.sum = NULL}};
    struct gw_attention_out own;
    real *logit = mem_calloc(n * GW_N_GATES, sizeof *logit);
    int rc = logit && (!attention || make_parts(net, n, attention, &own, part)) ? GW_OK : GW_ERR_NOMEM;
    memset(p, 0, n * GW_N_GATES * sizeof *p);
    for (size_t s = 0; rc == GW_OK && s < gate->n_snapshots; s++) {
        struct R(gate) one = *gate;
        double share = 0;
        one.weights = gate->snapshot + s * net->tensors.size;
        for (size_t g = 0; g < GW_N_GATES; g++) share += gate->mix[g * gate->n_snapshots + s] / GW_N_GATES;
        rc = R(gate_logits)(&one, series, sample, n, logit, attention ? &own : NULL);
        for (size_t i = 0; rc == GW_OK && i < n * GW_N_GATES; i++)
            p[i] += gate->mix[i % GW_N_GATES * gate->n_snapshots + s] * sigmoid((double)logit[i]);
        for (size_t k = 0; rc == GW_OK && k < PARTS; k++)
            for (size_t i = 0; part[k].one && i < part[k].n; i++)
                part[k].sum[i] += (float)(share * (double)part[k].one[i]);
    }
    for (size_t k = 0; k < PARTS; k++) mem_free(part[k].one);
    mem_free(logit);
    return rc;
}
