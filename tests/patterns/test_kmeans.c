/* k-means on the sphere: as good as scikit-learn's best of ten, the same nearest centres, the same bytes for any number of
 * threads; and what it says of odd input. */
#include "gatewalk/model.h"
#include "models/patterns/kmeans.h"
#include "patterns/points.h"

static struct golden golden;

static bool is_fit_case(const struct golden_case *in) {
    return strncmp(in->name, "kmeans_", 7) == 0 && strcmp(in->name, "kmeans_assign") != 0;
}

/* Inertia by its definition, of the centres that were given back; and that these have length 1. */
static double inertia_of(const float *x, size_t n, size_t d, const float *centre, size_t k) {
    double inertia = 0;
    for (size_t c = 0; c < k; c++) {
        double square = 0;
        for (size_t j = 0; j < d; j++) square += (double)centre[c * d + j] * (double)centre[c * d + j];
        assert_near(square, 1, 1e-6, 0);
    }
    for (size_t i = 0; i < n; i++) {
        double nearest = INFINITY;
        for (size_t c = 0; c < k; c++) {
            double square = 0;
            for (size_t j = 0; j < d; j++) square += pow((double)x[i * d + j] - (double)centre[c * d + j], 2);
            nearest = fmin(nearest, square);
        }
        inertia += nearest;
    }
    return inertia;
}

static void as_good_as_the_best_of_ten(void **state) {
    (void)state;
    for (size_t i = 0; i < golden.n_cases; i++) {
        const struct golden_case *in = &golden.cases[i];
        if (!is_fit_case(in)) continue;
        const size_t n = golden_size(in, "n"), d = golden_size(in, "d"), k = golden_size(in, "k");
        float *x = points_of(in), *centre = malloc(k * d * sizeof *centre);
        assert_non_null(centre);
        for (uint64_t seed = 1; seed <= 4; seed++) {
            double inertia;
            assert_ok(kmeans_fit(x, n, d, &(struct kmeans_config){.k = k, .seed = seed}, NULL, centre, &inertia));
            assert_near(inertia, inertia_of(x, n, d, centre, k), 1e-4, 0);
            print_message("%s seed %d: %.2f, best of ten %.2f, worst %.2f\n", in->name, (int)seed, inertia,
                          golden_want(in, "best"), golden_want(in, "worst"));
            assert_true(inertia <= 1.01 * golden_want(in, "best"));
        }
        free(centre);
        free(x);
    }
}

static const struct golden_case *find_case(const char *name) {
    for (size_t i = 0; i < golden.n_cases; i++)
        if (strcmp(golden.cases[i].name, name) == 0) return &golden.cases[i];
    fail_msg("patterns.txt has no case %s", name);
    return NULL;
}

static void the_same_nearest_centres(void **state) {
    (void)state;
    const struct golden_case *in = find_case("kmeans_assign");
    const size_t n = golden_size(in, "n"), d = golden_size(in, "d"), k = golden_size(in, "k");
    const double *want = golden_get(in, "category")->value, *far = golden_get(in, "distance")->value;
    float *x = points_of(in), *centre = malloc(k * d * sizeof *centre), *distance = malloc(n * sizeof *distance);
    uint32_t *category = malloc(n * sizeof *category);
    assert_true(centre && distance && category);
    for (size_t i = 0; i < k * d; i++) centre[i] = (float)golden_get(in, "centre")->value[i];
    for (size_t set = 0; gw_kernels_name(set); set++) {
        if (!gw_kernels_supported(set)) continue;
        assert_ok(gw_kernels_select(gw_kernels_name(set)));
        assert_ok(kmeans_assign(x, n, d, centre, k, category, distance));
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(category[i], (int)want[i]);
            assert_near((double)distance[i], far[i], 1e-6, 1);
        }
    }
    assert_ok(gw_kernels_select("auto"));
    free(category);
    free(distance);
    free(centre);
    free(x);
}

static void threads_change_nothing(void **state) {
    (void)state;
    enum { N = 9000, D = 12, K = 70 };
    float *x = points_make(N, D, 40, 0.6), *alone = malloc(K * D * sizeof *alone), *centre = malloc(K * D * sizeof *x);
    const struct kmeans_config config = {.k = K, .seed = 7, .starts = 2, .rounds = 12};
    double inertia, inertia_alone;
    assert_true(alone && centre);
    assert_ok(kmeans_fit(x, N, D, &config, NULL, alone, &inertia_alone));
    for (int threads = 2; threads <= 5; threads += 3) {
        int rc = GW_ERR_IO;
#pragma omp parallel num_threads(threads)
#pragma omp single
        rc = kmeans_fit(x, N, D, &config, NULL, centre, &inertia);
        assert_ok(rc);
        assert_memory_equal(alone, centre, K * D * sizeof *centre);
        assert_true(inertia == inertia_alone);
    }
    free(centre);
    free(alone);
    free(x);
}

/* From given centres it goes on and never gets worse; the same centres for the same seed, others for another. */
static void starts_and_seeds(void **state) {
    (void)state;
    enum { N = 2000, D = 6, K = 20 };
    float *x = points_make(N, D, 33, 0.7), a[K * D], b[K * D], c[K * D];
    struct kmeans_config config = {.k = K, .seed = 1, .starts = 1, .rounds = 1};
    double first, more;
    assert_ok(kmeans_fit(x, N, D, &config, NULL, a, &first));
    assert_ok(kmeans_fit(x, N, D, &config, NULL, b, NULL));
    assert_memory_equal(a, b, sizeof a);
    config.seed = 2;
    assert_ok(kmeans_fit(x, N, D, &config, NULL, c, NULL));
    assert_memory_not_equal(a, c, sizeof a);
    config.rounds = 0;
    assert_ok(kmeans_fit(x, N, D, &config, x, c, &first)); /* the first points as centres */
    assert_ok(kmeans_fit(x, N, D, &config, c, b, &more));
    assert_true(more <= first * (1 + 1e-9));
    assert_true(first < inertia_of(x, N, D, x, K));
    free(x);
}

static void few_points(void **state) {
    (void)state;
    enum { N = 30, D = 3 };
    float *x = points_make(N, D, 3, 0.2), centre[N * D];
    uint32_t category[N];
    double inertia;
    assert_fails(kmeans_fit(x, N, D, &(struct kmeans_config){.k = N + 1}, NULL, centre, NULL), GW_ERR_CONFIG,
                 "31 categories of 30 windows: ask for fewer");
    assert_fails(kmeans_fit(x, N, D, &(struct kmeans_config){.k = 0}, NULL, centre, NULL), GW_ERR_CONFIG,
                 "0 categories");
    assert_ok(kmeans_fit(x, N, D, &(struct kmeans_config){.k = N}, NULL, centre, &inertia));
    assert_true(fabs(inertia) < 1e-5); /* every point its own centre */
    assert_ok(kmeans_fit(x, N, D, &(struct kmeans_config){.k = 1}, NULL, centre, &inertia));
    assert_near(inertia, inertia_of(x, N, D, centre, 1), 1e-5, 0);
    for (size_t i = 1; i < N; i++) memcpy(x + i * D, x, D * sizeof *x); /* all the same: nothing to divide */
    assert_ok(kmeans_fit(x, N, D, &(struct kmeans_config){.k = 4}, NULL, centre, &inertia));
    assert_true(fabs(inertia) < 1e-5);
    assert_ok(kmeans_assign(x, N, D, centre, 4, category, NULL));
    for (size_t i = 0; i < N; i++) assert_int_equal(category[i], category[0]);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_good_as_the_best_of_ten),
        cmocka_unit_test(the_same_nearest_centres),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(starts_and_seeds),
        cmocka_unit_test(few_points),
    };
    golden_read("tests/golden/patterns.txt", &golden);
    int failed = cmocka_run_group_tests_name("k-means", tests, NULL, NULL);
    golden_free(&golden);
    return failed;
}
