/* Permutation importance (Breiman 2001): what a model's average precision loses when one feature's rows are shuffled.
 * Blocks of lookback rows are replaced by as long ones from anywhere in the slice, so that the feature keeps its own
 * short memory. They start at any row: if whole blocks changed places, the hour of the day would stay where it was
 * whenever the lookback is a day. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gate_model.h"
#include "gatewalk/metrics.h"
#include "gatewalk/rng.h"

struct importance {
    const struct gw_gate_model *model;
    const struct gw_fit_input *input;
    struct gw_series *series; /* copies with one feature permuted at a time */
    float **x;                /* [n_series] owned */
    float *probability;       /* [n × GW_N_GATES] */
    float *score;             /* [n] of the labelled samples, and their labels */
    int8_t *label;
    size_t *first,
        *last; /* [n_series] rows first..last-1 that the samples reach: only these are finite, and shuffled */
};

static int average_precision(struct importance *work, double ap[GW_N_GATES]) {
    const struct gw_fit_input *input = work->input;
    size_t n = input->n_validation;
    TRY(gw_model_score(work->model, work->series, input->n_series, input->validation, n, work->probability, NULL));
    for (size_t gate = 0; gate < GW_N_GATES; gate++) {
        size_t labelled = 0;
        for (size_t i = 0; i < n; i++) {
            const struct gw_sample *sample = &input->validation[i];
            int8_t label = input->series[sample->series].label[gate][sample->row];
            if (label == GW_LABEL_MISSING) continue;
            work->score[labelled] = work->probability[i * GW_N_GATES + gate];
            work->label[labelled++] = label;
        }
        TRY(gw_metric_average_precision(work->score, work->label, labelled, &ap[gate]));
    }
    return GW_OK;
}

static void reach(struct importance *work) {
    const struct R(network) *net = &work->model->gate.net;
    for (size_t s = 0; s < work->input->n_series; s++) work->first[s] = work->input->series[s].n_rows;
    for (size_t i = 0; i < work->input->n_validation; i++) {
        const struct gw_sample *sample = &work->input->validation[i];
        const size_t s = sample->series;
        if (sample->row < work->first[s])
            work->first[s] = net->stream ? R(stream_start)(net, &work->input->series[s], sample->row)
                                         : sample->row + (size_t)1 - R(network_reach)(net);
        if (sample->row + (size_t)1 > work->last[s]) work->last[s] = sample->row + (size_t)1;
    }
}

/* Every block takes the rows from a start of its own on, round the end of what the samples reach. */
static void permute(struct importance *work, size_t feature, uint64_t seed) {
    size_t F = work->input->n_features, block = work->model->gate.net.config.lookback;
    for (size_t s = 0; s < work->input->n_series; s++) {
        const size_t first = work->first[s], last = work->last[s];
        size_t start = 0;
        if (first >= last) continue;
        const size_t n = last - first;
        struct gw_rng rng;
        gw_rng_key(&rng, seed, "permutation importance", feature, s, 0);
        for (size_t i = 0; i < n; i++) {
            if (i % block == 0) start = (size_t)gw_rng_below(&rng, n);
            const size_t from = first + (start + i % block) % n;
            work->x[s][(first + i) * F + feature] = work->input->series[s].x[from * F + feature];
        }
    }
}

static void restore(struct importance *work, size_t feature) {
    size_t F = work->input->n_features;
    for (size_t s = 0; s < work->input->n_series; s++)
        for (size_t r = 0; r < work->input->series[s].n_rows; r++)
            work->x[s][r * F + feature] = work->input->series[s].x[r * F + feature];
}

static int allocate(struct importance *work) {
    const struct gw_fit_input *input = work->input;
    work->series = mem_calloc(input->n_series, sizeof *work->series);
    work->x = mem_calloc(input->n_series, sizeof *work->x);
    work->first = mem_calloc(input->n_series, sizeof *work->first);
    work->last = mem_calloc(input->n_series, sizeof *work->last);
    if (!work->first || !work->last) return GW_ERR_NOMEM;
    work->probability = mem_calloc(input->n_validation * GW_N_GATES, sizeof *work->probability);
    work->score = mem_calloc(input->n_validation, sizeof *work->score);
    work->label = mem_calloc(input->n_validation, sizeof *work->label);
    if (!work->series || !work->x || !work->probability || !work->score || !work->label) return GW_ERR_NOMEM;
    for (size_t s = 0; s < input->n_series; s++) {
        size_t n = input->series[s].n_rows * input->n_features;
        work->x[s] = mem_calloc(n, sizeof **work->x);
        if (!work->x[s]) return GW_ERR_NOMEM;
        memcpy(work->x[s], input->series[s].x, n * sizeof **work->x);
        work->series[s] = input->series[s];
        work->series[s].x = work->x[s];
    }
    return GW_OK;
}

static void release(struct importance *work) {
    for (size_t s = 0; work->x && s < work->input->n_series; s++) mem_free(work->x[s]);
    mem_free(work->first);
    mem_free(work->last);
    mem_free(work->label);
    mem_free(work->score);
    mem_free(work->probability);
    mem_free(work->x);
    mem_free(work->series);
}

int gw_model_permutation_importance(const struct gw_gate_model *model, const struct gw_fit_input *input, uint64_t seed,
                                    double *drop) {
    struct importance work = {.model = model, .input = input};
    double whole[GW_N_GATES], without[GW_N_GATES];
    int rc;
    if (model->patterns) return pattern_gate_importance(model->patterns, input, seed, drop);
    TRY_GOTO(allocate(&work), end);
    reach(&work);
    TRY_GOTO(average_precision(&work, whole), end);
    for (size_t feature = 0; feature < input->n_features; feature++) {
        TRY_GOTO(interrupt_check(), end);
        permute(&work, feature, seed);
        TRY_GOTO(average_precision(&work, without), end);
        restore(&work, feature);
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            drop[gate * input->n_features + feature] = whole[gate] - without[gate];
    }
end:
    release(&work);
    return rc;
}
