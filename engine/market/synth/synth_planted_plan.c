/* Where things happen in a planted market. synth_planted.c tells the law. */
#include <string.h>

#include "engine/base/base.h"
#include "synth_planted.h"

enum { SIDES = 2 };

static int8_t side_of(size_t s) { return s == 0 ? 1 : -1; }

/* ---- marks --------------------------------------------------------------------------------- */

/* Bars until the next run: at least `spacing`, then the same hazard at every bar, so that the time since the
 * last one tells nothing about the next. */
static size_t next_distance(struct gw_rng *rng, const struct planted_law *law) {
    double mean = 1 / (SIDES * law->bursts), hazard = 1 / (mean - (double)law->spacing + 1);
    size_t distance = law->spacing;
    while (gw_rng_uniform(rng) >= hazard) distance++;
    return distance;
}

static int make_marks(const struct planted_law *law, uint64_t seed, struct planted_plan *plan) {
    struct gw_rng rng;
    struct gw_synth_truth *truth = plan->truth;
    gw_rng_key(&rng, seed, "planted marks", 0, 0, 0);
    truth->event = mem_calloc((plan->n / law->spacing + 1) * law->burst, sizeof *truth->event);
    if (!truth->event) return GW_ERR_NOMEM;
    size_t at = PLANTED_MOTIF_MAX + next_distance(&rng, law) - law->spacing, free_from[SIDES] = {0};
    for (; at + law->burst + PLANTED_MOVE_MAX <= plan->n; at += next_distance(&rng, law)) {
        const size_t s = gw_rng_below(&rng, SIDES);
        const int8_t side = side_of(s);
        if (at < free_from[s]) continue;
        free_from[s] = at + law->apart;
        for (size_t k = 0; k < law->burst; k++) {
            plan->bar[at + k] = (struct planted_bar){.role = ROLE_MARK, .side = side, .step = (uint8_t)k};
            truth->event[truth->n++] = (struct gw_synth_event){.bar = at + k, .trigger = law->trigger, .side = side};
        }
        for (size_t k = 0; k < PLANTED_MOVE_MAX; k++) /* reserved; freed again where no move follows */
            plan->bar[at + law->burst + k] = (struct planted_bar){.role = ROLE_MOVE, .side = side, .step = (uint8_t)k};
    }
    return GW_OK;
}

/* ---- motifs -------------------------------------------------------------------------------- */

static void write_motif(struct planted_plan *plan, size_t end, size_t length, int8_t side) {
    for (size_t k = 0; k < length; k++)
        plan->bar[end + 1 - length + k] = (struct planted_bar){.role = ROLE_MOTIF, .side = side, .step = (uint8_t)k};
}

static bool has_mark(const struct planted_plan *plan, size_t begin, size_t end, int8_t side) {
    for (size_t i = begin; i < end && i < plan->n; i++)
        if (plan->bar[i].role == ROLE_MARK && plan->bar[i].side == side) return true;
    return false;
}

/* Could a motif of this side and length end here? Its bars must be free and its side not be armed nearby
 * already. No mark of its side may stand before the motif arms it nor across the end of the armed stretch:
 * nobody could tell what such a mark means. */
static bool motif_fits(const struct planted_plan *plan, const struct planted_law *law, size_t end, size_t length,
                       int8_t side, const uint8_t *near_motif) {
    if (end + 1 < length || near_motif[end]) return false;
    for (size_t i = end + 1 - length; i <= end; i++)
        if (plan->bar[i].role != ROLE_NOISE) return false;
    size_t stop = end + law->lag_max + 1; /* first bar that is no more armed */
    if (has_mark(plan, end + 1, end + law->lag_min, side)) return false;
    return stop >= plan->n || plan->bar[stop].role != ROLE_MARK || plan->bar[stop].step == 0 ||
           plan->bar[stop].side != side;
}

/* Index of the first mark at or behind a bar. */
static size_t first_mark(const struct gw_synth_truth *truth, size_t bar) {
    size_t low = 0, high = truth->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (truth->event[middle].bar < bar)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Every mark of the side that the motif arms becomes a predictable bar. */
static size_t arm_marks(struct gw_synth_truth *truth, const struct planted_law *law, size_t end, int8_t side) {
    size_t armed = 0;
    for (size_t i = first_mark(truth, end + law->lag_min); i < truth->n; i++) {
        struct gw_synth_event *event = &truth->event[i];
        if (event->bar > end + law->lag_max) break;
        if (event->side != side) continue;
        event->motif = 1;
        event->lag = (uint16_t)(event->bar - end);
        armed++;
    }
    return armed;
}

/* Motifs fall anywhere until the asked share of the side's marks is armed. They know nothing of the marks: a
 * motif alone promises no mark, a mark alone no motif. */
static int make_motifs(const struct planted_law *law, uint64_t seed, size_t s, struct planted_plan *plan) {
    struct gw_rng rng;
    int8_t side = side_of(s);
    size_t marks = 0, armed = 0;
    uint8_t *near_motif = mem_calloc(plan->n, 1); /* bars within lag_max of a motif's end of this side */
    if (!near_motif) return GW_ERR_NOMEM;
    gw_rng_key(&rng, seed, "planted motifs", s, 0, 0);
    for (size_t i = 0; i < plan->truth->n; i++) marks += plan->truth->event[i].side == side;
    size_t wanted = (size_t)((double)marks * law->armed + 0.5);
    for (size_t tries = 100 * plan->n; armed < wanted && tries > 0; tries--) {
        size_t length = PLANTED_MOTIF_PERIOD * (law->bucket ? law->bucket : 2 + gw_rng_below(&rng, 3));
        if (law->stretch) length = law->stretch;
        size_t end = gw_rng_below(&rng, plan->n);
        if (law->bucket) end = end / law->bucket * law->bucket + law->bucket - 1;
        if (end >= plan->n) continue;
        if (!motif_fits(plan, law, end, length, side, near_motif)) continue;
        write_motif(plan, end, length, side);
        size_t begin = end > law->lag_max ? end - law->lag_max : 0;
        size_t stop = end + law->lag_max < plan->n ? end + law->lag_max : plan->n - 1;
        memset(near_motif + begin, 1, stop - begin + 1);
        armed += arm_marks(plan->truth, law, end, side);
    }
    mem_free(near_motif);
    return GW_OK;
}

/* Easy: the motif ends at the mark itself. */
static void join_motifs(uint64_t seed, struct planted_plan *plan) {
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "planted motifs", SIDES, 0, 0);
    for (size_t i = 0; i < plan->truth->n; i++) {
        struct gw_synth_event *event = &plan->truth->event[i];
        write_motif(plan, event->bar, PLANTED_MOTIF_PERIOD * (2 + gw_rng_below(&rng, 3)), event->side);
        plan->bar[event->bar] = (struct planted_bar){.role = ROLE_MARK, .side = event->side};
        event->motif = 1;
    }
}

/* ---- moves --------------------------------------------------------------------------------- */

/* A predictable run is followed by its move but for a few; every other run is followed by noise. */
static void make_moves(const struct planted_law *law, uint64_t seed, struct planted_plan *plan) {
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "planted moves", 0, 0, 0);
    for (size_t i = 0; i < plan->truth->n; i += law->burst) {
        const struct gw_synth_event *event = &plan->truth->event[i];
        struct planted_bar *behind = &plan->bar[event->bar + law->burst];
        size_t length = 1 + gw_rng_below(&rng, PLANTED_MOVE_MAX);
        if (gw_rng_uniform(&rng) >= law->followed || !event->motif) length = 0;
        for (size_t k = 0; k < PLANTED_MOVE_MAX; k++) {
            behind[k].length = (uint8_t)length;
            if (k >= length) behind[k] = (struct planted_bar){.role = ROLE_NOISE};
        }
    }
}

int planted_plan_make(const struct planted_law *law, uint64_t seed, size_t n, struct gw_synth_truth *truth,
                      struct planted_plan *out) {
    int rc = GW_OK;
    *out = (struct planted_plan){.n = n, .truth = truth};
    out->bar = mem_calloc(n, sizeof *out->bar);
    if (!out->bar) return GW_ERR_NOMEM;
    TRY_GOTO(make_marks(law, seed, out), failed);
    if (law->lag_max == 0) join_motifs(seed, out);
    for (size_t s = 0; s < SIDES && law->lag_max > 0; s++) TRY_GOTO(make_motifs(law, seed, s, out), failed);
    make_moves(law, seed, out);
    return GW_OK;
failed:
    planted_plan_free(out);
    return rc;
}

void planted_plan_free(struct planted_plan *plan) {
    mem_free(plan->bar);
    *plan = (struct planted_plan){0};
}
