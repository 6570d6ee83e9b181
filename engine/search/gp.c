/* Every sum in one fixed order: matrices of a few hundred rows need no library, and the same trials are to give the same bytes. */
#include "gp.h"

#include <math.h>
#include <string.h>

static const double LOG_2_PI = 1.8378770664093453;

int gp_make(size_t room, size_t n_keys, const bool *choice, struct gp *out) {
    *out = (struct gp){.room = room, .n_keys = n_keys};
    memcpy(out->choice, choice, n_keys * sizeof *choice);
    out->x = mem_calloc(room * n_keys, sizeof *out->x);
    out->y = mem_calloc(2 * room, sizeof *out->y);
    out->lower = mem_calloc(room * room, sizeof *out->lower);
    if (!out->x || !out->y || !out->lower) {
        gp_free(out);
        return GW_ERR_NOMEM;
    }
    out->alpha = out->y + room;
    return GW_OK;
}

void gp_free(struct gp *gp) {
    mem_free(gp->x);
    mem_free(gp->y);
    mem_free(gp->lower);
    *gp = (struct gp){0};
}

void gp_add(struct gp *gp, const double *x, double y) {
    memcpy(gp->x + gp->n * gp->n_keys, x, gp->n_keys * sizeof *x);
    gp->y[gp->n++] = y;
}

static double difference(const struct gp *gp, const double *a, const double *b, size_t key) {
    return gp->choice[key] ? a[key] != b[key] : a[key] - b[key];
}

/* a of the covariance. */
static double distance(const struct gp *gp, const double *a, const double *b) {
    double sum = 0;
    for (size_t d = 0; d < gp->n_keys; d++) {
        const double z = difference(gp, a, b, d) / gp->at.length[d];
        sum += z * z;
    }
    return sqrt(5 * sum);
}

static double covariance(const struct gp *gp, const double *a, const double *b) {
    const double r = distance(gp, a, b);
    return gp->at.signal * (1 + r + r * r / 3) * exp(-r);
}

/* In place of the lower half of a; false: not positive definite. */
static bool cholesky(double *a, size_t n) {
    for (size_t j = 0; j < n; j++) {
        double sum = a[j * n + j];
        for (size_t k = 0; k < j; k++) sum -= a[j * n + k] * a[j * n + k];
        if (!(sum > 0)) return false;
        const double pivot = a[j * n + j] = sqrt(sum);
        for (size_t i = j + 1; i < n; i++) {
            double dot = a[i * n + j];
            for (size_t k = 0; k < j; k++) dot -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = dot / pivot;
        }
    }
    return true;
}

/* b = L^-1 b, or L'^-1 b. */
static void solve_lower(const double *lower, size_t n, double *b) {
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) b[i] -= lower[i * n + k] * b[k];
        b[i] /= lower[i * n + i];
    }
}
static void solve_upper(const double *lower, size_t n, double *b) {
    for (size_t i = n; i-- > 0;) {
        b[i] /= lower[i * n + i];
        for (size_t k = 0; k < i; k++) b[k] -= lower[i * n + k] * b[i];
    }
}

bool gp_settle(struct gp *gp, const struct gp_scales *scales) {
    const size_t n = gp->n;
    gp->at = *scales;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            gp->lower[i * n + j] =
                covariance(gp, gp->x + i * gp->n_keys, gp->x + j * gp->n_keys) + (i == j ? gp->at.noise : 0);
    if (!cholesky(gp->lower, n)) return false;
    memcpy(gp->alpha, gp->y, n * sizeof *gp->alpha);
    solve_lower(gp->lower, n, gp->alpha);
    solve_upper(gp->lower, n, gp->alpha);
    return true;
}

void gp_predict(const struct gp *gp, const double *x, double *scratch, double *mean, double *variance) {
    *mean = 0;
    *variance = gp->at.signal;
    for (size_t i = 0; i < gp->n; i++) {
        scratch[i] = covariance(gp, x, gp->x + i * gp->n_keys);
        *mean += scratch[i] * gp->alpha[i];
    }
    solve_lower(gp->lower, gp->n, scratch);
    for (size_t i = 0; i < gp->n; i++) *variance -= scratch[i] * scratch[i];
    if (*variance < 0) *variance = 0; /* of a point that is one of many at the same place */
}

/* The inverse of L L' in full. */
static void invert(const double *lower, size_t n, double *out) {
    for (size_t j = 0; j < n; j++) {
        double *row = out + j * n; /* it is symmetric: a row is a column */
        memset(row, 0, n * sizeof *row);
        row[j] = 1;
        solve_lower(lower, n, row);
        solve_upper(lower, n, row);
    }
}

double gp_log_likelihood(const struct gp *gp, double *gradient, double *scratch) {
    const size_t n = gp->n, D = gp->n_keys;
    double value = -0.5 * (double)n * LOG_2_PI;
    for (size_t i = 0; i < n; i++) value -= 0.5 * gp->y[i] * gp->alpha[i] + log(gp->lower[i * n + i]);
    if (!gradient) return value;
    memset(gradient, 0, (D + 2) * sizeof *gradient);
    invert(gp->lower, n, scratch);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            const double *a = gp->x + i * D, *b = gp->x + j * D;
            const double weight = (i == j ? 0.5 : 1) * (gp->alpha[i] * gp->alpha[j] - scratch[i * n + j]);
            const double r = distance(gp, a, b), e = gp->at.signal * exp(-r);
            const double by_square = weight * e * (1 + r) * 5 / 3;
            for (size_t d = 0; d < D; d++) {
                const double z = difference(gp, a, b, d) / gp->at.length[d];
                gradient[d] += by_square * z * z;
            }
            gradient[D] += weight * e * (1 + r + r * r / 3);
            if (i == j) gradient[D + 1] += weight * gp->at.noise;
        }
    return value;
}
