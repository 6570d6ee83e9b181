/* Clean rows take a short way through the import. Whatever a row looks like, it must come out as on the long way,
 * which a quote in the last row enforces: the same bits, the same report, the same words. */
#include "engine/base/base.h"
#include "test.h"

#include <stdlib.h>

#include "base/scratch.h"
#include "gatewalk/import.h"
#include "gatewalk/rng.h"

enum { ROWS = 6, TEXT_SIZE = 4096 };

/* A header, and rows of which %d are the last digits of a time that increases. */
static const struct {
    const char *header, *row;
} layouts[] = {
    {"time,open,high,low,close,volume", "2021-03-01T23:5%dZ,100.5,101.25,99.75,100.00000000,12.5"},
    {"time,open,high,low,close,volume", "2021-03-01 23:59:5%d,1e2,1.01e2,99,100,0"},
    {"date,time,open,high,low,close,volume", "2021.03.01,00:0%d,1.1,1.2,1.0,1.15,7"},
    {"open_time,open,high,low,close,volume,quote_volume,trade_count,taker_buy_base,ignored",
     "161455680%d000,46000.00000000,46100.12000000,45999.99000000,46050.10000000,0.00012300,123.45,17,0.5,x"},
    {"unix,open,high,low,close,volume,trades",
     "161455680%d,0.00000012,0.00000015,0.0000001,0.00000011,123456789012.5,3"},
    {"timestamp,open,high,low,close,volume",
     "161455680%d.5,9007199254740993,9107199254740993,1,5,18446744073709551616"},
};

static size_t compose(size_t layout, char *text) {
    size_t n = (size_t)snprintf(text, TEXT_SIZE, "%s\n", layouts[layout].header);
    for (int i = 0; i < ROWS; i++) {
        n += (size_t)snprintf(text + n, TEXT_SIZE - n, layouts[layout].row, i);
        n += (size_t)snprintf(text + n, TEXT_SIZE - n, "\n");
    }
    return n;
}

/* Replaces, inserts or removes a byte somewhere behind the header. */
static size_t mutate(struct gw_rng *rng, char *text, size_t n) {
    static const char alphabet[] = "0123456789.,-+eE: TZ\t/\nx";
    size_t header = (size_t)(strchr(text, '\n') - text) + 1,
           at = header + gw_rng_below(rng, n - 1 - header); /* the last line end stays */
    char c = alphabet[gw_rng_below(rng, sizeof alphabet - 1)];
    switch (gw_rng_below(rng, 3)) {
    case 0:
        text[at] = c;
        return n;
    case 1:
        memmove(text + at + 1, text + at, n - at);
        text[at] = c;
        return n + 1;
    default:
        memmove(text + at, text + at + 1, n - at - 1);
        return n - 1;
    }
}

struct outcome {
    int rc;
    char words[1024];
    uint64_t fingerprint;
    struct gw_import_report report;
};

static void import_text(const char *text, size_t n, const struct gw_import_options *options, struct outcome *out) {
    struct gw_bars bars;
    memset(out, 0, sizeof *out);
    unlink(scratch("mutated.csv")); /* some file systems wait for the disk when a file is written over */
    scratch_write("mutated.csv", text, n);
    out->rc = gw_bars_import(scratch("mutated.csv"), options, &bars, &out->report);
    if (out->rc == GW_OK)
        out->fingerprint = bars.fingerprint;
    else
        snprintf(out->words, sizeof out->words, "%s", gw_error_message());
    gw_bars_free(&bars);
}

/* The last row once more, one time step later, with the last field in quotes or without. */
static size_t add_row(size_t layout, bool quotes, char *text, size_t n) {
    char row[256];
    snprintf(row, sizeof row, layouts[layout].row, ROWS);
    char *last = strrchr(row, ',');
    n += (size_t)sprintf(text + n, "%.*s,", (int)(last - row), row);
    return n + (size_t)sprintf(text + n, quotes ? "\"%s\"" : "%s", last + 1);
}

static void assert_both_ways_agree(size_t layout, char *text, size_t n, const struct gw_import_options *options,
                                   int *rc) {
    char quoted[TEXT_SIZE + 256];
    struct outcome short_way, long_way;
    memcpy(quoted, text, n);
    size_t n_quoted = add_row(layout, true, quoted, n);
    n = add_row(layout, false, text, n);
    import_text(text, n, options, &short_way);
    import_text(quoted, n_quoted, options, &long_way);
    if (memcmp(&short_way, &long_way, sizeof short_way) != 0)
        fail_msg("%.*s\nshort way: %d %016llx %s\nlong way:  %d %016llx %s", (int)n, text, short_way.rc,
                 (unsigned long long)short_way.fingerprint, short_way.words, long_way.rc,
                 (unsigned long long)long_way.fingerprint, long_way.words);
    *rc = short_way.rc;
}

/* Times at the edges of what the short way takes, behind a row with the same date. */
static void odd_times_agree(void **state) {
    (void)state;
    static const char *const times[] = {
        "2021-03-01T24:00Z",
        "2021-03-01T23:60Z",
        "2021-03-01T23:51:60Z",
        "2021-03-01T23:51:59Z",
        "2021-03-01T23:51",
        "2021-03-01T3:51Z",
        "2021-03-01T23:5Z",
        "2021-03-01T",
        "2021-03-01",
        "2021-03-01T23:51z",
        "2021-03-01T23:51 Z",
        "2021-03-01T23:51+00:00",
        "2021-03-01T23:51:30.5Z",
        "2021-03-01t23:51Z",
        "2021-03-01  23:51Z",
        "2021-03-01T23:51Z0",
        "2021-03-01T2351Z",
        "2021-03-01T23:51:3Z",
        "2021-03-01T23-51Z",
        "2021-03-011T23:51Z",
        "1614556710",
        "1614642660000",
        "1614642660000000",
        "1614642660000000000",
        "9223372036854775807",
        "9223372036854775808",
        "20210301",
        "20210301235100",
        "16146426600000000000",
        "161464266000000000000",
        "-5",
        "",
        " 2021-03-01T23:51Z ",
        "2021-03-01T23:51Z\t",
        "1614556710.0",
        "1614556710.",
    };
    static const struct {
        size_t layout; /* of the row added at the end */
        const char *first, *third;
    } bases[] = {{0, "2021-03-01T23:50Z", "2021-03-01T23:52Z"}, {4, "1614556680", "1614556740"}};
    size_t n_good[COUNT_OF(bases)] = {0};
    for (size_t i = 0; i < COUNT_OF(times) * COUNT_OF(bases) * 3; i++) {
        size_t base = i % COUNT_OF(bases), mode = i / COUNT_OF(bases) % 3, k = i / COUNT_OF(bases) / 3;
        char text[TEXT_SIZE + 256];
        struct gw_import_options options = {.repair = mode == 1, .tolerant = mode == 2};
        const char *more = base ? ",5" : "";
        int rc;
        size_t n = (size_t)sprintf(text, "%s\n%s,1,2,1,1,1%s\n%s,1,2,1,1,1%s\n%s,1,2,1,1,1%s\n",
                                   layouts[bases[base].layout].header, bases[base].first, more, times[k], more,
                                   bases[base].third, more);
        assert_both_ways_agree(bases[base].layout, text, n, &options, &rc);
        n_good[base] += mode == 0 && rc == GW_OK;
    }
    assert_int_equal(n_good[0], 8); /* seconds, a fraction, a zone apart, an offset, a small t, no colon, blanks */
    assert_int_equal(n_good[1], 2); /* whole seconds, with a point or without */
}

static void both_ways_agree(void **state) {
    (void)state;
    enum { ROUNDS = 3000 };
    struct gw_rng rng;
    size_t n_good = 0, n_bad = 0;
    gw_rng_key(&rng, 3, "clean rows", 0, 0, 0);
    for (size_t round = 0; round < ROUNDS; round++) {
        char text[TEXT_SIZE + 256];
        int rc;
        struct gw_import_options options = {.repair = round % 3 == 1, .tolerant = round % 3 == 2};
        size_t layout = round % COUNT_OF(layouts), n = compose(layout, text), n_mutations = gw_rng_below(&rng, 4);
        for (size_t i = 0; i < n_mutations; i++) n = mutate(&rng, text, n);
        assert_both_ways_agree(layout, text, n, &options, &rc);
        rc == GW_OK ? n_good++ : n_bad++;
    }
    assert_true(n_good > ROUNDS / 4 && n_bad > ROUNDS / 10); /* both kinds were seen */
}

/* Line ends of all kinds, and none at the end. */
static void line_ends_do_not_matter(void **state) {
    (void)state;
    static const char *const ends[] = {"\n", "\r\n", " \n", " \r\n", "\n\n", "\r\n \r\n"};
    uint64_t want = 0;
    for (size_t e = 0; e < COUNT_OF(ends); e++)
        for (int cut = 0; cut < 2; cut++) {
            char text[TEXT_SIZE];
            struct outcome got;
            size_t n = (size_t)sprintf(text, "time,open,high,low,close,volume%s", ends[e]);
            for (int i = 0; i < ROWS; i++)
                n += (size_t)sprintf(text + n, "2021-03-01 00:0%d,1,2,0.5,1.5,%d%s", i, i, ends[e]);
            import_text(text, n - (cut ? strlen(ends[e]) : 0), NULL, &got);
            assert_int_equal(got.rc, GW_OK);
            assert_int_equal(got.report.n_rows, ROWS);
            if (!want) want = got.fingerprint;
            assert_true(got.fingerprint == want);
        }
}

/* More rows than the first lines let expect, and fewer. */
static void the_number_of_rows_need_not_be_guessed_right(void **state) {
    (void)state;
    enum { N = 12000 };
    for (int longer_first = 0; longer_first < 2; longer_first++) {
        struct gw_bars bars;
        FILE *stream = fopen(scratch("guess.csv"), "w");
        assert_non_null(stream);
        fputs("time,open,high,low,close,volume,note\n", stream);
        for (int i = 0; i < N; i++)
            fprintf(stream, "%d,%d,%d,%d,%d,%d,%s\n", i * 60, i + 2, i + 3, i + 1, i + 2, i,
                    (i < N / 4) == longer_first ? "a note that makes this line much longer than all the others" : "");
        fclose(stream);
        assert_ok(gw_bars_import(scratch("guess.csv"), NULL, &bars, NULL));
        assert_int_equal(bars.n, N);
        for (int i = 0; i < N; i++) assert_true(bars.bar[i].volume == i && bars.bar[i].open_ns == i * NS_PER_MINUTE);
        gw_bars_free(&bars);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_agree),
        cmocka_unit_test(odd_times_agree),
        cmocka_unit_test(line_ends_do_not_matter),
        cmocka_unit_test(the_number_of_rows_need_not_be_guessed_right),
    };
    return cmocka_run_group_tests_name("import_clean", tests, scratch_make, scratch_remove);
}
