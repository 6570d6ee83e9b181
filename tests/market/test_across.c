/* What features across symbols look at: pandas is the judge of the values, spoilt futures of who may know what. */
#include "engine/base/base.h"
#include "test.h"

#include <stdlib.h>

#include "engine/market/features/feature_set.h"
#include "gatewalk/rng.h"

enum { SYMBOLS = 3, LOOKED_AT = 4 };
static const char *const looked_at[LOOKED_AT] = {"AAA.close", "BBB.close", "CCC.close", "5.rank"};
static const char *const specs[] = {"spread(AAA,4)", "beta(BBB,4)", "excess(CCC,2)", "rank(5)"};

static struct gw_feature_set *parse(void) {
    struct gw_feature_set *set;
    assert_ok(gw_feature_set_parse(specs, COUNT_OF(specs), &set));
    return set;
}

/* across.csv as a market; want[s][c][t]. */
static void load(struct gw_market *market, double *want[SYMBOLS][LOOKED_AT]) {
    struct table table;
    assert_ok(table_read("tests/golden/across.csv", &table));
    *market = (struct gw_market){.symbol = mem_calloc(SYMBOLS, sizeof *market->symbol)};
    for (size_t row = 0, end; row < table.n_rows; row = end) {
        const char *name = table.cell[row * table.n_columns];
        for (end = row; end < table.n_rows && strcmp(table.cell[end * table.n_columns], name) == 0;) end++;
        struct gw_bar *bar = mem_calloc(end - row, sizeof *bar);
        for (size_t c = 0; c < LOOKED_AT; c++) want[market->n_symbols][c] = mem_calloc(end - row, sizeof(double));
        for (size_t i = row; i < end; i++) {
            const double close = table_number(&table, i, 2);
            bar[i - row] =
                (struct gw_bar){strtoll(table.cell[i * table.n_columns + 1], NULL, 10), close, close, close, close, 1};
            for (size_t c = 0; c < LOOKED_AT; c++)
                want[market->n_symbols][c][i - row] = table_number(&table, i, 3 + c); /* NAN when empty */
        }
        assert_ok(gw_bars_create(name, 15 * NS_PER_MINUTE, bar, end - row, &market->symbol[market->n_symbols++]));
        mem_free(bar);
    }
    assert_int_equal(market->n_symbols, SYMBOLS);
    table_free(&table);
}

static void unload(struct gw_market *market, double *want[SYMBOLS][LOOKED_AT]) {
    for (size_t s = 0; s < SYMBOLS; s++)
        for (size_t c = 0; c < LOOKED_AT; c++) mem_free(want[s][c]);
    gw_market_free(market);
}

static void test_golden(void **state) {
    (void)state;
    struct gw_market market;
    double *want[SYMBOLS][LOOKED_AT];
    struct gw_feature_set *set = parse();
    load(&market, want);
    for (int again = 0; again < 2; again++) { /* filling twice is filling once */
        assert_ok(feature_set_fill(set, &market));
        size_t finite = 0;
        for (size_t s = 0; s < SYMBOLS; s++)
            for (size_t c = 0; c < LOOKED_AT; c++) {
                const double *got = gw_bars_column(&market.symbol[s], looked_at[c]);
                assert_non_null(got);
                assert_int_equal(market.symbol[s].n_columns, LOOKED_AT);
                for (size_t t = 0; t < market.symbol[s].n; t++) {
                    assert_near(got[t], want[s][c][t], 1e-11, 1e-3);
                    finite += isfinite(got[t]);
                }
            }
        assert_true(finite > 700);
    }
    gw_feature_set_free(set);
    unload(&market, want);
}

/* Whatever comes after a moment, in any symbol, what was known by then stays: columns and features. */
static void test_the_past_only(void **state) {
    (void)state;
    struct gw_market clean, spoilt;
    double *want[SYMBOLS][LOOKED_AT], *unused[SYMBOLS][LOOKED_AT];
    struct gw_feature_set *set = parse();
    load(&clean, want);
    load(&spoilt, unused);
    assert_ok(feature_set_fill(set, &clean));
    for (size_t cut = 5; cut < 100; cut += 7) {
        const int64_t cut_ns = clean.symbol[0].bar[0].open_ns + (int64_t)cut * 15 * NS_PER_MINUTE;
        for (size_t s = 0; s < SYMBOLS; s++)
            for (size_t t = 0; t < spoilt.symbol[s].n; t++) {
                struct gw_bar *bar = &spoilt.symbol[s].bar[t];
                *bar = clean.symbol[s].bar[t];
                if (gw_bar_close_ns(&spoilt.symbol[s], t) <= cut_ns) continue;
                bar->open = bar->high = bar->low = bar->close = cut % 2 ? bar->close * 1e6 : 1.0 + (double)t;
            }
        assert_ok(feature_set_fill(set, &spoilt));
        for (size_t s = 0; s < SYMBOLS; s++) {
            struct gw_feature_matrix a, b;
            assert_ok(gw_feature_set_build(set, &clean.symbol[s], &a));
            assert_ok(gw_feature_set_build(set, &spoilt.symbol[s], &b));
            for (size_t t = 0; t < clean.symbol[s].n && gw_bar_close_ns(&clean.symbol[s], t) <= cut_ns; t++)
                if (memcmp(a.value + t * a.n_features, b.value + t * a.n_features, a.n_features * sizeof(float)))
                    fail_msg("%s, bar %zu knows what comes after bar %zu", clean.symbol[s].symbol, t, cut);
            gw_feature_matrix_free(&a);
            gw_feature_matrix_free(&b);
        }
    }
    gw_feature_set_free(set);
    unload(&clean, want);
    unload(&spoilt, unused);
}

/* The first value comes with the bar that the warm-up says, counted from the other's first bar. */
static void test_warmup(void **state) {
    (void)state;
    struct gw_market market;
    double *want[SYMBOLS][LOOKED_AT];
    struct gw_feature_set *set = parse();
    load(&market, want);
    assert_ok(feature_set_fill(set, &market));
    struct gw_feature_matrix matrix;
    assert_ok(gw_feature_set_build(set, &market.symbol[0], &matrix));
    static const size_t behind[] = {
        3, 4, 2, 5}; /* bars after the first at which the other is known; rank: after the own first */
    for (size_t f = 0; f < COUNT_OF(behind); f++) {
        size_t known = 0, first = 0;
        while (f < 3 && isnan(want[0][f][known])) known++;
        while (isnan(matrix.value[first * 4 + f])) first++;
        assert_int_equal(first, known + behind[f]);
        for (size_t t = first; t < matrix.n_bars; t++) assert_true(isfinite(matrix.value[t * 4 + f]));
    }
    gw_feature_matrix_free(&matrix);
    gw_feature_set_free(set);
    unload(&market, want);
}

static void test_refusals(void **state) {
    (void)state;
    struct gw_market market;
    double *want[SYMBOLS][LOOKED_AT];
    struct gw_feature_set *set;
    load(&market, want);
    static const struct {
        const char *spec, *says;
    } wrong[] = {{"beta(DDD,4)", "no symbol \"DDD\" among the data, which have AAA, BBB, CCC"},
                 {"rank(x)", "rank(x)\": n (bars over which"},
                 {"rank(0)", "whole number from 1 to 20000"},
                 {"rank(99999)", "whole number from 1 to 20000"}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_ok(gw_feature_set_parse(&wrong[i].spec, 1, &set));
        assert_fails(feature_set_fill(set, &market), GW_ERR_CONFIG, wrong[i].says);
        gw_feature_set_free(set);
    }
    static const char *const both[] = {"col(AAA.close)", "beta(AAA,4)"}, *const bare = "beta";
    assert_fails(gw_feature_set_parse(both, 2, &set), GW_ERR_CONFIG, "both called \"AAA.close\"");
    assert_fails(gw_feature_set_parse(&bare, 1, &set), GW_ERR_CONFIG, "needs a symbol; write beta(symbol,n=96)");
    struct gw_feature_matrix matrix; /* bars without their market */
    assert_ok(gw_feature_set_parse(&both[1], 1, &set));
    assert_fails(gw_feature_set_build(set, &market.symbol[1], &matrix), GW_ERR_CONFIG, "there are bars of BBB alone");
    gw_feature_set_free(set);
    unload(&market, want);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_the_past_only),
        cmocka_unit_test(test_warmup),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
