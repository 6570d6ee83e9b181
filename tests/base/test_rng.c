/* The streams are pinned by a second implementation; their shape by fixed-seed statistics. */
#include "test.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/base/base.h"
#include "gatewalk/rng.h"

static uint64_t word(const struct table *table, size_t row, const char *name) {
    size_t column;
    assert_ok(table_column(table, name, &column));
    return strtoull(table->cell[row * table->n_columns + column], NULL, 10);
}

static const char *text(const struct table *table, size_t row, const char *name) {
    size_t column;
    assert_ok(table_column(table, name, &column));
    return table->cell[row * table->n_columns + column];
}

static void key(struct gw_rng *rng, const struct table *table, size_t row) {
    gw_rng_key(rng, word(table, row, "seed"), text(table, row, "purpose"), word(table, row, "a"), word(table, row, "b"),
               word(table, row, "c"));
}

static void streams_are_pinned(void **state) {
    (void)state;
    struct table table;
    struct gw_rng rng;
    assert_ok(table_read("tests/golden/base_rng.csv", &table));
    assert_int_equal(table.n_rows, 8);
    for (size_t row = 0; row < table.n_rows; row++) {
        key(&rng, &table, row);
        assert_true(gw_rng_next(&rng) == word(&table, row, "first"));
        assert_true(gw_rng_next(&rng) == word(&table, row, "second"));
        for (int i = 2; i < 99; i++) gw_rng_next(&rng);
        assert_true(gw_rng_next(&rng) == word(&table, row, "hundredth"));
        key(&rng, &table, row);
        assert_near(gw_rng_normal(&rng), strtod(text(&table, row, "normal"), NULL), 1e-15, 1);
        uint32_t items[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
        char order[10] = "";
        key(&rng, &table, row);
        gw_rng_shuffle(&rng, items, 9);
        for (int i = 0; i < 9; i++) order[i] = (char)('0' + items[i]);
        assert_string_equal(order, text(&table, row, "shuffled"));
    }
    table_free(&table);
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Streams whose keys differ in one small number, the order of numbers, or where the text is cut. */
static void near_keys_share_nothing(void **state) {
    (void)state;
    static const char *const purposes[] = {"", "a", "aa", "b", "init", "init\x01", "aaaaaaaa", "aaaaaaaaa"};
    enum { SMALL = 6, N = 8 * SMALL * SMALL * SMALL * SMALL };
    static uint64_t firsts[N];
    size_t n = 0;
    struct gw_rng rng;
    for (size_t p = 0; p < COUNT_OF(purposes); p++)
        for (uint64_t i = 0; i < SMALL * SMALL * SMALL * SMALL; i++) {
            gw_rng_key(&rng, i % 6, purposes[p], i / 6 % 6, i / 36 % 6, i / 216);
            firsts[n++] = gw_rng_next(&rng);
        }
    int ones = 0;
    for (size_t i = 0; i < N; i++) ones += __builtin_popcountll(firsts[i]);
    assert_near(ones / (64.0 * N), 0.5, 0.005, 1); /* 4 sigma are 0.0024 */
    qsort(firsts, N, sizeof *firsts, by_value);
    for (size_t i = 1; i < N; i++) assert_true(firsts[i] != firsts[i - 1]);
}

/* A flip of any bit of any number of the key must flip about half of the first output. */
static void key_bits_avalanche(void **state) {
    (void)state;
    struct gw_rng rng;
    for (int which = 0; which < 4; which++)
        for (int bit = 0; bit < 64; bit++) {
            int flipped = 0;
            for (uint64_t trial = 0; trial < 64; trial++) {
                uint64_t k[4] = {trial, trial * 3, 5, trial << 40};
                gw_rng_key(&rng, k[0], "avalanche", k[1], k[2], k[3]);
                uint64_t before = gw_rng_next(&rng);
                k[which] ^= UINT64_C(1) << bit;
                gw_rng_key(&rng, k[0], "avalanche", k[1], k[2], k[3]);
                flipped += __builtin_popcountll(before ^ gw_rng_next(&rng));
            }
            assert_in_range(flipped, 2048 - 160, 2048 + 160); /* mean 2048, sigma 32, 256 tries */
        }
}

static void uniform_is_uniform(void **state) {
    (void)state;
    enum { BINS = 100, N = 200000 };
    static int bins[BINS];
    struct gw_rng rng;
    gw_rng_key(&rng, 1, "uniform", 0, 0, 0);
    double sum = 0, chi_square = 0;
    for (int i = 0; i < N; i++) {
        double u = gw_rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        bins[(int)(u * BINS)]++;
        sum += u;
    }
    for (int i = 0; i < BINS; i++) chi_square += pow(bins[i] - N / (double)BINS, 2) / (N / (double)BINS);
    assert_true(chi_square > 57 && chi_square < 157); /* 99 degrees: outside with chance 0.0004 */
    assert_near(sum / N, 0.5, 0.003, 1);
}

static void normal_has_its_moments(void **state) {
    (void)state;
    enum { N = 200000 };
    struct gw_rng rng;
    double moment[5] = {0}, beyond = 0;
    gw_rng_key(&rng, 2, "normal", 0, 0, 0);
    for (int i = 0; i < N; i++) {
        double x = gw_rng_normal(&rng);
        for (int k = 1; k < 5; k++) moment[k] += pow(x, k) / N;
        beyond += fabs(x) > 1.959963984540054;
    }
    assert_near(moment[1], 0, 0.01, 1);
    assert_near(moment[2], 1, 0.013, 1);
    assert_near(moment[3], 0, 0.035, 1);
    assert_near(moment[4], 3, 0.04, 1);
    assert_near(beyond / N, 0.05, 0.04, 0);
}

static void below_is_unbiased(void **state) {
    (void)state;
    struct gw_rng rng;
    int bins[7] = {0};
    gw_rng_key(&rng, 3, "below", 0, 0, 0);
    for (int i = 0; i < 70000; i++) bins[gw_rng_below(&rng, 7)]++;
    for (int i = 0; i < 7; i++) assert_in_range(bins[i], 9600, 10400);
    assert_int_equal(gw_rng_below(&rng, 1), 0);
    /* Three quarters of the range: without rejection two thirds of the results would lie in the lower half. */
    uint64_t n = UINT64_C(3) << 62;
    int low = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t drawn = gw_rng_below(&rng, n);
        assert_true(drawn < n);
        low += drawn % 3 == 0;
    }
    assert_in_range(low, 6667 - 300, 6667 + 300);
}

static void shuffle_permutes_evenly(void **state) {
    (void)state;
    enum { N = 1000 };
    uint32_t items[N];
    unsigned char seen[N] = {0};
    struct gw_rng rng;
    for (uint32_t i = 0; i < N; i++) items[i] = i;
    gw_rng_key(&rng, 4, "shuffle", 0, 0, 0);
    gw_rng_shuffle(&rng, items, N);
    size_t fixed = 0;
    for (uint32_t i = 0; i < N; i++) {
        assert_false(seen[items[i]]);
        seen[items[i]] = 1;
        fixed += items[i] == i;
    }
    assert_true(fixed < 10); /* one is expected */
    int counts[6] = {0};     /* the six orders of three */
    for (int i = 0; i < 60000; i++) {
        uint32_t three[3] = {0, 1, 2};
        gw_rng_shuffle(&rng, three, 3);
        counts[three[0] * 2 + (three[1] > three[2])]++;
    }
    for (int i = 0; i < 6; i++) assert_in_range(counts[i], 9600, 10400);
    gw_rng_shuffle(&rng, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_are_pinned),      cmocka_unit_test(near_keys_share_nothing),
        cmocka_unit_test(key_bits_avalanche),      cmocka_unit_test(uniform_is_uniform),
        cmocka_unit_test(normal_has_its_moments),  cmocka_unit_test(below_is_unbiased),
        cmocka_unit_test(shuffle_permutes_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
