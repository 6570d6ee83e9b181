/* The cache of imported bars: the same bits and the same report, never stale, never in the way. */
#include "cache_folder.h"
#include "engine/audit/poison.h"
#include "engine/base/base.h"

/* ---- the same, and never stale ---------------------------------------------------------------- */

static void second_import_has_the_same_bits_and_report(void **state) {
    (void)state;
    for (int optional = 0; optional < 2; optional++)
        for (int damaged = 0; damaged < 2; damaged++) {
            struct gw_import_options options = {.repair = damaged};
            struct gw_bars bars;
            size_t before = n_entries();
            write_source(source(), optional, damaged);
            assert_false(import_hits(source(), options));
            assert_int_equal(n_entries(), before + 1);
            assert_true(import_hits(source(), options));
            assert_int_equal(n_entries(), before + 1);
            assert_ok(gw_bars_import(source(), &options, &bars, NULL)); /* a report is not needed */
            gw_bars_free(&bars);
        }
    struct gw_bars bars;
    struct gw_import_report report;
    struct gw_import_options repair = {.repair = true};
    assert_ok(gw_bars_import(source(), &repair, &bars, &report)); /* the last one: the report has something in it */
    assert_int_equal(report.n_duplicates, 1);
    assert_int_equal(report.n_bad_rows, 1);
    assert_int_equal(report.n_gaps, 3); /* the hour, the seven seconds, the row left out */
    assert_non_null(strstr(report.first_problem, "is negative"));
    gw_bars_free(&bars);
}

static void another_name_of_the_same_bytes(void **state) {
    (void)state;
    write_source(source(), true, false);
    write_source(scratch("XYZ.csv"), true, false);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    assert_false(import_hits(scratch("XYZ.csv"), (struct gw_import_options){0})); /* another symbol */
    assert_true(import_hits(scratch("XYZ.csv"), (struct gw_import_options){.symbol = "ABC"}));
}

static void any_changed_byte_is_a_miss(void **state) {
    (void)state;
    size_t length;
    write_source(source(), true, false);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    char *text = read_file(source(), &length);
    char *digit = strstr(text + length / 2, ".") + 1;
    *digit = *digit == '5' ? '6' : '5';
    struct stat status;
    assert_int_equal(stat(source(), &status), 0);
    write_file(source(), text, length); /* same length and same time */
    struct timespec times[2] = {status.st_atim, status.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, source(), times, 0), 0);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    *digit = *digit == '5' ? '6' : '5';
    text[length - 1] = ' '; /* the line end */
    write_file(source(), text, length);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    write_file(source(), text, length - 1);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    text[length - 1] = '\n';
    write_file(source(), text, length); /* as it was: the first entry is still good, unless the digit differs */
    assert_int_equal(n_entries(), 4);
    mem_free(text);
}

static void any_changed_option_is_a_miss(void **state) {
    (void)state;
    const struct gw_import_options options[] = {
        {0},
        {.symbol = "OTHER"},
        {.format = "header"},
        {.interval_ns = NS_PER_MINUTE},
        {.from_ns = INT64_C(1600010000) * NS_PER_SECOND},
        {.to_ns = INT64_C(1600010000) * NS_PER_SECOND},
        {.repair = true},
        {.tolerant = true},
        {.repair = true, .tolerant = true},
    };
    write_source(source(), true, false);
    for (size_t i = 0; i < COUNT_OF(options); i++) assert_false(import_hits(source(), options[i]));
    assert_int_equal(n_entries(), COUNT_OF(options));
    for (size_t i = 0; i < COUNT_OF(options); i++) assert_true(import_hits(source(), options[i]));
    assert_true(import_hits(source(), (struct gw_import_options){.format = "auto"})); /* the same as none */
}

static void failures_are_not_kept(void **state) {
    (void)state;
    struct gw_bars bars;
    write_source(source(), true, true);
    for (int i = 0; i < 2; i++) {
        assert_fails(gw_bars_import(source(), NULL, &bars, NULL), GW_ERR_DATA, "ABC.csv:803:");
        assert_int_equal(n_entries(), 0);
    }
}

/* What this program makes of the fixtures, as one number. When it changes although the fixtures did not, entries
 * written before hold something else than an import would give now: raise IMPORT_CACHE_VERSION in
 * engine/market/import/import_cache.h, then change the number. */
static void results_change_only_with_the_version(void **state) {
    (void)state;
    static const char *const fixtures[] = {"ABCUSDT-15m.csv",
                                           "ABCUSD_60.csv",
                                           "ABC_USDT-5m.json",
                                           "binance-microseconds.csv",
                                           "binance-rest.json",
                                           "bitfinex.csv",
                                           "plain.csv",
                                           "cryptodatadownload.csv",
                                           "header-adjclose.csv",
                                           "header-artefacts.csv",
                                           "histdata.csv",
                                           "investing.csv",
                                           "header-nanoseconds.csv",
                                           "header-quoted.csv",
                                           "header-zone.csv",
                                           "lean-fx.csv",
                                           "lean.zip",
                                           "metatrader5-export.csv",
                                           "metatrader4.csv",
                                           "metatrader5.csv",
                                           "nasdaq.csv",
                                           "stooq.csv",
                                           "cryptodatadownload-raw.csv"};
    uint64_t hash = 0;
    for (size_t i = 0; i < COUNT_OF(fixtures); i++) {
        char path[256];
        struct gw_bars bars;
        struct gw_import_report report;
        struct gw_import_options options = {.no_cache = true, .tolerant = true};
        snprintf(path, sizeof path, "tests/market/fixtures/%s", fixtures[i]);
        assert_ok(gw_bars_import(path, &options, &bars, &report));
        hash = hash_bytes(&bars.fingerprint, sizeof bars.fingerprint, hash);
        hash = hash_bytes(&report, offsetof(struct gw_import_report, first_problem), hash);
        hash = hash_bytes(report.first_problem, strlen(report.first_problem), hash);
        gw_bars_free(&bars);
    }
    if (hash != UINT64_C(0x82cbded3f1b0aced)) fail_msg("the fixtures give 0x%016llx", (unsigned long long)hash);
}

/* ---- damage ----------------------------------------------------------------------------------- */

/* Puts these bytes in the entry's place: they must be ignored, and replaced by what was there. */
static void assert_ignored(const char *entry, const char *bytes, size_t length, const char *good, size_t good_length) {
    size_t now;
    write_file(entry, bytes, length);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    char *text = read_file(entry, &now);
    assert_int_equal(now, good_length);
    assert_memory_equal(text, good, good_length);
    mem_free(text);
}

static void damaged_entries_are_ignored_and_rewritten(void **state) {
    (void)state;
    for (int optional = 0; optional < 2; optional++) {
        size_t length, n_flips = 0;
        write_source(source(), optional, false);
        scratch_delete(folder);
        assert_false(import_hits(source(), (struct gw_import_options){0}));
        char entry[1024];
        strcpy(entry, only_entry());
        char *good = read_file(entry, &length), *bad = mem_calloc(length + 1, 1);
        assert_true(import_hits(source(), (struct gw_import_options){0}));
        /* One bit: all over the header and the record, here and there in the rows. */
        for (size_t at = 0; at < length; at += at < 320 ? 11 : at + 5200 > length ? 41 : 2000) {
            memcpy(bad, good, length);
            bad[at] ^= (char)(1 << at % 8);
            assert_ignored(entry, bad, length, good, length);
            n_flips++;
        }
        assert_true(n_flips > 100);
        const size_t cuts[] = {0, 1, 64, 300, length / 2, length - 9, length - 1};
        for (size_t i = 0; i < COUNT_OF(cuts); i++) assert_ignored(entry, good, cuts[i], good, length);
        memcpy(bad, good, length);
        assert_ignored(entry, bad, length + 1, good, length);
        memcpy(bad, good + 48, length - 48); /* the beginning is missing */
        assert_ignored(entry, bad, length - 48, good, length);
        mem_free(good);
        mem_free(bad);
    }
}

/* A good entry, but of something else. */
static void foreign_entries_are_ignored(void **state) {
    (void)state;
    size_t own_length, other_length;
    write_source(source(), true, false);
    assert_false(import_hits(source(), (struct gw_import_options){0}));
    char entry[1024];
    strcpy(entry, only_entry());
    char *own = read_file(entry, &own_length);
    assert_int_equal(unlink(entry), 0);
    assert_false(import_hits(source(), (struct gw_import_options){.tolerant = true}));
    char *other = read_file(only_entry(), &other_length);
    assert_int_equal(unlink(only_entry()), 0);
    assert_int_equal(own_length, other_length);
    assert_ignored(entry, other, other_length, own, own_length);
    mem_free(own);
    mem_free(other);
}

/* ---- mapped ------------------------------------------------------------------------------------- */

/* A history from the cache lies in its file; what somebody does to it stays his, and columns may join it. */
static void mapped_bars_are_their_owners(void **state) {
    (void)state;
    struct gw_bars first, again;
    write_source(source(), true, false);
    assert_ok(gw_bars_import(source(), NULL, &first, NULL));
    assert_null(first.map);
    double *more = mem_calloc(first.n, sizeof *more);
    assert_non_null(more);
    for (int round = 0; round < 2; round++) {
        assert_ok(gw_bars_import(source(), NULL, &again, NULL));
        assert_non_null(again.map);
        assert_same_bars(&first, &again);
        struct gw_market market = {.n_symbols = 1, .symbol = &again}, other;
        assert_ok(poison_market(&market, again.bar[50].open_ns, POISON_MILLION, &other));
        gw_market_free(&other); /* what was copied from it leaves it alone */
        assert_same_bars(&first, &again);
        for (size_t i = 0; i < again.n; i++) again.bar[i].volume = again.taker_buy_base[i] = NAN;
        assert_ok(gw_bars_add_column(&again, "more", more));
        assert_memory_equal(again.column[0].value, more, again.n * sizeof *more);
        gw_bars_free(&again);
        assert_null(again.map);
    }
    mem_free(more);
    gw_bars_free(&first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(second_import_has_the_same_bits_and_report, cache_make),
        cmocka_unit_test_setup(another_name_of_the_same_bytes, cache_make),
        cmocka_unit_test_setup(any_changed_byte_is_a_miss, cache_make),
        cmocka_unit_test_setup(any_changed_option_is_a_miss, cache_make),
        cmocka_unit_test_setup(failures_are_not_kept, cache_make),
        cmocka_unit_test_setup(results_change_only_with_the_version, cache_make),
        cmocka_unit_test_setup(damaged_entries_are_ignored_and_rewritten, cache_make),
        cmocka_unit_test_setup(foreign_entries_are_ignored, cache_make),
        cmocka_unit_test_setup(mapped_bars_are_their_owners, cache_make),
    };
    return cmocka_run_group_tests_name("cache", tests, scratch_make, scratch_remove);
}
