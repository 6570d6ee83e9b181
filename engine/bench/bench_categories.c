/* What makes a pattern library's categories and its map, k-means and t-SNE, on points that tests/bench/peers_categories.py makes by
 * the same rule. One call each, as a fit has one: wall and processor seconds, and what it came to. */
#include <math.h>
#include <time.h>

#include "bench_private.h"
#include "engine/base/base.h"
#include "gatewalk/model.h"
#include "models/patterns/kmeans.h"
#include "models/patterns/tsne.h"

enum { LATENT = 32, CLUSTERS = 250, POINTS = 60000, CATEGORIES = 300 };
static const double NOISE = 0.5;

/* [0, 1): SplitMix64 (Steele, Lea & Flood 2014) of the counter i, one sequence a stream. */
static double uniform(uint64_t stream, uint64_t i) {
    uint64_t z = (i + 1 + (stream << 32)) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

/* Unit rows, point i around centre i % CLUSTERS. */
static void fill_points(size_t n, float *x) {
    for (size_t i = 0; i < n; i++) {
        double row[LATENT], square = 0;
        for (size_t j = 0; j < LATENT; j++) {
            double sum = -2;
            for (size_t q = 0; q < 4; q++) sum += uniform(2, (i * LATENT + j) * 4 + q);
            row[j] = 2 * uniform(1, i % CLUSTERS * LATENT + j) - 1 + NOISE * sum;
            square += row[j] * row[j];
        }
        for (size_t j = 0; j < LATENT; j++) x[i * LATENT + j] = (float)(row[j] / sqrt(square));
    }
}

static double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct job {
    const float *x;
    float *centre;
    double *xy, result;
    size_t n;
};

static int run_kmeans(struct job *job) {
    return kmeans_fit(job->x, POINTS, LATENT, &(struct kmeans_config){.k = CATEGORIES, .seed = 1}, NULL, job->centre,
                      &job->result);
}
static int run_tsne(struct job *job) {
    return tsne(job->x, job->n, LATENT, &(struct tsne_config){0}, NULL, job->xy, &job->result);
}

static int measure(const struct bench_options *o, struct bench_list *list, const char *name, int (*run)(struct job *),
                   struct job *job, const char *result) {
    const double wall = clock_seconds(), processor = processor_seconds();
    const int threads = (int)threads_startable(o->threads);
    char what[64];
    int rc = GW_ERR_INTERNAL;
#pragma omp parallel num_threads(threads)
#pragma omp single
    rc = run(job);
    if (rc < 0) return rc;
    snprintf(what, sizeof what, "%s, %d threads", name, threads);
    bench_add(list, what, gw_kernels_selected(), clock_seconds() - wall, "s", NAN);
    snprintf(what, sizeof what, "%s, processor time", name);
    bench_add(list, what, gw_kernels_selected(), processor_seconds() - processor, "s", NAN);
    snprintf(what, sizeof what, "%s, %s", name, result);
    bench_add(list, what, gw_kernels_selected(), job->result, "", NAN);
    return GW_OK;
}

int bench_run_categories(const struct bench_options *o, struct bench_list *list) {
    float *x = mem_calloc(POINTS * LATENT, sizeof *x);
    struct job job = {.x = x,
                      .centre = mem_calloc(CATEGORIES * LATENT, sizeof(float)),
                      .xy = mem_calloc(2 * TSNE_POINTS_MAX, sizeof(double))};
    int rc = x && job.centre && job.xy ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) {
        fill_points(POINTS, x);
        rc = measure(o, list, "k-means of 60,000 into 300", run_kmeans, &job, "inertia");
    }
    job.n = TSNE_POINTS_MAX / 2;
    if (rc == GW_OK) rc = measure(o, list, "t-SNE of 5,000", run_tsne, &job, "divergence");
    job.n = TSNE_POINTS_MAX;
    if (rc == GW_OK) rc = measure(o, list, "t-SNE of 10,000", run_tsne, &job, "divergence");
    mem_free(job.xy);
    mem_free(job.centre);
    mem_free(x);
    return rc;
}
