/* breakdown.csv: what each contestant's trades brought by symbol, side, exit reason, month, hour and fold, and what its account
 * returned in each month and fold (columns: run_files.h). */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "write.h"

enum by { BY_SYMBOL, BY_SIDE, BY_REASON, BY_MONTH, BY_HOUR, BY_FOLD, N_BY };
static const char *const by_name[N_BY] = {"symbol", "side", "reason", "month", "hour", "fold"};

/* One line of the table. Equity: of the last point before the group's first, and of its last. */
struct group {
    int64_t key;
    size_t n, wins, ambiguous, n_points;
    double gains, losses, returns, fees, slippage, funding, bars_held, before, after;
};

struct groups {
    struct group *group; /* [n] owned */
    size_t n, capacity;
};

/* Months count from year 0. */
static int64_t month_of(int64_t time_ns) {
    int year, month, day, second, weekday;
    time_to_civil(time_ns, &year, &month, &day, &second, &weekday);
    return (int64_t)year * 12 + month - 1;
}

static int64_t hour_of(int64_t time_ns) {
    const int64_t hour_ns = (int64_t)3600 * NS_PER_SECOND, rest = time_ns % NS_PER_DAY;
    return (rest < 0 ? rest + NS_PER_DAY : rest) / hour_ns;
}

/* The fold whose test slice holds a close; -1: none does. */
static int64_t fold_of(const struct gw_fold_plan *plan, int64_t close_ns) {
    for (size_t f = plan->n_folds; f-- > 0;)
        if (close_ns >= plan->fold[f].begin_ns[GW_SLICE_TEST])
            return close_ns < plan->fold[f].end_ns[GW_SLICE_TEST] ? (int64_t)f + 1 : -1;
    return -1;
}

/* A trade belongs to the month in which it ended, to the hour at which it was entered, to the fold that gave its signal. */
static int64_t key_of(const struct gw_trade *t, const struct prepared *p, enum by by) {
    switch (by) {
    case BY_SYMBOL:
        return t->symbol;
    case BY_SIDE:
        return t->side == GW_SIDE_LONG ? 0 : 1;
    case BY_REASON:
        return (int64_t)t->reason;
    case BY_MONTH:
        return month_of(t->exit_ns - 1); /* midnight ends its month */
    case BY_HOUR:
        return hour_of(t->entry_ns);
    default:
        return fold_of(&p->plan, t->signal_ns);
    }
}

/* NULL: no memory. Neighbours are mostly of one group: the newest are asked first. */
static struct group *group_of(struct groups *groups, int64_t key) {
    for (size_t i = groups->n; i-- > 0;)
        if (groups->group[i].key == key) return &groups->group[i];
    if (groups->n == groups->capacity) {
        const size_t capacity = 2 * groups->capacity + 16;
        struct group *grown = mem_realloc(groups->group, capacity, sizeof *grown);
        if (!grown) return NULL;
        groups->group = grown;
        groups->capacity = capacity;
    }
    struct group *group = &groups->group[groups->n++];
    *group = (struct group){.key = key};
    return group;
}

static void add_trade(struct group *group, const struct gw_trade *t) {
    group->n++;
    group->wins += t->pnl > 0;
    group->ambiguous += t->ambiguous;
    if (t->pnl > 0)
        group->gains += t->pnl;
    else
        group->losses -= t->pnl;
    group->returns += t->return_fraction;
    group->fees += t->fees;
    group->slippage += t->slippage;
    group->funding += t->funding;
    group->bars_held += t->bars_held;
}

static int gather(const struct experiment *e, const struct prepared *p, const struct gw_replay_result *replay,
                  enum by by, struct groups *groups) {
    double before = e->broker.initial_cash;
    for (size_t i = 0; i < replay->n_trades; i++) {
        struct group *group = group_of(groups, key_of(&replay->trade[i], p, by));
        if (!group) return GW_ERR_NOMEM;
        add_trade(group, &replay->trade[i]);
    }
    for (size_t i = 0; (by == BY_MONTH || by == BY_FOLD) && i < replay->n_equity; i++) {
        const struct gw_equity_point *point = &replay->equity[i];
        struct group *group =
            group_of(groups, by == BY_MONTH ? month_of(point->time_ns - 1) : fold_of(&p->plan, point->time_ns));
        if (!group) return GW_ERR_NOMEM;
        if (group->n_points++ == 0) group->before = before;
        group->after = before = point->equity;
    }
    return GW_OK;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static int by_key(const void *a, const void *b) {
    const struct group *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static const char *name_of(const struct prepared *p, enum by by, int64_t key, char text[32]) {
    switch (by) {
    case BY_SYMBOL:
        return p->market.symbol[key].symbol;
    case BY_SIDE:
        return key == 0 ? "long" : "short";
    case BY_REASON:
        return gw_exit_reason_name[key];
    case BY_MONTH:
        snprintf(text, 32, "%04d-%02d", (int)(key / 12), (int)(key % 12) + 1);
        return text;
    case BY_HOUR:
        snprintf(text, 32, "%02d", (int)key);
        return text;
    default:
        snprintf(text, 32, "%d", (int)key);
        return key < 0 ? "none" : text;
    }
}

static const char *mean(double sum, size_t n, char text[32]) { return n ? number_format(sum / (double)n, text) : ""; }

static void put_group(struct out_file *out, const struct prepared *p, const char *strategy, uint64_t seed, enum by by,
                      const struct group *g) {
    char text[32], n[9][32];
    out_printf(out, "%s,%" PRIu64 ",%s,%s,%zu,%zu,%s,%s,%s,%s,%s,%s,%s,%s,%zu,%s\n", strategy, seed, by_name[by],
               name_of(p, by, g->key, text), g->n, g->wins, number_format(g->gains, n[0]),
               number_format(g->losses, n[1]), number_format(g->gains - g->losses, n[2]), mean(g->returns, g->n, n[3]),
               number_format(g->fees, n[4]), number_format(g->slippage, n[5]), number_format(g->funding, n[6]),
               mean(g->bars_held, g->n, n[7]), g->ambiguous,
               g->n_points && g->before > 0 ? number_format(g->after / g->before - 1, n[8]) : "");
}

static int put_contestant(struct out_file *out, const struct experiment *e, const struct prepared *p,
                          const struct gw_replay_result *replay, const char *strategy, uint64_t seed) {
    struct groups groups = {0};
    int rc = GW_OK;
    for (int by = 0; rc == GW_OK && by < N_BY; by++) {
        groups.n = 0;
        rc = gather(e, p, replay, (enum by)by, &groups);
        if (rc == GW_OK && groups.n) qsort(groups.group, groups.n, sizeof *groups.group, by_key);
        for (size_t i = 0; rc == GW_OK && i < groups.n; i++)
            put_group(out, p, strategy, seed, (enum by)by, &groups.group[i]);
    }
    mem_free(groups.group);
    return rc;
}

int write_breakdown(const struct experiment *e, const struct prepared *p, const struct results *r, const char *dir) {
    struct out_file file;
    char path[1024];
    TRY(path_join(path, sizeof path, dir, GW_RUN_BREAKDOWN));
    TRY(out_open(&file, path));
    out_printf(&file, "strategy,seed,by,group,trades,wins,gains,losses,pnl,mean_return,fees,slippage,funding,bars_held,"
                      "ambiguous,equity_return\n");
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++) {
            const struct seed_result *seed = &r->strategy[s].seed[k];
            int rc = put_contestant(&file, e, p, &seed->replay, e->strategy[s].name, seed->number);
            if (rc < 0) {
                out_abort(&file);
                return rc;
            }
        }
    return out_commit(&file);
}
