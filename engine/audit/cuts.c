/* Where histories are cut. */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

#include "gatewalk/rng.h"

enum { BORDERS = 9 };

/* The k-th bar worth a cut of one fold and symbol: borders first, then any bar of the test slice. */
static size_t bar_of_cut(const struct prepared *p, size_t fold, size_t s, size_t k, struct gw_rng *rng) {
    const struct gw_fold *f = &p->plan.fold[fold];
    const struct gw_range *train = &f->bars[GW_SLICE_TRAIN][s], *validation = &f->bars[GW_SLICE_VALIDATION][s],
                          *test = &f->bars[GW_SLICE_TEST][s];
    size_t horizon = p->plan.config.horizon, length = test->end - test->begin;
    switch (k) {
    case 0:
        return test->begin;
    case 1:
        return validation->end - 1;
    case 2:
        return test->end - 1;
    case 3:
        return test->begin + (horizon < length ? horizon : 0);
    case 4:
        return train->end - 1;
    case 5:
        return test->end - 1 - (horizon < length ? horizon : 0);
    case 6:
        return test->begin + (length > 1);
    case 7:
        return (validation->begin + validation->end) / 2;
    case 8:
        return (train->end - 1) + horizon;
    default:
        return test->begin + gw_rng_below(rng, length ? length : 1);
    }
}

static int by_time(const void *a, const void *b) {
    const struct audit_place_cut *x = a, *y = b;
    return (x->cut_ns > y->cut_ns) - (x->cut_ns < y->cut_ns);
}

static size_t fold_of(const struct prepared *p, int64_t cut_ns) {
    for (size_t f = 0; f < p->plan.n_folds; f++)
        if (p->plan.fold[f].begin_ns[GW_SLICE_TEST] <= cut_ns && cut_ns < p->plan.fold[f].end_ns[GW_SLICE_TEST])
            return f;
    return SIZE_MAX;
}

static bool is_new(const struct audit_cuts *cuts, int64_t cut_ns) {
    for (size_t i = 0; i < cuts->n; i++)
        if (cuts->at[i].cut_ns == cut_ns) return false;
    return true;
}

int audit_choose_cuts(const struct prepared *p, size_t n, struct audit_cuts *out) {
    struct gw_rng rng;
    size_t n_folds = p->plan.n_folds;
    memset(out, 0, sizeof *out);
    if (!(out->at = mem_calloc(n ? n : 1, sizeof *out->at))) return GW_ERR_NOMEM;
    gw_rng_key(&rng, 1, "cuts", n, 0, 0);
    /* The j-th round visits every fold, or folds at equal distances when there are more than cuts. A market of few bars
     * has fewer cuts than were asked for. */
    for (size_t j = 0; out->n < n && j < 8 * n; j++) {
        size_t fold = n < n_folds ? j * n_folds / n % n_folds : j % n_folds,
               s = (j / n_folds + j) % p->market.n_symbols;
        size_t k = n < n_folds ? j % (BORDERS + 1) : j / n_folds;
        if (p->plan.fold[fold].bars[GW_SLICE_TEST][s].end == p->plan.fold[fold].bars[GW_SLICE_TEST][s].begin) continue;
        size_t bar = bar_of_cut(p, fold, s, k, &rng);
        if (bar >= p->market.symbol[s].n) continue;
        int64_t cut_ns = gw_bar_close_ns(&p->market.symbol[s], bar);
        if (is_new(out, cut_ns)) out->at[out->n++] = (struct audit_place_cut){cut_ns, fold_of(p, cut_ns)};
    }
    qsort(out->at, out->n, sizeof *out->at, by_time);
    return GW_OK;
}
