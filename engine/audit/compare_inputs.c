/* Folds, features and labels of two walks. */
#include "compare.h"

#include <string.h>

static void compare_range(struct audit *audit, const struct audit_place *place, const char *slice,
                          const struct gw_range *a, const struct gw_range *b) {
    audit->n_compared[STAGE_PLAN] += 2;
    if (a->begin != b->begin)
        audit_note(audit, STAGE_PLAN, place, (double)a->begin, (double)b->begin, "first sample of %s", slice);
    if (a->end != b->end) audit_note(audit, STAGE_PLAN, place, (double)a->end, (double)b->end, "end of %s", slice);
}

static bool compare_plan(struct audit *audit, const struct prepared *a, const struct prepared *b) {
    struct audit_place place = {.time_ns = INT64_MIN};
    audit_value(audit, STAGE_PLAN, &place, "number of folds", (double)a->plan.n_folds, (double)b->plan.n_folds);
    for (size_t f = 0; f < a->plan.n_folds && f < b->plan.n_folds; f++) {
        const struct gw_fold *x = &a->plan.fold[f], *y = &b->plan.fold[f];
        place.fold = f + 1;
        for (int k = 0; k < GW_N_SLICES; k++) {
            place.time_ns = x->begin_ns[k];
            place.symbol = NULL;
            audit_value(audit, STAGE_PLAN, &place, "begin", (double)x->begin_ns[k], (double)y->begin_ns[k]);
            audit_value(audit, STAGE_PLAN, &place, "end", (double)x->end_ns[k], (double)y->end_ns[k]);
            for (size_t s = 0; s < a->market.n_symbols; s++) {
                place.symbol = a->market.symbol[s].symbol;
                compare_range(audit, &place, gw_slice_name[k], &x->samples[k][s], &y->samples[k][s]);
            }
        }
    }
    return !audit->first[STAGE_PLAN].found;
}

/* Whole rows at once: nearly all are the same. */
static void compare_features(struct audit *audit, const struct prepared *a, const struct prepared *b, size_t s,
                             size_t n) {
    const struct gw_bars *bars = &a->market.symbol[s];
    size_t F = gw_feature_set_size(a->set);
    audit->n_compared[STAGE_FEATURES] += n * F;
    for (size_t t = 0; t < n; t++) {
        const float *x = a->features[s].value + t * F, *y = b->features[s].value + t * F;
        struct audit_place place = {.time_ns = gw_bar_close_ns(bars, t), .symbol = bars->symbol};
        if (memcmp(x, y, F * sizeof *x) == 0) continue;
        for (size_t f = 0; f < F; f++)
            if (memcmp(&x[f], &y[f], sizeof x[f]) != 0)
                audit_note(audit, STAGE_FEATURES, &place, (double)x[f], (double)y[f], "%s",
                           gw_feature_set_name(a->set, f));
        return; /* later bars are not the first */
    }
}

/* A label is known when its horizon is over. */
static void compare_labels(struct audit *audit, const struct prepared *a, const struct prepared *b, size_t s,
                           size_t n) {
    static const char *const name[GW_N_GATES] = {"label_long", "label_short"};
    const struct gw_bars *bars = &a->market.symbol[s];
    size_t horizon = a->plan.config.horizon;
    for (size_t t = 0; t < n; t++) {
        struct audit_place place = {.time_ns = gw_bar_close_ns(bars, t), .symbol = bars->symbol};
        for (int g = 0; t + horizon < n && g < GW_N_GATES; g++)
            audit_value(audit, STAGE_LABELS, &place, name[g], (double)a->labels[s].gate[g][t],
                        (double)b->labels[s].gate[g][t]);
        audit_value(audit, STAGE_MIN_MOVE, &place, "min_move", a->labels[s].min_move[t], b->labels[s].min_move[t]);
    }
}

/* So is a path. */
static void compare_paths(struct audit *audit, const struct prepared *a, const struct prepared *b, size_t s, size_t n) {
    const struct gw_bars *bars = &a->market.symbol[s];
    for (size_t i = 0; i < a->n_paths && i < b->n_paths; i++) {
        const size_t width = a->paths[i].steps * GW_PATH_SIDES;
        const float *x = a->paths[i].of[s].move, *y = b->paths[i].of[s].move;
        for (size_t t = 0; t + a->plan.config.horizon < n; t++) {
            struct audit_place place = {.time_ns = gw_bar_close_ns(bars, t), .symbol = bars->symbol};
            for (size_t k = 0; k < width; k++)
                audit_value(audit, STAGE_LABELS, &place, k % GW_PATH_SIDES == GW_PATH_BEST ? "path_best" : "path_worst",
                            (double)x[t * width + k], (double)y[t * width + k]);
        }
    }
}

bool compare_inputs(struct audit *audit, const struct prepared *a, const struct prepared *b) {
    bool same = compare_plan(audit, a, b);
    for (size_t s = 0; s < a->market.n_symbols; s++) {
        size_t n = known_bars(&a->market.symbol[s], audit->cut_ns);
        compare_features(audit, a, b, s, n);
        compare_labels(audit, a, b, s, n);
        compare_paths(audit, a, b, s, n);
    }
    return same;
}
