/* Features know the past only: streaming = batch, later bars change nothing, longer intervals see closed buckets; for every row
 * of the table. */
#include "feature_sets.h"

/* Every feature at every variant, plain and on longer intervals. */
static struct gw_feature_set *everything(void) {
    static const char *const interval[] = {"", "@1h", "@45m"};
    static char text[1024][128];
    const char *spec[1024];
    size_t n = 0;
    for (size_t i = 0; i < gw_feature_count(); i++)
        for (int variant = 0; variant < N_VARIANTS; variant++)
            for (size_t k = 0; k < COUNT_OF(interval); k++) {
                struct gw_own_params own;
                if (!make_variant(gw_feature_at(i), variant, &own) || of_library(gw_feature_at(i))) continue;
                assert_true(n < COUNT_OF(spec));
                spec_text(gw_feature_at(i), &own, interval[k], text[n]);
                bool known = false;
                for (size_t j = 0; j < n; j++) known = known || !strcmp(spec[j], text[n]);
                if (known) continue;
                spec[n] = text[n];
                n++;
            }
    struct gw_feature_set *set = NULL;
    assert_ok(gw_feature_set_parse(spec, n, &set));
    assert_int_equal(gw_feature_set_size(set), n);
    return set;
}

/* ---- streaming = batch ------------------------------------------------------------------------- */

static void test_streaming_equals_batch(void **state) {
    (void)state;
    static const size_t chunk[] = {1, 2, 3, 5, 7, 13};
    struct gw_bars bars = hard_walk(21);
    struct gw_feature_set *set = everything();
    size_t n = gw_feature_set_size(set);
    struct gw_feature_matrix whole;
    double *learnt = learn(set, &bars, 0, bars.n);
    build(set, learnt, &bars, &whole);
    float *row = mem_calloc(n, sizeof *row);
    for (size_t c = 0; c < COUNT_OF(chunk); c++) {
        struct gw_feature_stream *stream;
        assert_ok(gw_feature_stream_open(set, bars.interval_ns, &stream));
        gw_feature_stream_learnt(stream, learnt);
        for (size_t t = 0; t < bars.n; t++) {
            struct gw_feature_input in = input_at(&bars, t);
            gw_feature_stream_push(stream, &in, row);
            assert_memory_equal(row, whole.value + t * n, n * sizeof *row);
        }
        gw_feature_stream_close(stream);
        /* A history that grows by `chunk` bars, built afresh each time: its rows never change. */
        for (size_t k = chunk[c], step = 1; k < bars.n; k += chunk[c] * step, step += 3) {
            struct gw_feature_matrix part;
            struct gw_bars known;
            copy_bars(&bars, k, &known);
            build(set, learnt, &known, &part);
            assert_memory_equal(part.value, whole.value, k * n * sizeof *row);
            gw_feature_matrix_free(&part);
            free_bars(&known);
        }
    }
    mem_free(row);
    mem_free(learnt);
    gw_feature_matrix_free(&whole);
    gw_feature_set_free(set);
    free_bars(&bars);
}

static void test_matrix_warmup(void **state) {
    (void)state;
    static const char *const spec[] = {"rsi(14)", "atr(5)@1h", "macd_hist(3,8,4)", "volume_z(20)"};
    struct gw_bars bars = hard_walk(22);
    struct gw_feature_set *set;
    struct gw_feature_matrix m;
    assert_ok(gw_feature_set_parse(spec, COUNT_OF(spec), &set));
    assert_ok(gw_feature_set_build(set, &bars, &m));
    assert_true(m.warmup >= 19 && m.warmup < bars.n); /* volume_z(20) alone needs 19 */
    for (size_t t = 0; t < m.n_bars; t++) {
        bool finite = true;
        for (size_t j = 0; j < m.n_features; j++) finite = finite && isfinite(m.value[t * m.n_features + j]);
        assert_int_equal(finite, t >= m.warmup);
    }
    gw_feature_matrix_free(&m);
    bars.n = 7; /* too short to warm up */
    assert_ok(gw_feature_set_build(set, &bars, &m));
    assert_int_equal(m.warmup, 7);
    gw_feature_matrix_free(&m);
    bars.n = 0;
    assert_ok(gw_feature_set_build(set, &bars, &m));
    assert_int_equal(m.warmup, 0);
    gw_feature_matrix_free(&m);
    gw_feature_set_free(set);
    free_bars(&bars);
}

/* ---- the past only ------------------------------------------------------------------------------- */

enum { POISON_NAN, POISON_HUGE, POISON_SHUFFLE, POISON_LATER, N_POISONS };

static void poison_column(double *value, size_t n, size_t from, double factor) {
    for (size_t i = from; i < n; i++) value[i] *= factor;
}

static void poison(struct gw_bars *bars, size_t t, int kind, struct gw_rng *rng) {
    double factor = kind == POISON_NAN ? NAN : 1e6;
    if (kind == POISON_NAN || kind == POISON_HUGE) {
        for (size_t i = t + 1; i < bars->n; i++) {
            struct gw_bar *b = &bars->bar[i];
            b->open *= factor;
            b->high *= factor;
            b->low *= factor;
            b->close *= factor;
            b->volume *= factor;
        }
        poison_column(bars->quote_volume, bars->n, t + 1, factor);
        poison_column(bars->trade_count, bars->n, t + 1, factor);
        poison_column(bars->taker_buy_base, bars->n, t + 1, factor);
    }
    /* Later times too: a bucket must not know when the next bar comes. */
    if (kind == POISON_LATER)
        for (size_t i = t + 1; i < bars->n; i++) bars->bar[i].open_ns += 5 * NS_PER_HOUR;
    if (kind != POISON_SHUFFLE) return;
    for (size_t i = bars->n - 1; i > t + 1; i--) {
        size_t j = t + 1 + gw_rng_below(rng, i - t);
        struct gw_bar swap = bars->bar[i];
        bars->bar[i] = bars->bar[j];
        bars->bar[j] = swap;
        int64_t time = bars->bar[i].open_ns;
        bars->bar[i].open_ns = bars->bar[j].open_ns;
        bars->bar[j].open_ns = time;
    }
}

static void test_later_bars_change_nothing(void **state) {
    (void)state;
    struct gw_bars bars = hard_walk(31);
    struct gw_feature_set *set = everything();
    size_t n = gw_feature_set_size(set);
    struct gw_feature_matrix clean;
    struct gw_rng rng;
    gw_rng_key(&rng, 31, "poison", 0, 0, 0);
    double *learnt = learn(set, &bars, 0, bars.n);
    build(set, learnt, &bars, &clean);
    for (int round = 0; round < 24; round++) {
        int kind = round % N_POISONS;
        size_t t = gw_rng_below(&rng, bars.n - 40);
        struct gw_bars spoiled;
        struct gw_feature_matrix m;
        copy_bars(&bars, bars.n, &spoiled);
        poison(&spoiled, t, kind, &rng);
        build(set, learnt, &spoiled, &m);
        for (size_t i = 0; i <= t; i++)
            for (size_t j = 0; j < n; j++)
                if (memcmp(&m.value[i * n + j], &clean.value[i * n + j], sizeof(float)))
                    fail_msg("%s at bar %zu depends on bars after %zu (poison %d)", gw_feature_set_name(set, j), i, t,
                             kind);
        /* The poison works: something after t is different. */
        assert_memory_not_equal(m.value + (t + 1) * n, clean.value + (t + 1) * n, (bars.n - t - 1) * n * sizeof(float));
        gw_feature_matrix_free(&m);
        free_bars(&spoiled);
    }
    mem_free(learnt);
    gw_feature_matrix_free(&clean);
    gw_feature_set_free(set);
    free_bars(&bars);
}

/* ---- longer intervals ------------------------------------------------------------------------------ */

static int64_t floor_to(int64_t time, int64_t interval) {
    int64_t bucket = time / interval * interval;
    return bucket > time ? bucket - interval : bucket;
}

/* By definition: the buckets complete in the eyes of someone standing at the close of bar t. */
static size_t known_buckets(const struct gw_bars *bars, size_t t, int64_t interval, struct gw_bar *bucket) {
    size_t n = 0;
    for (size_t i = 0; i <= t; i++) {
        int64_t begin = floor_to(bars->bar[i].open_ns, interval);
        if (begin + interval > gw_bar_close_ns(bars, t)) break;
        if (n && bucket[n - 1].open_ns == begin) {
            bucket[n - 1].high = fmax(bucket[n - 1].high, bars->bar[i].high);
            bucket[n - 1].low = fmin(bucket[n - 1].low, bars->bar[i].low);
            bucket[n - 1].close = bars->bar[i].close;
            bucket[n - 1].volume += bars->bar[i].volume;
        } else {
            bucket[n] = bars->bar[i];
            bucket[n++].open_ns = begin;
        }
    }
    return n;
}

static void test_intervals_see_closed_buckets_only(void **state) {
    (void)state;
    static const struct {
        const char *spec, *plain;
        int64_t interval;
    } row[] = {
        {"log_return(1)@1h", "log_return(1)", NS_PER_HOUR},
        {"range@45m", "range", 45 * NS_PER_MINUTE},
        {"volume_z(3)@2h", "volume_z(3)", 2 * NS_PER_HOUR},
        {"hour_sin@30m", "hour_sin", 30 * NS_PER_MINUTE},
        {"gap@15m", "gap", 15 * NS_PER_MINUTE},
        {"range@1w", "range", 7 * NS_PER_DAY},
    };
    struct gw_bars bars;
    make_walk((struct walk){.n = 400, .seed = 8, .volatility = .01, .gap_chance = .15}, &bars);
    for (size_t k = 0; k < COUNT_OF(row); k++) {
        struct gw_feature_set *slow, *plain;
        struct gw_feature_matrix got, want;
        assert_ok(gw_feature_set_parse(&row[k].spec, 1, &slow));
        assert_ok(gw_feature_set_parse(&row[k].plain, 1, &plain));
        assert_ok(gw_feature_set_build(slow, &bars, &got));
        struct gw_bars bucket = {.symbol = "SLOW", .interval_ns = row[k].interval};
        bucket.bar = mem_calloc(bars.n, sizeof *bucket.bar);
        for (size_t t = 0; t < bars.n; t++) {
            bucket.n = known_buckets(&bars, t, row[k].interval, bucket.bar);
            assert_ok(gw_feature_set_build(plain, &bucket, &want));
            float last = bucket.n ? want.value[bucket.n - 1] : NAN;
            if (!near(got.value[t], last, 0, 1)) fail_msg("%s at %zu: %g, not %g", row[k].spec, t, got.value[t], last);
            gw_feature_matrix_free(&want);
            if (t % 37) continue;
            /* gw_bars_resample on what is known so far makes the same buckets. */
            struct gw_bars known = bars, resampled;
            known.n = t + 1;
            assert_ok(gw_bars_resample(&known, row[k].interval, &resampled));
            assert_int_equal(resampled.n, bucket.n);
            assert_memory_equal(resampled.bar, bucket.bar, bucket.n * sizeof *bucket.bar);
            gw_bars_free(&resampled);
        }
        mem_free(bucket.bar);
        gw_feature_matrix_free(&got);
        gw_feature_set_free(slow);
        gw_feature_set_free(plain);
    }
    free_bars(&bars);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streaming_equals_batch),
        cmocka_unit_test(test_matrix_warmup),
        cmocka_unit_test(test_later_bars_change_nothing),
        cmocka_unit_test(test_intervals_see_closed_buckets_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
