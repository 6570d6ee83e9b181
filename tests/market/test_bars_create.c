/* Bars of a caller's own: what is taken, and which bar is named when it is not. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/bars.h"
#include "test.h"

enum { N = 4 };

static void fill(struct gw_bar bar[N]) {
    for (size_t i = 0; i < N; i++)
        bar[i] = (struct gw_bar){.open_ns = (int64_t)i * NS_PER_HOUR, .open = 10, .high = 12, .low = 9, .close = 11};
}

static void test_taken_as_they_are(void **state) {
    (void)state;
    struct gw_bar bar[N];
    struct gw_bars one, other;
    size_t live = mem_live_bytes();
    fill(bar);
    assert_int_equal(gw_bars_create("A-1", NS_PER_HOUR, bar, N, &one), GW_OK);
    assert_string_equal(one.symbol, "A-1");
    assert_int_equal(one.n, N);
    assert_int_equal(one.interval_ns, NS_PER_HOUR);
    assert_memory_equal(one.bar, bar, sizeof bar);
    bar[2].volume = 1; /* a copy was taken; other values are other bars */
    assert_true(one.bar[2].volume == 0);
    assert_int_equal(gw_bars_create("A-1", NS_PER_HOUR, bar, N, &other), GW_OK);
    assert_true(one.fingerprint != other.fingerprint);
    gw_bars_free(&one);
    gw_bars_free(&other);
    assert_int_equal(gw_bars_create("none", NS_PER_HOUR, NULL, 0, &one), GW_OK);
    gw_bars_free(&one);
    assert_int_equal(mem_live_bytes(), live);
}

static void refuse(const struct gw_bar *bar, const char *says) {
    struct gw_bars out;
    assert_int_equal(gw_bars_create("A", NS_PER_HOUR, bar, N, &out), GW_ERR_DATA);
    if (!strstr(gw_error_message(), says)) fail_msg("says \"%s\", not \"%s\"", gw_error_message(), says);
    assert_null(out.bar);
}

static void test_wrong_bars_are_named(void **state) {
    (void)state;
    struct gw_bar bar[N];
#define WRONG(index, field, value, says) (fill(bar), bar[index].field = (value), refuse(bar, says))
    WRONG(1, close, NAN, "bar 1 (from 0): a price is not finite");
    WRONG(2, high, INFINITY, "bar 2 (from 0): a price is not finite");
    WRONG(0, low, 0, "bar 0 (from 0): a price is not above 0");
    WRONG(3, high, 10.5, "bar 3 (from 0): open or close");
    WRONG(3, low, 10.5, "bar 3 (from 0): open or close");
    WRONG(1, volume, -1, "bar 1 (from 0): the volume");
    WRONG(1, volume, NAN, "bar 1 (from 0): the volume");
    WRONG(2, open_ns, NS_PER_HOUR, "bar 2 (from 0): its time");
#undef WRONG
}

static void test_wrong_names_and_intervals(void **state) {
    (void)state;
    struct gw_bar bar[N];
    struct gw_bars out;
    fill(bar);
    assert_int_equal(gw_bars_create("a b", NS_PER_HOUR, bar, N, &out), GW_ERR_DATA);
    assert_int_equal(gw_bars_create("", NS_PER_HOUR, bar, N, &out), GW_ERR_DATA);
    assert_int_equal(gw_bars_create("a123456789b123456789c123456789d1", NS_PER_HOUR, bar, N, &out), GW_ERR_DATA);
    assert_int_equal(gw_bars_create("A", 0, bar, N, &out), GW_ERR_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken_as_they_are),
        cmocka_unit_test(test_wrong_bars_are_named),
        cmocka_unit_test(test_wrong_names_and_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
