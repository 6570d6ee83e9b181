/* Lloyd's rounds on the sphere. Cosines are one large matrix product, made in blocks that stay in the cache, so that of
 * [n × k] numbers only the largest of each row is ever kept. */
#include "kmeans.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/rng.h"
#include "models/kernels/kernels.h"

enum { ROWS = 128, COLUMNS = 128 }; /* of a block of cosines: 64 KB */

/* ---- nearest centres ------------------------------------------------------------------------------- */

static void take_largest(struct kmeans *km, const struct kernels_f32 *set, size_t row, size_t column, size_t columns,
                         float *cosine, bool second) {
    const size_t at = set->largest(columns, cosine);
    const float here = cosine[at], best = column ? km->cosine[row] : -INFINITY;
    if (second) {
        cosine[at] = -INFINITY;
        const float next = fmaxf(fminf(here, best), cosine[set->largest(columns, cosine)]);
        km->second[row] = column ? fmaxf(next, km->second[row]) : next;
    }
    if (!(here > best)) return;
    km->category[row] = (uint32_t)(column + at);
    km->cosine[row] = here;
}

static void assign_block(struct kmeans *km, const struct kernels_f32 *set, size_t row, bool second) {
    float cosine[ROWS * COLUMNS];
    const size_t rows = km->n - row < ROWS ? km->n - row : ROWS;
    for (size_t j = 0; j < km->k; j += COLUMNS) {
        const size_t columns = km->k - j < COLUMNS ? km->k - j : COLUMNS;
        set->large_nn(rows, columns, km->d, km->x + row * km->d, km->d, km->centre_t + j, km->k, cosine, COLUMNS,
                      false);
        for (size_t r = 0; r < rows; r++) take_largest(km, set, row + r, j, columns, cosine + r * COLUMNS, second);
    }
}

void kmeans_assign_all(struct kmeans *km, bool second) {
    const struct kernels_f32 *set = kernels_active_f32();
    const size_t n_blocks = (km->n + ROWS - 1) / ROWS;
    for (size_t c = 0; c < km->k; c++)
        for (size_t j = 0; j < km->d; j++) km->centre_t[j * km->k + c] = km->centre[c * km->d + j];
/* clang warns of the sign of its own arithmetic on a task loop, whatever the loop's type is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(8) default(none) firstprivate(km, set, second, n_blocks)
    for (size_t b = 0; b < n_blocks; b++) {
#pragma GCC diagnostic pop
        assign_block(km, set, b * ROWS, second);
    }
    km->inertia = 0;
    for (size_t i = 0; i < km->n; i++) km->inertia += 2 * (1 - (double)km->cosine[i]);
}

int kmeans_assign(const float *x, size_t n, size_t d, const float *centre, size_t k, uint32_t *category,
                  float *distance) {
    struct kmeans km;
    TRY(kmeans_make(x, n, d, k, &km));
    memcpy(km.centre, centre, k * d * sizeof *centre);
    kmeans_assign_all(&km, false);
    memcpy(category, km.category, n * sizeof *category);
    for (size_t i = 0; distance && i < n; i++) distance[i] = 1 - km.cosine[i];
    kmeans_free(&km);
    return GW_OK;
}

/* ---- rounds ---------------------------------------------------------------------------------------- */

/* Counting sort. */
static void collect_members(struct kmeans *km) {
    memset(km->begin, 0, (km->k + 1) * sizeof *km->begin);
    for (size_t i = 0; i < km->n; i++) km->begin[km->category[i] + 1]++;
    for (size_t c = 0; c < km->k; c++) km->begin[c + 1] += km->begin[c];
    for (size_t i = 0; i < km->n; i++) km->member[km->begin[km->category[i]]++] = (uint32_t)i;
    for (size_t c = km->k; c > 0; c--) km->begin[c] = km->begin[c - 1];
    km->begin[0] = 0;
}

/* The normed mean; members that cancel each other leave it where it is. */
static void move_centre(struct kmeans *km, size_t c) {
    double *sum = km->sum + c * km->d, norm = 0;
    memset(sum, 0, km->d * sizeof *sum);
    for (size_t m = km->begin[c]; m < km->begin[c + 1]; m++) {
        const float *x = km->x + km->member[m] * km->d;
        for (size_t j = 0; j < km->d; j++) sum[j] += (double)x[j];
    }
    for (size_t j = 0; j < km->d; j++) norm += sum[j] * sum[j];
    norm = sqrt(norm);
    if (!(norm > 1e-9)) return;
    for (size_t j = 0; j < km->d; j++) km->centre[c * km->d + j] = (float)(sum[j] / norm);
}

static void move_centres(struct kmeans *km) {
    collect_members(km);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(16) default(none) firstprivate(km)
    for (size_t c = 0; c < km->k; c++) {
#pragma GCC diagnostic pop
        move_centre(km, c);
    }
}

/* A centre without points goes to the point that is farthest from its own, the next one to the next farthest. */
static void fill_empty(struct kmeans *km) {
    for (size_t c = 0; c < km->k; c++) {
        if (km->begin[c + 1] > km->begin[c]) continue;
        size_t farthest = 0;
        for (size_t i = 1; i < km->n; i++)
            if (km->cosine[i] < km->cosine[farthest]) farthest = i;
        if (!(km->cosine[farthest] < 1)) return; /* every point stands on a centre */
        km->cosine[farthest] = 1;
        memcpy(km->centre + c * km->d, km->x + farthest * km->d, km->d * sizeof *km->centre);
    }
}

int kmeans_lloyd(struct kmeans *km, size_t rounds, double tolerance) {
    for (size_t round = 0;; round++) {
        const double before = km->inertia;
        TRY(interrupt_check());
        kmeans_assign_all(km, false);
        const bool still = round > 0 && before - km->inertia <= tolerance * before;
        if (still || round == rounds) return GW_OK;
        move_centres(km);
        fill_empty(km);
    }
}

/* ---- the fit --------------------------------------------------------------------------------------- */

int kmeans_make(const float *x, size_t n, size_t d, size_t k, struct kmeans *out) {
    *out = (struct kmeans){.x = x, .n = n, .d = d, .k = k};
    if ((out->centre = mem_calloc(k * d, sizeof *out->centre)) &&
        (out->centre_t = mem_calloc(k * d, sizeof *out->centre_t)) &&
        (out->category = mem_calloc(n, sizeof *out->category)) && (out->cosine = mem_calloc(n, sizeof *out->cosine)) &&
        (out->second = mem_calloc(n, sizeof *out->second)) && (out->sum = mem_calloc(k * d, sizeof *out->sum)) &&
        (out->begin = mem_calloc(k + 1, sizeof *out->begin)) && (out->member = mem_calloc(n, sizeof *out->member)))
        return GW_OK;
    kmeans_free(out);
    return GW_ERR_NOMEM;
}

void kmeans_free(struct kmeans *km) {
    mem_free(km->member);
    mem_free(km->begin);
    mem_free(km->sum);
    mem_free(km->second);
    mem_free(km->cosine);
    mem_free(km->category);
    mem_free(km->centre_t);
    mem_free(km->centre);
    *km = (struct kmeans){0};
}

/* The best of several starts; the one that is best after a few rounds is mended by swaps. */
static int find_centres(struct kmeans *km, const struct kmeans_config *config, float *best) {
    double least = INFINITY;
    for (size_t start = 0; start < config->starts; start++) {
        TRY(kmeans_plus_plus(km, config->seed, start));
        TRY(kmeans_lloyd(km, config->rounds, 1e-3));
        if (!(km->inertia < least) && start > 0) continue;
        least = km->inertia;
        memcpy(best, km->centre, km->k * km->d * sizeof *best);
    }
    memcpy(km->centre, best, km->k * km->d * sizeof *best);
    TRY(kmeans_swap(km, config->seed));
    memcpy(best, km->centre, km->k * km->d * sizeof *best);
    return GW_OK;
}

/* `wanted` rows without replacement, in their order. */
static float *draw_sample(const float *x, size_t n, size_t d, size_t wanted, uint64_t seed) {
    float *sample = mem_calloc(wanted * d, sizeof *sample);
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "k-means sample", 0, 0, 0);
    for (size_t i = 0, taken = 0; sample && i < n; i++) {
        if (gw_rng_below(&rng, n - i) >= wanted - taken) continue;
        memcpy(sample + taken++ * d, x + i * d, d * sizeof *sample);
    }
    return sample;
}

/* Where to begin is found on a part of the points where they are many. */
static int find_start(const float *x, size_t n, size_t d, const struct kmeans_config *config, float *centre) {
    const size_t enough = 20 * config->k > 4096 ? 20 * config->k : 4096, used = n < enough ? n : enough;
    struct kmeans km;
    float *sample = n > used ? draw_sample(x, n, d, used, config->seed) : NULL;
    if (n > used && !sample) return GW_ERR_NOMEM;
    int rc = kmeans_make(sample ? sample : x, used, d, config->k, &km);
    if (rc == GW_OK) rc = find_centres(&km, config, centre);
    kmeans_free(&km);
    mem_free(sample);
    return rc;
}

int kmeans_fit(const float *x, size_t n, size_t d, const struct kmeans_config *config, const float *start,
               float *centre, double *inertia) {
    struct kmeans_config full = *config;
    struct kmeans km;
    if (full.starts == 0) full.starts = 4;
    if (full.rounds == 0) full.rounds = 100;
    if (full.k < 1 || n < full.k)
        FAIL(GW_ERR_CONFIG, "%zu categories of %zu windows: ask for fewer categories", full.k, n);
    if (!start) TRY(find_start(x, n, d, &full, centre));
    TRY(kmeans_make(x, n, d, full.k, &km));
    memcpy(km.centre, start ? start : centre, full.k * d * sizeof *centre);
    int rc = kmeans_lloyd(&km, full.rounds, 1e-5);
    if (rc == GW_OK) memcpy(centre, km.centre, full.k * d * sizeof *centre);
    if (rc == GW_OK && inertia) *inertia = km.inertia;
    kmeans_free(&km);
    return rc;
}
