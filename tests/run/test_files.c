/* The files of a run directory say the same thing: each is checked against the others and against brute force. */
#include "rundir.h"

#include "../../engine/run/fold_data.h"

#define COSTS "'costs':{'taker_bps':4,'maker_bps':1,'half_spread_bps':0.5,'slippage_bps':1.5,'funding_bps_per_day':30},"

static const char common[] =
    "'features':['log_return(1)','rsi(6)','range@1h','bollinger_b(8,2)'],"
    "'title':'a title, with commas \\n and `ticks`'," COSTS
    "'folds':{'train':150,'validation':60,'test':60,'embargo':3},"
    "'model':{'lookback':8,'hidden':4,'attention_units':4,'heads':2,'key_dim':4,'dense_units':4},"
    "'training':{'epochs':3,'patience':2,'batch_size':96,'block':8,'learning_rate':0.01},"
    "'verdict':{'bootstrap':100,'null_resamples':20,'confidence':0.9},'seeds':[3,7],";

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

static const char *file_of(const struct run_files *r, const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%.600s/%.127s", r->dir, name);
    return path;
}

static void open_run(struct run_files *r, const char *name, const char *rest) {
    char text[4096];
    snprintf(text, sizeof text, "{'name':'%s',%s%s", name, common, rest);
    r->e = fixture_experiment(text);
    snprintf(r->dir, sizeof r->dir, "%.500s/%s", scratch_dir, name);
    assert_ok(rundir_run(r->e, name, 2));
    assert_ok(prepare(r->e, &r->p));
    assert_ok(json_load(file_of(r, RUN_SUMMARY), ERR_DATA, &r->summary));
    assert_ok(table_read(file_of(r, RUN_FOLDS), &r->folds));
    assert_ok(table_read(file_of(r, RUN_SCORES), &r->scores));
    assert_ok(table_read(file_of(r, RUN_TRADES), &r->trades));
    assert_ok(table_read(file_of(r, RUN_EQUITY), &r->equity));
    assert_ok(table_read(file_of(r, RUN_TRAINING), &r->training));
    assert_ok(table_read(file_of(r, RUN_CURVES), &r->curves));
    assert_ok(table_read(file_of(r, RUN_ATTENTION_INDEX), &r->attention));
    assert_ok(table_read(file_of(r, RUN_ATTENTION_MEAN), &r->means));
    assert_ok(table_read(file_of(r, RUN_SIGNALS), &r->signals));
    assert_ok(table_read(file_of(r, RUN_IMPORTANCE), &r->importance));
}

static int setup(void **state) {
    if (rundir_setup(state) != 0) return -1;
    open_run(&run[0], "pooled", pooled);
    open_run(&run[1], "by_symbol", by_symbol);
    open_run(&run[2], "cross_section", cross_section);
    return 0;
}

static int teardown(void **state) {
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

static const char *cell(const struct table *t, size_t row, const char *name) {
    size_t column;
    assert_ok(table_column(t, name, &column));
    return t->cell[row * t->n_columns + column];
}

static double number(const struct table *t, size_t row, const char *name) {
    size_t column;
    double value;
    assert_ok(table_column(t, name, &column));
    assert_ok(table_get_number(t, row, column, &value));
    return value;
}

static int64_t time_of(const struct table *t, size_t row, const char *name) {
    int64_t ns;
    assert_ok(time_parse(cell(t, row, name), &ns));
    return ns;
}

static bool is(const struct table *t, size_t row, const char *name, const char *value) {
    return strcmp(cell(t, row, name), value) == 0;
}

static size_t symbol_of(const struct run_files *r, const struct table *t, size_t row) {
    for (size_t s = 0; s < r->p->market.n_symbols; s++)
        if (is(t, row, "symbol", r->p->market.symbol[s].symbol)) return s;
    fail_msg("%s:%zu: unknown symbol", t->path, row + 2);
    return 0;
}

static bool same_contestant(const struct table *a, size_t i, const struct table *b, size_t j) {
    return is(a, i, "strategy", cell(b, j, "strategy")) && is(a, i, "seed", cell(b, j, "seed"));
}

/* Index of the bar that closes at this time. */
static size_t bar_at(const struct bars *bars, int64_t close_ns) {
    for (size_t i = 0; i < bars->n; i++)
        if (bar_close_ns(bars, i) == close_ns) return i;
    fail_msg("no bar of %s closes at %lld", bars->symbol, (long long)close_ns);
    return 0;
}

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

static void test_headers(void **state) {
    (void)state;
    static const char *const header[][2] = {
        {RUN_FOLDS, "fold,slice,symbol,begin,end,first_bar,end_bar,first_sample,end_sample,purged\n"},
        {RUN_SCORES, "time,symbol,strategy,seed,fold,p_long,p_short,label_long,label_short,tau_long,tau_short\n"},
        {RUN_TRADES, "strategy,seed,symbol,side,signal_time,entry_time,exit_time,entry_price,exit_price,quantity,fees,"
                     "slippage,funding,pnl,return,mae,mfe,bars_held,reason,probability,ambiguous\n"},
        {RUN_EQUITY, "time,strategy,seed,equity,cash,exposure,drawdown\n"},
        {RUN_TRAINING, "strategy,seed,fold,epoch,learning_rate,train_loss,validation_loss,ap_long,ap_short,best\n"},
        {RUN_CURVES, "strategy,seed,gate,curve,x,y,count\n"},
        {RUN_ATTENTION_INDEX, "row,time,symbol,strategy,seed,fold,gate,probability,label,map\n"},
        {RUN_ATTENTION_MEAN, "strategy,seed,gate,map,group,lag,weight,n\n"},
        {RUN_SIGNALS, "row,lag,close\n"},
        {RUN_IMPORTANCE, "strategy,seed,gate,kind,feature,value\n"},
    };
    for (size_t i = 0; i < COUNT_OF(header); i++) {
        size_t n;
        char *text = rundir_read(file_of(&run[0], header[i][0]), &n);
        if (strncmp(text, header[i][1], strlen(header[i][1])) != 0) fail_msg("header of %s", header[i][0]);
        mem_free(text);
    }
}

/* Empty is missing; nothing else than text and numbers stands in a table, and every line has all its cells. */
static void check_texts(const struct run_files *r) {
    char name[256][128];
    int n = rundir_names(r->dir, name), tables = 0;
    for (int i = 0; i < n; i++) {
        size_t length;
        if (!strstr(name[i], ".csv") && !strstr(name[i], ".json")) continue;
        char *text = rundir_read(file_of(r, name[i]), &length);
        for (char *at = text; *at; at++) *at = (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
        if (strstr(text, "nan") || strstr(text, ",inf") || strstr(text, ",-inf")) fail_msg("NaN or inf in %s", name[i]);
        assert_int_equal(text[length - 1], '\n');
        if (strstr(name[i], ".csv")) {
            size_t commas = 0, want = SIZE_MAX;
            for (char *at = text; *at; at++) {
                commas += *at == ',';
                if (*at != '\n') continue;
                if (want == SIZE_MAX) want = commas;
                if (commas != want) fail_msg("%s has a line of %zu commas, not %zu", name[i], commas, want);
                commas = 0;
            }
            tables++;
        }
        mem_free(text);
    }
    assert_int_equal(tables, 10);
}

static void test_no_nan_and_no_ragged_line(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) check_texts(&run[i]);
}

/* ---- folds.csv against the market and scores.csv --------------------------------------------------------------------- */

static void check_slice(const struct run_files *r, size_t row) {
    const struct table *t = &r->folds;
    size_t s = symbol_of(r, t, row);
    const struct bars *bars = &r->p->market.symbol[s];
    int64_t begin = time_of(t, row, "begin"), end = time_of(t, row, "end");
    size_t first = (size_t)number(t, row, "first_bar"), last = (size_t)number(t, row, "end_bar");
    for (size_t i = 0; i < bars->n; i++) {
        bool inside = bar_close_ns(bars, i) >= begin && bar_close_ns(bars, i) < end;
        if (inside != (i >= first && i < last)) fail_msg("folds.csv:%zu: bar %zu", row + 2, i);
    }
    size_t first_sample = (size_t)number(t, row, "first_sample"), end_sample = (size_t)number(t, row, "end_sample");
    assert_true(first_sample >= first && end_sample <= last);
    if (is(t, row, "slice", "test")) {
        assert_int_equal((int)number(t, row, "purged"), 0);
        return;
    }
    assert_int_equal((size_t)number(t, row, "purged"), last - end_sample);
    size_t reach = r->e->labels.horizon + r->e->folds.embargo;
    if (end_sample > first_sample) assert_true(bar_close_ns(bars, end_sample - 1 + reach) < end); /* the purge */
}

static void test_folds(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const struct table *t = &run[i].folds;
        size_t n_symbols = run[i].p->market.n_symbols, n_folds = run[i].p->plan.n_folds;
        assert_true(n_folds >= 3);
        assert_int_equal(t->n_rows, n_folds * N_SLICES * n_symbols);
        for (size_t row = 0; row < t->n_rows; row++) {
            check_slice(&run[i], row);
            assert_int_equal((size_t)number(t, row, "fold"), row / (N_SLICES * n_symbols) + 1);
            assert_string_equal(cell(t, row, "slice"), slice_name[row / n_symbols % N_SLICES]);
            if (row >= n_symbols && row / n_symbols % N_SLICES)
                assert_string_equal(cell(t, row, "begin"), cell(t, row - n_symbols, "end"));
        }
    }
}

/* One row for every test sample of every contestant, in order, with the labels of brute force. */
static int brute_label(const struct bars *bars, const struct label_config *config, double move, size_t t,
                       bool is_long) {
    double top = -INFINITY, bottom = INFINITY, close = bars->bar[t].close;
    if (t + config->horizon >= bars->n) return -1;
    for (size_t i = t + 1; i <= t + config->horizon; i++) {
        top = fmax(top, bars->bar[i].high);
        bottom = fmin(bottom, bars->bar[i].low);
    }
    double up = fmax(top - close, 0), down = fmax(close - bottom, 0);
    return is_long ? up > config->ratio * down && up / close > move : down > config->ratio * up && down / close > move;
}

static void test_scores_cover_the_test_slices(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const struct run_files *r = &run[i];
        const struct table *t = &r->scores;
        size_t samples = 0, contestants = 0;
        for (size_t row = 0; row < r->folds.n_rows; row++)
            if (is(&r->folds, row, "slice", "test"))
                samples += (size_t)(number(&r->folds, row, "end_sample") - number(&r->folds, row, "first_sample"));
        for (size_t s = 0; s < r->e->n_strategies; s++)
            contestants += r->e->strategy[s].desc->needs_model ? r->e->n_seeds : 0;
        assert_int_equal(t->n_rows, samples * contestants);
        for (size_t row = 0; row < t->n_rows; row++) {
            size_t s = symbol_of(r, t, row), bar = bar_at(&r->p->market.symbol[s], time_of(t, row, "time"));
            size_t fold = (size_t)number(t, row, "fold") - 1;
            const struct range *samples_of = &r->p->plan.fold[fold].samples[SLICE_TEST][s];
            assert_true(bar >= samples_of->begin && bar < samples_of->end);
            for (int g = 0; g < N_GATES; g++) {
                int want =
                    brute_label(&r->p->market.symbol[s], &r->e->labels, r->p->labels[s].min_move[bar], bar, g == 0);
                const char *label = cell(t, row, g ? "label_short" : "label_long");
                if (want < 0 ? *label != '\0' : strcmp(label, want ? "1" : "0") != 0)
                    fail_msg("scores.csv:%zu: label \"%s\", want %d", row + 2, label, want);
                assert_in_range((int)(number(t, row, g ? "p_short" : "p_long") * 1e6), 0, 1000000);
            }
            if (row % samples == 0) continue;
            bool same_fold = number(t, row, "fold") == number(t, row - 1, "fold");
            assert_true(!same_fold || time_of(t, row, "time") >= time_of(t, row - 1, "time"));
        }
    }
}

/* ---- summary.json against scores.csv ------------------------------------------------------------------------------------- */

enum { SAMPLE_MAX = 4096 };
struct scored {
    size_t n;
    double p[SAMPLE_MAX], tau[SAMPLE_MAX], pnl[3][SAMPLE_MAX];
    int label[SAMPLE_MAX], fold[SAMPLE_MAX];
};

/* One isolated trade by the rules of the broker, written down once more: net return, NaN when it cannot be entered. */
static double brute_trade(const struct run_files *r, size_t symbol, size_t t, int side, double multiplier) {
    const struct bars *bars = &r->p->market.symbol[symbol];
    const struct cost_config *c = &r->e->costs;
    const struct strategy_config *trading = &r->e->common.trading;
    double slip = multiplier * (c->half_spread_bps + c->slippage_bps) * 1e-4, move = r->p->labels[symbol].min_move[t];
    size_t i = t + 1, due = t + trading->horizon;
    while (i < bars->n && !(bars->bar[i].volume > 0)) i++;
    if (i >= bars->n || i > due) return NAN;
    double entry = bars->bar[i].open * (1 + side * slip), exit = NAN;
    double stop = entry * (1 - side * trading->stop_moves * move);
    double target = entry * (1 + side * trading->target_moves * move);
    int64_t entry_ns = bars->bar[i].open_ns, exit_ns = 0;
    bool maker = false;
    for (; isnan(exit); i++) {
        const struct bar *b = &bars->bar[i];
        double worst = side > 0 ? b->low : b->high, best = side > 0 ? b->high : b->low;
        exit_ns = bar_close_ns(bars, i);
        if (b->volume > 0) {
            if (i > due || side * (b->open - stop) <= 0) /* overdue, as the bar it was due at did not trade; or a gap */
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
    }
    if (!maker) exit *= 1 - side * slip;
    double fees = multiplier * 1e-4 * (c->taker_bps * entry + (maker ? c->maker_bps : c->taker_bps) * exit);
    double days = (double)(exit_ns - entry_ns) / (double)NS_PER_DAY;
    return (side * (exit - entry) - fees) / entry - side * multiplier * c->funding_bps_per_day * 1e-4 * days;
}

static void load_scored(const struct run_files *r, const char *strategy, const char *seed, int gate,
                        struct scored *out) {
    const struct table *t = &r->scores;
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
        for (int c = 0; c < 3; c++) out->pnl[c][k] = brute_trade(r, s, bar, gate ? -1 : 1, c);
    }
}

/* Average precision by its definition: for every distinct threshold count everything again. */
static double brute_ap(const struct scored *x, size_t begin, size_t end) {
    double ap = 0, positives = 0;
    for (size_t i = begin; i < end; i++) positives += x->label[i];
    for (size_t i = begin; i < end; i++) {
        double above = 0, hits = 0, hits_here = 0;
        bool first = true;
        for (size_t j = begin; j < end; j++) {
            if (j < i && x->p[j] == x->p[i]) first = false;
            above += x->p[j] >= x->p[i];
            hits += x->p[j] >= x->p[i] && x->label[j];
            hits_here += x->p[j] == x->p[i] && x->label[j];
        }
        if (first) ap += hits_here / positives * (hits / above);
    }
    return positives > 0 ? ap : NAN;
}

/* How much of bar i is among the best k % of its fold: a tie group on the border shares what is left. */
static double brute_weight(const struct scored *x, size_t i, double k) {
    double n = 0, higher = 0, equal = 0;
    for (size_t j = 0; j < x->n; j++) {
        if (x->fold[j] != x->fold[i]) continue;
        n++;
        higher += x->p[j] > x->p[i];
        equal += x->p[j] == x->p[i];
    }
    double most = fmax(1, ceil(k / 100 * n - 1e-9));
    return fmin(1, fmax(0, (most - higher) / equal));
}

static void check_metric(const json_value *metrics, const char *name, double want) {
    const json_value *value = json_get(metrics, name);
    if (!value) fail_msg("summary.json lacks %s", name);
    double got = json_number(value, NAN);
    if (!near(got, want, 1e-9, 1e-9)) fail_msg("%s is %.12g, brute force says %.12g", name, got, want);
}

static void check_top_k(const json_value *metrics, const struct scored *x, size_t begin, size_t end, double k) {
    double selected = 0, hits = 0, positives = 0, sum[3] = {0}, entered[3] = {0}, wins = 0;
    char name[64];
    for (size_t i = begin; i < end; i++) {
        double w = brute_weight(x, i, k);
        selected += w;
        hits += w * x->label[i];
        positives += x->label[i];
        for (int c = 0; c < 3; c++) {
            if (w == 0 || isnan(x->pnl[c][i])) continue;
            sum[c] += w * x->pnl[c][i];
            entered[c] += w;
            if (c == 1) wins += w * (x->pnl[c][i] > 0);
        }
    }
    snprintf(name, sizeof name, "precision_at_%g", k);
    check_metric(metrics, name, hits / selected);
    snprintf(name, sizeof name, "recall_at_%g", k);
    check_metric(metrics, name, positives > 0 ? hits / positives : NAN);
    for (int c = 0; c < 3; c++) {
        snprintf(name, sizeof name, "pnl_mean_at_%g_%dx", k, c);
        check_metric(metrics, name, entered[c] > 0 ? sum[c] / entered[c] : NAN);
        snprintf(name, sizeof name, "pnl_sum_at_%g_%dx", k, c);
        check_metric(metrics, name, entered[c] > 0 ? sum[c] : NAN);
    }
    snprintf(name, sizeof name, "hit_rate_at_%g", k);
    check_metric(metrics, name, entered[1] > 0 ? wins / entered[1] : NAN);
}

static void check_metrics(const struct run_files *r, const json_value *metrics, const struct scored *x, size_t begin,
                          size_t end) {
    double n = (double)(end - begin), positives = 0, acted = 0, hits = 0, squares = 0;
    for (size_t i = begin; i < end; i++) {
        positives += x->label[i];
        acted += x->p[i] >= x->tau[i];
        hits += x->p[i] >= x->tau[i] && x->label[i];
        squares += (x->p[i] - x->label[i]) * (x->p[i] - x->label[i]);
    }
    check_metric(metrics, "n_bars", n);
    check_metric(metrics, "n_positives", positives);
    check_metric(metrics, "prevalence", positives / n);
    check_metric(metrics, "average_precision", brute_ap(x, begin, end));
    check_metric(metrics, "coverage", acted / n);
    check_metric(metrics, "acted_precision", acted > 0 ? hits / acted : NAN);
    check_metric(metrics, "acted_recall", positives > 0 ? hits / positives : NAN);
    check_metric(metrics, "brier", squares / n);
    for (size_t k = 0; k < r->e->signals.n_k; k++) check_top_k(metrics, x, begin, end, r->e->signals.k[k]);
}

static void check_gate(const struct run_files *r, const json_value *gate_value, const char *strategy, int gate) {
    static struct scored x;
    const json_value *seeds = json_get(gate_value, "seeds");
    double sum = 0, squares = 0;
    assert_int_equal(json_size(seeds), r->e->n_seeds);
    for (size_t k = 0; k < r->e->n_seeds; k++) {
        const json_value *seed = json_at(seeds, k), *pooled_value = json_get(seed, "pooled");
        char text[24];
        snprintf(text, sizeof text, "%d", (int)json_number(json_get(seed, "seed"), -1));
        load_scored(r, strategy, text, gate, &x);
        assert_true(x.n > 300);
        check_metrics(r, pooled_value, &x, 0, x.n);
        double ap = json_number(json_get(pooled_value, "average_precision"), NAN);
        sum += ap, squares += ap * ap;
        const json_value *folds = json_get(seed, "folds");
        assert_int_equal(json_size(folds), r->p->plan.n_folds);
        for (size_t f = 0, begin = 0; f < json_size(folds); f++) {
            size_t end = begin;
            while (end < x.n && x.fold[end] == (int)f + 1) end++;
            assert_int_equal((int)json_number(json_get(json_at(folds, f), "fold"), -1), f + 1);
            if (end > begin) check_metrics(r, json_at(folds, f), &x, begin, end);
            begin = end;
        }
    }
    double n = (double)r->e->n_seeds;
    check_metric(json_get(gate_value, "mean"), "average_precision", sum / n);
    check_metric(json_get(gate_value, "sd"), "average_precision", sqrt((squares - sum * sum / n) / (n - 1)));
    assert_near(json_number(json_get(json_get(gate_value, "null"), "observed"), NAN),
                json_number(json_get(json_get(json_at(seeds, 0), "pooled"), "average_precision"), NAN), 1e-12, 1e-9);
}

static void test_summary_metrics(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const json_value *list = json_get(json_root(run[i].summary), "strategies");
        assert_int_equal(json_size(list), run[i].e->n_strategies);
        for (size_t s = 0; s < json_size(list); s++) {
            const json_value *strategy = json_at(list, s), *gates = json_get(strategy, "gates");
            const char *name = json_string(json_get(strategy, "name"), "");
            assert_string_equal(name, run[i].e->strategy[s].name);
            if (!run[i].e->strategy[s].desc->needs_model) {
                assert_int_equal(json_kind(gates), JSON_NULL);
                continue;
            }
            for (int g = 0; g < N_GATES; g++) check_gate(&run[i], json_get(gates, gate_name[g]), name, g);
        }
    }
}

static void test_summary_header(void **state) {
    (void)state;
    const struct run_files *r = &run[0];
    const json_value *root = json_root(r->summary);
    size_t contestants = 0;
    double positives = 0, labelled = 0;
    for (size_t s = 0; s < r->e->n_strategies; s++)
        contestants += r->e->strategy[s].desc->needs_model ? r->e->n_seeds : 0;
    for (size_t row = 0; row < r->scores.n_rows / contestants; row++) {
        labelled += *cell(&r->scores, row, "label_long") != '\0';
        positives += is(&r->scores, row, "label_long", "1");
    }
    assert_int_equal((size_t)json_number(json_get(root, "n_bars"), 0), r->scores.n_rows / contestants);
    assert_near(json_number(json_get(json_get(root, "prevalence"), "long"), NAN), positives / labelled, 1e-12, 0);
    assert_string_equal(json_string(json_get(root, "title"), ""), "a title, with commas \n and `ticks`");
    assert_string_equal(json_string(json_get(root, "baseline"), ""), "none");
    assert_string_equal(json_string(json_get(root, "interval"), ""), "15m");
    assert_int_equal((int)json_number(json_get(root, "n_folds"), 0), r->p->plan.n_folds);
    assert_int_equal((int)json_number(json_get(root, "lookback"), 0), 8);
    assert_int_equal((int)json_number(json_get(root, "horizon"), 0), 6);
    assert_string_equal(json_string(json_get(root, "begin"), ""), cell(&r->folds, 2 * r->p->market.n_symbols, "begin"));
    assert_string_equal(json_string(json_get(root, "end"), ""), cell(&r->folds, r->folds.n_rows - 1, "end"));
}

static void test_verdict_agrees_with_the_metrics(void **state) {
    (void)state;
    static const char *const delta[][2] = {{"average_precision", "average_precision"},
                                           {"precision_at_5", "precision_at_5"}};
    const json_value *root = json_root(run[0].summary), *verdicts = json_get(root, "verdict");
    const json_value *strategies = json_get(root, "strategies");
    assert_int_equal(json_size(verdicts), 2); /* bahdanau and multihead against none */
    for (size_t v = 0; v < 2; v++) {
        const json_value *one = json_at(verdicts, v), *candidate = json_at(strategies, v + 1);
        assert_string_equal(json_string(json_get(one, "candidate"), ""), json_string(json_get(candidate, "name"), "?"));
        assert_string_equal(json_string(json_get(one, "baseline"), ""), "none");
        assert_true(strlen(json_string(json_get(one, "conclusion"), "")) > 40);
        for (int g = 0; g < N_GATES; g++)
            for (size_t d = 0; d < COUNT_OF(delta); d++) {
                const json_value *got = json_get(json_get(json_get(one, "gates"), gate_name[g]), delta[d][0]);
                const json_value *a = json_get(json_get(candidate, "gates"), gate_name[g]);
                const json_value *b = json_get(json_get(json_at(strategies, 0), "gates"), gate_name[g]);
                double x = json_number(json_get(json_get(a, "mean"), delta[d][1]), NAN);
                double y = json_number(json_get(json_get(b, "mean"), delta[d][1]), NAN);
                assert_near(json_number(json_get(got, "candidate"), NAN), x, 1e-9, 1e-9);
                assert_near(json_number(json_get(got, "baseline"), NAN), y, 1e-9, 1e-9);
                assert_near(json_number(json_get(got, "delta"), NAN), x - y, 1e-9, 1e-9);
                double lo = json_number(json_get(got, "lo"), -1), hi = json_number(json_get(got, "hi"), 1);
                assert_true(lo <= x - y + 1e-12 && hi >= x - y - 1e-12);
            }
    }
}

/* ---- probabilities and tau against the stored models ------------------------------------------------------------------- */

static int descending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* tau: of ceil(K n) validation probabilities the smallest that may act. */
static void check_tau(const struct run_files *r, const struct fold_data *d, const struct gate_model *model,
                      size_t symbol, const double got[N_GATES]) {
    size_t n = d->n[SLICE_VALIDATION];
    float *p = mem_calloc(n * N_GATES, sizeof *p), *column = mem_calloc(n, sizeof *column);
    assert_true(p && column);
    assert_ok(model_score(model, d->fit_series, d->n_symbols, d->sample[SLICE_VALIDATION], n, p, NULL));
    for (size_t g = 0; g < N_GATES; g++) {
        size_t k = 0;
        for (size_t i = 0; i < n; i++)
            if (strcmp(r->e->signals.pool, "all") == 0 || d->sample[SLICE_VALIDATION][i].series == symbol)
                column[k++] = p[i * N_GATES + g];
        qsort(column, k, sizeof *column, descending);
        size_t keep = (size_t)ceil(r->e->signals.act_on * (double)k / 100 - 1e-9);
        if (k == 0) assert_true(isnan(got[g])); /* validation did not hold this symbol: no threshold */
        if (k == 0) continue;
        assert_true(keep >= 1);
        assert_true((float)got[g] == column[keep - 1]);
    }
    mem_free(p);
    mem_free(column);
}

static void check_model(const struct run_files *r, size_t row) {
    const struct table *t = &r->scores;
    char path[900];
    struct gate_model *model;
    struct fold_data d;
    struct extra_tensor extra[4];
    size_t n_extra = COUNT_OF(extra), fold = (size_t)number(t, row, "fold") - 1, s = symbol_of(r, t, row);
    snprintf(path, sizeof path, "%s/" RUN_MODELS "/%s-s%s-f%03zu.safetensors", r->dir, cell(t, row, "strategy"),
             cell(t, row, "seed"), fold + 1);
    assert_ok(model_load(path, NULL, 0, &model, NULL, extra, &n_extra));
    assert_int_equal(n_extra, 3);
    struct scaler stored = {.clip = r->e->scaler.clip};
    while (strcmp(scaler_name[stored.kind], r->e->scaler.kind) != 0) stored.kind++;
    for (size_t i = 0; i < n_extra; i++) {
        if (strcmp(extra[i].name, "scaler.center") == 0) stored.center = extra[i].value;
        if (strcmp(extra[i].name, "scaler.inverse_scale") == 0) stored.inverse_scale = extra[i].value;
        if (strncmp(extra[i].name, "scaler", 6) == 0) assert_int_equal(extra[i].n, r->e->n_features);
        if (strncmp(extra[i].name, "scaler", 6) != 0) assert_int_equal(extra[i].n, N_GATES * r->e->n_features);
    }
    stored.n = r->e->n_features;
    assert_ok(fold_data_build(r->e, r->p, fold, &stored, &d));
    size_t bar = bar_at(&r->p->market.symbol[s], time_of(t, row, "time"));
    struct sample sample = {(uint32_t)s, (uint32_t)(bar - d.first[s])};
    float p[N_GATES];
    assert_ok(model_score(model, d.score_series, d.n_symbols, &sample, 1, p, NULL));
    assert_true(p[0] == (float)number(t, row, "p_long") && p[1] == (float)number(t, row, "p_short"));
    if (strcmp(r->e->signals.threshold, "validation") == 0)
        check_tau(r, &d, model, s, (const double[]){number(t, row, "tau_long"), number(t, row, "tau_short")});
    for (size_t i = 0; i < n_extra; i++) mem_free(extra[i].value);
    fold_data_free(&d);
    model_free(model);
}

/* A few rows of every fit, scored again from its file. */
static void test_scores_and_tau_come_from_the_stored_models(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        size_t n = 0;
        for (size_t row = 0; row < run[i].scores.n_rows; row += 17, n++) check_model(&run[i], row);
        assert_true(n > 100);
    }
}

/* A symbol that validation did not hold has no threshold, and so no trade. */
static void test_unknown_symbol_does_not_act(void **state) {
    (void)state;
    const struct run_files *r = &run[1];
    int64_t first_end = r->p->plan.fold[0].end_ns[SLICE_TEST];
    size_t n = 0, others = 0;
    for (size_t row = 0; row < r->scores.n_rows; row++) {
        if (!is(&r->scores, row, "fold", "1")) continue;
        bool is_new = is(&r->scores, row, "symbol", "NEW");
        n += is_new;
        others += !is_new;
        assert_int_equal(*cell(&r->scores, row, "tau_long") == '\0', is_new);
    }
    assert_true(n > 20 && others > 100);
    for (size_t row = 0; row < r->trades.n_rows; row++)
        assert_false(is(&r->trades, row, "symbol", "NEW") && time_of(&r->trades, row, "signal_time") < first_end);
}

/* Of all symbols that close together only the most probable has a threshold. */
static void test_cross_section(void **state) {
    (void)state;
    const struct run_files *r = &run[2];
    const struct table *t = &r->scores;
    static const char *const p_name[] = {"p_long", "p_short"}, *const tau_name[] = {"tau_long", "tau_short"};
    size_t pairs = 0;
    for (size_t row = 0, end; row < t->n_rows; row = end) {
        for (end = row + 1; end < t->n_rows && is(t, end, "time", cell(t, row, "time")); end++)
            assert_true(same_contestant(t, row, t, end));
        pairs += end - row == 2;
        for (size_t g = 0; g < N_GATES; g++) {
            size_t best = row, with_tau = 0;
            for (size_t i = row; i < end; i++) {
                if (number(t, i, p_name[g]) > number(t, best, p_name[g])) best = i;
                with_tau += *cell(t, i, tau_name[g]) != '\0';
            }
            assert_int_equal(with_tau, 1);
            assert_true(*cell(t, best, tau_name[g]) != '\0');
        }
    }
    assert_true(pairs > 500);
}

/* ---- safetensors --------------------------------------------------------------------------------------------------------- */

static void check_safetensors(const char *path) {
    size_t n, expected = 0, tensors = 0;
    char *bytes = rundir_read(path, &n);
    uint64_t length;
    struct json_document *doc;
    memcpy(&length, bytes, 8);
    assert_true(length < n - 8);
    assert_true((8 + length) % 8 == 0);
    assert_ok(json_parse(path, bytes + 8, length, ERR_DATA, &doc));
    const json_value *root = json_root(doc);
    for (size_t i = 0; i < json_size(root); i++) {
        const json_value *tensor = json_at(root, i);
        if (strcmp(json_key(tensor), "__metadata__") == 0) {
            for (size_t m = 0; m < json_size(tensor); m++) assert_int_equal(json_kind(json_at(tensor, m)), JSON_STRING);
            assert_non_null(json_get(tensor, "gatewalk.fit_key"));
            continue;
        }
        const char *type = json_string(json_get(tensor, "dtype"), "");
        double size = strcmp(type, "F64") == 0 ? 8 : strcmp(type, "F32") == 0 ? 4 : 0;
        const json_value *shape = json_get(tensor, "shape"), *at = json_get(tensor, "data_offsets");
        for (size_t k = 0; k < json_size(shape); k++) size *= json_number(json_at(shape, k), 0);
        assert_int_equal((size_t)json_number(json_at(at, 0), 0), expected);
        expected = (size_t)json_number(json_at(at, 1), 0);
        assert_int_equal((size_t)(json_number(json_at(at, 1), 0) - json_number(json_at(at, 0), 0)), (size_t)size);
        assert_true(size > 0);
        tensors++;
    }
    assert_int_equal(expected, n - 8 - length);
    assert_true(tensors >= 4);
    json_free(doc);
    mem_free(bytes);
}

static void test_every_model_file_parses(void **state) {
    (void)state;
    char name[256][128], dir[900];
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        size_t contestants = 0;
        for (size_t s = 0; s < run[i].e->n_strategies; s++) contestants += run[i].e->strategy[s].desc->needs_model;
        snprintf(dir, sizeof dir, "%s/" RUN_MODELS, run[i].dir);
        int n = rundir_names(dir, name);
        assert_int_equal(n, contestants * run[i].e->n_seeds * run[i].p->plan.n_folds);
        for (int k = 0; k < n; k++) {
            char path[1100];
            snprintf(path, sizeof path, "%s/%.127s", dir, name[k]);
            check_safetensors(path);
        }
    }
}

/* ---- trades, equity and scores ---------------------------------------------------------------------------------------------- */

static const struct strategy_spec *spec_of(const struct run_files *r, const struct table *t, size_t row) {
    for (size_t s = 0; s < r->e->n_strategies; s++)
        if (is(t, row, "strategy", r->e->strategy[s].name)) return &r->e->strategy[s];
    fail_msg("%s:%zu: unknown strategy", t->path, row + 2);
    return NULL;
}

/* The signal stands in scores.csv: this probability, at or above this tau. */
static void check_signal(const struct run_files *r, size_t row) {
    const struct table *t = &r->trades, *scores = &r->scores;
    bool is_long = is(t, row, "side", "long");
    for (size_t i = 0; i < scores->n_rows; i++) {
        if (!is(scores, i, "time", cell(t, row, "signal_time")) || !is(scores, i, "symbol", cell(t, row, "symbol")) ||
            !same_contestant(t, row, scores, i))
            continue;
        double p = number(scores, i, is_long ? "p_long" : "p_short"),
               tau = number(scores, i, is_long ? "tau_long" : "tau_short");
        assert_true(p >= tau);
        assert_string_equal(cell(t, row, "probability"), cell(scores, i, is_long ? "p_long" : "p_short"));
        return;
    }
    fail_msg("trades.csv:%zu: no score at its signal", row + 2);
}

static void test_trades_add_up(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const struct run_files *r = &run[i];
        const struct table *t = &r->trades;
        assert_true(t->n_rows > 50);
        for (size_t row = 0; row < t->n_rows; row++) {
            double side = is(t, row, "side", "long") ? 1 : -1, entry = number(t, row, "entry_price");
            double quantity = number(t, row, "quantity"), fees = number(t, row, "fees"), pnl = number(t, row, "pnl");
            double gross = side * quantity * (number(t, row, "exit_price") - entry);
            assert_near(pnl, gross - fees - number(t, row, "funding"), 1e-9, 1);
            assert_near(number(t, row, "return"), pnl / (quantity * entry), 1e-9, 1e-9);
            assert_true(number(t, row, "mae") <= 0 && number(t, row, "mfe") >= 0);
            double days = (double)(time_of(t, row, "exit_time") - time_of(t, row, "entry_time")) / (double)NS_PER_DAY;
            assert_near(number(t, row, "funding"), side * 30e-4 * quantity * entry * days, 1e-9, 1e-3);
            assert_true(time_of(t, row, "entry_time") >= time_of(t, row, "signal_time"));
            assert_true(time_of(t, row, "exit_time") >= time_of(t, row, "entry_time"));
            const struct strategy_spec *spec = spec_of(r, t, row);
            if (spec->desc->needs_model) /* a bar without volume lets the time exit wait */
                assert_true(number(t, row, "bars_held") <= (double)spec->trading.horizon + 2);
            if (spec->desc->needs_model)
                check_signal(r, row);
            else
                assert_string_equal(cell(t, row, "probability"), "");
        }
    }
}

/* Whether the exit is over when the bars that close at `now` are marked: at this very instant a close counts and an
 * open does not. */
static bool exited(const struct run_files *r, size_t row, int64_t now) {
    const struct table *t = &r->trades;
    int64_t exit = time_of(t, row, "exit_time");
    if (exit != now) return exit < now;
    if (is(t, row, "reason", "end")) return true;
    if (is(t, row, "reason", "signal")) return false;
    double side = is(t, row, "side", "long") ? 1 : -1, price = number(t, row, "exit_price");
    const struct cost_config *c = &r->e->costs;
    double slip = is(t, row, "reason", "target") ? 0 : (c->half_spread_bps + c->slippage_bps) * 1e-4;
    const struct bars *bars = &r->p->market.symbol[symbol_of(r, t, row)];
    for (size_t i = 0; i < bars->n; i++)
        if (bars->bar[i].open_ns == exit && near(price, bars->bar[i].open * (1 - side * slip), 1e-12, 0)) return false;
    return true;
}

/* Equity, cash and exposure at one time from the trades and the bars alone. */
static void check_equity_row(const struct run_files *r, size_t row) {
    const struct table *t = &r->trades;
    int64_t now = time_of(&r->equity, row, "time");
    double equity = r->e->broker.initial_cash, held = 0, gross = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        if (!same_contestant(t, i, &r->equity, row) || time_of(t, i, "entry_time") >= now) continue;
        if (exited(r, i, now)) {
            equity += number(t, i, "pnl");
            continue;
        }
        const struct bars *bars = &r->p->market.symbol[symbol_of(r, t, i)];
        size_t last = bars->n;
        while (bar_close_ns(bars, last - 1) > now) last--;
        double side = is(t, i, "side", "long") ? 1 : -1, quantity = number(t, i, "quantity");
        double entry = number(t, i, "entry_price"), mark = bars->bar[last - 1].close;
        double days = (double)(bar_close_ns(bars, last - 1) - time_of(t, i, "entry_time")) / (double)NS_PER_DAY;
        equity += side * quantity * (mark - entry) - quantity * entry * r->e->costs.taker_bps * 1e-4;
        equity -= side * 30e-4 * quantity * entry * days;
        held += side * quantity * mark;
        gross += quantity * mark;
    }
    if (!near(number(&r->equity, row, "equity"), equity, 1e-9, 1))
        fail_msg("equity.csv:%zu: %.12g, the trades say %.12g", row + 2, number(&r->equity, row, "equity"), equity);
    assert_near(number(&r->equity, row, "cash"), equity - held, 1e-9, 1e5);
    assert_near(number(&r->equity, row, "exposure"), gross / equity, 1e-9, 1e-6);
}

static void test_equity_follows_from_trades(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const struct table *t = &run[i].equity;
        double peak = 0;
        for (size_t row = 0; row < t->n_rows; row++) {
            double equity = number(t, row, "equity");
            bool begins = row == 0 || !same_contestant(t, row, t, row - 1);
            if (begins) peak = run[i].e->broker.initial_cash;
            if (!begins) assert_true(time_of(t, row, "time") > time_of(t, row - 1, "time"));
            peak = fmax(peak, equity);
            assert_near(number(t, row, "drawdown"), equity / peak - 1, 1e-9, 1e-9);
            assert_true(number(t, row, "drawdown") <= 0);
            if (row % 5 == 0 || begins) check_equity_row(&run[i], row);
        }
    }
}

/* One contestant's portfolio values against its trades and the end of its equity. */
static void check_portfolio(const struct run_files *r, const json_value *seed, const char *strategy) {
    double n = 0, wins = 0, fees = 0, pnl = 0, end = NAN;
    char number_text[24];
    snprintf(number_text, sizeof number_text, "%d", (int)json_number(json_get(seed, "seed"), -1));
    for (size_t row = 0; row < r->trades.n_rows; row++) {
        if (!is(&r->trades, row, "strategy", strategy) || !is(&r->trades, row, "seed", number_text)) continue;
        n++;
        wins += number(&r->trades, row, "pnl") > 0;
        fees += number(&r->trades, row, "fees");
        pnl += number(&r->trades, row, "pnl");
    }
    for (size_t row = 0; row < r->equity.n_rows; row++)
        if (is(&r->equity, row, "strategy", strategy) && is(&r->equity, row, "seed", number_text))
            end = number(&r->equity, row, "equity");
    assert_near(end, r->e->broker.initial_cash + pnl, 1e-9, 1);
    check_metric(seed, "n_trades", n);
    check_metric(seed, "total_return", end / r->e->broker.initial_cash - 1);
    check_metric(seed, "win_rate", n > 0 ? wins / n : NAN);
    assert_near(json_number(json_get(seed, "fees"), NAN), fees, 1e-9, 1e-6);
}

static void test_portfolio_agrees_with_trades(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const json_value *list = json_get(json_root(run[i].summary), "strategies");
        for (size_t s = 0; s < json_size(list); s++) {
            const json_value *seeds = json_get(json_get(json_at(list, s), "portfolio"), "seeds");
            assert_int_equal(json_size(seeds), run[i].e->strategy[s].desc->needs_model ? 2 : 1);
            for (size_t k = 0; k < json_size(seeds); k++)
                check_portfolio(&run[i], json_at(seeds, k), run[i].e->strategy[s].name);
        }
    }
}

/* ---- training, curves, attention, importance ------------------------------------------------------------------------------ */

static void test_training_log(void **state) {
    (void)state;
    const struct table *t = &run[0].training;
    size_t fits = 0, best_rows = 0;
    double least = 0, best_loss = 0;
    for (size_t row = 0; row < t->n_rows; row++) {
        bool begins = is(t, row, "epoch", "1");
        fits += begins;
        if (!begins) assert_int_equal((int)number(t, row, "epoch"), (int)number(t, row - 1, "epoch") + 1);
        double loss = number(t, row, "validation_loss");
        least = begins ? loss : fmin(least, loss);
        if (is(t, row, "best", "1")) {
            best_rows++;
            best_loss = loss;
        }
        bool ends = row + 1 == t->n_rows || is(t, row + 1, "epoch", "1");
        if (!ends) continue;
        assert_int_equal(best_rows, fits); /* one each */
        assert_true(best_loss == least);
    }
    assert_int_equal(fits, 3 * 2 * run[0].p->plan.n_folds);
}

static void test_curves(void **state) {
    (void)state;
    const struct run_files *r = &run[0];
    const struct table *t = &r->curves;
    static struct scored x;
    size_t groups = 0;
    for (size_t row = 0, end; row < t->n_rows; row = end) {
        double sum = 0, weighted = 0;
        for (end = row; end < t->n_rows && same_contestant(t, row, t, end) &&
                        is(t, end, "gate", cell(t, row, "gate")) && is(t, end, "curve", cell(t, row, "curve"));
             end++) {
            double a = number(t, end, "x"), b = number(t, end, "y"), count = number(t, end, "count");
            assert_true(a >= 0 && a <= 1 && b >= 0 && count >= 0);
            if (end > row) assert_true(a >= number(t, end - 1, "x"));
            sum += count;
            weighted += is(t, end, "curve", "histogram") ? b : b * count;
        }
        load_scored(r, cell(t, row, "strategy"), cell(t, row, "seed"), is(t, row, "gate", "short"), &x);
        double positives = 0, n = (double)x.n;
        for (size_t i = 0; i < x.n; i++) positives += x.label[i];
        if (is(t, row, "curve", "pr")) {
            assert_near(number(t, end - 1, "x"), 1, 1e-12, 0);
            assert_near(number(t, end - 1, "y"), positives / n, 1e-9, 0); /* everything selected */
            assert_near(number(t, end - 1, "count"), n, 0, 0);
        } else if (is(t, row, "curve", "reliability")) {
            assert_near(sum, n, 1e-12, 0);
            assert_near(weighted, positives, 1e-9, 0);
        } else {
            assert_int_equal(end - row, 50);
            assert_near(sum, positives, 1e-9, 0.5);
            assert_near(weighted / 50, 1, 1e-9, 0); /* a density */
        }
        groups++;
    }
    assert_int_equal(groups, 3 * 2 * N_GATES * 3);
}

/* [n × T] float32 of attention.npy by its own header. */
static float *read_npy(const struct run_files *r, size_t *n, size_t *T) {
    size_t length;
    char *bytes = rundir_read(file_of(r, RUN_ATTENTION), &length);
    assert_memory_equal(bytes, "\x93NUMPY\x01\x00", 8);
    size_t header = (size_t)(unsigned char)bytes[8] | (size_t)(unsigned char)bytes[9] << 8;
    assert_int_equal((10 + header) % 64, 0);
    char text[512];
    assert_true(header < sizeof text);
    memcpy(text, bytes + 10, header);
    text[header] = '\0';
    assert_non_null(strstr(text, "'<f4'"));
    const char *shape = strstr(text, "'shape': (");
    assert_non_null(shape);
    assert_int_equal(sscanf(shape, "'shape': (%zu, %zu)", n, T), 2);
    assert_int_equal(length, 10 + header + *n * *T * sizeof(float));
    float *values = mem_calloc(*n * *T + 1, sizeof *values);
    assert_non_null(values);
    memcpy(values, bytes + 10 + header, *n * *T * sizeof(float));
    mem_free(bytes);
    return values;
}

/* Every kept map belongs to a scored bar among the top K % of its fold. */
static void check_attention_row(const struct run_files *r, size_t row) {
    const struct table *t = &r->attention, *scores = &r->scores;
    const char *p_name = is(t, row, "gate", "long") ? "p_long" : "p_short";
    const char *label_name = is(t, row, "gate", "long") ? "label_long" : "label_short";
    double p = number(t, row, "probability"), higher = 0, n = 0;
    bool found = false;
    for (size_t i = 0; i < scores->n_rows; i++) {
        if (!same_contestant(t, row, scores, i) || !is(t, row, "fold", cell(scores, i, "fold"))) continue;
        n++;
        higher += number(scores, i, p_name) > p;
        if (!is(t, row, "time", cell(scores, i, "time")) || !is(t, row, "symbol", cell(scores, i, "symbol"))) continue;
        assert_string_equal(cell(t, row, "probability"), cell(scores, i, p_name));
        assert_string_equal(cell(t, row, "label"), cell(scores, i, label_name));
        found = true;
    }
    assert_true(found);
    assert_true(higher < ceil(r->e->signals.act_on / 100 * n));
}

static void test_attention(void **state) {
    (void)state;
    const struct run_files *r = &run[0];
    const struct table *t = &r->attention;
    size_t n, T, heads = 0, means = 0;
    float *map = read_npy(r, &n, &T);
    assert_int_equal(T, 8);
    assert_int_equal(n, t->n_rows);
    assert_true(n > 100);
    for (size_t row = 0; row < n; row++) {
        double sum = 0;
        for (size_t s = 0; s < T; s++) {
            assert_true(map[row * T + s] >= 0);
            sum += (double)map[row * T + s];
        }
        assert_near(sum, 1, 1e-5, 0);
        assert_int_equal((size_t)number(t, row, "row"), row);
        assert_false(is(t, row, "strategy", "none"));
        means += is(t, row, "map", "mean");
        heads += !is(t, row, "map", "mean");
        if (is(t, row, "map", "2")) /* after "mean" and "1" stands the other head */
            for (size_t s = 0; s < T; s++)
                assert_near((double)map[(row - 2) * T + s],
                            ((double)map[(row - 1) * T + s] + (double)map[row * T + s]) / 2, 1e-5, 1e-3);
        if (row % 7 == 0) check_attention_row(r, row);
    }
    assert_true(heads > 20 && heads % 2 == 0);
    assert_int_equal(r->signals.n_rows, means * T);
    mem_free(map);
}

/* Shorter lookbacks are aligned at lag 0: what they cannot see has no weight. */
static void test_attention_of_a_shorter_lookback(void **state) {
    (void)state;
    const struct run_files *r = &run[2];
    size_t n, T;
    float *map = read_npy(r, &n, &T);
    assert_int_equal(T, 8);
    assert_int_equal(n, r->attention.n_rows);
    assert_true(n > 50);
    for (size_t row = 0; row < n; row++) {
        double sum = 0;
        assert_true(map[row * T] == 0 && map[row * T + 1] == 0 && map[row * T + 2] == 0);
        for (size_t s = 3; s < T; s++) sum += (double)map[row * T + s];
        assert_near(sum, 1, 1e-5, 0);
        assert_string_equal(cell(&r->attention, row, "strategy"), "short");
    }
    assert_int_equal(r->signals.n_rows, 5 * n);
    mem_free(map);
}

static void test_signal_prices(void **state) {
    (void)state;
    const struct run_files *r = &run[0];
    for (size_t i = 0; i < r->signals.n_rows; i++) {
        size_t row = (size_t)number(&r->signals, i, "row"), lag = (size_t)number(&r->signals, i, "lag");
        assert_int_equal(lag, 7 - i % 8);
        assert_string_equal(cell(&r->attention, row, "map"), "mean");
        const struct bars *bars = &r->p->market.symbol[symbol_of(r, &r->attention, row)];
        size_t bar = bar_at(bars, time_of(&r->attention, row, "time"));
        assert_true(number(&r->signals, i, "close") == bars->bar[bar - lag].close);
    }
}

static void test_attention_means(void **state) {
    (void)state;
    const struct run_files *r = &run[0];
    const struct table *t = &r->means;
    size_t groups = 0;
    double bars = json_number(json_get(json_root(r->summary), "n_bars"), 0), split = 0;
    for (size_t row = 0; row < t->n_rows; row += 8, groups++) {
        double sum = 0;
        for (size_t s = 0; s < 8; s++) {
            assert_int_equal((size_t)number(t, row + s, "lag"), 7 - s);
            sum += number(t, row + s, "weight");
            assert_string_equal(cell(t, row + s, "n"), cell(t, row, "n"));
        }
        assert_near(sum, 1, 1e-5, 0);
        if (is(t, row, "map", "mean")) split += number(t, row, "n");
    }
    assert_int_equal(groups, (1 + 3) * 2 * N_GATES * 2); /* maps × seeds × gates × (top, rest) */
    assert_near(split, bars * 2 * 2 * N_GATES, 0, 0);    /* every test bar once for 2 strategies, 2 seeds */
}

static void test_importance(void **state) {
    (void)state;
    const struct run_files *r = &run[0];
    const struct table *t = &r->importance;
    static const char *const name[] = {"log_return(1)", "rsi(6)", "range@1h", "bollinger_b(8;2)"};
    assert_int_equal(t->n_rows, 3 * 2 * N_GATES * 4);
    double moved = 0;
    for (size_t row = 0; row < t->n_rows; row++) {
        assert_string_equal(cell(t, row, "feature"), name[row % 4]);
        assert_string_equal(cell(t, row, "kind"), "permutation");
        assert_true(fabs(number(t, row, "value")) <= 1);
        moved += fabs(number(t, row, "value"));
    }
    assert_true(moved > 0);
}

static void test_run_json(void **state) {
    (void)state;
    const struct run_files *r = &run[0];
    struct json_document *doc;
    assert_ok(json_load(file_of(r, RUN_JSON), ERR_DATA, &doc));
    const json_value *root = json_root(doc), *data = json_get(root, "data"), *times = json_get(root, "training_time");
    assert_string_equal(json_string(json_get(root, "status"), ""), "finished");
    assert_int_equal(json_size(data), 2);
    for (size_t s = 0; s < 2; s++) {
        assert_string_equal(json_string(json_get(json_at(data, s), "symbol"), ""), r->p->market.symbol[s].symbol);
        assert_int_equal((size_t)json_number(json_get(json_at(data, s), "bars"), 0), r->p->market.symbol[s].n);
    }
    assert_int_equal(json_size(times), 3);
    assert_near(json_number(json_get(json_at(times, 0), "ratio_to_baseline"), NAN), 1, 1e-12, 0);
    for (size_t s = 0; s < 3; s++) {
        double seconds = json_number(json_get(json_at(times, s), "seconds"), 0);
        double windows = json_number(json_get(json_at(times, s), "windows"), 0);
        assert_true(seconds > 0 && windows > 0);
        assert_near(json_number(json_get(json_at(times, s), "windows_per_second"), 0), windows / seconds, 1e-9, 0);
    }
    assert_true(json_number(json_get(root, "peak_memory_bytes"), 0) > 1e5);
    json_free(doc);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_no_nan_and_no_ragged_line),
        cmocka_unit_test(test_folds),
        cmocka_unit_test(test_scores_cover_the_test_slices),
        cmocka_unit_test(test_summary_header),
        cmocka_unit_test(test_summary_metrics),
        cmocka_unit_test(test_verdict_agrees_with_the_metrics),
        cmocka_unit_test(test_scores_and_tau_come_from_the_stored_models),
        cmocka_unit_test(test_unknown_symbol_does_not_act),
        cmocka_unit_test(test_cross_section),
        cmocka_unit_test(test_every_model_file_parses),
        cmocka_unit_test(test_trades_add_up),
        cmocka_unit_test(test_equity_follows_from_trades),
        cmocka_unit_test(test_portfolio_agrees_with_trades),
        cmocka_unit_test(test_training_log),
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_attention_of_a_shorter_lookback),
        cmocka_unit_test(test_signal_prices),
        cmocka_unit_test(test_attention_means),
        cmocka_unit_test(test_importance),
        cmocka_unit_test(test_run_json),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
