/* The files of a run directory say the same thing: shapes, folds, labels, logs. Brute force is the judge. */
#include "engine/base/base.h"
#include "results.h"

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

static void test_headers(void **state) {
    (void)state;
    static const char *const header[][2] = {
        {GW_RUN_FOLDS, "fold,slice,symbol,begin,end,first_bar,end_bar,first_sample,end_sample,purged\n"},
        {GW_RUN_SCORES,
         "time,open_time,symbol,strategy,seed,fold,p_long,p_short,label_long,label_short,tau_long,tau_short\n"},
        {GW_RUN_TRADES,
         "strategy,seed,symbol,side,signal_time,entry_time,exit_time,entry_price,exit_price,quantity,fees,"
         "slippage,funding,pnl,return,mae,mfe,bars_held,reason,probability,ambiguous,entry_order,exit_order\n"},
        {GW_RUN_ORDERS, "strategy,seed,id,parent,symbol,kind,side,price,quantity,filled,average_price,state,reason,put_"
                        "time,end_time\n"},
        {GW_RUN_EQUITY, "time,open_time,strategy,seed,equity,cash,exposure,drawdown\n"},
        {GW_RUN_BREAKDOWN,
         "strategy,seed,by,group,trades,wins,gains,losses,pnl,mean_return,fees,slippage,funding,bars_held,"
         "ambiguous,equity_return\n"},
        {GW_RUN_BARS, "time,open_time,symbol,open,high,low,close,volume\n"},
        {GW_RUN_EQUITY_BANDS, "time,open_time,strategy,low,high,random_low,random_high\n"},
        {GW_RUN_TRAINING, "strategy,seed,fold,epoch,learning_rate,train_loss,validation_loss,ap_long,ap_short,best\n"},
        {GW_RUN_CURVES, "strategy,seed,gate,curve,x,y,count\n"},
        {GW_RUN_ATTENTION_INDEX, "row,time,open_time,symbol,strategy,seed,fold,gate,probability,label,map\n"},
        {GW_RUN_ATTENTION_MEAN, "strategy,seed,gate,map,group,lag,weight,n\n"},
        {GW_RUN_SIGNALS, "row,lag,time,open_time,close\n"},
        {GW_RUN_IMPORTANCE, "strategy,seed,gate,kind,feature,value\n"},
    };
    for (size_t i = 0; i < COUNT_OF(header); i++) {
        size_t n;
        char *text = rundir_read(file_of(&run[0], header[i][0]), &n);
        if (strncmp(text, header[i][1], strlen(header[i][1])) != 0) fail_msg("header of %s", header[i][0]);
        mem_free(text);
    }
}

/* Every way of taking the trades apart leaves their sums; months and folds compound to the account's return. */
static void test_breakdown(void **state) {
    (void)state;
    struct table parts, trades, equity;
    assert_ok(table_read(file_of(&run[0], GW_RUN_BREAKDOWN), &parts));
    assert_ok(table_read(file_of(&run[0], GW_RUN_TRADES), &trades));
    assert_ok(table_read(file_of(&run[0], GW_RUN_EQUITY), &equity));
    static const char *const by[] = {"symbol", "side", "reason", "month", "hour", "fold"};
    size_t n_checked = 0;
    for (size_t first = 0; first < parts.n_rows; first++) {
        if (first && same_contestant(&parts, first, &parts, first - 1)) continue;
        double n = 0, pnl = 0, fees = 0, begin = run[0].e->broker.initial_cash, end = begin, shorts = 0, stops = 0;
        for (size_t i = 0; i < trades.n_rows; i++) {
            if (!same_contestant(&parts, first, &trades, i)) continue;
            n++;
            pnl += number(&trades, i, "pnl");
            fees += number(&trades, i, "fees");
            shorts += is(&trades, i, "side", "short");
            stops += is(&trades, i, "reason", "stop");
        }
        for (size_t i = 0; i < equity.n_rows; i++)
            if (same_contestant(&parts, first, &equity, i)) end = number(&equity, i, "equity");
        for (size_t b = 0; b < COUNT_OF(by); b++) {
            double m = 0, sum = 0, paid = 0, growth = 1;
            for (size_t i = 0; i < parts.n_rows; i++) {
                if (!same_contestant(&parts, first, &parts, i) || !is(&parts, i, "by", by[b])) continue;
                m += number(&parts, i, "trades");
                sum += number(&parts, i, "pnl");
                paid += number(&parts, i, "fees");
                if (*cell(&parts, i, "equity_return")) growth *= 1 + number(&parts, i, "equity_return");
                if (is(&parts, i, "group", "short")) assert_near(number(&parts, i, "trades"), shorts, 0, 1);
                if (is(&parts, i, "group", "stop")) assert_near(number(&parts, i, "trades"), stops, 0, 1);
            }
            assert_near(m, n, 0, 1);
            assert_near(sum, pnl, 1e-9, 1);
            assert_near(paid, fees, 1e-9, 1);
            if (b == 3 || b == 5) assert_near(growth, end / begin, 1e-9, 1);
        }
        n_checked += n > 5;
    }
    assert_true(n_checked >= 2);
    table_free(&parts);
    table_free(&trades);
    table_free(&equity);
}

static double fact(const json_value *group, const char *key) {
    const json_value *value = json_get(group, key);
    return value && json_kind(value) == JSON_NUMBER ? json_number(value, NAN) : (double)NAN;
}

static void assert_fact(const json_value *group, const char *key, double want) {
    if (isnan(want))
        assert_true(isnan(fact(group, key)));
    else
        assert_near(fact(group, key), want, 1e-9, 1e-12);
}

/* One group of summary.json against the rows of all seeds in breakdown.csv. Returns how many rows it took. */
static size_t check_group(const struct table *parts, const char *strategy, const char *by, const json_value *group,
                          double n_seeds) {
    double trades = 0, wins = 0, gains = 0, losses = 0, returns = 0, fees = 0, held = 0, account = 0, n_account = 0;
    size_t n = 0;
    for (size_t i = 0; i < parts->n_rows; i++) {
        if (!is(parts, i, "strategy", strategy) || !is(parts, i, "by", by) ||
            !is(parts, i, "group", json_string(json_get(group, "group"), "")))
            continue;
        const double m = number(parts, i, "trades");
        n++;
        trades += m;
        wins += number(parts, i, "wins");
        gains += number(parts, i, "gains");
        losses += number(parts, i, "losses");
        fees += number(parts, i, "fees");
        if (m > 0) returns += m * number(parts, i, "mean_return");
        if (m > 0) held += m * number(parts, i, "bars_held");
        if (!*cell(parts, i, "equity_return")) continue;
        account += number(parts, i, "equity_return");
        n_account++;
    }
    assert_fact(group, "trades", trades / n_seeds);
    assert_fact(group, "win_rate", wins / trades);
    assert_fact(group, "gains", gains / n_seeds);
    assert_fact(group, "losses", losses / n_seeds);
    assert_fact(group, "pnl", (gains - losses) / n_seeds);
    assert_fact(group, "fees", fees / n_seeds);
    assert_fact(group, "mean_return", returns / trades);
    assert_fact(group, "bars_held", held / trades);
    assert_fact(group, "equity_return", account / n_account);
    if (losses > 0) assert_fact(group, "profit_factor", gains / losses);
    return n;
}

/* summary.json has every row of breakdown.csv, over the seeds. */
static void test_breakdown_facts(void **state) {
    (void)state;
    static const char *const by[] = {"symbol", "side", "reason", "month", "hour", "fold"};
    struct table parts;
    assert_ok(table_read(file_of(&run[0], GW_RUN_BREAKDOWN), &parts));
    const json_value *strategies = json_get(json_root(run[0].summary), "strategies");
    size_t n_rows = 0;
    for (size_t s = 0; s < json_size(strategies); s++) {
        const json_value *strategy = json_at(strategies, s), *breakdown = json_get(strategy, "breakdown");
        const double n_seeds = (double)json_size(json_get(json_get(strategy, "portfolio"), "seeds"));
        for (size_t b = 0; b < COUNT_OF(by); b++) {
            const json_value *groups = json_get(breakdown, by[b]);
            for (size_t g = 0; g < json_size(groups); g++)
                n_rows += check_group(&parts, json_string(json_get(strategy, "name"), ""), by[b], json_at(groups, g),
                                      n_seeds);
        }
    }
    assert_int_equal(n_rows, parts.n_rows);
    table_free(&parts);
}

/* "nan" as a word of its own; names may hold the letters. */
static bool holds_nan(const char *text) {
    for (const char *at = text; (at = strstr(at, "nan")); at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz_", at[3]) &&
            (at == text || !strchr("abcdefghijklmnopqrstuvwxyz_", at[-1])))
            return true;
    return false;
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
        if (holds_nan(text) || strstr(text, ",inf") || strstr(text, ",-inf")) fail_msg("NaN or inf in %s", name[i]);
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
    assert_int_equal(tables, 14);
}

static void test_no_nan_and_no_ragged_line(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) check_texts(&run[i]);
}

/* open_time is what a bar's line in the data says: the key that joins a table to one's own bars. */
static void test_open_times(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const struct run_files *r = &run[i];
        const struct table *const of_a_symbol[] = {&r->scores, &r->attention};
        for (size_t k = 0; k < COUNT_OF(of_a_symbol); k++)
            for (size_t row = 0; row < of_a_symbol[k]->n_rows; row += 7) {
                const struct gw_bars *bars = &r->p->market.symbol[symbol_of(r, of_a_symbol[k], row)];
                const struct gw_bar *bar = &bars->bar[bar_at(bars, time_of(of_a_symbol[k], row, "time"))];
                assert_true(time_of(of_a_symbol[k], row, "open_time") == bar->open_ns);
            }
        assert_true(r->equity.n_rows > 0);
        for (size_t row = 0; row < r->equity.n_rows; row += 7) {
            size_t opened = 0, s = 0;
            for (; s < r->p->market.n_symbols; s++)
                for (size_t t = 0; t < r->p->market.symbol[s].n; t++)
                    opened += r->p->market.symbol[s].bar[t].open_ns == time_of(&r->equity, row, "open_time") &&
                              gw_bar_close_ns(&r->p->market.symbol[s], t) == time_of(&r->equity, row, "time");
            assert_true(opened > 0);
        }
    }
}

/* Every bar between a symbol's first and last test bar, as the market has it. */
static void test_bars(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const struct run_files *r = &run[i];
        struct table bars;
        assert_ok(table_read(file_of(r, GW_RUN_BARS), &bars));
        size_t row = 0;
        for (size_t s = 0; s < r->p->market.n_symbols; s++) {
            const struct gw_bars *all = &r->p->market.symbol[s];
            size_t begin = SIZE_MAX, end = 0;
            for (size_t k = 0; k < r->folds.n_rows; k++) {
                if (!is(&r->folds, k, "symbol", all->symbol) || !is(&r->folds, k, "slice", "test")) continue;
                const size_t first = (size_t)number(&r->folds, k, "first_bar"),
                             after = (size_t)number(&r->folds, k, "end_bar");
                if (first == after) continue;
                if (first < begin) begin = first;
                if (after > end) end = after;
            }
            for (size_t at = begin; at < end; at++, row++) {
                assert_true(row < bars.n_rows && is(&bars, row, "symbol", all->symbol));
                assert_true(time_of(&bars, row, "open_time") == all->bar[at].open_ns);
                assert_true(time_of(&bars, row, "time") == gw_bar_close_ns(all, at));
                assert_true(number(&bars, row, "open") == all->bar[at].open);
                assert_true(number(&bars, row, "high") == all->bar[at].high);
                assert_true(number(&bars, row, "low") == all->bar[at].low);
                assert_true(number(&bars, row, "close") == all->bar[at].close);
                assert_true(number(&bars, row, "volume") == all->bar[at].volume);
            }
        }
        assert_int_equal(row, bars.n_rows);
        table_free(&bars);
    }
}

/* Other fills and costs lie about what was traded; what was traded is one of them. */
static void test_equity_bands(void **state) {
    (void)state;
    size_t n_random = 0;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const struct run_files *r = &run[i];
        struct table bands;
        assert_ok(table_read(file_of(r, GW_RUN_EQUITY_BANDS), &bands));
        const json_value *list = json_get(json_root(r->summary), "strategies");
        size_t row = 0;
        for (size_t s = 0; s < r->e->n_strategies; s++) {
            const json_value *own = json_at(list, s), *fills = json_get(own, "fills");
            const double made =
                json_number(json_get(json_get(json_get(own, "portfolio"), "mean"), "total_return"), NAN);
            double lowest = INFINITY, highest = -INFINITY;
            static const char *const path[] = {"worst", "default", "optimistic"};
            for (size_t k = 0; k < 9; k++) {
                const double value = json_number(json_at(json_get(fills, path[k / 3]), k % 3), NAN);
                assert_true(isfinite(value));
                lowest = fmin(lowest, value);
                highest = fmax(highest, value);
            }
            assert_near(json_number(json_at(json_get(fills, "default"), 1), NAN), made, 1e-9, 1e-3);
            assert_true(bands.n_rows > row);
            for (; row < bands.n_rows && is(&bands, row, "strategy", r->e->strategy[s].name); row++) {
                assert_true(number(&bands, row, "low") <= number(&bands, row, "high"));
                assert_true(time_of(&bands, row, "time") - time_of(&bands, row, "open_time") ==
                            r->p->market.symbol[0].interval_ns);
            }
            assert_near(number(&bands, row - 1, "low") - 1, lowest, 1e-9, 1e-3);
            assert_near(number(&bands, row - 1, "high") - 1, highest, 1e-9, 1e-3);
            const json_value *random = json_get(own, "random_entry");
            if (json_kind(random) != JSON_OBJECT) continue;
            const double p = json_number(json_get(random, "p_value"), NAN);
            assert_true(p > 0 && p <= 1 && json_number(json_get(random, "replays"), 0) == 20);
            assert_true(json_number(json_get(random, "low"), NAN) <= json_number(json_get(random, "mean"), NAN));
            assert_near(number(&bands, row - 1, "random_low") - 1, json_number(json_get(random, "low"), NAN), 1e-9,
                        1e-3);
            n_random++;
        }
        assert_int_equal(row, bands.n_rows);
        table_free(&bands);
    }
    assert_true(n_random > 0);
}

/* ---- folds.csv against the market and scores.csv --------------------------------------------------------------------- */

static void check_slice(const struct run_files *r, size_t row) {
    const struct table *t = &r->folds;
    size_t s = symbol_of(r, t, row);
    const struct gw_bars *bars = &r->p->market.symbol[s];
    int64_t begin = time_of(t, row, "begin"), end = time_of(t, row, "end");
    size_t first = (size_t)number(t, row, "first_bar"), last = (size_t)number(t, row, "end_bar");
    for (size_t i = 0; i < bars->n; i++) {
        bool inside = gw_bar_close_ns(bars, i) >= begin && gw_bar_close_ns(bars, i) < end;
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
    if (end_sample > first_sample) assert_true(gw_bar_close_ns(bars, end_sample - 1 + reach) < end); /* the purge */
}

static void test_folds(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const struct table *t = &run[i].folds;
        size_t n_symbols = run[i].p->market.n_symbols, n_folds = run[i].p->plan.n_folds;
        assert_true(n_folds >= 3);
        assert_int_equal(t->n_rows, n_folds * GW_N_SLICES * n_symbols);
        for (size_t row = 0; row < t->n_rows; row++) {
            check_slice(&run[i], row);
            assert_int_equal((size_t)number(t, row, "fold"), row / (GW_N_SLICES * n_symbols) + 1);
            assert_string_equal(cell(t, row, "slice"), gw_slice_name[row / n_symbols % GW_N_SLICES]);
            if (row >= n_symbols && row / n_symbols % GW_N_SLICES)
                assert_string_equal(cell(t, row, "begin"), cell(t, row - n_symbols, "end"));
        }
    }
}

/* One row for every test sample of every contestant, in order, with the labels of brute force. */
static int brute_label(const struct gw_bars *bars, const struct gw_label_config *config, double move, size_t t,
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
            const struct gw_range *samples_of = &r->p->plan.fold[fold].samples[GW_SLICE_TEST][s];
            assert_true(bar >= samples_of->begin && bar < samples_of->end);
            for (int g = 0; g < GW_N_GATES; g++) {
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

/* ---- training.csv and run.json ---------------------------------------------------------------------------- */

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

static void test_run_json(void **state) {
    (void)state;
    const struct run_files *r = &run[0];
    struct json_document *doc;
    assert_ok(json_load(file_of(r, GW_RUN_JSON), GW_ERR_DATA, &doc));
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
        double processor = json_number(json_get(json_at(times, s), "processor_seconds"), 0);
        assert_true(seconds > 0 && windows > 0 && processor > 0 && processor < 64 * seconds);
        assert_near(json_number(json_get(json_at(times, s), "windows_per_second"), 0), windows / seconds, 1e-9, 0);
    }
    assert_true(json_number(json_get(root, "peak_memory_bytes"), 0) > 1e5);
    /* The success test's criterion that summary.json leaves to this file, for both pairs of the verdict. */
    const json_value *criteria = json_get(root, "criteria");
    assert_int_equal(json_size(criteria), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_value *row = json_at(criteria, i), *own = json_at(times, i + 1), *base = json_at(times, 0);
        assert_string_equal(json_string(json_get(row, "id"), ""), "training_time");
        assert_string_equal(json_string(json_get(row, "candidate"), ""), json_string(json_get(own, "strategy"), "?"));
        assert_string_equal(json_string(json_get(row, "baseline"), ""), json_string(json_get(base, "strategy"), "?"));
        double ratio = json_number(json_get(own, "processor_seconds"), NAN) /
                       json_number(json_get(base, "processor_seconds"), NAN);
        assert_near(json_number(json_get(row, "ratio"), NAN), ratio, 1e-12, 0);
        assert_near(json_number(json_get(row, "ratio_per_window"), NAN),
                    json_number(json_get(own, "ratio_per_window"), NAN), 1e-12, 0);
        assert_string_equal(json_string(json_get(row, "state"), ""), ratio <= 2 ? "pass" : "fail");
        assert_int_equal(json_number(json_get(row, "reused_fits"), -1), 0);
    }
    assert_int_equal((int)json_number(json_get(root, "schema"), 0), GW_RUN_SCHEMA);
    json_free(doc);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_breakdown),
        cmocka_unit_test(test_equity_bands),
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_breakdown_facts),
        cmocka_unit_test(test_open_times),
        cmocka_unit_test(test_no_nan_and_no_ragged_line),
        cmocka_unit_test(test_folds),
        cmocka_unit_test(test_scores_cover_the_test_slices),
        cmocka_unit_test(test_training_log),
        cmocka_unit_test(test_run_json),
        cmocka_unit_test(test_open_times),
    };
    return cmocka_run_group_tests(tests, results_setup, results_teardown);
}
