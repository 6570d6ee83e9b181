/* Resampling against a slow rewrite, its boundaries, and an exchange's own longer bars. */
#include "engine/base/base.h"
#include "test.h"

#include <stdlib.h>

#include "gatewalk/feature.h"
#include "gatewalk/import.h"
#include "gatewalk/rng.h"

static int64_t floor_to(int64_t value, int64_t step) {
    int64_t r = value % step;
    return value - (r < 0 ? r + step : r);
}

/* Random bars with gaps, some of them off the grid, with a trade-count column. */
static struct gw_bars random_bars(uint64_t seed, size_t n, int64_t interval_ns, int64_t start_ns, bool off_grid) {
    struct gw_bars bars = {.symbol = "random", .interval_ns = interval_ns, .n = n};
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "resample", 0, 0, 0);
    bars.bar = mem_calloc(n, sizeof *bars.bar);
    bars.trade_count = mem_calloc(n, sizeof(double));
    assert_non_null(bars.bar);
    assert_non_null(bars.trade_count);
    for (size_t i = 0; i < n; i++) {
        struct gw_bar *bar = &bars.bar[i];
        if (i) start_ns += interval_ns * (int64_t)(gw_rng_below(&rng, 5) ? 1 : 1 + gw_rng_below(&rng, 40));
        bar->open_ns = start_ns + (off_grid && i > n / 2 ? interval_ns / 3 : 0);
        bar->open = 100 + gw_rng_normal(&rng);
        bar->close = 100 + gw_rng_normal(&rng);
        bar->high = fmax(bar->open, bar->close) + gw_rng_uniform(&rng);
        bar->low = fmin(bar->open, bar->close) - gw_rng_uniform(&rng);
        bar->volume = (double)gw_rng_below(&rng, 1000);
        bars.trade_count[i] = (double)gw_rng_below(&rng, 50);
    }
    return bars;
}

/* The same by looking at all bars once per bucket, from the definition. */
static size_t slow_resample(const struct gw_bars *in, int64_t interval_ns, struct gw_bar *out, double *trades) {
    int64_t first = floor_to(gw_bar_close_ns(in, 0) - 1, interval_ns), last = gw_bar_close_ns(in, in->n - 1);
    size_t n = 0;
    for (int64_t begin = first; begin + interval_ns <= last; begin += interval_ns) {
        bool any = false;
        struct gw_bar sum = {.open_ns = begin};
        double count = 0;
        for (size_t i = 0; i < in->n; i++) {
            int64_t close_ns = gw_bar_close_ns(in, i);
            if (close_ns <= begin || close_ns > begin + interval_ns) continue;
            const struct gw_bar *bar = &in->bar[i];
            if (!any) sum.open = bar->open, sum.high = bar->high, sum.low = bar->low;
            if (bar->high > sum.high) sum.high = bar->high;
            if (bar->low < sum.low) sum.low = bar->low;
            sum.close = bar->close;
            sum.volume += bar->volume;
            count += in->trade_count[i];
            any = true;
        }
        if (!any) continue;
        out[n] = sum;
        trades[n++] = count;
    }
    return n;
}

static void equals_the_slow_way(void **state) {
    (void)state;
    static const struct {
        int64_t interval, longer, start;
        bool off_grid;
    } cases[] = {
        {NS_PER_MINUTE, 5 * NS_PER_MINUTE, 0, false},
        {NS_PER_MINUTE, 7 * NS_PER_MINUTE, 3 * NS_PER_MINUTE, false},
        {15 * NS_PER_MINUTE, NS_PER_HOUR, INT64_C(1614556800) * NS_PER_SECOND, false},
        {15 * NS_PER_MINUTE, 4 * NS_PER_HOUR, INT64_C(1614556800) * NS_PER_SECOND + 45 * NS_PER_MINUTE, true},
        {NS_PER_HOUR, NS_PER_DAY, -400 * NS_PER_DAY - 5 * NS_PER_HOUR, true}, /* before 1970 */
        {NS_PER_HOUR, NS_PER_HOUR, 0, false},
    };
    for (size_t c = 0; c < COUNT_OF(cases); c++)
        for (uint64_t seed = 0; seed < 6; seed++) {
            struct gw_bars bars = random_bars(seed, 150 + seed, cases[c].interval, cases[c].start, cases[c].off_grid),
                           out;
            struct gw_bar want[200];
            double trades[200];
            size_t n = slow_resample(&bars, cases[c].longer, want, trades);
            assert_ok(gw_bars_resample(&bars, cases[c].longer, &out));
            assert_int_equal(out.n, n);
            assert_true(n > 3);
            assert_int_equal(out.interval_ns, cases[c].longer);
            assert_string_equal(out.symbol, "random");
            assert_memory_equal(out.bar, want, n * sizeof *want);
            assert_memory_equal(out.trade_count, trades, n * sizeof *trades);
            assert_null(out.quote_volume);
            gw_bars_free(&out);
            gw_bars_free(&bars);
        }
}

static void emits_a_bucket_only_when_it_is_closed(void **state) {
    (void)state;
    struct gw_bars bars = random_bars(1, 8, 15 * NS_PER_MINUTE, 0, false), out;
    for (size_t i = 0; i < 8; i++) bars.bar[i].open_ns = (int64_t)i * bars.interval_ns;
    const size_t closed[] = {0, 0, 0, 0, 1, 1, 1, 1, 2}; /* hours closed after so many quarters */
    for (size_t n = 0; n <= 8; n++) {
        bars.n = n;
        assert_ok(gw_bars_resample(&bars, NS_PER_HOUR, &out));
        assert_int_equal(out.n, closed[n]);
        for (size_t k = 0; k < out.n; k++)
            assert_true(gw_bar_close_ns(&out, k) <= gw_bar_close_ns(&bars, n - 1)); /* nothing from the future */
        gw_bars_free(&out);
    }
    gw_bars_free(&bars);
}

/* A longer bar must hold nothing that is known only after its own close. */
static void off_grid_bars_never_leak_backwards(void **state) {
    (void)state;
    struct gw_bars bars = random_bars(2, 120, 15 * NS_PER_MINUTE, 0, true), before, after;
    assert_ok(gw_bars_resample(&bars, NS_PER_HOUR, &before));
    for (size_t cut = 61; cut < 119; cut++) {
        int64_t now = gw_bar_close_ns(&bars, cut);
        double kept = bars.bar[cut + 1].high;
        bars.bar[cut + 1].high = 1e6; /* changes what comes after now */
        assert_ok(gw_bars_resample(&bars, NS_PER_HOUR, &after));
        for (size_t k = 0; k < before.n && gw_bar_close_ns(&before, k) <= now; k++)
            assert_memory_equal(&after.bar[k], &before.bar[k], sizeof(struct gw_bar));
        bars.bar[cut + 1].high = kept;
        gw_bars_free(&after);
    }
    gw_bars_free(&before);
    gw_bars_free(&bars);
}

/* "@1h" gathers hours bar by bar. After each bar it must show what the features of resampled bars show at the last
 * hour that has closed by then, also where bars are off the grid. */
static void gathered_bars_equal_resampled_ones(void **state) {
    (void)state;
    static const char *const gathered[] = {"log_return(1)@1h", "range@1h", "volume_z(4)@1h"};
    static const char *const plain[] = {"log_return(1)", "range", "volume_z(4)"};
    enum { N = COUNT_OF(plain) };
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct gw_bars bars = random_bars(seed, 400, 15 * NS_PER_MINUTE, 0, seed % 2 == 1), hours;
        struct gw_feature_set *set, *hour_set;
        struct gw_feature_matrix got, want;
        size_t k = 0, compared = 0; /* k: hours closed so far */
        assert_ok(gw_bars_resample(&bars, NS_PER_HOUR, &hours));
        assert_ok(gw_feature_set_parse(gathered, N, &set));
        assert_ok(gw_feature_set_parse(plain, N, &hour_set));
        assert_ok(gw_feature_set_build(set, &bars, &got));
        assert_ok(gw_feature_set_build(hour_set, &hours, &want));
        for (size_t t = 0; t < bars.n; t++) {
            while (k < hours.n && gw_bar_close_ns(&hours, k) <= gw_bar_close_ns(&bars, t)) k++;
            for (size_t j = 0; j < N; j++) {
                float value = got.value[t * N + j], hour_value = k ? want.value[(k - 1) * N + j] : NAN;
                if (isnan(value) && isnan(hour_value)) continue;
                if (value != hour_value)
                    fail_msg("seed %d, bar %zu, %s: %.9g, resampled hour %zu has %.9g", (int)seed, t, gathered[j],
                             (double)value, k, (double)hour_value);
                compared++;
            }
        }
        assert_true(compared > 600);
        gw_feature_matrix_free(&got);
        gw_feature_matrix_free(&want);
        gw_feature_set_free(set);
        gw_feature_set_free(hour_set);
        gw_bars_free(&hours);
        gw_bars_free(&bars);
    }
}

static void refuses_what_is_no_multiple(void **state) {
    (void)state;
    struct gw_bars bars = random_bars(3, 10, 15 * NS_PER_MINUTE, 0, false), out;
    assert_fails(gw_bars_resample(&bars, 10 * NS_PER_MINUTE, &out), GW_ERR_CONFIG, "multiple");
    assert_fails(gw_bars_resample(&bars, 25 * NS_PER_MINUTE, &out), GW_ERR_CONFIG, "multiple");
    assert_fails(gw_bars_resample(&bars, 0, &out), GW_ERR_CONFIG, "multiple");
    gw_bars_free(&bars);
}

/* The exchange built its 4-hour bars from trades; ours come from its quarter hours. They differ only where an
 * outage or the off-grid days of February 2018 cut differently. */
static void real_four_hour_bars(void **state) {
    (void)state;
    struct gw_bars quarter, ours, theirs;
    char path[1024];
    const char *folder = getenv("GATEWALK_DATA");
    if (!folder) {
        print_message("real files not checked: GATEWALK_DATA is not set\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/binance-spot-15m/BTCUSDT-15m.csv.gz", folder);
    if (!file_exists(path)) {
        print_message("real files not checked: no binance-spot-15m in GATEWALK_DATA\n");
        skip();
    }
    assert_ok(gw_bars_import(path, NULL, &quarter, NULL));
    snprintf(path, sizeof path, "%s/binance-spot-15m/BTCUSDT-4h.csv.gz", folder);
    assert_ok(gw_bars_import(path, NULL, &theirs, NULL));
    assert_ok(gw_bars_resample(&quarter, 4 * NS_PER_HOUR, &ours));
    size_t differ = 0, common = 0;
    for (size_t i = 0, k = 0; i < theirs.n && k < ours.n;) {
        const struct gw_bar *a = &theirs.bar[i], *b = &ours.bar[k];
        if (a->open_ns != b->open_ns) {
            a->open_ns < b->open_ns ? i++ : k++;
            continue;
        }
        bool same = a->open == b->open && a->high == b->high && a->low == b->low && a->close == b->close &&
                    near(b->volume, a->volume, 1e-9, 1e-6) &&
                    near(ours.taker_buy_base[k], theirs.taker_buy_base[i], 1e-9, 1e-6);
        differ += !same;
        common++, i++, k++;
    }
    assert_int_equal(theirs.n, 13950);
    assert_int_equal(common, 13950);
    assert_int_equal(differ, 18);
    gw_bars_free(&quarter);
    gw_bars_free(&ours);
    gw_bars_free(&theirs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_slow_way),
        cmocka_unit_test(emits_a_bucket_only_when_it_is_closed),
        cmocka_unit_test(off_grid_bars_never_leak_backwards),
        cmocka_unit_test(gathered_bars_equal_resampled_ones),
        cmocka_unit_test(refuses_what_is_no_multiple),
        cmocka_unit_test(real_four_hour_bars),
    };
    return cmocka_run_group_tests_name("resample", tests, NULL, NULL);
}
