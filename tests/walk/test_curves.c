/* curves.csv, the attention files and importance.csv against scores.csv and the market. */
#include "engine/base/base.h"
#include "results/results.h"

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
            const bool band = strncmp(cell(t, row, "curve"), "pr_null", 7) == 0; /* of shifted labels: counts nothing */
            double a = number(t, end, "x"), b = number(t, end, "y"), count = band ? 0 : number(t, end, "count");
            assert_true(a >= 0 && a <= 1 && b >= 0 && count >= 0);
            if (end > row) assert_true(a >= number(t, end - 1, "x"));
            sum += count;
            weighted += is(t, end, "curve", "histogram") ? b : b * count;
        }
        if (strncmp(cell(t, row, "curve"), "pr_null", 7) == 0) {
            assert_true(end - row > 5 && number(t, end - 1, "y") <= 1);
            continue;
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
    assert_int_equal(groups, 3 * 2 * GW_N_GATES * 3);
}

/* [n × T] float32 of attention.npy. */
static float *read_npy(const struct run_files *r, size_t *n, size_t *T) {
    size_t shape[2];
    void *values;
    assert_ok(npy_read(file_of(r, GW_RUN_ATTENTION), "<f4", sizeof(float), shape, 2, &values));
    *n = shape[0];
    *T = shape[1];
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
        const struct gw_bars *bars = &r->p->market.symbol[symbol_of(r, &r->attention, row)];
        size_t bar = bar_at(bars, time_of(&r->attention, row, "time"));
        assert_true(number(&r->signals, i, "close") == bars->bar[bar - lag].close);
        assert_true(time_of(&r->signals, i, "open_time") == bars->bar[bar - lag].open_ns);
        assert_true(time_of(&r->signals, i, "time") == gw_bar_close_ns(bars, bar - lag));
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
    assert_int_equal(groups, (1 + 3) * 2 * GW_N_GATES * 2); /* maps × seeds × gates × (top, rest) */
    assert_near(split, bars * 2 * 2 * GW_N_GATES, 0, 0);    /* every test bar once for 2 strategies, 2 seeds */
}

static void test_importance(void **state) {
    (void)state;
    const struct run_files *r = &run[0];
    const struct table *t = &r->importance;
    static const char *const name[] = {"log_return(1)", "rsi(6)", "range@1h", "bollinger_b(8;2)"};
    assert_int_equal(t->n_rows, 3 * 2 * GW_N_GATES * 4);
    double moved = 0;
    for (size_t row = 0; row < t->n_rows; row++) {
        assert_string_equal(cell(t, row, "feature"), name[row % 4]);
        assert_string_equal(cell(t, row, "kind"), "permutation");
        assert_true(fabs(number(t, row, "value")) <= 1);
        moved += fabs(number(t, row, "value"));
    }
    assert_true(moved > 0);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_attention_of_a_shorter_lookback),
        cmocka_unit_test(test_signal_prices),
        cmocka_unit_test(test_attention_means),
        cmocka_unit_test(test_importance),
    };
    return cmocka_run_group_tests(tests, results_setup, results_teardown);
}
