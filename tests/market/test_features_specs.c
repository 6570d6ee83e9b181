/* How features are asked for: what a spec may say, one name for each feature, and what the bars must have. */
#include "engine/base/base.h"
#include "random_market.h"

#include "gatewalk/feature.h"

static void check_bad(const char *spec, const char *part) {
    const char *two[] = {"range", spec};
    struct gw_feature_set *set = NULL;
    assert_fails(gw_feature_set_parse(two, 2, &set), GW_ERR_CONFIG, part);
    assert_null(set);
    if (strlen(spec) < 60) {
        char quoted[80];
        snprintf(quoted, sizeof quoted, "features: \"%s\": ", spec);
        assert_non_null(strstr(gw_error_message(), quoted));
    }
}

static void test_spec_errors(void **state) {
    (void)state;
    check_bad("rsy(14)", "features: \"rsy(14)\": unknown feature; did you mean \"rsi\"?");
    check_bad("realized_vol(96)", "did you mean \"realised_vol\"?");
    check_bad("qqqqqqqq", "unknown feature");
    check_bad("", "expected a feature name");
    check_bad("(14)", "expected a feature name");
    check_bad("rsi(14,3)", "at most 1 argument: rsi(n=14)");
    check_bad("rsi(1,2,3)", "at most 1 argument: rsi(n=14)");
    check_bad("hour_sin(3)", "at most 0 arguments: hour_sin");
    check_bad("rsi()", "argument 1 is not a number; write rsi(n=14)");
    check_bad("rsi(nan)", "is not a number");
    check_bad("rsi(inf)", "is not a number");
    check_bad("rsi(0x10)", "is not a number");
    check_bad("rsi(ten)", "is not a number");
    check_bad("bollinger_b(20,)", "argument 2 is not a number");
    check_bad("rsi(1)", "n (length of Wilder's averages: weight 1/n) is 1; it must lie between 2 and 20000");
    check_bad("rsi(-3)", "is -3; it must lie between 2 and 20000");
    check_bad("rsi(14.5)", "n (length of Wilder's averages: weight 1/n) must be a whole number");
    check_bad("rsi(1e30)", "is 1e+30; it must lie between 2 and 20000");
    check_bad("rsi(-inf)", "is -inf; it must lie between 2 and 20000");
    check_bad("bollinger_b(20,-nan)", "is -nan; it must lie between 0.1 and 10");
    check_bad("bollinger_b(20,11)",
              "k (standard deviations from the mean to a band) is 11; it must lie between 0.1 and 10");
    check_bad("macd_hist(26,12,9)", "fast must be less than slow");
    check_bad("macd_hist(26)", "fast must be less than slow");
    check_bad("rsi(14", "expected ',' or ')'");
    check_bad("rsi(14 15)", "expected ',' or ')'");
    check_bad("rsi(14)x", "unexpected text \"x\"");
    check_bad("rsi(14)@1h@2h", "is not an interval");
    check_bad("rsi(14)@", "expected an interval");
    check_bad("rsi(14)@1x", "\"1x\" is not an interval");
    check_bad("rsi(14)@0h", "is not an interval");
    check_bad("range", "given twice (entries 1 and 2 are both range)");
    check_bad("a_name_that_is_longer_than_any_feature_may_be_and_then_some_more_letters", "too long");
    struct gw_feature_set *set;
    assert_fails(gw_feature_set_parse(NULL, 0, &set), GW_ERR_CONFIG, "the list is empty");
}

static void test_one_feature_has_one_name(void **state) {
    (void)state;
    static const char *const spec[] = {
        "rsi", " macd_hist( 12 , 26,9 ) @ 60m ", "bollinger_b(20)", "bollinger_b(20,2.5)", "rsi(14)@1h", "hour_sin"};
    static const char *const name[] = {
        "rsi(14)", "macd_hist(12,26,9)@1h", "bollinger_b(20,2)", "bollinger_b(20,2.5)", "rsi(14)@1h", "hour_sin"};
    static const char *const twice[][2] = {
        {"rsi", "rsi(14)"}, {"rsi(14)@60m", "rsi@1h"}, {"bollinger_b(20)", "bollinger_b(20,2.0)"}};
    struct gw_feature_set *set;
    assert_ok(gw_feature_set_parse(spec, COUNT_OF(spec), &set));
    for (size_t i = 0; i < COUNT_OF(spec); i++) assert_string_equal(gw_feature_set_name(set, i), name[i]);
    gw_feature_set_free(set);
    for (size_t i = 0; i < COUNT_OF(twice); i++)
        assert_fails(gw_feature_set_parse(twice[i], 2, &set), GW_ERR_CONFIG, "given twice");
}

static void test_specs_against_the_bars(void **state) {
    (void)state;
    struct gw_bars bars;
    make_walk((struct walk){.n = 50, .seed = 1, .volatility = .01}, &bars);
    static const struct {
        const char *spec[2], *part;
    } bad[] = {
        {{"range", "taker_buy_ratio"}, "\"taker_buy_ratio\" needs taker-buy volume, which the data of WALK"},
        {{"range", "vwap_gap(5)@1h"}, "needs quote volume"},
        {{"range", "trade_count_z(5)"}, "needs trade counts"},
        {{"range", "rsi(14)@50m"}, "\"rsi(14)@50m\": the interval 50m is not a multiple of the bars' 15m"},
        {{"range", "rsi(14)@5m"}, "is not a multiple"},
        {{"rsi(14)@15m", "rsi(14)"}, "is the same as \"rsi(14)\" on bars of 15m"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct gw_feature_set *set;
        struct gw_feature_matrix m;
        assert_ok(gw_feature_set_parse(bad[i].spec, 2, &set));
        assert_fails(gw_feature_set_build(set, &bars, &m), GW_ERR_CONFIG, bad[i].part);
        gw_feature_set_free(set);
    }
    free_bars(&bars);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spec_errors),
        cmocka_unit_test(test_one_feature_has_one_name),
        cmocka_unit_test(test_specs_against_the_bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
