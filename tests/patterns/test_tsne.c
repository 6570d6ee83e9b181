/* t-SNE: neighbours stay neighbours as with scikit-learn, and as little divergence is left; the tree's forces against their
 * sums; the same bytes for any number of threads. */
#include "models/patterns/neighbours.h"
#include "models/patterns/tsne.h"
#include "patterns/points.h"

/* Venna & Kaski 2001: how many of the k nearest in the picture were not near, by the rank they had. */
static double trustworthiness(const float *x, const double *xy, size_t n, size_t d, size_t k) {
    uint32_t *near_x = malloc(n * (n - 1) * sizeof *near_x), *near_y = malloc(n * k * sizeof *near_y);
    float *picture = malloc(2 * n * sizeof *picture), *distance = malloc(n * (n - 1) * sizeof *distance);
    size_t *rank = malloc(n * sizeof *rank);
    double penalty = 0;
    assert_true(near_x && near_y && picture && distance && rank);
    for (size_t i = 0; i < 2 * n; i++) picture[i] = (float)xy[i];
    assert_ok(neighbours_of_each(picture, n, 2, k, near_y, distance));
    assert_ok(neighbours_of_each(x, n, d, n - 1, near_x, distance));
    for (size_t i = 0; i < n; i++) {
        for (size_t r = 0; r < n - 1; r++) rank[near_x[i * (n - 1) + r]] = r + 1;
        for (size_t j = 0; j < k; j++)
            if (rank[near_y[i * k + j]] > k) penalty += (double)(rank[near_y[i * k + j]] - k);
    }
    free(rank), free(distance), free(picture), free(near_y), free(near_x);
    const double size = (double)n, kk = (double)k;
    return 1 - 2 * penalty / (size * kk * (2 * size - 3 * kk - 1));
}

static void like_scikit_learn(void **state) {
    (void)state;
    struct golden golden;
    size_t n_cases = 0;
    golden_read("tests/golden/patterns.txt", &golden);
    for (size_t c = 0; c < golden.n_cases; c++) {
        const struct golden_case *in = &golden.cases[c];
        if (strncmp(in->name, "tsne_", 5) != 0) continue;
        const size_t n = golden_size(in, "n"), d = golden_size(in, "d");
        float *x = points_of(in);
        double *xy = malloc(2 * n * sizeof *xy), kl, mean[2] = {0, 0};
        const struct tsne_config config = {.perplexity = golden_want(in, "perplexity")};
        assert_non_null(xy);
        assert_ok(tsne(x, n, d, &config, NULL, xy, &kl));
        const double trust = trustworthiness(x, xy, n, d, 12);
        print_message("%s: KL %.4f (%.4f), trustworthiness %.4f (%.4f)\n", in->name, kl, golden_want(in, "kl"), trust,
                      golden_want(in, "trustworthiness"));
        assert_true(kl <= 1.05 * golden_want(in, "kl") && kl >= 0.9 * golden_want(in, "kl"));
        assert_true(trust >= golden_want(in, "trustworthiness") - 0.02);
        for (size_t i = 0; i < 2 * n; i++) mean[i % 2] += xy[i] / (double)n;
        assert_true(fabs(mean[0]) < 1e-9 && fabs(mean[1]) < 1e-9);
        free(xy);
        free(x);
        n_cases++;
    }
    assert_int_equal(n_cases, 2);
    golden_free(&golden);
}

/* By the tree with a small angle, the sums over all pairs; with the usual one within a few percent of them. */
static void check_forces(const double *xy, size_t n, float angle, double tolerance) {
    struct quad_tree tree;
    double wrong = 0, size = 0;
    assert_ok(quad_tree_init(&tree, n));
    assert_ok(quad_tree_build(&tree, xy));
    for (size_t at = 0; at < n; at++) {
        const size_t i = tree.order[at];
        double got[2], want[2] = {0, 0}, z = 0;
        const double sum = quad_tree_repulsion(&tree, at, angle * angle, got);
        for (size_t j = 0; j < n; j++) {
            const double dx = xy[2 * i] - xy[2 * j], dy = xy[2 * i + 1] - xy[2 * j + 1],
                         q = 1 / (1 + dx * dx + dy * dy);
            if (j == i) continue;
            z += q;
            want[0] += q * q * dx;
            want[1] += q * q * dy;
        }
        assert_near(sum, z, tolerance, 0);
        wrong += hypot(got[0] - want[0], got[1] - want[1]);
        size += hypot(want[0], want[1]);
    }
    if (!(wrong <= tolerance * size)) fail_msg("forces are wrong by %g of %g", wrong, size);
    quad_tree_free(&tree);
}
static void the_tree_sums_forces(void **state) {
    (void)state;
    enum { N = 600 };
    double xy[2 * N];
    for (size_t i = 0; i < 2 * N; i++) xy[i] = 30 * points_uniform(7, i) * points_uniform(8, i);
    check_forces(xy, N, 0.01f, 2e-5);
    check_forces(xy, N, 0.5f, 0.03);
    for (size_t i = 0; i < 200; i++) xy[i] = xy[i % 2]; /* a hundred points in one place */
    check_forces(xy, N, 0.01f, 2e-5);
    for (size_t i = 0; i < 2 * N; i++) xy[i] = 5;
    check_forces(xy, N, 0.5f, 1e-6);
}

static void threads_change_nothing(void **state) {
    (void)state;
    enum { N = 800, D = 6 };
    float *x = points_make(N, D, 9, 0.5);
    double alone[2 * N], xy[2 * N], kl, kl_alone;
    const struct tsne_config config = {.iterations = 300};
    assert_ok(tsne(x, N, D, &config, NULL, alone, &kl_alone));
    for (int threads = 2; threads <= 3; threads++) {
        int rc = GW_ERR_IO;
#pragma omp parallel num_threads(threads)
#pragma omp single
        rc = tsne(x, N, D, &config, NULL, xy, &kl);
        assert_ok(rc);
        assert_memory_equal(alone, xy, sizeof xy);
        assert_true(kl == kl_alone);
    }
    free(x);
}

static void odd_input(void **state) {
    (void)state;
    float *x = points_make(40, 3, 2, 0.3);
    double xy[80], kl;
    assert_fails(tsne(x, 3, 3, &(struct tsne_config){0}, NULL, xy, NULL), GW_ERR_CONFIG, "it takes 4 to 10000");
    assert_fails(tsne(x, 10001, 3, &(struct tsne_config){0}, NULL, xy, NULL), GW_ERR_CONFIG, "10001 points");
    assert_ok(tsne(x, 4, 3, &(struct tsne_config){0}, NULL, xy, &kl));
    assert_ok(
        tsne(x, 40, 1, &(struct tsne_config){.iterations = 300}, NULL, xy, &kl)); /* one dimension has no second */
    for (size_t i = 0; i < 80; i++) assert_true(isfinite(xy[i]));
    for (size_t i = 1; i < 40; i++) memcpy(x + 3 * i, x, 3 * sizeof *x); /* all alike */
    assert_ok(tsne(x, 40, 3, &(struct tsne_config){0}, NULL, xy, &kl));
    for (size_t i = 0; i < 80; i++) assert_true(isfinite(xy[i]));
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_scikit_learn),
        cmocka_unit_test(the_tree_sums_forces),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(odd_input),
    };
    return cmocka_run_group_tests_name("t-SNE", tests, NULL, NULL);
}
