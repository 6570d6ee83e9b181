/* Every contestant through the broker: one replay per strategy and seed over all test slices. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "outside.h"
#include "replays.h"
#include "stances.h"

enum { ENTRIES_OF_ENSEMBLE = 16 };

struct gw_replay_config replay_settings(const struct experiment *e, const struct prepared *p,
                                        const struct strategy_spec *spec, bool optimistic) {
    const struct gw_fold_plan *plan = &p->plan;
    const struct broker_config *b = &e->broker;
    return (struct gw_replay_config){
        .costs = spec->costs,
        .intrabar = optimistic ? GW_INTRABAR_TARGET_FIRST : b->intrabar,
        .initial_cash = b->initial_cash,
        .begin_ns = plan->fold[0].begin_ns[GW_SLICE_TEST],
        .end_ns = plan->fold[plan->n_folds - 1].end_ns[GW_SLICE_TEST],
        .participation = b->participation,
        .limit_touch = b->limit_touch,
        .target_through = b->target_through,
        .account = b->account,
        .initial_margin = b->initial_margin,
        .maintenance_margin = b->maintenance_margin,
        .liquidation_fee_bps = b->liquidation_fee_bps,
        .interest_bps_per_year = b->interest_bps_per_year,
        .loan_bps_per_year = b->loan_bps_per_year,
        .limits = spec->trading.limits,
        .instrument = p->instrument,
        .funding = p->funding,
        .detail = p->detail.n_symbols ? &p->detail : NULL,
    };
}

/* Scores by symbol and bar, as the event loop hands them out; NaN where no model spoke. */
static int spread_scores(const struct prepared *p, const struct score_set *set, const struct contestant_scores *from,
                         struct gw_score **by_symbol) {
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        by_symbol[s] = mem_calloc(p->market.symbol[s].n, sizeof **by_symbol);
        if (!by_symbol[s]) return GW_ERR_NOMEM;
        for (size_t t = 0; t < p->market.symbol[s].n; t++)
            by_symbol[s][t] = (struct gw_score){{NAN, NAN}, {INFINITY, INFINITY}};
    }
    for (size_t i = 0; i < set->n; i++, market_rest_at(&p->market, i))
        by_symbol[set->bar[i].symbol][set->bar[i].bar] = from->at[i];
    return GW_OK;
}

void replay_scores_free(const struct prepared *p, struct gw_score **by_symbol) {
    for (size_t s = 0; by_symbol && s < p->market.n_symbols; s++) mem_free(by_symbol[s]);
    mem_free(by_symbol);
}

int replay_scores_make(const struct prepared *p, const struct score_set *set, const struct contestant_scores *from,
                       struct gw_score ***out) {
    *out = mem_calloc(p->market.n_symbols, sizeof **out);
    return *out ? spread_scores(p, set, from, *out) : GW_ERR_NOMEM;
}

static void portfolio_values(const struct experiment *e, const struct gw_replay_result *replay, double *value) {
    double years = 0;
    if (replay->n_equity > 1)
        years = (double)(replay->equity[replay->n_equity - 1].time_ns - replay->equity[0].time_ns) /
                (365.25 * (double)NS_PER_DAY);
    struct gw_portfolio_input input = {
        .equity = replay->equity,
        .n_equity = replay->n_equity,
        .trade = replay->trade,
        .n_trades = replay->n_trades,
        .initial_cash = e->broker.initial_cash,
        .turnover = replay->turnover,
        .periods_per_year = years > 0 ? (double)(replay->n_equity - 1) / years : NAN,
        .n_ambiguous_bars = replay->n_ambiguous_bars,
    };
    for (size_t m = 0; m < gw_portfolio_metric_count(); m++) value[m] = gw_portfolio_metric_at(m)->compute(&input);
}

/* An ensemble's position grows with the agreement of its members, one order a change. */
static void follow_members(struct gw_replay_config *config, const struct stances *follow, size_t n) {
    if (!n) return;
    config->follow = (const signed char *const *)follow->symbol;
    config->n_follow = n;
    config->max_entries = ENTRIES_OF_ENSEMBLE;
}

static void rest_bar(void *who, const struct gw_bar_event *event) {
    const struct gw_replay_watch *told = ((struct resting *)who)->told;
    told->bar(told->who, event);
}

static void rest_order(void *who, const struct gw_order_record *order) {
    const struct gw_replay_watch *told = ((struct resting *)who)->told;
    told->order(told->who, order);
}

static void rest_fill(void *who, const struct gw_order_record *order, const struct gw_fill *fill) {
    const struct gw_replay_watch *told = ((struct resting *)who)->told;
    told->fill(told->who, order, fill);
}

static void rest_instant(void *who, const struct gw_replay_result *so_far) {
    struct resting *resting = who;
    const struct gw_replay_watch *told = resting->told;
    market_rest_at(&resting->p->market, resting->n++);
    if (told && told->instant) told->instant(told->who, so_far);
}

const struct gw_replay_watch *resting_watch(const struct prepared *p, const struct gw_replay_watch *told,
                                            struct resting *out) {
    size_t n = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++) n += p->market.symbol[s].n;
    if (n <= 2 * REST_EVERY) return told;
    *out = (struct resting){.told = told, .p = p};
    out->watch = (struct gw_replay_watch){.who = out,
                                          .bar = told && told->bar ? rest_bar : NULL,
                                          .order = told && told->order ? rest_order : NULL,
                                          .fill = told && told->fill ? rest_fill : NULL,
                                          .instant = rest_instant};
    return &out->watch;
}

static int replay_seed(const struct experiment *e, const struct prepared *p, const struct strategy_spec *spec,
                       const struct gw_strategy_config *trading, const struct score_set *set,
                       const struct gw_replay_watch *watch, const struct stances *follow, size_t n_follow,
                       struct seed_result *seed) {
    size_t n = p->market.n_symbols;
    struct resting resting;
    struct gw_score **scores = mem_calloc(n, sizeof *scores);
    const double **moves = mem_calloc(n, sizeof *moves);
    int rc = scores && moves ? GW_OK : GW_ERR_NOMEM;
    if (rc < 0) goto done;
    for (size_t s = 0; s < n; s++) moves[s] = p->labels[s].min_move;
    if (spec->desc->needs_model) TRY_GOTO(spread_scores(p, set, &seed->scores, scores), done);
    const struct gw_score *const *view = spec->desc->needs_model ? (const struct gw_score *const *)scores : NULL;
    /* First the one of which only the figures are kept, so that its curve and the other's never lie side by side. */
    struct gw_replay_config config = replay_settings(e, p, spec, true);
    follow_members(&config, follow, n_follow);
    config.watch = resting_watch(p, NULL, &resting);
    TRY_GOTO(gw_replay_run(&p->market, &config, spec->desc, trading, view, moves, &seed->replay), done);
    portfolio_values(e, &seed->replay, seed->optimistic);
    gw_replay_result_free(&seed->replay);
    config = replay_settings(e, p, spec, false);
    follow_members(&config, follow, n_follow);
    config.watch = resting_watch(p, watch, &resting);
    TRY_GOTO(gw_replay_run(&p->market, &config, spec->desc, trading, view, moves, &seed->replay), done);
    portfolio_values(e, &seed->replay, seed->portfolio);
    seed->replay.equity = mem_park(seed->replay.equity);
    seed->replay.order = mem_park(seed->replay.order);
    seed->replay.trade = mem_park(seed->replay.trade);
done:
    for (size_t s = 0; scores && s < n; s++) mem_free(scores[s]);
    mem_free(scores);
    mem_free(moves);
    return rc;
}

int replay_trading(const struct experiment *e, const struct results *r, size_t s, struct gw_strategy_config *trading) {
    const struct strategy_spec *spec = &e->strategy[s];
    *trading = spec->trading;
    const char *of = spec->desc->matches ? spec->desc->matches(gw_strategy_own(trading)) : "";
    if (!*of) return GW_OK;
    for (size_t other = 0; other < s; other++) {
        if (strcmp(e->strategy[other].name, of) != 0) continue;
        const struct gw_replay_result *replay = &r->strategy[other].seed[0].replay;
        spec->desc->match(trading->own[trading->strategy].bytes, replay->trade, replay->n_trades, replay->n_events);
        return GW_OK;
    }
    FAIL(GW_ERR_CONFIG, "strategy \"%s\": match names \"%s\", but no contestant of that name stands before it",
         spec->name, of);
}

/* Whom ensembles follow, while the contestants are replayed one after another. */
struct following {
    struct stances *of[MAX_STRATEGIES]; /* [n_seeds] of each that is followed, owned; NULL: nobody follows it */
    size_t n_seeds[MAX_STRATEGIES];
};

static bool is_followed(const struct experiment *e, size_t s) {
    size_t member;
    for (size_t other = s + 1; other < e->n_strategies; other++)
        for (size_t i = 0; config_member(e, &e->strategy[other], i, other, &member); i++)
            if (member == s) return true;
    return false;
}

static void following_free(struct following *f, size_t n_strategies) {
    for (size_t s = 0; s < n_strategies; s++) {
        for (size_t k = 0; f->of[s] && k < f->n_seeds[s]; k++) stances_free(&f->of[s][k]);
        mem_free(f->of[s]);
    }
}

/* What the members of contestant s held with its k-th seed; *n 0: it has none. */
static int members_of(const struct experiment *e, const struct prepared *p, const struct following *f, size_t s,
                      size_t k, struct stances *out, size_t *n) {
    const struct stances *member[MAX_STRATEGIES];
    size_t m;
    for (*n = 0; *n < MAX_STRATEGIES && config_member(e, &e->strategy[s], *n, s, &m); ++*n) {
        if (m == SIZE_MAX || !f->of[m]) FAIL(GW_ERR_INTERNAL, "strategy %s: a member is missing", e->strategy[s].name);
        member[*n] = &f->of[m][k < f->n_seeds[m] ? k : f->n_seeds[m] - 1];
    }
    return *n ? stances_join(&p->market, member, *n, out) : GW_OK;
}

/* The replay of one contestant and seed, watched by whoever wants to know of it. */
static int replay_watched(const struct experiment *e, const struct prepared *p,
                          const struct gw_strategy_config *trading, struct results *r, struct following *f,
                          struct event_log *events, size_t s, size_t k) {
    struct seed_result *seed = &r->strategy[s].seed[k];
    const struct gw_replay_watch *told, *watch;
    struct stance_watch stance = {.at = NULL};
    struct stances members = {0};
    size_t n_members;
    TRY(events_begin(events, s, k, seed->number, &told));
    watch = told;
    int rc = members_of(e, p, f, s, k, &members, &n_members);
    if (rc == GW_OK && f->of[s]) {
        rc = stance_watch_begin(&stance, &p->market, told, &f->of[s][k]);
        watch = &stance.watch;
    }
    if (rc == GW_OK) rc = replay_seed(e, p, &e->strategy[s], trading, &r->scores, watch, &members, n_members, seed);
    if (rc == GW_OK && told) events_end(events, &seed->replay);
    stance_watch_end(&stance);
    stances_free(&members);
    return rc;
}

static int replay_contestants(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                              struct event_log *events, struct following *following, struct results *r) {
    if (gw_portfolio_metric_count() > PORTFOLIO_MAX || gw_metric_count() > METRICS_MAX)
        FAIL(GW_ERR_INTERNAL, "more metrics than a result holds; raise METRICS_MAX");
    memset(r, 0, sizeof *r);
    TRY(scores_index(e, p, &r->scores));
    r->strategy = mem_calloc(e->n_strategies, sizeof *r->strategy);
    if (!r->strategy) return GW_ERR_NOMEM;
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_spec *spec = &e->strategy[s];
        struct strategy_result *result = &r->strategy[s];
        const struct outside *outside = outside_of(e, p, s);
        size_t n_seeds = outside_repeats(e, p, s);
        result->seed = mem_calloc(n_seeds, sizeof *result->seed);
        if (!result->seed) return GW_ERR_NOMEM;
        result->n_seeds = n_seeds;
        if (is_followed(e, s)) {
            following->of[s] = mem_calloc(n_seeds, sizeof *following->of[s]);
            if (!following->of[s]) return GW_ERR_NOMEM;
            following->n_seeds[s] = n_seeds;
        }
        result->outside = outside;
        for (int g = 0; outside && g < GW_N_GATES; g++) result->ranking_only[g] = outside->ranking_only[g];
        struct gw_strategy_config trading;
        TRY(replay_trading(e, r, s, &trading));
        for (size_t k = 0; k < n_seeds; k++) {
            result->seed[k].number = trading.seed = outside_seed(e, p, s, k);
            struct contestant_scores *scores = &result->seed[k].scores;
            if (spec->desc->needs_model) TRY(scores_collect(e, p, &r->scores, fits, s, k, scores));
            if (spec->desc->needs_model) TRY(scores_isolate_seed(e, p, &r->scores, s, scores, &scores->own));
            scores->at = mem_park(scores->at);
            TRY(replay_watched(e, p, &trading, r, following, events, s, k));
            market_rest(&p->market);
            TRY(interrupt_check());
        }
    }
    return GW_OK;
}

int results_replay(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                   struct event_log *events, struct results *r) {
    struct following following = {.n_seeds = {0}};
    struct fit_list joined = *fits;
    int rc = fits_join(e, p, &joined);
    if (rc == GW_OK)
        rc = replay_contestants(e, p, &joined, events, &following, r);
    else
        memset(r, 0, sizeof *r);
    fits_part(&joined);
    following_free(&following, e->n_strategies);
    return rc;
}

void results_free(const struct experiment *e, struct results *r) {
    for (size_t s = 0; r->strategy && s < e->n_strategies; s++) {
        struct strategy_result *result = &r->strategy[s];
        for (size_t k = 0; k < result->n_seeds; k++) {
            mem_free(result->seed[k].scores.at);
            seed_returns_free(result->seed[k].scores.own);
            ensemble_free(&result->seed[k].scores.ensemble);
            for (int g = 0; g < GW_N_GATES; g++) mem_free(result->seed[k].fold[g]);
            gw_replay_result_free(&result->seed[k].replay);
        }
        mem_free(result->seed);
        if (result->bounds) mem_free(result->bounds->point);
        mem_free(result->bounds);
    }
    mem_free(r->strategy);
    mem_free(r->verdict);
    mem_free(r->selection.best_return);
    scores_free(&r->scores);
    memset(r, 0, sizeof *r);
}
