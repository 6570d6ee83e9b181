/* Curves for the report. All of them are the same for any order of tied bars. */
#include "engine/base/base.h"
#include "ranking.h"

static int check_curve(const struct gw_gate_sample *sample, size_t n_points) {
    if (n_points < 2) FAIL(GW_ERR_CONFIG, "a curve needs at least 2 points, not %zu", n_points);
    if (!labels_binary(sample->label, sample->n))
        FAIL(GW_ERR_DATA, "labels must be 0 or 1: bars without label must be left out");
    return GW_OK;
}

/* One point per distinct score into all[], best score first. */
static size_t trace_precision_recall(const struct gw_gate_sample *sample, const uint32_t *order,
                                     struct gw_curve_point *all) {
    double hits = 0;
    size_t n_points = 0;
    for (size_t begin = 0, end; begin < sample->n; begin = end) {
        end = tie_end(sample->score, order, begin, sample->n);
        for (size_t r = begin; r < end; r++) hits += sample->label[order[r]];
        all[n_points++] = (struct gw_curve_point){.x = hits, .y = hits / (double)end, .count = (double)end};
    }
    for (size_t i = 0; i < n_points; i++) all[i].x /= hits;
    return n_points;
}

int gw_curve_precision_recall(const struct gw_gate_sample *sample, size_t max_points, struct gw_curve_point *out,
                              size_t *n) {
    *n = 0;
    TRY(check_curve(sample, max_points));
    size_t positives = 0;
    for (size_t i = 0; i < sample->n; i++) positives += sample->label[i] == 1;
    if (positives == 0) return GW_OK;

    int rc = GW_OK;
    uint32_t *order = NULL;
    struct gw_curve_point *all = mem_calloc(sample->n, sizeof *all);
    if (!all || !(order = mem_calloc(sample->n, sizeof *order))) {
        rc = GW_ERR_NOMEM;
        goto cleanup;
    }
    TRY_GOTO(rank_descending(sample->score, sample->n, order), cleanup);
    size_t n_all = trace_precision_recall(sample, order, all);

    /* Quadratic steps are dense where the gate trades (the first percents), and a choice by rank, unlike one by
     * recall, does not pick only the points just after a hit. */
    size_t last = n_all - 1, previous = SIZE_MAX;
    for (size_t j = 0; j < max_points; j++) {
        double part = (double)j / (double)(max_points - 1);
        size_t i = n_all <= max_points ? j : (size_t)llround(part * part * (double)last);
        if (i > last || i == previous) continue;
        out[(*n)++] = all[i];
        previous = i;
    }
cleanup:
    mem_free(order);
    mem_free(all);
    return rc;
}

/* label_out[rank]: the tie group's mean label, so that a bin border inside a group does not matter. */
static void spread_ties(const struct gw_gate_sample *sample, const uint32_t *order, double *label_out) {
    for (size_t begin = 0, end; begin < sample->n; begin = end) {
        end = tie_end(sample->score, order, begin, sample->n);
        double hits = 0;
        for (size_t r = begin; r < end; r++) hits += sample->label[order[r]];
        for (size_t r = begin; r < end; r++) label_out[r] = hits / (double)(end - begin);
    }
}

int gw_curve_reliability(const struct gw_gate_sample *sample, size_t n_bins, struct gw_curve_point *out, size_t *n) {
    *n = 0;
    TRY(check_curve(sample, n_bins));
    if (sample->n == 0) return GW_OK;
    int rc = GW_OK;
    uint32_t *order = NULL;
    double *label = mem_calloc(sample->n, sizeof *label);
    if (!label || !(order = mem_calloc(sample->n, sizeof *order))) {
        rc = GW_ERR_NOMEM;
        goto cleanup;
    }
    TRY_GOTO(rank_descending(sample->score, sample->n, order), cleanup);
    spread_ties(sample, order, label);

    *n = n_bins < sample->n ? n_bins : sample->n;
    for (size_t b = 0; b < *n; b++) { /* lowest probabilities first: ranks run the other way */
        size_t begin = b * sample->n / *n, end = (b + 1) * sample->n / *n;
        double p = 0, hits = 0, count = (double)(end - begin);
        for (size_t i = begin; i < end; i++) {
            size_t rank = sample->n - 1 - i;
            p += sample->score[order[rank]];
            hits += label[rank];
        }
        out[b] = (struct gw_curve_point){.x = p / count, .y = hits / count, .count = count};
    }
cleanup:
    mem_free(order);
    mem_free(label);
    return rc;
}

int gw_curve_histogram(const struct gw_gate_sample *sample, size_t n_bins, struct gw_curve_point *out) {
    TRY(check_curve(sample, n_bins));
    double width = 1.0 / (double)n_bins;
    for (size_t b = 0; b < n_bins; b++) out[b] = (struct gw_curve_point){.x = ((double)b + 0.5) * width};
    for (size_t i = 0; i < sample->n; i++) {
        double p = sample->score[i];
        if (isnan(p))
            FAIL(GW_ERR_DATA, "the score of bar %zu of %zu is NaN: bars without a score must be left out", i,
                 sample->n);
        double place = fmin(fmax(p * (double)n_bins, 0.0), (double)(n_bins - 1));
        out[(size_t)place].y += 1.0 / ((double)sample->n * width);
        out[(size_t)place].count += sample->label[i];
    }
    return GW_OK;
}
