/* The replays beside the one that counts: other paths through a bar at other costs, and entries at random. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "replays.h"

/* Random replays of a contestant: fewer where a replay is long, which needs fewer to be told from luck of its own. */
enum { RANDOM_LEAST = 40 };
static const double RANDOM_BARS = 5e7; /* of all contestants together */

static size_t random_count(const struct experiment *e, const struct results *r, size_t s) {
    const double most = (double)e->verdict.random_entries, least = fmin(RANDOM_LEAST, most);
    const double bars = (double)r->strategy[s].seed[0].replay.n_events * (double)e->n_strategies;
    const double n = bars > 0 ? RANDOM_BARS / bars : most;
    return (size_t)fmax(least, fmin(n, most));
}

/* Growth of a replay at n_points moments from first to last. */
static void sample_growth(const struct gw_replay_result *replay, double initial, size_t n_points, double *out) {
    for (size_t i = 0; i < n_points; i++) {
        const size_t at = n_points > 1 ? i * (replay->n_equity - 1) / (n_points - 1) : 0;
        out[i] = replay->equity[at].equity / initial;
    }
}

static double last_return(const struct gw_replay_result *replay, double initial) {
    return replay->equity[replay->n_equity - 1].equity / initial - 1;
}

static struct gw_replay_config config_of(const struct experiment *e, const struct prepared *p,
                                         const struct strategy_spec *spec, enum fill_path path, int level) {
    struct gw_replay_config config = replay_settings(e, p, spec, path == FILL_OPTIMISTIC);
    config.costs.multiplier *= level;
    if (path == FILL_OPTIMISTIC) config.limit_touch = true, config.target_through = false;
    if (path == FILL_WORST)
        config.intrabar = GW_INTRABAR_STOP_FIRST, config.limit_touch = false, config.target_through = true;
    return config;
}

/* ---- paths and costs ---------------------------------------------------------------------------------------------- */

static int add_seed(const struct experiment *e, const struct prepared *p, struct results *r, size_t s, size_t k,
                    const double *const *moves, double *growth, struct traded_bounds *out) {
    const struct strategy_spec *spec = &e->strategy[s];
    struct strategy_result *result = &r->strategy[s];
    struct gw_strategy_config trading;
    struct gw_score **scores = NULL;
    const double share = 1 / (double)result->n_seeds;
    double *room = mem_calloc(out->n_points, sizeof *room);
    int rc = room ? replay_trading(e, r, s, &trading) : GW_ERR_NOMEM;
    trading.seed = result->seed[k].number;
    if (rc == GW_OK && spec->desc->needs_model)
        rc = replay_scores_make(p, &r->scores, &result->seed[k].scores, &scores);
    for (int path = 0; rc == GW_OK && path < N_FILL_PATHS; path++)
        for (int level = 0; rc == GW_OK && level < COST_LEVELS; level++) {
            struct gw_replay_config config = config_of(e, p, spec, (enum fill_path)path, level);
            struct gw_replay_result replay = {0};
            struct resting resting;
            config.watch = resting_watch(p, NULL, &resting);
            rc = gw_replay_run(&p->market, &config, spec->desc, &trading, (const struct gw_score *const *)scores, moves,
                               &replay);
            if (rc == GW_OK && replay.n_equity) {
                sample_growth(&replay, e->broker.initial_cash, out->n_points, room);
                out->total_return[path][level] += share * last_return(&replay, e->broker.initial_cash);
                for (size_t i = 0; i < out->n_points; i++)
                    growth[(size_t)(path * COST_LEVELS + level) * out->n_points + i] += share * room[i];
            }
            gw_replay_result_free(&replay);
            if (rc == GW_OK) rc = interrupt_check();
        }
    replay_scores_free(p, scores);
    mem_free(room);
    return rc;
}

static int bound_fills(const struct experiment *e, const struct prepared *p, struct results *r, size_t s,
                       const double *const *moves, struct traded_bounds *out) {
    enum { WAYS = N_FILL_PATHS * COST_LEVELS };
    double *growth = mem_calloc(WAYS * out->n_points, sizeof *growth);
    int rc = growth ? GW_OK : GW_ERR_NOMEM;
    for (size_t k = 0; rc == GW_OK && k < r->strategy[s].n_seeds; k++) rc = add_seed(e, p, r, s, k, moves, growth, out);
    for (size_t i = 0; rc == GW_OK && i < out->n_points; i++) {
        struct bound_point *point = &out->point[i];
        point->low = point->high = growth[i];
        for (size_t way = 1; way < WAYS; way++) {
            point->low = fmin(point->low, growth[way * out->n_points + i]);
            point->high = fmax(point->high, growth[way * out->n_points + i]);
        }
    }
    mem_free(growth);
    return rc;
}

/* ---- entries at random -------------------------------------------------------------------------------------------- */

static int by_value(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void percentiles(double *value, size_t n, double *low, double *high) {
    qsort(value, n, sizeof *value, by_value);
    *low = value[(size_t)(0.05 * (double)(n - 1))];
    *high = value[(size_t)ceil(0.95 * (double)(n - 1))];
}

/* growth: [n_points × n_random], by_return: [n_random]. */
static void summarise(struct traded_bounds *out, double *growth, double *by_return) {
    size_t reached = 0;
    out->random_mean = 0;
    for (size_t i = 0; i < out->n_random; i++) {
        out->random_mean += by_return[i] / (double)out->n_random;
        reached += by_return[i] >= out->own_return;
    }
    out->random_p = (double)(1 + reached) / (double)(out->n_random + 1);
    percentiles(by_return, out->n_random, &out->random_low, &out->random_high);
    for (size_t i = 0; i < out->n_points; i++)
        percentiles(growth + i * out->n_random, out->n_random, &out->point[i].random_low, &out->point[i].random_high);
}

static int bound_random(const struct experiment *e, const struct prepared *p, struct results *r, size_t s,
                        const double *const *moves, struct traded_bounds *out) {
    const struct gw_strategy_desc *random = gw_strategy_find("random_entry");
    const struct gw_replay_result *own = &r->strategy[s].seed[0].replay;
    const struct strategy_spec *spec = &e->strategy[s];
    if (!strategy_is_trial(spec) || spec->desc->matches || own->n_trades == 0 || e->verdict.random_entries == 0)
        return GW_OK;
    struct gw_strategy_config trading = spec->trading;
    struct gw_replay_config config = config_of(e, p, spec, FILL_DEFAULT, 1);
    const size_t n = random_count(e, r, s);
    double *growth = mem_calloc(out->n_points * n, sizeof *growth), *by_return = mem_calloc(n, sizeof *by_return),
           *room = mem_calloc(out->n_points, sizeof *room);
    int rc = growth && by_return && room ? GW_OK : GW_ERR_NOMEM;
    trading.strategy = gw_strategy_row(random);
    random->match(trading.own[trading.strategy].bytes, own->trade, own->n_trades, own->n_events);
    for (size_t i = 0; rc == GW_OK && i < n; i++) {
        struct gw_replay_result replay = {0};
        struct resting resting;
        char number[32];
        config.watch = resting_watch(p, NULL, &resting);
        snprintf(number, sizeof number, "%zu", i + 1);
        rc = gw_strategy_config_set(&trading, "random_seed", number);
        if (rc == GW_OK) rc = gw_replay_run(&p->market, &config, random, &trading, NULL, moves, &replay);
        if (rc == GW_OK && replay.n_equity) {
            by_return[i] = last_return(&replay, e->broker.initial_cash);
            sample_growth(&replay, e->broker.initial_cash, out->n_points, room);
            for (size_t t = 0; t < out->n_points; t++) growth[t * n + i] = room[t];
        }
        gw_replay_result_free(&replay);
        if (rc == GW_OK) rc = interrupt_check();
    }
    if (rc == GW_OK) {
        out->n_random = n;
        out->own_return = last_return(own, e->broker.initial_cash);
        summarise(out, growth, by_return);
    }
    mem_free(room);
    mem_free(by_return);
    mem_free(growth);
    return rc;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

static int bound_one(const struct experiment *e, const struct prepared *p, struct results *r, size_t s,
                     const double *const *moves) {
    const struct gw_replay_result *own = &r->strategy[s].seed[0].replay;
    size_t member;
    if (config_member(e, &e->strategy[s], 0, s, &member) || own->n_equity == 0) return GW_OK;
    struct traded_bounds *out = r->strategy[s].bounds = mem_calloc(1, sizeof *out);
    if (!out) return GW_ERR_NOMEM;
    out->own_return = out->random_mean = out->random_low = out->random_high = out->random_p = NAN;
    out->n_points = own->n_equity < BOUND_POINTS_MAX ? own->n_equity : BOUND_POINTS_MAX;
    out->point = mem_calloc(out->n_points, sizeof *out->point);
    if (!out->point) return GW_ERR_NOMEM;
    for (size_t i = 0; i < out->n_points; i++) {
        const size_t at = out->n_points > 1 ? i * (own->n_equity - 1) / (out->n_points - 1) : 0;
        out->point[i] = (struct bound_point){own->equity[at].time_ns, NAN, NAN, NAN, NAN};
    }
    TRY(bound_fills(e, p, r, s, moves, out));
    return bound_random(e, p, r, s, moves, out);
}

/* A replay has the scores and the records of all test bars beside it; of a large universe's few threads have room for that. */
static size_t threads_with_room(const struct experiment *e, const struct results *r, size_t n_threads) {
    enum { BYTES_A_BAR = 64 };
    const size_t most = ((size_t)512 << 20) / (BYTES_A_BAR * (r->scores.n + 1)) + 1;
    const size_t n = e->n_strategies < n_threads ? e->n_strategies : n_threads;
    return n < most ? n : most;
}

/* A plugin may keep what it likes in variables of its own: its replays do not lie side by side. */
static int bound_in_turn(const struct experiment *e, const struct prepared *p, struct results *r, size_t s,
                         const double *const *moves) {
    int rc;
    const struct program *own = strategy_program(&e->strategy[s]);
    if (!own || own->kind != PROGRAM_PLUGIN) return bound_one(e, p, r, s, moves);
#pragma omp critical(bounds_plugin)
    rc = bound_one(e, p, r, s, moves);
    return rc;
}

/* Contestants are independent, so the numbers are the same for any number of threads. */
int results_bounds(const struct experiment *e, const struct prepared *p, struct results *r, size_t n_threads) {
    const double **moves = mem_calloc(p->market.n_symbols, sizeof *moves);
    const size_t threads = threads_with_room(e, r, n_threads);
    struct failure failure = {.code = GW_OK};
    if (!moves) return GW_ERR_NOMEM;
    for (size_t i = 0; i < p->market.n_symbols; i++) moves[i] = p->labels[i].min_move;
#pragma omp parallel for schedule(dynamic) num_threads((int)(threads ? threads : 1))
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (atomic_load(&failure.any)) continue;
        const int rc = bound_in_turn(e, p, r, s, moves);
        if (rc < 0) failure_note(&failure, s, rc);
    }
    mem_free(moves);
    return failure_tell(&failure);
}
