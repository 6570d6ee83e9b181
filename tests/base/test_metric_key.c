/* How files spell a metric and its K, and back. */
#include "test.h"

#include "gatewalk/metric_key.h"

static const struct {
    const char *name;
    double k; /* NAN: none */
    const char *key;
} cases[] = {{"precision_at_k", 5, "precision_at_5"},       {"pnl_mean_at_k_2x", 1, "pnl_mean_at_1_2x"},
             {"recall_at_k", 0.5, "recall_at_0.5"},         {"pnl_sum_at_k_0x", 0.00001, "pnl_sum_at_1e-05_0x"},
             {"hit_rate_at_k", 100, "hit_rate_at_100"},     {"brier", NAN, "brier"},
             {"look_at_kind", NAN, "look_at_kind"},         {"_at_k", 3, "_at_3"},
             {"look_at_kind_at_k", 2, "look_at_kind_at_2"}, {"", NAN, ""}};

static void test_there_and_back(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char key[GW_METRIC_KEY_MAX];
        assert_string_equal(gw_metric_key_write(key, cases[i].name, isnan(cases[i].k) ? 7 : cases[i].k), cases[i].key);
        struct gw_metric_key parts = gw_metric_key_read(cases[i].key);
        assert_string_equal(parts.name, cases[i].name);
        assert_near(parts.k, cases[i].k, 0, 0);
    }
}

/* What is never written is no K, however near it comes. */
static void test_other_spellings(void **state) {
    (void)state;
    static const char *const other[] = {"precision_at_",         "precision_at_5 ", "precision_at_05",
                                        "precision_at_5.0",      "precision_at_+5", "precision_at_0x5",
                                        "precision_at_5percent", "precision_at_k",  "fits_best_at_last_epoch"};
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        struct gw_metric_key parts = gw_metric_key_read(other[i]);
        assert_string_equal(parts.name, other[i]);
        assert_true(isnan(parts.k));
    }
}

/* Longer than any: cut, never past the end. */
static void test_long_names(void **state) {
    (void)state;
    char name[300], key[GW_METRIC_KEY_MAX];
    memset(name, 'x', sizeof name);
    memcpy(name + 200, "_at_5", 6);
    struct gw_metric_key parts = gw_metric_key_read(name);
    assert_int_equal(strlen(parts.name), GW_METRIC_KEY_MAX - 1);
    assert_true(isnan(parts.k));
    assert_int_equal(strlen(gw_metric_key_write(key, name, 5)), GW_METRIC_KEY_MAX - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_other_spellings),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
