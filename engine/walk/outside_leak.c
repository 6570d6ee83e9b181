/* Out of fold: no score may be of a model that has seen the bar it scores.
 *
 * trained_until is the close of the last bar that the model was trained on. That bar's label looks `horizon` bars ahead,
 * and the embargo adds to it, so the model knows every bar up to there. As in the walk's own purge a bar may be scored
 * when all of that lies before it: reach < close of the bar. The reach is the farthest of all symbols: a model may have
 * been trained on any of them.
 *
 * A fold is the walk's own: its model was trained on bars that close before its validation slice begins, so that slice and
 * what follows are what it may score. */
#include "engine/base/base.h"
#include "outside_private.h"

static size_t bars_closed(const struct gw_bars *bars, int64_t time_ns) {
    size_t low = 0, high = bars->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (gw_bar_close_ns(bars, middle) <= time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t label_reach(const struct reading *r, int64_t trained_until_ns) {
    int64_t reach = INT64_MIN;
    for (size_t s = 0; s < r->p->market.n_symbols; s++) {
        const struct gw_bars *bars = &r->p->market.symbol[s];
        size_t n = bars_closed(bars, trained_until_ns);
        if (n == 0) continue;
        size_t last = n - 1 + r->e->labels.horizon + r->e->folds.embargo;
        if (last >= bars->n) last = bars->n - 1; /* labels beyond the data do not exist */
        if (gw_bar_close_ns(bars, last) > reach) reach = gw_bar_close_ns(bars, last);
    }
    return reach > trained_until_ns ? reach : trained_until_ns; /* what it was trained on it has seen in any case */
}

int outside_check_leak(struct reading *r, const struct row *row, size_t t, const struct record *record) {
    int64_t close_ns = gw_bar_close_ns(&r->p->market.symbol[row->symbol], t);
    char closed[40], until[40], seen[40];
    if (row->has_fold) {
        const struct gw_fold *fold = &r->p->plan.fold[row->fold - 1];
        if (close_ns < fold->begin_ns[GW_SLICE_VALIDATION])
            return record_fail(
                record, r->columns.of[ROLE_FOLD],
                "the model of fold %zu is trained on bars up to %s and so has seen this one, which closed "
                "at %s; score it with an earlier fold's model, or leave the row out",
                row->fold, time_format(fold->begin_ns[GW_SLICE_VALIDATION], until), time_format(close_ns, closed));
    }
    if (!row->has_trained_until) return GW_OK;
    if (!r->reach_known || r->reach_of_ns != row->trained_until_ns) {
        r->reach_ns = label_reach(r, row->trained_until_ns);
        r->reach_of_ns = row->trained_until_ns;
        r->reach_known = true;
    }
    if (r->reach_ns < close_ns) return GW_OK;
    return record_fail(record, r->columns.of[ROLE_TRAINED_UNTIL],
                       "a model trained until %s has seen this bar, which closed at %s: labels look %zu bars ahead%s, "
                       "until %s; score it with a model that was trained until earlier, or leave the row out",
                       time_format(row->trained_until_ns, until), time_format(close_ns, closed), r->e->labels.horizon,
                       r->e->folds.embargo ? " and the embargo adds to that" : "", time_format(r->reach_ns, seen));
}
