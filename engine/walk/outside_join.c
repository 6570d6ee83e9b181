/* Rows to bars. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "outside_private.h"

/* ---- room -------------------------------------------------------------------------------------------- */

static int flag_samples(struct reading *r) {
    const struct gw_fold_plan *plan = &r->p->plan;
    size_t n_symbols = r->p->market.n_symbols;
    r->use = mem_calloc(n_symbols, sizeof *r->use);
    for (int i = 0; i < 2; i++)
        if (!(r->hint[i] = mem_calloc(n_symbols, sizeof *r->hint[i]))) return GW_ERR_NOMEM;
    if (!r->use) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n_symbols; s++) {
        r->use[s] = mem_calloc(r->p->market.symbol[s].n + 1, 1);
        if (!r->use[s]) return GW_ERR_NOMEM;
        for (size_t f = 0; f < plan->n_folds; f++)
            for (int slice = GW_SLICE_VALIDATION; slice <= GW_SLICE_TEST; slice++) {
                const struct gw_range *range = &plan->fold[f].samples[slice][s];
                for (size_t t = range->begin; t < range->end; t++)
                    r->use[s][t] |= slice == GW_SLICE_TEST ? USE_TEST : USE_VALIDATION;
            }
    }
    return GW_OK;
}

static int by_name(const void *a, const void *b, void *who) {
    const struct gw_market *market = who;
    return strcmp(market->symbol[*(const size_t *)a].symbol, market->symbol[*(const size_t *)b].symbol);
}

static int index_names(struct reading *r) {
    const size_t n_symbols = r->p->market.n_symbols;
    r->by_name = mem_calloc(n_symbols, sizeof *r->by_name);
    if (!r->by_name) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n_symbols; s++) r->by_name[s] = s;
    qsort_r(r->by_name, n_symbols, sizeof *r->by_name, by_name, (void *)&r->p->market);
    return GW_OK;
}

size_t outside_symbol(const struct reading *r, const char *name, size_t length) {
    size_t low = 0, high = r->p->market.n_symbols;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const char *there = r->p->market.symbol[r->by_name[middle]].symbol;
        const size_t n = strlen(there);
        int order = memcmp(there, name, n < length ? n : length);
        if (order == 0) order = (n > length) - (n < length);
        if (order == 0) return r->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SIZE_MAX;
}

int outside_join_begin(struct reading *r) {
    size_t n_seeds = r->e->n_seeds + 1;
    r->bar = mem_calloc(n_seeds * r->p->market.n_symbols, sizeof *r->bar);
    r->validation = mem_calloc(n_seeds * r->p->plan.n_folds + 1, sizeof *r->validation);
    r->rows_of_seed = mem_calloc(n_seeds, sizeof *r->rows_of_seed);
    if (!r->bar || !r->validation || !r->rows_of_seed) return GW_ERR_NOMEM;
    TRY(index_names(r));
    return flag_samples(r);
}

void outside_join_end(struct reading *r) {
    size_t n_seeds = r->e->n_seeds + 1;
    for (size_t i = 0; r->bar && i < n_seeds * r->p->market.n_symbols; i++) mem_free(r->bar[i]);
    for (size_t i = 0; r->validation && i < n_seeds * r->p->plan.n_folds; i++) mem_free(r->validation[i]);
    for (size_t s = 0; r->use && s < r->p->market.n_symbols; s++) mem_free(r->use[s]);
    mem_free(r->bar);
    mem_free(r->validation);
    mem_free(r->rows_of_seed);
    mem_free(r->use);
    mem_free(r->by_name);
    mem_free(r->hint[0]);
    mem_free(r->hint[1]);
}

/* Room is made when the first row of a seed comes. */
static struct slot *slots(struct slot **at, size_t n) {
    if (!*at) *at = mem_calloc(n ? n : 1, sizeof **at);
    return *at;
}

/* ---- which bar ------------------------------------------------------------------------------------------ */

/* The bar that opens at open_ns, SIZE_MAX: none. Rows mostly come in the order of time. */
static size_t find_bar(const struct gw_bars *bars, int64_t open_ns, size_t *hint) {
    size_t low = *hint, high = bars->n;
    if (low < bars->n && bars->bar[low].open_ns == open_ns) {
        ++*hint;
        return low;
    }
    for (low = 0; low < high;) {
        size_t middle = (low + high) / 2;
        if (bars->bar[middle].open_ns < open_ns)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == bars->n || bars->bar[low].open_ns != open_ns) return SIZE_MAX;
    *hint = low + 1;
    return low;
}

/* ---- what is said there --------------------------------------------------------------------------------- */

static bool same(const struct said *a, const struct said *b) {
    for (int g = 0; g < GW_N_GATES; g++)
        if ((a->p[g] != b->p[g] && !(isnan(a->p[g]) && isnan(b->p[g]))) ||
            (a->tau[g] != b->tau[g] && !(isnan(a->tau[g]) && isnan(b->tau[g]))))
            return false;
    return true;
}

static int put(struct reading *r, struct slot *slot, const struct said *said, const struct record *record,
               size_t column) {
    if (slot->line == 0) {
        *slot =
            (struct slot){.said = *said, .file = (uint32_t)(r->file - r->out->file), .line = (uint32_t)record->line};
        return GW_OK;
    }
    r->out->account.n_duplicates++;
    if (same(&slot->said, said)) return GW_OK;
    const struct outside_file *earlier = &r->out->file[slot->file];
    bool elsewhere = earlier != r->file;
    return record_fail(
        record, column,
        "says something else of this bar than line %u%s%s; keep one of both, or give the rows their seeds", slot->line,
        elsewhere ? " of " : "", elsewhere ? earlier->path : "");
}

/* Position of a bar among the fold's validation samples, SIZE_MAX: it is none. */
static size_t validation_sample(const struct gw_fold *fold, size_t symbol, size_t t) {
    const struct gw_range *range = fold->samples[GW_SLICE_VALIDATION];
    size_t at = 0;
    if (t < range[symbol].begin || t >= range[symbol].end) return SIZE_MAX;
    for (size_t s = 0; s < symbol; s++) at += range[s].end - range[s].begin;
    return at + t - range[symbol].begin;
}

/* With a fold a bar of its validation slice is that fold's alone: an earlier one may be testing on it. */
int outside_join_bar(struct reading *r, const struct row *row, size_t t, const struct said *said,
                     const struct record *record, size_t column) {
    const struct gw_bars *bars = &r->p->market.symbol[row->symbol];
    size_t n_folds = r->p->plan.n_folds, n_symbols = r->p->market.n_symbols;
    r->rows_of_seed[row->seed]++;
    TRY(outside_check_leak(r, row, t, record));
    if (row->has_fold) {
        const struct gw_fold *fold = &r->p->plan.fold[row->fold - 1];
        size_t at = validation_sample(fold, row->symbol, t);
        if (gw_bar_close_ns(bars, t) < fold->end_ns[GW_SLICE_VALIDATION]) {
            size_t n = gw_fold_count_samples(fold, GW_SLICE_VALIDATION, n_symbols);
            struct slot *slot = slots(&r->validation[row->seed * n_folds + row->fold - 1], n);
            if (!slot) return GW_ERR_NOMEM;
            r->out->account.n_unused += at == SIZE_MAX;
            return at == SIZE_MAX ? GW_OK : put(r, &slot[at], said, record, column);
        }
    }
    if (!(r->use[row->symbol][t] & (USE_TEST | USE_VALIDATION))) r->out->account.n_unused++;
    struct slot *slot = slots(&r->bar[row->seed * n_symbols + row->symbol], bars->n);
    return slot ? put(r, &slot[t], said, record, column) : GW_ERR_NOMEM;
}

/* Both readings of the time leave their mark: that is how swapped ones are found out. */
int outside_join(struct reading *r, const struct row *row, const struct said *said, const struct record *record,
                 size_t time_column, size_t score_column) {
    const struct gw_bars *bars = &r->p->market.symbol[row->symbol];
    bool opening = r->columns.of[ROLE_TIME] == SIZE_MAX;
    size_t opens = find_bar(bars, row->time_ns, &r->hint[0][row->symbol]);
    size_t closes = find_bar(bars, row->time_ns - bars->interval_ns, &r->hint[1][row->symbol]);
    if (opens != SIZE_MAX) r->use[row->symbol][opens] |= HIT_OPEN;
    if (closes != SIZE_MAX) r->use[row->symbol][closes] |= HIT_CLOSE;
    size_t t = opening ? opens : closes;
    if (t != SIZE_MAX) return outside_join_bar(r, row, t, said, record, score_column);
    r->out->account.n_no_bar++;
    r->rows_of_seed[row->seed]++;
    if (r->lost.line == 0) {
        snprintf(r->lost.path, sizeof r->lost.path, "%s", record->path);
        r->lost.line = record->line;
        r->lost.column = record->document ? 1 : record->place[time_column];
        r->lost.time_ns = row->time_ns;
    }
    return GW_OK;
}
