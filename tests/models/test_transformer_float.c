/* The autoencoder in float32, by every kernel set: PyTorch's numbers, the same bytes for any number of threads, and bf16 near
 * both. */
#undef GW_REAL_F64
#include "transformer_probe.h"

static void for_each_set(void (*check)(void)) {
    for (size_t i = 0; gw_kernels_name(i); i++) {
        if (!gw_kernels_supported(i)) continue;
        assert_ok(gw_kernels_select(gw_kernels_name(i)));
        check();
    }
    assert_ok(gw_kernels_select("auto"));
}

static void golden(void) { check_golden(1e-5); }
static void test_golden(void **state) {
    (void)state;
    for_each_set(golden);
}

/* ---- threads ---------------------------------------------------------------------------------------------------- */

static const struct transformer_shape middle = {
    .steps = 17, .channels = 6, .width = 16, .heads = 2, .layers = 2, .latent = 8};
enum { MIDDLE = 3 * TRANSFORMER_SHARD + 5 };

/* Two updates' worth of loss and gradient, by so many threads. */
static struct batch_loss run_middle(int threads, bool nt_xent, const struct R(kernels) *k, real *gradient) {
    const struct contrast contrast = {nt_xent, .2, .3};
    struct batch_loss loss = {0};
#pragma omp parallel num_threads(threads)
#pragma omp single
    {
        struct probe probe;
        probe_build(&probe, &middle, &contrast, MIDDLE - nt_xent);
        if (k) probe.trainer.with.k = k;
        loss = R(trainer_run)(&probe.trainer, probe.weights, probe.n, probe.gradient);
        memcpy(gradient, probe.gradient, probe.net.tensors.size * sizeof *gradient);
        probe_free(&probe);
    }
    return loss;
}

static size_t middle_size(void) {
    struct autoencoder net;
    R(autoencoder_init)(&net, &middle, true);
    return net.tensors.size;
}

static void threads_do_not_matter(void) {
    const size_t size = middle_size();
    real *one = calloc(size, sizeof *one), *other = calloc(size, sizeof *other);
    for (int nt_xent = 0; nt_xent < 2; nt_xent++) {
        const struct batch_loss want = run_middle(1, nt_xent, NULL, one);
        for (int threads = 2; threads < 5; threads += 2) {
            const struct batch_loss got = run_middle(threads, nt_xent, NULL, other);
            assert_memory_equal(&got, &want, sizeof want);
            assert_memory_equal(other, one, size * sizeof *one);
        }
    }
    free(one);
    free(other);
}
static void test_threads_do_not_matter(void **state) {
    (void)state;
    for_each_set(threads_do_not_matter);
}

/* bf16 keeps 8 bits of what is multiplied: gradients agree to some parts in a hundred of their length, and not exactly. */
static void test_mixed(void **state) {
    (void)state;
    const size_t size = middle_size();
    real *full = calloc(size, sizeof *full), *mixed = calloc(size, sizeof *mixed);
    const struct batch_loss want = run_middle(2, false, NULL, full);
    const struct batch_loss got = run_middle(2, false, R(kernels_mixed)(), mixed);
    double apart = 0, length = 0;
    for (size_t i = 0; i < size; i++) {
        apart += pow((double)(mixed[i] - full[i]), 2);
        length += pow((double)full[i], 2);
    }
    assert_near(got.r, want.r, 1e-2, 0);
    assert_true(got.r != want.r);
    assert_true(sqrt(apart / length) < 5e-2);
    free(full);
    free(mixed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
