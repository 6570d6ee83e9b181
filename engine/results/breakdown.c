/* Trades and equity taken apart (breakdown.h). */
#include "breakdown.h"

#include <math.h>
#include <stdlib.h>

#include "engine/base/base.h"

const char *const breakdown_by_name[N_BREAKDOWNS] = {"symbol", "side", "reason", "month", "hour", "fold"};

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

static int64_t key_of(const struct gw_trade *t, const struct prepared *p, enum breakdown_by by) {
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
static struct breakdown_group *group_of(struct breakdown *breakdown, int64_t key) {
    for (size_t i = breakdown->n; i-- > 0;)
        if (breakdown->group[i].key == key) return &breakdown->group[i];
    if (breakdown->n == breakdown->capacity) {
        const size_t capacity = 2 * breakdown->capacity + 16;
        struct breakdown_group *grown = mem_realloc(breakdown->group, capacity, sizeof *grown);
        if (!grown) return NULL;
        breakdown->group = grown;
        breakdown->capacity = capacity;
    }
    struct breakdown_group *group = &breakdown->group[breakdown->n++];
    *group = (struct breakdown_group){.key = key};
    return group;
}

static void add_trade(struct breakdown_group *group, const struct gw_trade *t) {
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
                  enum breakdown_by by, struct breakdown *breakdown) {
    double before = e->broker.initial_cash;
    for (size_t i = 0; i < replay->n_trades; i++) {
        struct breakdown_group *group = group_of(breakdown, key_of(&replay->trade[i], p, by));
        if (!group) return GW_ERR_NOMEM;
        add_trade(group, &replay->trade[i]);
    }
    for (size_t i = 0; (by == BY_MONTH || by == BY_FOLD) && i < replay->n_equity; i++) {
        const struct gw_equity_point *point = &replay->equity[i];
        if (i % REST_EVERY == REST_EVERY - 1) mem_rest();
        struct breakdown_group *group =
            group_of(breakdown, by == BY_MONTH ? month_of(point->time_ns - 1) : fold_of(&p->plan, point->time_ns));
        if (!group) return GW_ERR_NOMEM;
        if (group->n_points++ == 0) group->before = before;
        group->after = before = point->equity;
    }
    return GW_OK;
}

static int by_key(const void *a, const void *b) {
    const struct breakdown_group *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static void sort(struct breakdown *breakdown) {
    if (breakdown->n) qsort(breakdown->group, breakdown->n, sizeof *breakdown->group, by_key);
}

double breakdown_equity_return(const struct breakdown_group *group) {
    return group->n_points && group->before > 0 ? group->after / group->before - 1 : (double)NAN;
}

int breakdown_make(const struct experiment *e, const struct prepared *p, const struct gw_replay_result *replay,
                   enum breakdown_by by, struct breakdown *out) {
    out->n = 0;
    TRY(gather(e, p, replay, by, out));
    sort(out);
    return GW_OK;
}

static void take_equity(struct breakdown_group *group) {
    const double one = breakdown_equity_return(group);
    if (isfinite(one)) {
        group->equity_returns += one;
        group->n_equity_returns++;
    }
    group->n_points = 0;
}

int breakdown_pool(const struct experiment *e, const struct prepared *p, const struct strategy_result *result,
                   enum breakdown_by by, struct breakdown *out) {
    out->n = 0;
    for (size_t k = 0; k < result->n_seeds; k++) {
        TRY(gather(e, p, &result->seed[k].replay, by, out));
        for (size_t i = 0; i < out->n; i++) take_equity(&out->group[i]);
    }
    sort(out);
    return GW_OK;
}

void breakdown_free(struct breakdown *breakdown) {
    mem_free(breakdown->group);
    *breakdown = (struct breakdown){0};
}

const char *breakdown_group_name(const struct prepared *p, enum breakdown_by by, int64_t key, char text[32]) {
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
