#include "family_room.h"
#include "engine/base/base.h"

static int find_bars(struct family_room *room, const struct family_pair *pair, size_t *index) {
    for (*index = 0; *index < room->n_bars; ++*index) {
        const struct verdict_bars *b = &room->bars[*index];
        if (b->n == pair->sample.n && b->label == pair->sample.label && b->fold == pair->sample.fold &&
            b->at == pair->at)
            return GW_OK;
    }
    TRY(verdict_bars_init(&room->bars[room->n_bars], &pair->sample, pair->at));
    const struct verdict_bars *made = &room->bars[room->n_bars++];
    room->counts += made->n_folds + (made->at ? made->n : 0);
    return GW_OK;
}

static bool same_scores(const struct side *side, const float *const *score, const double *const *pnl) {
    for (size_t s = 0; s < side->n_seeds; s++)
        if (side->seed[s].score != score[s] || side->seed[s].value[GW_DELTA_PNL1] != (pnl ? pnl[s] : NULL))
            return false;
    return true;
}

static int find_side(struct family_room *room, size_t bars, const float *const *score, size_t n_seeds,
                     const double *const *pnl, size_t *index) {
    for (*index = 0; *index < room->n_sides; ++*index) {
        const struct side *s = &room->side[*index];
        if (s->bars == bars && s->n_seeds == n_seeds && same_scores(s, score, pnl)) return GW_OK;
    }
    struct side *side = &room->side[room->n_sides++];
    *side = (struct side){.bars = bars, .n_seeds = n_seeds};
    side->seed = mem_calloc(n_seeds, sizeof *side->seed);
    if (!side->seed) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n_seeds; s++)
        TRY(verdict_scorer_init(&side->seed[s], &room->bars[bars], score[s], pnl ? pnl[s] : NULL));
    return GW_OK;
}

int family_room_make(struct family_room *room, const struct family_pair *pair, size_t n_pairs, size_t n_rows) {
    *room = (struct family_room){.n_rows = n_rows, .n_pairs = n_pairs};
    room->bars = mem_calloc(n_pairs, sizeof *room->bars);
    room->side = mem_calloc(2 * n_pairs, sizeof *room->side);
    room->of = mem_calloc(n_pairs, sizeof *room->of);
    if (!room->bars || !room->side || !room->of) return GW_ERR_NOMEM;
    for (size_t i = 0; i < n_pairs; i++) {
        const struct gw_paired_sample *s = &pair[i].sample;
        size_t bars;
        if (s->n == 0 || s->n_seeds == 0) {
            room->of[i][0] = room->of[i][1] = SIZE_MAX;
            continue;
        }
        TRY(find_bars(room, &pair[i], &bars));
        TRY(find_side(room, bars, s->score_a, s->n_seeds, s->pnl_a, &room->of[i][0]));
        TRY(find_side(room, bars, s->score_b, s->n_seeds, s->pnl_b, &room->of[i][1]));
    }
    return GW_OK;
}

void family_room_free(struct family_room *room) {
    for (size_t i = 0; i < room->n_sides; i++) {
        for (size_t s = 0; room->side[i].seed && s < room->side[i].n_seeds; s++)
            verdict_scorer_free(&room->side[i].seed[s]);
        mem_free(room->side[i].seed);
    }
    for (size_t i = 0; i < room->n_bars; i++) verdict_bars_free(&room->bars[i]);
    mem_free(room->of);
    mem_free(room->side);
    mem_free(room->bars);
}

double side_measure(const struct side *side, int delta, const struct resample *resample) {
    double sum = 0;
    for (size_t s = 0; s < side->n_seeds; s++) sum += verdict_scorer_measure(&side->seed[s], delta, resample);
    return sum / (double)side->n_seeds;
}

int whole_sample(const struct verdict_bars *bars, uint32_t **counts, struct resample *out) {
    uint32_t *once = *counts = mem_calloc(bars->n + bars->n_folds, sizeof *once);
    if (!once) return GW_ERR_NOMEM;
    for (size_t i = 0; i < bars->n; i++) once[i] = 1;
    for (size_t f = 0; f < bars->n_folds; f++) once[bars->n + f] = bars->fold_begin[f + 1] - bars->fold_begin[f];
    *out = (struct resample){once, once + bars->n};
    return GW_OK;
}

struct resample counts_of(const struct verdict_bars *bars, const uint32_t *row_count, uint32_t **room) {
    uint32_t *drawn = *room;
    const uint32_t *count = row_count;
    *room += bars->n_folds;
    if (bars->at) {
        uint32_t *own = *room;
        *room += bars->n;
        for (size_t i = 0; i < bars->n; i++) own[i] = row_count[bars->at[i]];
        count = own;
    }
    for (size_t f = 0; f < bars->n_folds; f++) {
        drawn[f] = 0;
        for (uint32_t i = bars->fold_begin[f]; i < bars->fold_begin[f + 1]; i++) drawn[f] += count[i];
    }
    return (struct resample){count, drawn};
}
