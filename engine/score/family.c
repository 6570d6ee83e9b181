#include "family.h"
#include "engine/base/base.h"

#include <omp.h>
#include <string.h>

#include "family_room.h"
#include "gatewalk/rng.h"

/* With fewer blocks than this in the sample a resample of blocks says nothing. */
static const double MIN_BLOCKS = 10;

/* ---- what is observed ------------------------------------------------------------------------------------------ */

/* Means over seeds of both sides, their difference and its spread from seed to seed. */
static void observe(const struct side *a, const struct side *b, const struct resample *ones,
                    struct gw_gate_verdict *out) {
    const double seeds = (double)a->n_seeds;
    for (int d = 0; d < GW_N_DELTAS; d++) {
        struct gw_delta *delta = &out->delta[d];
        double squares = 0;
        delta->candidate = side_measure(a, d, ones);
        delta->baseline = side_measure(b, d, ones);
        delta->value = delta->candidate - delta->baseline;
        for (size_t s = 0; s < a->n_seeds; s++) {
            double difference =
                verdict_scorer_measure(&a->seed[s], d, ones) - verdict_scorer_measure(&b->seed[s], d, ones);
            squares += (difference - delta->value) * (difference - delta->value);
        }
        if (a->n_seeds > 1) delta->seed_sd = sqrt(squares / (seeds - 1));
    }
}

/* The longest of the lengths that the four statistics ask for: one resample serves them all. */
static int choose_block(const struct side *a, const struct side *b, const struct gw_verdict_config *config,
                        const struct gw_gate_verdict *observed, const struct resample *ones, double *block) {
    const size_t n = a->seed[0].bars->n;
    int rc = GW_OK;
    double *influence = mem_calloc(n, 2 * sizeof *influence), *room = influence + n;
    if (!influence) return GW_ERR_NOMEM;
    *block = fmax((double)config->horizon, 1);
    for (int d = 0; d < GW_N_DELTAS; d++) {
        if (!isfinite(observed->delta[d].value)) continue;
        memset(influence, 0, n * sizeof *influence);
        for (size_t s = 0; s < a->n_seeds; s++) {
            const struct verdict_scorer *x = &a->seed[s], *y = &b->seed[s];
            TRY_GOTO(verdict_scorer_influence(x, d, verdict_scorer_measure(x, d, ones), +1.0, room, influence), done);
            TRY_GOTO(verdict_scorer_influence(y, d, verdict_scorer_measure(y, d, ones), -1.0, room, influence), done);
        }
        double length = gw_bootstrap_block_length(influence, n);
        if (isnan(length)) { /* the series is finite: memory ran out, and its message is stored */
            rc = GW_ERR_NOMEM;
            break;
        }
        *block = fmax(*block, length);
    }
done:
    mem_free(influence);
    return rc;
}

/* What a pair has observed, and how long its blocks should be, in rows. */
static int observe_pair(const struct family_room *room, size_t i, const struct gw_verdict_config *config,
                        struct gw_gate_verdict *out) {
    const struct side *a = &room->side[room->of[i][0]], *b = &room->side[room->of[i][1]];
    const struct verdict_bars *bars = &room->bars[a->bars];
    struct resample ones;
    uint32_t *counts;
    TRY(whole_sample(bars, &counts, &ones));
    observe(a, b, &ones, out);
    int rc = GW_OK;
    out->block_length = (double)config->block_length;
    if (config->block_length == 0) {
        rc = choose_block(a, b, config, out, &ones, &out->block_length);
        out->block_length *= (double)room->n_rows / (double)bars->n; /* its bars may be sparse among the rows */
    }
    mem_free(counts);
    return rc;
}

static bool can_resample(const struct family_room *room, size_t i, const struct gw_gate_verdict *verdict) {
    return room->of[i][0] != SIZE_MAX && (double)room->n_rows >= MIN_BLOCKS * verdict[i].block_length;
}

/* ---- replicates ------------------------------------------------------------------------------------------------ */

/* What one thread works in: the counts of LANES_AT_ONCE replicates by row, those of each pair's bars and folds, and all of
 * LANES replicates side by side. */
struct workplace {
    uint32_t *counts; /* [LANES_AT_ONCE × n_rows + counts of bars and folds] */
    uint8_t *lanes;   /* [n_rows × LANES] */
    double *measured; /* [n_sides × GW_N_DELTAS × LANES] */
    bool overflow;
};

/* Everything but average precision looks at the best few alone, replicate by replicate. */
static void measure_tops(const struct family_room *room, const uint32_t *row_count, uint32_t *left, double *measured) {
    for (size_t b = 0; b < room->n_bars; b++) {
        const struct resample resample = counts_of(&room->bars[b], row_count, &left);
        for (size_t s = 0; s < room->n_sides; s++)
            for (int d = 0; room->side[s].bars == b && d < GW_N_DELTAS; d++)
                if (d != GW_DELTA_AP)
                    measured[(s * GW_N_DELTAS + (size_t)d) * LANES] = side_measure(&room->side[s], d, &resample);
    }
}

static void measure_precisions(const struct family_room *room, const uint8_t *lanes, double *measured) {
    for (size_t s = 0; s < room->n_sides; s++) {
        const struct side *side = &room->side[s];
        double *sum = measured + (s * GW_N_DELTAS + GW_DELTA_AP) * LANES, ap[LANES];
        for (size_t k = 0; k < LANES; k++) sum[k] = 0;
        for (size_t i = 0; i < side->n_seeds; i++) {
            ap_ranking_lanes(&side->seed[i].ranking, room->bars[side->bars].at, lanes, ap);
            for (size_t k = 0; k < LANES; k++) sum[k] += ap[k];
        }
        for (size_t k = 0; k < LANES; k++) sum[k] /= (double)side->n_seeds;
    }
}

/* Replicates [begin, begin + LANES), as far as there are so many. */
static void replicate_some(const struct family_room *room, const struct gw_verdict_config *config,
                           const struct family *family, size_t begin, struct workplace *w) {
    const size_t n = family->n_replicates - begin < LANES ? family->n_replicates - begin : LANES;
    for (size_t k = 0; k < LANES; k += LANES_AT_ONCE) {
        const uint32_t *count[LANES_AT_ONCE];
        for (size_t i = 0; i < LANES_AT_ONCE; i++) {
            uint32_t *own = w->counts + i * room->n_rows;
            struct gw_rng rng;
            count[i] = own;
            if (k + i >= n) continue; /* lanes without a replicate hold what was there */
            gw_rng_key(&rng, config->seed, "bootstrap", begin + k + i, 0, 0);
            bootstrap_counts(&rng, room->n_rows, family->block_length, own);
            measure_tops(room, own, w->counts + LANES_AT_ONCE * room->n_rows, w->measured + k + i);
        }
        if (!lanes_put(count, k, room->n_rows, w->lanes)) w->overflow = true;
    }
    measure_precisions(room, w->lanes, w->measured);
    for (size_t i = 0; i < room->n_pairs; i++)
        for (size_t d = 0; d < GW_N_DELTAS; d++) {
            double *replicate = family->replicate + (i * GW_N_DELTAS + d) * family->n_replicates + begin;
            for (size_t k = 0; k < n; k++)
                replicate[k] = room->of[i][0] == SIZE_MAX
                                   ? (double)NAN
                                   : w->measured[(room->of[i][0] * GW_N_DELTAS + d) * LANES + k] -
                                         w->measured[(room->of[i][1] * GW_N_DELTAS + d) * LANES + k];
        }
}

static int workplace_make(const struct family_room *room, struct workplace *w) {
    w->counts = mem_calloc(LANES_AT_ONCE * room->n_rows + room->counts, sizeof *w->counts);
    w->lanes = mem_calloc(room->n_rows, LANES);
    w->measured = mem_calloc(room->n_sides ? room->n_sides : 1, GW_N_DELTAS * LANES * sizeof *w->measured);
    return w->counts && w->lanes && w->measured ? GW_OK : GW_ERR_NOMEM;
}

static void workplace_free(struct workplace *w) {
    mem_free(w->counts);
    mem_free(w->lanes);
    mem_free(w->measured);
}

/* The same bits for any number of threads. Between two looks at whether the user wants to stop every thread has one turn. */
static int replicate_all(const struct family_room *room, const struct gw_verdict_config *config,
                         struct family *family) {
    const size_t n_threads = threads_startable(config->n_threads ? config->n_threads : 1), total = config->n_bootstrap;
    if (room->n_rows > INT32_MAX) FAIL(GW_ERR_DATA, "%zu bars cannot be resampled at once", room->n_rows);
    struct workplace *place = mem_calloc(n_threads, sizeof *place);
    family->replicate = mem_calloc(room->n_pairs * GW_N_DELTAS, total * sizeof *family->replicate);
    int rc = family->replicate && place ? GW_OK : GW_ERR_NOMEM;
    for (size_t t = 0; rc == GW_OK && t < n_threads; t++) rc = workplace_make(room, &place[t]);
    for (size_t begin = 0, end; rc == GW_OK && begin < total; begin = end) {
        end = total - begin < n_threads * LANES ? total : begin + n_threads * LANES;
#pragma omp parallel for num_threads((int)n_threads) schedule(dynamic)
        for (size_t r = begin; r < end; r += LANES)
            replicate_some(room, config, family, r, &place[omp_get_thread_num()]);
        if (config->on_replicates) config->on_replicates(config->context, end - begin);
        rc = interrupt_check();
    }
    bool overflow = false;
    for (size_t t = 0; place && t < n_threads; t++) {
        overflow |= place[t].overflow;
        workplace_free(&place[t]);
    }
    mem_free(place);
    if (overflow) FAIL(GW_ERR_INTERNAL, "a bar was drawn more than %d times in one resample", UINT8_MAX);
    return rc;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static int resample_room(const struct family_room *room, const struct gw_verdict_config *config,
                         struct gw_gate_verdict *out, struct family *family) {
    for (size_t i = 0; i < room->n_pairs; i++)
        if (room->of[i][0] != SIZE_MAX) TRY(observe_pair(room, i, config, &out[i]));
    for (size_t i = 0; i < room->n_pairs; i++)
        if (can_resample(room, i, out)) family->block_length = fmax(family->block_length, out[i].block_length);
    if (isnan(family->block_length)) return GW_OK;
    TRY(replicate_all(room, config, family));
    TRY(family_widen(room, config, out, family));
    double *sorted = mem_calloc(family->n_replicates, sizeof *sorted);
    if (!sorted) return GW_ERR_NOMEM;
    for (size_t i = 0; i < room->n_pairs; i++) {
        if (!can_resample(room, i, out)) continue;
        out[i].block_length = family->block_length;
        for (size_t d = 0; d < GW_N_DELTAS; d++) {
            memcpy(sorted, family->replicate + (i * GW_N_DELTAS + d) * family->n_replicates,
                   family->n_replicates * sizeof *sorted);
            verdict_interval(sorted, family->n_replicates, config->confidence, &out[i].delta[d]);
        }
    }
    mem_free(sorted);
    return GW_OK;
}

int family_compare(const struct family_pair *pair, size_t n_pairs, size_t n_rows,
                   const struct gw_verdict_config *config, struct gw_gate_verdict *out, struct family *family) {
    *family = (struct family){.n_pairs = n_pairs, .n_replicates = config->n_bootstrap, .block_length = NAN};
    for (size_t i = 0; i < n_pairs; i++) {
        out[i] = (struct gw_gate_verdict){.block_length = NAN};
        for (int d = 0; d < GW_N_DELTAS; d++)
            out[i].delta[d] = (struct gw_delta){.candidate = NAN,
                                                .baseline = NAN,
                                                .value = NAN,
                                                .seed_sd = NAN,
                                                .lo = NAN,
                                                .hi = NAN,
                                                .p_value = NAN,
                                                .p_holm = NAN};
        TRY(verdict_check(&pair[i].sample, config));
    }
    if (n_pairs == 0) return GW_OK;
    struct family_room room;
    int rc = family_room_make(&room, pair, n_pairs, n_rows);
    if (rc == GW_OK) rc = resample_room(&room, config, out, family);
    family_room_free(&room);
    return rc;
}

void family_free(struct family *family) {
    mem_free(family->replicate);
    *family = (struct family){0};
}

int family_superior_ability(const struct family *family, const struct gw_gate_verdict *verdict, const bool *wanted,
                            size_t n_rows, struct gw_superior_ability *out, size_t *which) {
    const size_t most = family->n_pairs * GW_N_DELTAS;
    double *value = mem_calloc(most ? most : 1, sizeof *value);
    const double **replicate = mem_calloc(most ? most : 1, sizeof *replicate);
    size_t *from = mem_calloc(most ? most : 1, sizeof *from), n = 0;
    int rc = value && replicate && from ? GW_OK : GW_ERR_NOMEM;
    for (size_t j = 0; rc == GW_OK && j < most; j++) {
        const struct gw_delta *delta = &verdict[j / GW_N_DELTAS].delta[j % GW_N_DELTAS];
        if ((wanted && !wanted[j / GW_N_DELTAS]) || isnan(delta->p_value)) continue;
        from[n] = j;
        value[n] = delta->value;
        replicate[n++] = family->replicate + j * family->n_replicates;
    }
    if (rc == GW_OK) rc = gw_superior_ability(value, replicate, n, family->n_replicates, n_rows, out);
    *which = rc == GW_OK && out->best < n ? from[out->best] : SIZE_MAX;
    mem_free(from);
    mem_free(replicate);
    mem_free(value);
    return rc;
}
