/* Three small runs and their files, opened once per test program: pooled over two symbols, thresholds for each of
 * three symbols, and a cross-section with rolling thresholds. */
#ifndef GATEWALK_TEST_RUN_RESULTS_H
#define GATEWALK_TEST_RUN_RESULTS_H

#include "engine/base/base.h"
#include "walk/rundir.h"

#define COSTS "'costs':{'taker_bps':4,'maker_bps':1,'half_spread_bps':0.5,'slippage_bps':1.5,'funding_bps_per_day':30},"

static const char common[] =
    "'features':['log_return(1)','rsi(6)','range@1h','bollinger_b(8,2)'],"
    "'title':'a title, with commas \\n and `ticks`'," COSTS
    "'folds':{'train':150,'validation':60,'test':60,'embargo':3},"
    "'model':{'lookback':8,'hidden':4,'attention_units':4,'heads':2,'key_dim':4,'dense_units':4},"
    "'training':{'epochs':3,'patience':2,'batch_size':96,'block':8,'learning_rate':0.01},"
    "'verdict':{'bootstrap':100,'null_resamples':20,'random_entries':20,'confidence':0.9},'seeds':[3,7],";

static const char pooled[] =
    "'data':['EARLY.csv','LATE.csv'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},'signals':{'k':[5,20],'act_on':20},"
    "'strategies':[{'name':'none','strategy':'gate'},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau'}},"
    "{'name':'multihead','strategy':'gate','model':{'attention':'multihead'},'training':{'calibration':'platt'}},"
    "{'name':'cross','strategy':'sma_cross','trading':{'size':0.3,'fast':3,'slow':9}},"
    "{'name':'hold','strategy':'buy_and_hold','trading':{'size':0.5}}]}";

static const char by_symbol[] =
    "'data':['EARLY.csv','NEW.csv','LATE.csv'],"
    "'labels':{'horizon':5,'ratio':1.2,'min_move_atr':1.5,'atr_length':6},'scaler':{'kind':'robust'},"
    "'signals':{'k':[10],'act_on':10,'pool':'each'},"
    "'strategies':[{'name':'none','strategy':'gate','trading':{'size':0.4,'exit_on_opposite':true}},"
    "{'name':'logistic','strategy':'gate','model':{'encoder':'logistic'},'trading':{'target_moves':0,'stop_moves':0}}]"
    "}";

/* Lookbacks differ: all see the samples of the longest. */
static const char cross_section[] =
    "'data':['LATE.csv','EARLY.csv'],'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},"
    "'signals':{'k':[5,20],'act_on':20,'pool':'cross_section','threshold':'rolling','rolling_bars':60},"
    "'strategies':[{'name':'short','strategy':'gate','model':{'lookback':5,'attention':'bahdanau'}},"
    "{'name':'none','strategy':'gate'}]}";

/* ---- one run and its files ------------------------------------------------------------------------------------ */

struct run_files {
    struct experiment *e;
    struct prepared *p;
    char dir[700];
    struct json_document *summary;
    struct table folds, scores, trades, equity, training, curves, attention, means, signals, importance;
};
static struct run_files run[3];

static inline const char *file_of(const struct run_files *r, const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%.600s/%.127s", r->dir, name);
    return path;
}

static inline void open_run(struct run_files *r, const char *name, const char *rest) {
    char text[4096];
    snprintf(text, sizeof text, "{'name':'%s',%s%s", name, common, rest);
    r->e = fixture_experiment(text);
    snprintf(r->dir, sizeof r->dir, "%.500s/%s", scratch_dir, name);
    assert_ok(rundir_run(r->e, name, 2));
    assert_ok(prepare(r->e, &r->p));
    assert_ok(json_load(file_of(r, GW_RUN_SUMMARY), GW_ERR_DATA, &r->summary));
    assert_ok(table_read(file_of(r, GW_RUN_FOLDS), &r->folds));
    assert_ok(table_read(file_of(r, GW_RUN_SCORES), &r->scores));
    assert_ok(table_read(file_of(r, GW_RUN_TRADES), &r->trades));
    assert_ok(table_read(file_of(r, GW_RUN_EQUITY), &r->equity));
    assert_ok(table_read(file_of(r, GW_RUN_TRAINING), &r->training));
    assert_ok(table_read(file_of(r, GW_RUN_CURVES), &r->curves));
    assert_ok(table_read(file_of(r, GW_RUN_ATTENTION_INDEX), &r->attention));
    assert_ok(table_read(file_of(r, GW_RUN_ATTENTION_MEAN), &r->means));
    assert_ok(table_read(file_of(r, GW_RUN_SIGNALS), &r->signals));
    assert_ok(table_read(file_of(r, GW_RUN_IMPORTANCE), &r->importance));
}

static inline int results_setup(void **state) {
    if (rundir_setup(state) != 0) return -1;
    open_run(&run[0], "pooled", pooled);
    open_run(&run[1], "by_symbol", by_symbol);
    open_run(&run[2], "cross_section", cross_section);
    return 0;
}

static inline int results_teardown(void **state) {
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        struct table *all[] = {&run[i].folds,  &run[i].scores,    &run[i].trades, &run[i].equity,  &run[i].training,
                               &run[i].curves, &run[i].attention, &run[i].means,  &run[i].signals, &run[i].importance};
        for (size_t k = 0; k < COUNT_OF(all); k++) table_free(all[k]);
        json_free(run[i].summary);
        prepared_free(run[i].p);
        experiment_free(run[i].e);
    }
    return scratch_remove(state);
}

static inline const char *cell(const struct table *t, size_t row, const char *name) {
    size_t column;
    assert_ok(table_column(t, name, &column));
    return t->cell[row * t->n_columns + column];
}

static inline double number(const struct table *t, size_t row, const char *name) {
    size_t column;
    double value;
    assert_ok(table_column(t, name, &column));
    assert_ok(table_get_number(t, row, column, &value));
    return value;
}

static inline int64_t time_of(const struct table *t, size_t row, const char *name) {
    int64_t ns;
    assert_ok(time_parse(cell(t, row, name), &ns));
    return ns;
}

static inline bool is(const struct table *t, size_t row, const char *name, const char *value) {
    return strcmp(cell(t, row, name), value) == 0;
}

static inline size_t symbol_of(const struct run_files *r, const struct table *t, size_t row) {
    for (size_t s = 0; s < r->p->market.n_symbols; s++)
        if (is(t, row, "symbol", r->p->market.symbol[s].symbol)) return s;
    fail_msg("%s:%zu: unknown symbol", t->path, row + 2);
    return 0;
}

static inline bool same_contestant(const struct table *a, size_t i, const struct table *b, size_t j) {
    return is(a, i, "strategy", cell(b, j, "strategy")) && is(a, i, "seed", cell(b, j, "seed"));
}

/* Index of the bar that closes at this time. */
static inline size_t bar_at(const struct gw_bars *bars, int64_t close_ns) {
    for (size_t i = 0; i < bars->n; i++)
        if (gw_bar_close_ns(bars, i) == close_ns) return i;
    fail_msg("no bar of %s closes at %lld", bars->symbol, (long long)close_ns);
    return 0;
}

/* A value of summary.json against one computed here. */
static inline void check_metric(const json_value *metrics, const char *name, double want) {
    const json_value *value = json_get(metrics, name);
    if (!value) fail_msg("summary.json lacks %s", name);
    const char *word = json_kind(value) == JSON_STRING ? json_string(value, "") : "";
    double got = json_number(value, NAN);
    if (*word) got = strcmp(word, "inf") == 0 ? (double)INFINITY : strcmp(word, "-inf") == 0 ? -(double)INFINITY : 0;
    if (!near(got, want, 1e-9, 1e-9)) fail_msg("%s is %.12g, brute force says %.12g", name, got, want);
}

/* ---- labelled rows of scores.csv ------------------------------------------------------------------------------------- */

enum { SAMPLE_MAX = 4096 };
struct scored {
    size_t n;
    double p[SAMPLE_MAX], tau[SAMPLE_MAX], pnl[3][SAMPLE_MAX];
    int label[SAMPLE_MAX], fold[SAMPLE_MAX];
};

/* One isolated trade by the rules of the broker, written down once more: net return, NaN when it cannot be entered. */
static inline double brute_trade(const struct run_files *r, const struct strategy_spec *spec, size_t symbol, size_t t,
                                 int side, double multiplier, const signed char *says) {
    const struct gw_bars *bars = &r->p->market.symbol[symbol];
    const struct gw_cost_config *c = &spec->costs;
    const struct gw_strategy_config *trading = &spec->trading;
    double slip = multiplier * (c->half_spread_bps + c->slippage_bps) * 1e-4, move = r->p->labels[symbol].min_move[t];
    size_t i = t + 1, due = t + trading->horizon;
    while (i < bars->n && !(bars->bar[i].volume > 0)) i++;
    if (i >= bars->n || i > due) return NAN;
    double entry = bars->bar[i].open * (1 + side * slip), exit = NAN;
    double stop = trading->stop_moves > 0 ? entry * (1 - side * trading->stop_moves * move) : -side * (double)INFINITY;
    double target =
        trading->target_moves > 0 ? entry * (1 + side * trading->target_moves * move) : side * (double)INFINITY;
    int64_t marked_ns = bars->bar[i].open_ns, exit_ns = 0;
    double owed = 0;                    /* price times time: funding is of the mark */
    bool maker = false, closes = false; /* closes: the opposite gate spoke while it was held */
    for (; isnan(exit); i++) {
        const struct gw_bar *b = &bars->bar[i];
        double worst = side > 0 ? b->low : b->high, best = side > 0 ? b->high : b->low;
        exit_ns = gw_bar_close_ns(bars, i);
        if (b->volume > 0) {
            if (closes || i > due ||
                side * (b->open - stop) <= 0) /* overdue, as the bar it was due at did not trade; or a gap */
                exit = b->open, exit_ns = b->open_ns;
            else if (side * (b->open - target) >= 0)
                exit = b->open, exit_ns = b->open_ns, maker = true;
            else if (side * (worst - stop) <= 0)
                exit = stop;
            else if (side * (best - target) >= 0)
                exit = target, maker = true;
            else if (i >= due)
                exit = b->close;
        }
        if (isnan(exit) && i + 1 == bars->n) exit = b->close;
        owed += (isnan(exit) ? b->close : exit) * (double)(exit_ns - marked_ns) / (double)NS_PER_DAY;
        marked_ns = exit_ns;
        closes |= trading->exit_on_opposite && says[i] == -side;
    }
    if (!maker) exit *= 1 - side * slip;
    double fees = multiplier * 1e-4 * (c->taker_bps * entry + (maker ? c->maker_bps : c->taker_bps) * exit);
    return (side * (exit - entry) - fees - side * multiplier * c->funding_bps_per_day * 1e-4 * owed) / entry;
}

static inline void load_scored(const struct run_files *r, const char *strategy, const char *seed, int gate,
                               struct scored *out) {
    const struct table *t = &r->scores;
    const struct strategy_spec *spec = NULL;
    for (size_t k = 0; k < r->e->n_strategies; k++)
        if (strcmp(r->e->strategy[k].name, strategy) == 0) spec = &r->e->strategy[k];
    assert_non_null(spec);
    signed char *says[8] = {NULL};
    for (size_t s = 0; s < r->p->market.n_symbols; s++)
        assert_non_null(says[s] = mem_calloc(r->p->market.symbol[s].n, 1));
    for (size_t row = 0; row < t->n_rows; row++) {
        if (!is(t, row, "strategy", strategy) || !is(t, row, "seed", seed)) continue;
        const float over_long = (float)number(t, row, "p_long") - (float)number(t, row, "tau_long");
        const float over_short = (float)number(t, row, "p_short") - (float)number(t, row, "tau_short");
        size_t s = symbol_of(r, t, row), bar = bar_at(&r->p->market.symbol[s], time_of(t, row, "time"));
        says[s][bar] = (signed char)((over_long >= 0 && !(over_short >= 0 && over_short >= over_long)) -
                                     (over_short >= 0 && !(over_long >= 0 && over_long >= over_short)));
    }
    out->n = 0;
    for (size_t row = 0; row < t->n_rows; row++) {
        if (!is(t, row, "strategy", strategy) || !is(t, row, "seed", seed)) continue;
        if (!*cell(t, row, "label_long")) continue;
        size_t k = out->n++, s = symbol_of(r, t, row), bar = bar_at(&r->p->market.symbol[s], time_of(t, row, "time"));
        assert_true(out->n < SAMPLE_MAX);
        out->p[k] = number(t, row, gate ? "p_short" : "p_long");
        out->tau[k] = number(t, row, gate ? "tau_short" : "tau_long");
        out->label[k] = (int)number(t, row, gate ? "label_short" : "label_long");
        out->fold[k] = (int)number(t, row, "fold");
        for (int c = 0; c < 3; c++) out->pnl[c][k] = brute_trade(r, spec, s, bar, gate ? -1 : 1, c, says[s]);
    }
    for (size_t s = 0; s < r->p->market.n_symbols; s++) mem_free(says[s]);
}

#endif
