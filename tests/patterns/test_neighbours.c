/* Nearest neighbours against a search that looks at everything, in double; ties; threads. */
#include "models/patterns/neighbours.h"
#include "patterns/points.h"

static double dot_of(const float *a, const float *b, size_t d) {
    double sum = 0;
    for (size_t j = 0; j < d; j++) sum += (double)a[j] * (double)b[j];
    return sum;
}

/* Nobody outside of the list is more alike than its last, and the list is in order. */
static void the_most_alike(void **state) {
    (void)state;
    enum { N = 700, M = 130, D = 9, TOP = 20 };
    float *x = points_make(N, D, 11, 0.8), *query = x + 300 * D, cosine[M * TOP];
    uint32_t index[M * TOP];
    assert_ok(neighbours_by_cosine(x, N, D, query, M, TOP, index, cosine));
    for (size_t q = 0; q < M; q++) {
        bool listed[N] = {false};
        assert_int_equal(index[q * TOP], 300 + q); /* itself */
        for (size_t t = 0; t < TOP; t++) {
            const uint32_t at = index[q * TOP + t];
            assert_true(at < N && !listed[at]);
            listed[at] = true;
            assert_near((double)cosine[q * TOP + t], dot_of(x + at * D, query + q * D, D), 1e-6, 1);
            assert_true(t == 0 || cosine[q * TOP + t] <= cosine[q * TOP + t - 1]);
        }
        for (size_t i = 0; i < N; i++)
            if (!listed[i])
                assert_true(dot_of(x + i * D, query + q * D, D) <= (double)cosine[q * TOP + TOP - 1] + 1e-6);
    }
    free(x);
}

static void near_by_distance(void **state) {
    (void)state;
    enum { N = 333, D = 4, K = 17 };
    float *x = points_make(N, D, 5, 0.9), *distance2 = malloc(N * K * sizeof *distance2);
    uint32_t *index = malloc(N * K * sizeof *index);
    assert_true(index && distance2);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < D; j++) x[i * D + j] *= (float)(1 + i % 3); /* of any length */
    assert_ok(neighbours_of_each(x, N, D, K, index, distance2));
    for (size_t i = 0; i < N; i++) {
        size_t nearer = 0;
        for (size_t j = 0; j < N; j++) {
            double square = 0;
            for (size_t k = 0; k < D; k++) square += pow((double)x[i * D + k] - (double)x[j * D + k], 2);
            nearer += j != i && square < (double)distance2[i * K + K - 1] - 1e-4;
            for (size_t k = 0; k < K; k++)
                if (index[i * K + k] == j) assert_near((double)distance2[i * K + k], square, 1e-5, 1);
        }
        assert_true(nearer < K);
        for (size_t k = 0; k < K; k++) assert_true(index[i * K + k] < N && index[i * K + k] != i);
    }
    free(index);
    free(distance2);
    free(x);
}

/* The earlier of equally near ones first; as many as there are; the same for any number of threads. */
static void ties_and_threads(void **state) {
    (void)state;
    enum { N = 600, D = 3 };
    float x[N * D], cosine[N], other[N];
    uint32_t index[N], again[N];
    for (size_t i = 0; i < N; i++) x[i * D] = 0, x[i * D + 1] = i % 2 ? 1 : -1, x[i * D + 2] = 0;
    assert_ok(neighbours_by_cosine(x, N, D, x + D, 1, N, index, cosine));
    for (size_t i = 0; i < N; i++) assert_int_equal(index[i], i < N / 2 ? 2 * i + 1 : 2 * (i - N / 2));
    int rc = GW_ERR_IO;
#pragma omp parallel num_threads(3)
#pragma omp single
    rc = neighbours_by_cosine(x, N, D, x, N, 1, again, other);
    assert_ok(rc);
    assert_ok(neighbours_by_cosine(x, N, D, x, N, 1, index, cosine));
    assert_memory_equal(index, again, sizeof index);
    assert_memory_equal(cosine, other, sizeof cosine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_alike),
        cmocka_unit_test(near_by_distance),
        cmocka_unit_test(ties_and_threads),
    };
    return cmocka_run_group_tests_name("neighbours", tests, NULL, NULL);
}
