/* The expected rest of the training, from fits that have finished. */
#include "test.h"

#include "engine/walk/fit_estimate.h"

static void finish(struct fit_estimate *e, size_t strategy, size_t epochs) {
    for (size_t i = 0; i < epochs; i++) fit_estimate_epoch(e, strategy, 1);
    fit_estimate_finish(e, strategy, epochs, epochs);
}

static void test_before_anything_is_known(void **state) {
    (void)state;
    struct fit_estimate e = {0};
    for (size_t i = 0; i < 3; i++) fit_estimate_add(&e, 0, 50, 1);
    fit_estimate_add(&e, 1, 20, 1);
    assert_near(fit_estimate_left(&e), 170, 1e-12, 1);
    for (size_t i = 0; i < 7; i++) fit_estimate_epoch(&e, 0, 1);
    assert_near(fit_estimate_left(&e), 163, 1e-12, 1);
}

static void test_finished_fits_tell(void **state) {
    (void)state;
    struct fit_estimate e = {0};
    for (size_t i = 0; i < 4; i++) fit_estimate_add(&e, 0, 50, 1);
    for (size_t i = 0; i < 5; i++) fit_estimate_add(&e, 1, 20, 1);
    finish(&e, 0, 10);
    assert_near(fit_estimate_left(&e), 3 * 10 + 5 * 20 * 10 / 50.0, 1e-12, 1); /* the other kind by its share */
    finish(&e, 0, 20);
    finish(&e, 1, 20);
    assert_near(fit_estimate_left(&e), 2 * 15 + 4 * 20, 1e-12, 1); /* each by its own */
    for (size_t i = 0; i < 6; i++) fit_estimate_epoch(&e, 1, 1);
    assert_near(fit_estimate_left(&e), 2 * 15 + 4 * 20 - 6, 1e-12, 1);
    fit_estimate_finish(&e, 1, 20, 6);
    assert_near(fit_estimate_left(&e), 2 * 15 + 3 * 20, 1e-12, 1);
    fit_estimate_finish(&e, 1, 2, 0); /* a stored one: known, though nobody waited for it */
    assert_near(fit_estimate_left(&e), 2 * 15 + 2 * 14, 1e-12, 1);
}

static void test_what_outlasts_the_mean_is_not_over(void **state) {
    (void)state;
    struct fit_estimate e = {0};
    for (size_t i = 0; i < 2; i++) fit_estimate_add(&e, 0, 50, 1);
    finish(&e, 0, 4);
    for (size_t i = 0; i < 30; i++) fit_estimate_epoch(&e, 0, 1);
    assert_near(fit_estimate_left(&e), 1, 1e-12, 1);
    fit_estimate_finish(&e, 0, 30, 30);
    assert_near(fit_estimate_left(&e), 0, 1e-12, 1);
}

/* Fits that stop after 8 to 13 of 50 epochs: with three of them done the rest is known well, not four times too long. */
static void test_early_stopping(void **state) {
    (void)state;
    enum { FITS = 60 };
    struct fit_estimate e = {0};
    size_t rest = 0;
    for (size_t i = 0; i < FITS; i++) {
        fit_estimate_add(&e, i % 2, 50, 1);
        rest += 8 + i * 7 % 6;
    }
    for (size_t i = 0; i < FITS; i++) {
        finish(&e, i % 2, 8 + i * 7 % 6);
        rest -= 8 + i * 7 % 6;
        if (i >= 2 && i + 1 < FITS) assert_near(fit_estimate_left(&e), (double)rest, 0.25, 1);
    }
    assert_int_equal(rest, 0);
}

/* Epochs of the first kind take a second, of the second 20: 4 s are done, 36 + 800 s are to come. */
static void test_kinds_differ_in_length(void **state) {
    (void)state;
    struct fit_estimate e = {0};
    fit_estimate_add(&e, 0, 40, 3);
    fit_estimate_add(&e, 1, 40, 60);
    for (size_t i = 0; i < 4; i++) fit_estimate_epoch(&e, 0, 1);
    assert_near(fit_estimate_left(&e), 36 + 40 * 20, 1e-12, 1); /* by their cost: in epochs of a second */
    fit_estimate_epoch(&e, 1, 11);                              /* 5 epochs in 15 s */
    assert_near(fit_estimate_left(&e) * 3, 36 * 1 + 39 * 11, 1e-12, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before_anything_is_known),
        cmocka_unit_test(test_finished_fits_tell),
        cmocka_unit_test(test_what_outlasts_the_mean_is_not_over),
        cmocka_unit_test(test_early_stopping),
        cmocka_unit_test(test_kinds_differ_in_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
