/* What the trials are worth as a whole: how many, how their Sharpe ratios differ, how often the best of one half of the bars is
 * below the middle in the other. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/results/run_key.h"
#include "engine/score/overfitting.h"
#include "engine/store/store.h"
#include "search_private.h"

/* The last evaluation of each trial is the one with its largest budget. */
static bool is_last(const struct search *s, size_t i) {
    if (s->evaluation[i].state != EVALUATION_DONE) return false;
    for (size_t j = i + 1; j < s->n; j++)
        if (s->evaluation[j].trial == s->evaluation[i].trial && s->evaluation[j].state == EVALUATION_DONE) return false;
    return true;
}

size_t search_trials(const struct search *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) n += is_last(s, i);
    return n;
}

void search_sharpes(const struct search *s, struct searched *out) {
    *out = (struct searched){0};
    for (size_t i = 0; i < s->n; i++) {
        const struct trial_returns *r = &s->evaluation[i].returns;
        if (!is_last(s, i) || r->n_bars == 0 || !isfinite(r->sharpe)) continue;
        const double from_mean = r->sharpe - out->mean; /* Welford's recurrence: they lie close together */
        out->mean += from_mean / (double)++out->n_sharpe;
        out->squares += from_mean * (r->sharpe - out->mean);
    }
}

/* Over trials that were replayed over the same bars as the chosen one. */
int search_overfitting(const struct search *s, double *out) {
    enum { MOST = 1000 }; /* 12,870 choices times these: a second */
    *out = NAN;
    if (s->chosen == SIZE_MAX) return GW_OK;
    const size_t n_bars = s->evaluation[s->chosen].returns.n_bars;
    size_t *index = mem_calloc(s->n, sizeof *index), n = 0;
    if (!index) return GW_ERR_NOMEM;
    for (size_t i = 0; i < s->n && n < MOST; i++)
        if (is_last(s, i) && s->evaluation[i].returns.n_bars == n_bars && isfinite(s->evaluation[i].returns.sharpe))
            index[n++] = i;
    double *sum = mem_calloc(2 * RETURN_PARTS * (n ? n : 1), sizeof *sum), count[RETURN_PARTS];
    int rc = sum ? GW_OK : GW_ERR_NOMEM;
    for (size_t p = 0; rc == GW_OK && p < RETURN_PARTS; p++) {
        count[p] = (double)((p + 1) * n_bars / RETURN_PARTS - p * n_bars / RETURN_PARTS);
        for (size_t k = 0; k < n; k++) {
            sum[p * n + k] = s->evaluation[index[k]].returns.sum[p];
            sum[(RETURN_PARTS + p) * n + k] = s->evaluation[index[k]].returns.square[p];
        }
    }
    if (rc == GW_OK && n >= 2 && n_bars >= 2 * RETURN_PARTS)
        rc = overfitting_of_sums(RETURN_PARTS, n, count, sum, sum + RETURN_PARTS * n, out);
    mem_free(sum);
    mem_free(index);
    return rc;
}

/* ---- the trial ledger ------------------------------------------------------------------------------------------------ */

int search_record(const struct search *s, const struct prepared *p, struct record *record) {
    char data_hash[RUN_KEY_SIZE], begin[40], end[40];
    const struct gw_fold_plan *plan = &p->plan;
    struct store_trial *trial = mem_calloc(s->n ? s->n : 1, sizeof *trial);
    char(*name)[64] = mem_calloc(s->n ? s->n : 1, sizeof *name);
    size_t n = 0;
    if (!trial || !name) {
        mem_free(trial);
        mem_free(name);
        return GW_ERR_NOMEM;
    }
    data_key(p, data_hash);
    time_format(plan->fold[0].begin_ns[GW_SLICE_VALIDATION], begin);
    time_format(plan->fold[s->settings.folds - 1].end_ns[GW_SLICE_VALIDATION], end);
    for (size_t i = 0; i < s->n; i++) {
        const struct evaluation *v = &s->evaluation[i];
        if (!is_last(s, i)) continue;
        snprintf(name[n], sizeof name[n], "%.40s trial %zu", s->settings.contestant, v->trial + 1);
        trial[n] = (struct store_trial){.data_hash = data_hash,
                                        .trial = v->trial_key,
                                        .name = name[n],
                                        .test_begin = begin,
                                        .test_end = end,
                                        .n_seeds = s->settings.seeds,
                                        .n_bars = v->returns.n_bars,
                                        .sharpe = v->returns.n_bars ? v->returns.sharpe : (double)NAN};
        for (size_t b = 0; b < RETURN_PARTS; b++)
            trial[n].part_bars[b] = (b + 1) * v->returns.n_bars / RETURN_PARTS - b * v->returns.n_bars / RETURN_PARTS;
        memcpy(trial[n].sum, v->returns.sum, sizeof trial[n].sum);
        memcpy(trial[n++].square, v->returns.square, sizeof trial[0].square);
    }
    record_searched(record, trial, n);
    mem_free(trial);
    mem_free(name);
    return GW_OK;
}
