/* events.jsonl: the same story as the tables tell, in order, with the same bytes however it came about. */
#include "engine/base/base.h"
#include "results.h"

#include "engine/audit/verify.h"

static const char *events_of(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%.500s/%s/" GW_RUN_EVENTS, scratch_dir, name);
    return path;
}

static int run_with(const struct experiment *e, const char *name, size_t jobs, bool events) {
    char dir[1024], out[700];
    snprintf(out, sizeof out, "%.500s/%s", scratch_dir, name);
    return run_experiment(e, &(struct gw_run_options){.out_dir = out, .force = true, .jobs = jobs, .events = events},
                          dir);
}

static void assert_same_file(const char *a, const char *b) {
    size_t n, m;
    char *left = rundir_read(a, &n), *right = rundir_read(b, &m);
    assert_int_equal(n, m);
    assert_memory_equal(left, right, n);
    mem_free(left);
    mem_free(right);
}

/* For other threads, again with stored models, and from a finished run. */
static void test_same_bytes(void **state) {
    (void)state;
    char first[1024], again[1024];
    assert_false(file_exists(events_of("pooled"))); /* nobody asked */
    assert_ok(run_with(run[0].e, "told", 1, true));
    snprintf(first, sizeof first, "%s", scratch("first.jsonl"));
    assert_int_equal(rename(events_of("told"), first), 0);
    assert_ok(run_with(run[0].e, "told", 2, true));
    assert_same_file(first, events_of("told"));
    snprintf(again, sizeof again, "%s", scratch("again.jsonl"));
    const size_t live = mem_live_bytes();
    assert_ok(verify_events(run[0].dir, again, NULL));
    assert_int_equal(mem_live_bytes(), live);
    assert_same_file(first, again);
    struct verify_report report;
    char dir[700];
    snprintf(dir, sizeof dir, "%.500s/told", scratch_dir);
    assert_ok(verify_run(dir, &(struct verify_options){0}, &report));
    size_t compared = 0;
    for (size_t i = 0; i < report.n; i++) {
        assert_true(report.file[i].same);
        compared += strcmp(report.file[i].name, GW_RUN_EVENTS) == 0;
    }
    assert_int_equal(compared, 1);
    verify_report_free(&report);
    assert_ok(run_with(run[0].e, "told", 2, false)); /* what is not asked for again does not stay behind */
    assert_false(file_exists(events_of("told")));
    assert_fails(verify_events(run[0].dir, again, "nobody"), GW_ERR_USAGE, "no such contestant");
}

/* ---- against the tables ---------------------------------------------------------------------------------------------- */

struct story {
    struct table orders;
    struct told {
        size_t put, ended;
        double filled, value;
    } * told; /* [orders.n_rows] */
    size_t n_bars, n_fills, n_retrains, n_fold_ends;
};

static bool of_contestant(const struct table *t, size_t row, const json_value *event) {
    char seed[32];
    snprintf(seed, sizeof seed, "%.0f", json_number(json_get(event, "seed"), -1));
    return is(t, row, "strategy", json_string(json_get(event, "strategy"), "")) && is(t, row, "seed", seed);
}

static double member(const json_value *event, const char *key) { return json_number(json_get(event, key), NAN); }
static const char *word(const json_value *event, const char *key) { return json_string(json_get(event, key), ""); }

static size_t order_row(const struct story *s, const json_value *event) {
    for (size_t i = 0; i < s->orders.n_rows; i++)
        if (number(&s->orders, i, "id") == member(event, "id") && of_contestant(&s->orders, i, event)) return i;
    fail_msg("no order %g in " GW_RUN_ORDERS, member(event, "id"));
    return 0;
}

static void take_order(struct story *s, const json_value *event) {
    const size_t row = order_row(s, event);
    const bool waits = strcmp(word(event, "state"), "waiting") == 0;
    static const char *const same[] = {"symbol", "kind", "side"};
    for (size_t i = 0; i < COUNT_OF(same); i++)
        assert_string_equal(word(event, same[i]), cell(&s->orders, row, same[i]));
    assert_string_equal(word(event, "time"), cell(&s->orders, row, waits ? "put_time" : "end_time"));
    if (waits) {
        assert_int_equal(s->told[row].put++, 0);
        return;
    }
    assert_string_equal(word(event, "state"), cell(&s->orders, row, "state"));
    assert_string_equal(word(event, "reason"), cell(&s->orders, row, "reason"));
    assert_int_equal(s->told[row].put, 1);
    assert_int_equal(s->told[row].ended++, 0);
}

static void take_fill(struct story *s, const json_value *event) {
    const size_t row = order_row(s, event);
    assert_int_equal(s->told[row].put, 1);
    assert_int_equal(s->told[row].ended, 0);
    s->told[row].filled += member(event, "quantity");
    s->told[row].value += member(event, "quantity") * member(event, "price");
    s->n_fills++;
}

static void take_retrain(struct story *s, const json_value *event) {
    size_t n = 0;
    for (size_t i = 0; i < run[0].training.n_rows; i++) {
        if (!of_contestant(&run[0].training, i, event) || number(&run[0].training, i, "fold") != member(event, "fold"))
            continue;
        n++;
        if (!is(&run[0].training, i, "best", "1")) continue;
        assert_near(number(&run[0].training, i, "epoch"), member(event, "best_epoch"), 0, 0);
        assert_near(number(&run[0].training, i, "validation_loss"), member(event, "validation_loss"), 1e-12, 0);
    }
    assert_near((double)n, member(event, "epochs"), 0, 0);
    s->n_retrains++;
}

/* Equity of the newest point before the fold's end, trades that ended up to then. */
static void take_fold_end(struct story *s, const json_value *event) {
    const struct gw_fold *fold = &run[0].p->plan.fold[(size_t)member(event, "fold") - 1];
    const int64_t begin = fold->begin_ns[GW_SLICE_TEST], end = fold->end_ns[GW_SLICE_TEST];
    double equity = NAN, before = run[0].e->broker.initial_cash, trades = 0;
    int64_t newest = INT64_MIN, oldest = INT64_MIN;
    for (size_t i = 0; i < run[0].equity.n_rows; i++) {
        if (!of_contestant(&run[0].equity, i, event)) continue;
        const int64_t at = time_of(&run[0].equity, i, "time");
        if (at < begin) before = number(&run[0].equity, i, "equity"), oldest = at;
        if (at < end) equity = number(&run[0].equity, i, "equity"), newest = at;
    }
    for (size_t i = 0; i < run[0].trades.n_rows; i++) {
        if (!of_contestant(&run[0].trades, i, event)) continue;
        const int64_t at = time_of(&run[0].trades, i, "exit_time");
        /* A fill at an open is seen with the close of its bar. */
        const bool inside = at <= newest && !(is(&run[0].trades, i, "reason", "signal") && at == newest);
        trades += inside && at > oldest;
        if (is(&run[0].trades, i, "reason", "signal")) trades += at == oldest;
    }
    assert_near(member(event, "equity"), equity, 1e-12, 0);
    assert_near(member(event, "return"), equity / before - 1, 1e-9, 1e-12);
    assert_near(member(event, "trades"), trades, 0, 0);
    s->n_fold_ends++;
}

static void take(struct story *s, const json_value *event) {
    const char *what = word(event, "event");
    if (strcmp(what, "order") == 0) take_order(s, event);
    if (strcmp(what, "fill") == 0) take_fill(s, event);
    if (strcmp(what, "retrain") == 0) take_retrain(s, event);
    if (strcmp(what, "fold_end") == 0) take_fold_end(s, event);
    if (strcmp(what, "bar") == 0) s->n_bars++;
}

static void test_same_story(void **state) {
    (void)state;
    struct story s = {0};
    size_t length, n_lines = 0;
    char before[40] = "", contestant[80] = "", *text, *line, *end;
    assert_ok(table_read(file_of(&run[0], GW_RUN_ORDERS), &s.orders));
    s.told = mem_calloc(s.orders.n_rows, sizeof *s.told);
    assert_non_null(s.told);
    assert_ok(verify_events(run[0].dir, scratch("story.jsonl"), NULL));
    text = rundir_read(scratch("story.jsonl"), &length);
    for (line = text; (end = strchr(line, '\n')); line = end + 1, n_lines++) {
        struct json_document *document;
        char who[80];
        assert_ok(json_parse("story", line, (size_t)(end - line), GW_ERR_DATA, &document));
        const json_value *event = json_root(document);
        snprintf(who, sizeof who, "%.60s %.0f", word(event, "strategy"), member(event, "seed"));
        if (strcmp(who, contestant) != 0) before[0] = '\0';
        snprintf(contestant, sizeof contestant, "%s", who);
        if (strcmp(word(event, "time"), before) < 0) fail_msg("back in time: %.*s", (int)(end - line), line);
        snprintf(before, sizeof before, "%.39s", word(event, "time"));
        take(&s, event);
        json_free(document);
    }
    for (size_t i = 0; i < s.orders.n_rows; i++) {
        assert_int_equal(s.told[i].ended, 1);
        assert_near(s.told[i].filled, number(&s.orders, i, "filled"), 1e-12, 0);
        if (s.told[i].filled > 0)
            assert_near(s.told[i].value / s.told[i].filled, number(&s.orders, i, "average_price"), 1e-12, 0);
    }
    const size_t folds = run[0].p->plan.n_folds, contestants = 3 * 2 + 2;
    assert_int_equal(s.n_fold_ends, folds * contestants);
    assert_int_equal(s.n_retrains, folds * 3 * 2);
    assert_int_equal(s.n_bars % contestants, 0);
    assert_true(s.n_bars >= contestants * run[0].scores.n_rows / 6);
    assert_true(s.n_fills > 100);
    assert_true(n_lines > s.n_bars + 2 * s.orders.n_rows);
    mem_free(text);
    mem_free(s.told);
    table_free(&s.orders);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_same_story),
    };
    return cmocka_run_group_tests(tests, results_setup, results_teardown);
}
