/* The autoencoder in float64: PyTorch's numbers, and every weight's gradient against central differences, signed and
 * coordinate by coordinate, with dropout, over several shards and tiles, under both contrasts. */
#define GW_REAL_F64
#include "transformer_probe.h"

#include "gatewalk/rng.h"

static void test_golden(void **state) {
    (void)state;
    check_golden(1e-10);
}

/* ---- gradients ------------------------------------------------------------------------------------------------ */

static const double step = 1e-5, tolerance = 1e-6, floor_size = 1e-3;

static long first_wrong(const double *analytic, const double *numeric, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!near(analytic[i], numeric[i], tolerance, floor_size)) return (long)i;
    return -1;
}

/* Two shards, the second of one tile and a half; a fifth of the bottleneck dropped. */
static void probe_small(struct probe *probe, bool nt_xent) {
    const struct transformer_shape shape = {
        .steps = 3, .channels = 2, .width = 4, .heads = 2, .layers = 2, .latent = 3};
    const struct contrast contrast = {nt_xent, .7, .4};
    struct gw_rng rng;
    probe_build(probe, &shape, &contrast, TRANSFORMER_SHARD + 6);
    gw_rng_key(&rng, 5, "masks", 0, 0, 0);
    struct R(batch) *batch = probe->trainer.with.batch;
    for (size_t i = 0; i < probe->n * autoencoder_mask(&shape); i++)
        batch->mask[i] = gw_rng_uniform(&rng) < .2 ? 0 : 1.25;
    batch->masked = true;
    for (size_t i = 0; i < probe->n * 6; i++) batch->x[i] = gw_rng_normal(&rng);
    for (size_t i = 0; i < probe->net.tensors.n; i++) {
        const struct tensor *tensor = &probe->net.tensors.item[i];
        for (size_t j = 0; j < tensor->rows * tensor->columns; j++)
            probe->weights[tensor->offset + j] = .6 * gw_rng_normal(&rng);
    }
}

static double loss_of(struct probe *probe, real *gradient) {
    const struct batch_loss loss = R(trainer_run)(&probe->trainer, probe->weights, probe->n, gradient);
    return loss.r + probe->trainer.contrast.weight * loss.c;
}

static double *numeric_gradient(struct probe *probe) {
    double *numeric = calloc(probe->net.tensors.size, sizeof *numeric);
    for (size_t i = 0; i < probe->net.tensors.size; i++) {
        const double kept = probe->weights[i];
        probe->weights[i] = kept + step;
        const double above = loss_of(probe, NULL);
        probe->weights[i] = kept - step;
        numeric[i] = (above - loss_of(probe, NULL)) / (2 * step);
        probe->weights[i] = kept;
    }
    return numeric;
}

static void check_gradients(bool nt_xent) {
    struct probe probe;
    double largest = 0;
    probe_small(&probe, nt_xent);
    double *numeric = numeric_gradient(&probe);
    loss_of(&probe, probe.gradient);
    const long wrong = first_wrong(probe.gradient, numeric, probe.net.tensors.size);
    if (wrong >= 0)
        fail_msg("weight %ld: gradient %.12g, differences say %.12g", wrong, probe.gradient[wrong], numeric[wrong]);
    for (size_t i = 0; i < probe.net.tensors.size; i++) largest = fmax(largest, fabs(numeric[i]));
    assert_true(largest > 1e-2);
    /* The check itself: a flipped, scaled, missing or swapped coordinate is seen, and where it is. */
    size_t seen = 0;
    for (size_t i = 0; i < probe.net.tensors.size; i++) {
        const double kept = probe.gradient[i], changed[] = {-kept, kept * 1.0001, 0, NAN};
        if (fabs(kept) < 1e-2) continue;
        for (size_t j = 0; j < COUNT_OF(changed); j++) {
            probe.gradient[i] = changed[j];
            assert_int_equal(first_wrong(probe.gradient, numeric, probe.net.tensors.size), (long)i);
        }
        probe.gradient[i] = kept;
        seen++;
    }
    assert_true(seen > 50);
    free(numeric);
    probe_free(&probe);
}

static void test_gradients(void **state) {
    (void)state;
    check_gradients(false);
    check_gradients(true);
}

/* ---- contrast --------------------------------------------------------------------------------------------------- */

static void random_sphere(size_t n, size_t d, uint64_t seed, double *z) {
    struct gw_rng rng;
    double *raw = calloc(n * d, sizeof *raw), *length = calloc(n, sizeof *length);
    gw_rng_key(&rng, seed, "sphere", 0, 0, 0);
    for (size_t i = 0; i < n * d; i++) raw[i] = gw_rng_normal(&rng);
    R(unit_forward)(n, d, raw, z, length);
    free(raw);
    free(length);
}

static double cosine(size_t d, const double *a, const double *b) {
    double sum = 0;
    for (size_t i = 0; i < d; i++) sum += a[i] * b[i];
    return sum;
}

/* By the definition, pair by pair. */
static void test_contrast_directly(void **state) {
    (void)state;
    enum { N = 14, D = 5 };
    double z[N * D], scratch[N * N], pairs = 0, xent = 0;
    const struct R(products) by = {R(kernels_active)(), false};
    random_sphere(N, D, 1, z);
    for (size_t i = 0; i < N; i++) {
        double all = 0;
        for (size_t j = 0; j < N; j++) {
            if (j == i) continue;
            pairs += cosine(D, z + i * D, z + j * D);
            all += exp(cosine(D, z + i * D, z + j * D) / .3);
        }
        xent -= log(exp(cosine(D, z + i * D, z + (i + N / 2) % N * D) / .3) / all) / N;
    }
    assert_near(R(mean_cosine)(N, D, z, 1, NULL), pairs / (N * (N - 1)), 1e-12, 1e-3);
    assert_near(R(nt_xent)(&by, N, D, z, .3, 1, scratch, NULL), xent, 1e-12, 0);
    assert_true(R(mean_cosine)(1, D, z, 1, NULL) == 0);
}

/* Random vectors: C near 0, NT-Xent near log(2B - 1). Equal ones: exactly 1 and log(2B - 1). Both views apart and all others
 * together is the worst there is: the bound, and no more, at any temperature; the diagonal of a log-softmax over itself,
 * which has no bound, is what it must not be. */
static void test_contrast_is_bounded(void **state) {
    (void)state;
    enum { N = 256, D = 32 };
    double *z = calloc(N * D, sizeof *z), *scratch = calloc(N * N, sizeof *scratch);
    const struct R(products) by = {R(kernels_active)(), false};
    random_sphere(N, D, 2, z);
    assert_near(R(nt_xent)(&by, N, D, z, 1, 1, scratch, NULL), log(N - 1), .02, 0);
    assert_true(fabs(R(mean_cosine)(N, D, z, 1, NULL)) < .02);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < D; j++) z[i * D + j] = j == 0;
    assert_near(R(nt_xent)(&by, N, D, z, .05, 1, scratch, NULL), log(N - 1), 1e-12, 0);
    assert_near(R(mean_cosine)(N, D, z, 1, NULL), 1, 1e-12, 0);
    for (size_t i = N / 2; i < N; i++) z[i * D] = -1;
    for (double temperature = 1; temperature > 1e-3; temperature /= 7) {
        const double worst_loss = R(nt_xent)(&by, N, D, z, temperature, 1, scratch, NULL);
        assert_true(worst_loss <= log(N - 1) + 2 / temperature);
        assert_true(worst_loss > 2 / temperature);
    }
    free(z);
    free(scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_contrast_directly),
        cmocka_unit_test(test_contrast_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
