/* Where k-means begins, which decides where it ends.
 *
 * k-means++ with several candidates a centre (Arthur & Vassilvitskii 2007): one is drawn with a probability that is
 * proportional to the squared distance to the centres so far; the one that leaves the least of it is taken.
 * Swaps (after Fränti & Kivijärvi 2000): Lloyd's rounds never carry a centre past another, so two centres in one
 * cluster and one in two stay so. A swap takes away the centre whose points lose least by going to their second
 * nearest, and puts one where k-means++ would put the next. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/rng.h"
#include "kmeans.h"
#include "models/kernels/kernels.h"

enum { CHUNK = 256, SIDE_BY_SIDE = 4, CANDIDATES_MAX = 16, SWAP_FAILURES = 12, SWAP_CHOICES = 4 };

/* Candidates for one more centre. */
struct spread {
    const struct kmeans *km;
    const struct kernels_f32 *set;
    size_t n_chunks, n_candidates;
    float *candidate; /* [n_candidates × d] */
    float *turned;    /* [n_chunks × d × CHUNK] the points, a chunk's coordinates side by side */
    float *distance;  /* [n] squared, to the nearest centre so far */
    float *reached;   /* [n_chunks × n_candidates × CHUNK] the same with each candidate */
    double *left;     /* [n_chunks × n_candidates] sums of `reached` */
    double *total;    /* [n_chunks] sums of `distance` */
};

static void spread_free(struct spread *spread) {
    mem_free(spread->total);
    mem_free(spread->left);
    mem_free(spread->reached);
    mem_free(spread->distance);
    mem_free(spread->turned);
    mem_free(spread->candidate);
}

static size_t chunk_size(const struct spread *spread, size_t chunk) {
    const size_t left = spread->km->n - chunk * CHUNK;
    return left < CHUNK ? left : CHUNK;
}

/* So that a product with a few candidates is as wide as a chunk, not as narrow as they are few. */
static void turn_points(struct spread *spread) {
    const size_t d = spread->km->d;
    for (size_t c = 0; c < spread->n_chunks; c++)
        for (size_t i = 0; i < chunk_size(spread, c); i++)
            for (size_t j = 0; j < d; j++)
                spread->turned[(c * d + j) * CHUNK + i] = spread->km->x[(c * CHUNK + i) * d + j];
}

static int spread_make(const struct kmeans *km, struct spread *out) {
    const size_t wanted = 2 + (size_t)log((double)km->k), m = wanted < CANDIDATES_MAX ? wanted : CANDIDATES_MAX;
    const size_t n_chunks = (km->n + CHUNK - 1) / CHUNK;
    *out = (struct spread){.km = km, .set = kernels_active_f32(), .n_chunks = n_chunks, .n_candidates = m};
    if ((out->candidate = mem_calloc(m * km->d, sizeof *out->candidate)) &&
        (out->turned = mem_calloc(n_chunks * km->d * CHUNK, sizeof *out->turned)) &&
        (out->distance = mem_calloc(km->n, sizeof *out->distance)) &&
        (out->reached = mem_calloc(n_chunks * m * CHUNK, sizeof *out->reached)) &&
        (out->left = mem_calloc(n_chunks * m, sizeof *out->left)) &&
        (out->total = mem_calloc(n_chunks, sizeof *out->total))) {
        turn_points(out);
        return GW_OK;
    }
    spread_free(out);
    return GW_ERR_NOMEM;
}

static void sum_distances(struct spread *spread) {
    for (size_t c = 0; c < spread->n_chunks; c++) {
        spread->total[c] = 0;
        for (size_t i = 0; i < chunk_size(spread, c); i++) spread->total[c] += (double)spread->distance[c * CHUNK + i];
    }
}

/* Sums of SIDE_BY_SIDE rows of CHUNK, each in the order of the points: their additions do not wait for each other's. */
static void sum_rows(size_t n, const float *row, double *sum) {
    double s[SIDE_BY_SIDE] = {0};
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < SIDE_BY_SIDE; c++) s[c] += (double)row[c * CHUNK + i];
    memcpy(sum, s, sizeof s);
}

static void reach_chunk(struct spread *spread, size_t m, size_t chunk) {
    const size_t n = chunk_size(spread, chunk), d = spread->km->d, all = spread->n_candidates;
    const float *restrict distance = spread->distance + chunk * CHUNK;
    double *left = spread->left + chunk * all;
    spread->set->large_nn(m, n, d, spread->candidate, d, spread->turned + chunk * d * CHUNK, CHUNK,
                          spread->reached + chunk * all * CHUNK, CHUNK, false);
    for (size_t c = 0; c < m; c++) {
        float *restrict reached = spread->reached + (chunk * all + c) * CHUNK;
        for (size_t i = 0; i < n; i++) {
            const float here = 2 - 2 * reached[i];
            reached[i] = here < 0 ? 0 : here < distance[i] ? here : distance[i];
        }
    }
    size_t c = 0;
    for (; c + SIDE_BY_SIDE <= m; c += SIDE_BY_SIDE) sum_rows(n, spread->reached + (chunk * all + c) * CHUNK, left + c);
    for (; c < m; c++) {
        left[c] = 0;
        for (size_t i = 0; i < n; i++) left[c] += (double)spread->reached[(chunk * all + c) * CHUNK + i];
    }
}

static void reach_all(struct spread *spread, size_t m) {
    const size_t n_chunks = spread->n_chunks;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(16) default(none) firstprivate(spread, m, n_chunks)
    for (size_t c = 0; c < n_chunks; c++) {
#pragma GCC diagnostic pop
        reach_chunk(spread, m, c);
    }
}

/* The point at which the running sum of distances passes `at`. */
static size_t find_point(const struct spread *spread, double at) {
    size_t chunk = 0;
    while (chunk + 1 < spread->n_chunks && at >= spread->total[chunk]) at -= spread->total[chunk++];
    size_t i = chunk * CHUNK;
    const size_t last = i + chunk_size(spread, chunk) - 1;
    while (i < last && at >= (double)spread->distance[i]) at -= (double)spread->distance[i++];
    return i;
}

/* The candidate that leaves the least; its distances become the present ones. */
static size_t choose(struct spread *spread, size_t m) {
    const size_t all = spread->n_candidates;
    double least = INFINITY;
    size_t best = 0;
    for (size_t c = 0; c < m; c++) {
        double left = 0;
        for (size_t k = 0; k < spread->n_chunks; k++) left += spread->left[k * all + c];
        if (left < least) least = left, best = c;
    }
    for (size_t k = 0; k < spread->n_chunks; k++)
        memcpy(spread->distance + k * CHUNK, spread->reached + (k * all + best) * CHUNK,
               chunk_size(spread, k) * sizeof *spread->distance);
    for (size_t k = 0; k < spread->n_chunks; k++) spread->total[k] = spread->left[k * all + best];
    return best;
}

/* The next centre, given `distance` and its sums. */
static void next_centre(struct spread *spread, struct gw_rng *rng, size_t m, float *centre) {
    const struct kmeans *km = spread->km;
    double total = 0;
    for (size_t c = 0; c < spread->n_chunks; c++) total += spread->total[c];
    for (size_t j = 0; j < m; j++) {
        const size_t point = find_point(spread, gw_rng_uniform(rng) * total);
        memcpy(spread->candidate + j * km->d, km->x + point * km->d, km->d * sizeof *km->x);
    }
    reach_all(spread, m);
    memcpy(centre, spread->candidate + choose(spread, m) * km->d, km->d * sizeof *centre);
}

int kmeans_plus_plus(struct kmeans *km, uint64_t seed, size_t start) {
    struct spread spread;
    struct gw_rng rng;
    int rc = GW_OK;
    gw_rng_key(&rng, seed, "k-means start", start, 0, 0);
    TRY(spread_make(km, &spread));
    for (size_t i = 0; i < km->n; i++) spread.distance[i] = 4; /* no two points are farther apart */
    sum_distances(&spread);
    for (size_t c = 0; c < km->k && (rc = interrupt_check()) == GW_OK; c++)
        next_centre(&spread, &rng, c == 0 ? 1 : spread.n_candidates, km->centre + c * km->d);
    spread_free(&spread);
    return rc;
}

/* ---- swaps ----------------------------------------------------------------------------------------- */

/* One of the few centres that are missed least, at random: the least of all may be tried again and again in vain. */
static size_t least_missed(struct kmeans *km, struct gw_rng *rng, double *loss) {
    size_t best[SWAP_CHOICES], n = 0;
    memset(loss, 0, km->k * sizeof *loss);
    for (size_t i = 0; i < km->n; i++) loss[km->category[i]] += (double)(km->cosine[i] - km->second[i]);
    for (size_t c = 0; c < km->k; c++) {
        size_t at = n;
        while (at > 0 && loss[c] < loss[best[at - 1]]) at--;
        if (at == SWAP_CHOICES) continue;
        if (n < SWAP_CHOICES) n++;
        memmove(best + at + 1, best + at, (n - 1 - at) * sizeof *best);
        best[at] = c;
    }
    return best[gw_rng_below(rng, n)];
}

static void swap_one(struct kmeans *km, struct spread *spread, struct gw_rng *rng, double *loss) {
    kmeans_assign_all(km, true);
    const size_t gone = least_missed(km, rng, loss);
    for (size_t i = 0; i < km->n; i++) {
        const float cosine = km->category[i] == gone ? km->second[i] : km->cosine[i];
        spread->distance[i] = cosine < 1 ? 2 - 2 * cosine : 0;
    }
    sum_distances(spread);
    next_centre(spread, rng, spread->n_candidates, km->centre + gone * km->d);
}

static int swap_all(struct kmeans *km, struct spread *spread, struct gw_rng *rng, float *kept, double *loss) {
    const size_t bytes = km->k * km->d * sizeof *kept;
    TRY(kmeans_lloyd(km, 100, 1e-4));
    double least = km->inertia;
    for (size_t failures = 0; failures < SWAP_FAILURES;) {
        memcpy(kept, km->centre, bytes);
        swap_one(km, spread, rng, loss);
        TRY(kmeans_lloyd(km, 20, 1e-3));
        if (km->inertia < least * (1 - 1e-6)) {
            least = km->inertia;
            failures = 0;
        } else {
            memcpy(km->centre, kept, bytes);
            failures++;
        }
    }
    return GW_OK;
}

int kmeans_swap(struct kmeans *km, uint64_t seed) {
    struct spread spread;
    struct gw_rng rng;
    if (km->k < 2) return GW_OK;
    gw_rng_key(&rng, seed, "k-means swaps", 0, 0, 0);
    TRY(spread_make(km, &spread));
    float *kept = mem_calloc(km->k * km->d, sizeof *kept);
    double *loss = mem_calloc(km->k, sizeof *loss);
    int rc = kept && loss ? swap_all(km, &spread, &rng, kept, loss) : GW_ERR_NOMEM;
    mem_free(loss);
    mem_free(kept);
    spread_free(&spread);
    return rc;
}
