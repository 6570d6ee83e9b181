/* A few seconds of the fuzzer in every test run; `fuzz` (fuzz.c) goes on for as long as one likes. */
#include "engine/base/base.h"
#include "isolate.h"
#include "target_experiment.h"
#include "target_import.h"
#include "target_model.h"
#include "target_report.h"
#include "test.h"

static void feed(const struct fuzz_target *target, uint64_t n) {
    struct fuzz_result result;
    fuzz_feed(target, 1, n, 60, &result);
    if (result.finding[0]) fail_msg("%s", result.finding);
    assert_int_equal(result.n_inputs, n);
    /* Inputs that are all refused, or all taken, would test only one half. */
    assert_in_range(result.n_accepted, n / 50, n - n / 50);
}

static void test_import(void **state) {
    (void)state;
    feed(&fuzz_import, 20000);
}
static void test_experiment(void **state) {
    (void)state;
    feed(&fuzz_experiment, 15000);
}
static void test_model(void **state) {
    (void)state;
    feed(&fuzz_model, 10000);
}
static void test_report(void **state) {
    (void)state;
    feed(&fuzz_report, 2000);
}

/* The same number must give the same input, or no finding could be looked at again. */
static void test_inputs_repeat(void **state) {
    (void)state;
    struct fuzz_run a, b;
    struct fuzz_random ra, rb;
    size_t n_different = 0;
    assert_true(fuzz_begin(&a, &fuzz_import, 9));
    assert_true(fuzz_begin(&b, &fuzz_import, 9));
    for (uint64_t i = 0; i < 500; i++) {
        fuzz_make(&a, i, &ra);
        fuzz_make(&b, 499 - i, &rb);
        fuzz_make(&b, i, &rb);
        assert_int_equal(a.input.n, b.input.n);
        assert_memory_equal(a.input.bytes, b.input.bytes, a.input.n);
        assert_true(ra.state == rb.state);
        bool sound = false;
        for (size_t s = 0; s < a.n_seeds; s++)
            sound |= a.seed[s].n == a.input.n && memcmp(a.seed[s].bytes, a.input.bytes, a.input.n) == 0;
        n_different += !sound;
    }
    assert_true(n_different > 400 && n_different < 500); /* most are changed, a few are sound */
    fuzz_end(&a);
    fuzz_end(&b);
}

/* A target that is wrong once in a while must be found out. */
static const char *find_a_nul(const char *bytes, size_t n, struct fuzz_random *random) {
    (void)random;
    return memchr(bytes, '\0', n) ? "a NUL" : NULL;
}
static const char *leak(const char *bytes, size_t n, struct fuzz_random *random) {
    static void *block;
    (void)bytes;
    (void)random;
    if (n % 7 == 0 && !block) block = mem_calloc(1, 100);
    return NULL;
}
static void test_findings(void **state) {
    (void)state;
    const char *(*const check[])(const char *, size_t, struct fuzz_random *) = {find_a_nul, leak};
    static const char *const says[] = {"a NUL", "bytes were not released"};
    for (size_t c = 0; c < 2; c++) {
        struct fuzz_target target = fuzz_experiment;
        struct fuzz_run run;
        uint64_t i = 0;
        target.check = check[c];
        assert_true(fuzz_begin(&run, &target, 3));
        while (i < 3000 && fuzz_step(&run, i)) i++;
        assert_true(i < 3000);
        assert_non_null(strstr(run.finding, says[c]));
        fuzz_end(&run);
    }
}

/* Also one that kills the process. */
static const char *die(const char *bytes, size_t n, struct fuzz_random *random) {
    (void)random;
    if (n && bytes[0] == 'x') kill(getpid(), SIGKILL);
    return NULL;
}
static void test_death(void **state) {
    (void)state;
    struct fuzz_target target = fuzz_experiment;
    struct fuzz_result result;
    target.check = die;
    fuzz_feed(&target, 1, 100000, 60, &result);
    assert_non_null(strstr(result.finding, "died of signal 9"));
    assert_in_range(result.n_inputs, 2, 99999);
}

static int setup(void **state) {
    (void)state;
    fuzz_open_dir();
    return 0;
}
static int teardown(void **state) {
    (void)state;
    fuzz_remove(fuzz_dir);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs_repeat), cmocka_unit_test(test_findings),   cmocka_unit_test(test_death),
        cmocka_unit_test(test_import),        cmocka_unit_test(test_experiment), cmocka_unit_test(test_model),
        cmocka_unit_test(test_report),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
