/* Gradient descent on the divergence between the affinities of the points and those of the picture, with momentum, gains
 * and early exaggeration as van der Maaten's own program has them; the learning rate is n / 12 / 4 (Belkina et al. 2019). */
#include "tsne.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"

enum { CHUNK = 128, EXAGGERATED = 250, POWER_ROUNDS = 300 };
static const double EXAGGERATION = 12, MOMENTUM_FIRST = 0.5, MOMENTUM = 0.8, LEAST_GAIN = 0.01;

struct picture {
    struct affinity affinity;
    struct quad_tree tree;
    size_t n, n_chunks;
    float angle2;
    double learning_rate;
    double *xy;       /* [n × 2] */
    double *repulse;  /* [n × 2] */
    double *chunk;    /* [n_chunks] sums of q */
    double *step;     /* [n × 2] */
    double *gain;     /* [n × 2] */
    double *gradient; /* [n × 2] */
};

/* ---- the start: two principal components ----------------------------------------------------------- */

/* The direction of most variance that is orthogonal to those before. cov: [d × d]. */
static void leading_direction(const double *cov, size_t d, const double *before, size_t n_before, double *v,
                              double *w) {
    for (size_t j = 0; j < d; j++) v[j] = 1 + 0.1 * (double)j;
    for (int round = 0; round < POWER_ROUNDS; round++) {
        double square = 0;
        for (size_t b = 0; b < n_before; b++) {
            double dot = 0;
            for (size_t j = 0; j < d; j++) dot += v[j] * before[b * d + j];
            for (size_t j = 0; j < d; j++) v[j] -= dot * before[b * d + j];
        }
        for (size_t j = 0; j < d; j++) {
            w[j] = 0;
            for (size_t k = 0; k < d; k++) w[j] += cov[j * d + k] * v[k];
        }
        for (size_t j = 0; j < d; j++) square += w[j] * w[j];
        if (!(square > 1e-60)) return; /* no variance left: v is any direction */
        for (size_t j = 0; j < d; j++) v[j] = w[j] / sqrt(square);
    }
}

static void covariance(const float *x, size_t n, size_t d, double *mean, double *cov) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++) mean[j] += (double)x[i * d + j] / (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++) {
            const double here = (double)x[i * d + j] - mean[j];
            for (size_t k = 0; k <= j; k++) cov[j * d + k] += here * ((double)x[i * d + k] - mean[k]);
        }
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k < j; k++) cov[k * d + j] = cov[j * d + k];
}

/* Scaled so that the first has a standard deviation of 1e-4. */
static int principal_start(const float *x, size_t n, size_t d, double *xy) {
    double *work = mem_calloc(d * d + 4 * d, sizeof *work);
    if (!work) return GW_ERR_NOMEM;
    double *cov = work, *mean = work + d * d, *direction = mean + d, *spare = direction + 2 * d, square = 0;
    covariance(x, n, d, mean, cov);
    for (size_t a = 0; a < 2; a++) leading_direction(cov, d, direction, a, direction + a * d, spare);
    for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < 2; a++) {
            double dot = 0;
            for (size_t j = 0; j < d; j++) dot += ((double)x[i * d + j] - mean[j]) * direction[a * d + j];
            xy[2 * i + a] = dot;
            if (a == 0) square += dot * dot;
        }
    const double scale = square > 0 ? 1e-4 / sqrt(square / (double)n) : 0;
    for (size_t i = 0; i < 2 * n; i++) xy[i] *= scale;
    mem_free(work);
    return GW_OK;
}

/* ---- descent --------------------------------------------------------------------------------------- */

static void repulse_chunk(struct picture *picture, size_t chunk) {
    const size_t end = (chunk + 1) * CHUNK < picture->n ? (chunk + 1) * CHUNK : picture->n;
    double sum = 0;
    for (size_t at = chunk * CHUNK; at < end; at++)
        sum += quad_tree_repulsion(&picture->tree, at, picture->angle2, picture->repulse + 2 * picture->tree.order[at]);
    picture->chunk[chunk] = sum;
}

/* Returns Z = Σ q over all ordered pairs. */
static int repulsion(struct picture *picture, double *z) {
    const size_t n_chunks = picture->n_chunks;
    TRY(quad_tree_build(&picture->tree, picture->xy));
/* clang warns of the sign of its own arithmetic on a task loop, whatever the loop's type is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none) firstprivate(picture, n_chunks)
    for (size_t c = 0; c < n_chunks; c++) {
#pragma GCC diagnostic pop
        repulse_chunk(picture, c);
    }
    *z = 0;
    for (size_t c = 0; c < n_chunks; c++) *z += picture->chunk[c];
    return GW_OK;
}

static void attract_chunk(struct picture *picture, double exaggeration, double z, size_t chunk) {
    const struct affinity *affinity = &picture->affinity;
    const size_t end = (chunk + 1) * CHUNK < picture->n ? (chunk + 1) * CHUNK : picture->n;
    for (size_t i = chunk * CHUNK; i < end; i++) {
        const double x = picture->xy[2 * i], y = picture->xy[2 * i + 1];
        double pull[2] = {0, 0};
        for (size_t e = affinity->begin[i]; e < affinity->begin[i + 1]; e++) {
            const double dx = x - picture->xy[2 * affinity->column[e]],
                         dy = y - picture->xy[2 * affinity->column[e] + 1];
            const double pq = (double)affinity->p[e] / (1 + dx * dx + dy * dy);
            pull[0] += pq * dx;
            pull[1] += pq * dy;
        }
        for (size_t a = 0; a < 2; a++)
            picture->gradient[2 * i + a] = 4 * (exaggeration * pull[a] - picture->repulse[2 * i + a] / z);
    }
}

static void attract(struct picture *picture, double exaggeration, double z) {
    const size_t n_chunks = picture->n_chunks;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none) firstprivate(picture, exaggeration, z, n_chunks)
    for (size_t c = 0; c < n_chunks; c++) {
#pragma GCC diagnostic pop
        attract_chunk(picture, exaggeration, z, c);
    }
}

static void descend(struct picture *picture, double momentum) {
    double mean[2] = {0, 0};
    for (size_t i = 0; i < 2 * picture->n; i++) {
        const bool turned = picture->step[i] * picture->gradient[i] < 0;
        picture->gain[i] = turned ? picture->gain[i] + 0.2 : fmax(0.8 * picture->gain[i], LEAST_GAIN);
        picture->step[i] =
            momentum * picture->step[i] - picture->learning_rate * picture->gain[i] * picture->gradient[i];
        picture->xy[i] += picture->step[i];
        mean[i % 2] += picture->xy[i] / (double)picture->n;
    }
    for (size_t i = 0; i < 2 * picture->n; i++) picture->xy[i] -= mean[i % 2];
}

static int descend_all(struct picture *picture, size_t iterations, struct progress *progress) {
    for (size_t i = 0; i < iterations; i++) {
        const bool early = i < EXAGGERATED;
        double z;
        TRY(interrupt_check());
        TRY(repulsion(picture, &z));
        attract(picture, early ? EXAGGERATION : 1, z);
        if (i == EXAGGERATED) { /* the second phase begins from rest */
            memset(picture->step, 0, 2 * picture->n * sizeof *picture->step);
            for (size_t k = 0; k < 2 * picture->n; k++) picture->gain[k] = 1;
        }
        descend(picture, early ? MOMENTUM_FIRST : MOMENTUM);
        if (progress) progress_add(progress, 1);
    }
    return GW_OK;
}

/* Σ p log(p / q), q of the picture as it is now. */
static int divergence(struct picture *picture, double *kl) {
    double z;
    TRY(repulsion(picture, &z));
    *kl = 0;
    for (size_t i = 0; i < picture->n; i++)
        for (size_t e = picture->affinity.begin[i]; e < picture->affinity.begin[i + 1]; e++) {
            const double *a = picture->xy + 2 * i, *b = picture->xy + 2 * picture->affinity.column[e];
            const double q = 1 / (1 + (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]));
            const double p = (double)picture->affinity.p[e];
            if (p > 0) *kl += p * log(p / (q / z));
        }
    return GW_OK;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static void picture_free(struct picture *picture) {
    affinity_free(&picture->affinity);
    quad_tree_free(&picture->tree);
    mem_free(picture->repulse);
}

static int picture_make(size_t n, struct picture *out) {
    out->n = n;
    out->n_chunks = (n + CHUNK - 1) / CHUNK;
    TRY(quad_tree_init(&out->tree, n));
    if (!(out->repulse = mem_calloc(8 * n + out->n_chunks, sizeof *out->repulse))) return GW_ERR_NOMEM;
    out->step = out->repulse + 2 * n;
    out->gain = out->step + 2 * n;
    out->gradient = out->gain + 2 * n;
    out->chunk = out->gradient + 2 * n;
    for (size_t i = 0; i < 2 * n; i++) out->gain[i] = 1;
    return GW_OK;
}

int tsne(const float *x, size_t n, size_t d, const struct tsne_config *config, struct progress *progress, double *xy,
         double *kl) {
    if (n < 4 || n > TSNE_POINTS_MAX)
        FAIL(GW_ERR_CONFIG, "t-SNE of %zu points: it takes 4 to %d", n, (int)TSNE_POINTS_MAX);
    const double most = (double)(n - 1) / 3, asked = config->perplexity > 0 ? config->perplexity : 30;
    const double angle =
        config->angle > 0 ? fmin(config->angle, 0.7) : 0.5; /* beyond, a cell may hold the point itself */
    struct picture picture = {.xy = xy, .angle2 = (float)(angle * angle)};
    int rc;
    picture.learning_rate = fmax((double)n / EXAGGERATION / 4, 50);
    TRY_GOTO(picture_make(n, &picture), end);
    TRY_GOTO(affinity_make(x, n, d, fmin(asked, most), &picture.affinity), end);
    TRY_GOTO(principal_start(x, n, d, xy), end);
    TRY_GOTO(descend_all(&picture, config->iterations ? config->iterations : 1000, progress), end);
    if (kl) rc = divergence(&picture, kl);
end:
    picture_free(&picture);
    return rc;
}
