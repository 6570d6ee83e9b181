#include "null_bands.h"
#include "engine/base/base.h"
#include "gatewalk/rng.h"
#include "ranking.h"
#include "shift.h"

#include <stdlib.h>

/* Every figure of every resample: [N_FIGURES × n_resamples]. */
enum { PRECISIONS = 0, PROFITS = GW_METRIC_KS_MAX, CURVE = 2 * GW_METRIC_KS_MAX, N_FIGURES = CURVE + NULL_RECALLS };

/* What does not change from shift to shift. */
struct ranked_seed {
    uint32_t *order;                  /* [n] over all folds, for the curve */
    double *weight[GW_METRIC_KS_MAX]; /* [n] of each bar in the best k % */
};
struct bands_room {
    size_t n, n_seeds, n_k, n_resamples;
    struct ranked_seed *seed; /* [n_seeds] */
    int8_t *label;            /* [n] shifted */
    double *pnl;              /* [n] shifted; NULL: the sample has none */
    double *figure;           /* [N_FIGURES × n_resamples] */
    double hits_at[NULL_RECALLS];
};

static void room_free(struct bands_room *room) {
    for (size_t s = 0; room->seed && s < room->n_seeds; s++) {
        mem_free(room->seed[s].order);
        for (size_t k = 0; k < GW_METRIC_KS_MAX; k++) mem_free(room->seed[s].weight[k]);
    }
    mem_free(room->seed);
    mem_free(room->label);
    mem_free(room->pnl);
    mem_free(room->figure);
}

static int room_make(struct bands_room *room, const struct gw_gate_sample *sample, const float *const *score,
                     const double *k) {
    room->seed = mem_calloc(room->n_seeds, sizeof *room->seed);
    room->label = mem_calloc(room->n, sizeof *room->label);
    room->figure = mem_calloc(N_FIGURES, room->n_resamples * sizeof *room->figure);
    if (sample->pnl[1]) room->pnl = mem_calloc(room->n, sizeof *room->pnl);
    if (!room->seed || !room->label || !room->figure || (sample->pnl[1] && !room->pnl)) return GW_ERR_NOMEM;
    for (size_t s = 0; s < room->n_seeds; s++) {
        struct ranked_seed *own = &room->seed[s];
        struct gw_gate_sample one = *sample;
        one.score = score[s];
        if (!(own->order = mem_calloc(room->n, sizeof *own->order))) return GW_ERR_NOMEM;
        TRY(rank_descending(score[s], room->n, own->order));
        for (size_t i = 0; i < room->n_k; i++) {
            if (!(own->weight[i] = mem_calloc(room->n, sizeof *own->weight[i]))) return GW_ERR_NOMEM;
            TRY(gw_metric_top_k_weights(&one, k[i], own->weight[i]));
        }
    }
    return GW_OK;
}

static void shift_all(const struct gw_gate_sample *sample, size_t min_shift, struct gw_rng *rng,
                      struct bands_room *room) {
    for (size_t begin = 0, end; begin < sample->n; begin = end) {
        end = fold_end(sample->fold, begin, sample->n);
        const size_t n = end - begin, by = shift_draw(n, min_shift, rng);
        for (size_t i = 0; i < n; i++) {
            const size_t from = begin + (i + by < n ? i + by : i + by - n);
            room->label[begin + i] = sample->label[from];
            if (room->pnl) room->pnl[begin + i] = sample->pnl[1][from];
        }
    }
}

static void measure_top(const struct bands_room *room, const double *weight, double *precision, double *pnl) {
    double all = 0, hits = 0, entered = 0, earned = 0;
    for (size_t i = 0; i < room->n; i++) {
        if (!(weight[i] > 0)) continue;
        all += weight[i];
        hits += room->label[i] == 1 ? weight[i] : 0;
        if (!room->pnl || isnan(room->pnl[i])) continue;
        entered += weight[i];
        earned += weight[i] * room->pnl[i];
    }
    *precision += hits / all / (double)room->n_seeds;
    *pnl += (entered > 0 ? earned / entered : (double)NAN) / (double)room->n_seeds;
}

/* Ties are taken in the order they stand in: a band of many shifts does not see it. */
static void measure_curve(const struct bands_room *room, const uint32_t *order, double *figure) {
    size_t hits = 0, next = 0;
    for (size_t r = 0; r < room->n && next < NULL_RECALLS; r++) {
        if (room->label[order[r]] != 1) continue;
        hits++;
        for (; next < NULL_RECALLS && (double)hits >= room->hits_at[next]; next++)
            figure[next * room->n_resamples] += (double)hits / (double)(r + 1) / (double)room->n_seeds;
    }
}

static int by_value(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static struct null_band band_of(double *figure, size_t n) {
    struct null_band band = {0, NAN, NAN};
    for (size_t i = 0; i < n; i++) band.mean += figure[i] / (double)n;
    if (isnan(band.mean)) return band;
    qsort(figure, n, sizeof *figure, by_value);
    band.low = figure[(size_t)(0.05 * (double)(n - 1))];
    band.high = figure[(size_t)ceil(0.95 * (double)(n - 1))];
    return band;
}

static void bands_unknown(struct null_bands *out) {
    const struct null_band none = {NAN, NAN, NAN};
    for (size_t i = 0; i < GW_METRIC_KS_MAX; i++) out->precision[i] = out->pnl[i] = none;
    for (size_t i = 0; i < NULL_RECALLS; i++) out->curve[i] = none;
}

int null_bands_make(const struct gw_gate_sample *sample, const float *const *score, size_t n_seeds, const double *k,
                    size_t n_k, size_t n_resamples, size_t min_shift, uint64_t seed, struct null_bands *out) {
    size_t n_positives = 0;
    bands_unknown(out);
    for (size_t i = 0; i < sample->n; i++) n_positives += sample->label[i] == 1;
    if (n_positives == 0 || n_seeds == 0 || n_resamples == 0) return GW_OK;
    if (n_resamples > NULL_BAND_RESAMPLES_MAX) n_resamples = NULL_BAND_RESAMPLES_MAX;
    struct bands_room room = {.n = sample->n, .n_seeds = n_seeds, .n_k = n_k, .n_resamples = n_resamples};
    for (size_t i = 0; i < NULL_RECALLS; i++) room.hits_at[i] = null_recall(i) * (double)n_positives;
    int rc = room_make(&room, sample, score, k);
    for (size_t r = 0; rc == GW_OK && r < n_resamples; r++) {
        struct gw_rng rng;
        gw_rng_key(&rng, seed, "null", r, 0, 0); /* the shifts of the null control */
        shift_all(sample, min_shift, &rng, &room);
        for (size_t s = 0; s < n_seeds; s++) {
            for (size_t i = 0; i < n_k; i++)
                measure_top(&room, room.seed[s].weight[i], &room.figure[(PRECISIONS + i) * n_resamples + r],
                            &room.figure[(PROFITS + i) * n_resamples + r]);
            measure_curve(&room, room.seed[s].order, &room.figure[CURVE * n_resamples + r]);
        }
        rc = interrupt_check();
    }
    for (size_t i = 0; rc == GW_OK && i < n_k; i++) {
        out->precision[i] = band_of(room.figure + (PRECISIONS + i) * n_resamples, n_resamples);
        out->pnl[i] = band_of(room.figure + (PROFITS + i) * n_resamples, n_resamples);
    }
    for (size_t i = 0; rc == GW_OK && i < NULL_RECALLS; i++)
        out->curve[i] = band_of(room.figure + (CURVE + i) * n_resamples, n_resamples);
    room_free(&room);
    return rc;
}
