/* A fit at work inside one process: memory that does not grow, states of anybody's, lines of anybody's. */
#include "engine/live/live_private.h"
#include "models/store/stream_file.h"
#include "walk/rundir.h"

static const char text[] =
    "{'name':'live','data':['EARLY.csv','LATE.csv'],"
    "'features':['log_return(1)','autocorr(7)','range@1h','bollinger_b(8,2)','stochastic_k(7)','macd_hist(3,6,4)',"
    "'volume_z(9)@1h','donchian_pos(6)','regime(2,2,2)'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move_atr':1,'atr_length':5},'folds':{'train':150,'validation':60,'test':60}"
    ","
    "'signals':{'k':[20],'act_on':20},"
    "'model':{'lookback':8,'hidden':8,'attention':'bahdanau','attention_units':8,'dense_units':8},"
    "'training':{'epochs':1,'batch_size':96},"
    "'verdict':{'bootstrap':100,'null_resamples':20,'random_entries':20,'confidence':0.9},'seeds':1,"
    "'strategies':[{'name':'windowed','strategy':'gate'},{'name':'streaming','strategy':'gate','model':{'unroll':'"
    "stream'}}]}";

static struct live *open_fit(const char *strategy) {
    struct live *live;
    assert_ok(live_open(scratch("run"), &(struct live_choice){.strategy = strategy}, &live));
    return live;
}

/* Bars that follow each other, of both symbols in turn. */
static struct bar_line bar_at(size_t i) {
    struct gw_rng rng;
    gw_rng_key(&rng, 5, "live bars", i, 0, 0);
    double open = 100 + gw_rng_uniform(&rng), close = 100 + gw_rng_uniform(&rng);
    struct bar_line line = {.bar = {.open_ns = time_from_civil(2021, 6, 1) + (int64_t)(i / 2) * 15 * NS_PER_MINUTE,
                                    .open = open,
                                    .high = fmax(open, close) + gw_rng_uniform(&rng),
                                    .low = fmin(open, close) - gw_rng_uniform(&rng),
                                    .close = close,
                                    .volume = floor(1000 * gw_rng_uniform(&rng))},
                            .quote_volume = NAN,
                            .trade_count = NAN,
                            .taker_buy_base = NAN};
    strcpy(line.symbol, i % 2 ? "LATE" : "EARLY");
    return line;
}

/* From text to signal, as the command does it. */
static void push_line(struct live *live, struct bar_lines *lines, size_t i, struct live_signal *signal) {
    char line[512], time[40];
    struct bar_line bar = bar_at(i), read;
    enum bar_line_kind kind;
    int n = i == 0
                ? snprintf(line, sizeof line, "time,open,high,low,close,volume,symbol")
                : snprintf(line, sizeof line, "%s,%.17g,%.17g,%.17g,%.17g,%.17g,%s", time_format(bar.bar.open_ns, time),
                           bar.bar.open, bar.bar.high, bar.bar.low, bar.bar.close, bar.bar.volume, bar.symbol);
    assert_ok(bar_lines_take(lines, line, (size_t)n, &kind, &read));
    if (i == 0) return;
    assert_int_equal(kind, BAR_LINE_BAR);
    assert_memory_equal(&read.bar, &bar.bar, sizeof bar.bar);
    assert_ok(live_push(live, &read, signal));
}

static void test_memory_does_not_grow(void **state) {
    (void)state;
    static const char *const strategy[] = {"windowed", "streaming"};
    enum { WARM = 1000, MANY = 100000 };
    for (size_t k = 0; k < COUNT_OF(strategy); k++) {
        struct live *live = open_fit(strategy[k]);
        struct bar_lines *lines;
        struct live_signal signal = {.ready = false};
        size_t live_bytes = 0;
        assert_ok(bar_lines_open("test", NULL, 0, &lines));
        for (size_t i = 0; i < MANY; i++) {
            push_line(live, lines, i, &signal);
            if (i == WARM) live_bytes = mem_live_bytes();
            if (i < WARM || i % 1000) continue;
            assert_true(signal.ready && isfinite(signal.p[0]) && isfinite(signal.tau[0]) && signal.n_lags == LIVE_LAGS);
            if (mem_live_bytes() != live_bytes) fail_msg("%zu bytes more at bar %zu", mem_live_bytes() - live_bytes, i);
        }
        bar_lines_close(lines);
        live_close(live);
    }
}

/* A state with any bytes in the place of ours, and a hash that fits: wrong numbers perhaps, never another's memory (this
 * test says more under AddressSanitizer). */
static void test_forged_states(void **state) {
    (void)state;
    struct live *live = open_fit("streaming");
    struct live_signal signal;
    struct safetensors file;
    struct stored_tensor tensor;
    struct gw_rng rng;
    bool end = false;
    size_t taken = 0;
    for (size_t i = 0; i < 300; i++) {
        struct bar_line bar = bar_at(i);
        assert_ok(live_push(live, &bar, &signal));
    }
    assert_ok(live_save(live, scratch("state")));
    assert_ok(safetensors_read(scratch("state"), &file));
    for (size_t i = 0; !end; i++) {
        assert_ok(safetensors_tensor(&file, "state", i, &tensor, &end));
        if (!end && strcmp(tensor.name, "live") == 0) break;
    }
    assert_false(end);
    struct stored_meta meta = {"live.key", safetensors_meta(&file, "live.key")};
    size_t bytes = stored_count(&tensor) * sizeof(double);
    unsigned char *forged = mem_calloc(bytes, 1);
    const void *good = tensor.data;
    assert_non_null(forged);
    gw_rng_key(&rng, 9, "forged states", 0, 0, 0);
    for (size_t round = 0; round < 200; round++) {
        memcpy(forged, good, bytes);
        for (size_t k = 0; k < 1 + round; k++) {
            size_t at = 8 * (size_t)(gw_rng_uniform(&rng) * (double)(bytes / 8));
            uint64_t value = round % 3 == 0 ? UINT64_MAX : (uint64_t)(gw_rng_uniform(&rng) * 40);
            memcpy(forged + at, &value, sizeof value);
        }
        tensor.data = forged;
        assert_ok(stream_save_with(live->stream, &meta, &tensor, scratch("forged")));
        struct live *other = open_fit("streaming");
        int rc = live_load(other, scratch("forged"));
        taken += rc == GW_OK;
        if (rc < 0) assert_int_equal(rc, GW_ERR_DATA);
        for (size_t i = 300; rc == GW_OK && i < 360; i++) {
            struct bar_line bar = bar_at(i);
            (void)!live_push(other, &bar, &signal);
        }
        live_close(other);
    }
    assert_true(taken > 50);
    mem_free(forged);
    safetensors_free(&file);
    live_close(live);
}

/* A file's row without any price is a gap that somebody wrote out; a line without is said and left out, and the next one is read. */
static void test_lines_without_prices(void **state) {
    (void)state;
    static const char *const line[2][3] = {
        {"time,open,high,low,close,volume", "2021-06-01 00:00,,,,,5", "2021-06-01 00:00,2,3,1,2,5"},
        {"", "{\"time\":\"2021-06-01 00:00\",\"volume\":5}",
         "{\"time\":\"2021-06-01 00:00\",\"open\":2,\"high\":3,\"low\":1,\"close\":2,\"volume\":5}"}};
    for (size_t form = 0; form < 2; form++) {
        struct bar_lines *lines;
        struct bar_line bar;
        enum bar_line_kind kind;
        assert_ok(bar_lines_open("test", NULL, 0, &lines));
        assert_ok(bar_lines_take(lines, line[form][0], strlen(line[form][0]), &kind, &bar));
        assert_fails(bar_lines_take(lines, line[form][1], strlen(line[form][1]), &kind, &bar), GW_ERR_DATA,
                     ": the line has no prices");
        assert_int_not_equal(kind, BAR_LINE_UNUSABLE);
        assert_ok(bar_lines_take(lines, line[form][2], strlen(line[form][2]), &kind, &bar));
        assert_int_equal(kind, BAR_LINE_BAR);
        bar_lines_close(lines);
    }
}

/* Bytes of any kind: no line is taken for a bar that is none, and a bar after them is read. */
static void test_lines_of_anybody(void **state) {
    (void)state;
    static const char *const alphabet[] = {"{}[]\":,timeopenhlwc0123456789.-e\\ ", ",0123456789.-Te:Z\"\r\t "};
    static const char header[] = "time,open,high,low,close,volume", good_csv[] = "2021-06-01 00:00,2,3,1,2,5",
                      good_json[] =
                          "{\"time\":\"2021-06-01 00:00\",\"open\":2,\"high\":3,\"low\":1,\"close\":2,\"volume\":5}";
    struct gw_rng rng;
    gw_rng_key(&rng, 4, "lines", 0, 0, 0);
    for (size_t form = 0; form < 2; form++) {
        struct bar_lines *lines;
        struct bar_line bar;
        enum bar_line_kind kind;
        char line[200];
        const char *good = form ? good_csv : good_json;
        assert_ok(bar_lines_open("test", NULL, 0, &lines));
        if (form) assert_ok(bar_lines_take(lines, header, sizeof header - 1, &kind, &bar));
        assert_ok(bar_lines_take(lines, good, strlen(good), &kind, &bar));
        assert_int_equal(kind, BAR_LINE_BAR);
        for (size_t i = 0; i < 20000; i++) {
            size_t n = (size_t)(gw_rng_uniform(&rng) * (double)sizeof line), kinds = strlen(alphabet[form]);
            if (i % 2) snprintf(line, sizeof line, "%s", good), n = strlen(good);
            for (size_t k = 0; k < (i % 2 ? 3 : n); k++)
                line[i % 2 ? (size_t)(gw_rng_uniform(&rng) * (double)n) : k] =
                    i % 7 ? alphabet[form][(size_t)(gw_rng_uniform(&rng) * (double)kinds)]
                          : (char)(gw_rng_uniform(&rng) * 256);
            int rc = bar_lines_take(lines, line, n, &kind, &bar);
            if (rc < 0) assert_int_equal(rc, GW_ERR_DATA);
            if (rc < 0) assert_int_equal(kind, BAR_LINE_NONE);
            if (kind == BAR_LINE_BAR)
                assert_true(rc == GW_OK && bar.bar.low > 0 && bar.bar.low <= bar.bar.high * (1 + 1e-9) &&
                            bar.bar.close <= bar.bar.high * (1 + 1e-9) && bar.bar.volume >= 0);
        }
        assert_ok(bar_lines_take(lines, good, strlen(good), &kind, &bar));
        assert_int_equal(kind, BAR_LINE_BAR);
        assert_true(bar.bar.open == 2 && bar.bar.volume == 5 && bar.bar.open_ns == time_from_civil(2021, 6, 1));
        assert_int_equal(bar_lines_number(lines), 20002 + form);
        bar_lines_close(lines);
    }
}

static int make_run(void **state) {
    if (rundir_setup(state) != 0) return -1;
    struct experiment *e = fixture_experiment(text);
    assert_ok(rundir_run(e, "run", 2));
    experiment_free(e);
    return 0;
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_does_not_grow),
        cmocka_unit_test(test_forged_states),
        cmocka_unit_test(test_lines_without_prices),
        cmocka_unit_test(test_lines_of_anybody),
    };
    return cmocka_run_group_tests(tests, make_run, scratch_remove);
}
