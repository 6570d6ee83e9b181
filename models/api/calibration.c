/* Platt's sigmoid and isotonic regression. */
#include "calibration.h"
#include "engine/base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct gw_choice kinds[] = {
    [GW_CALIBRATION_NONE] = {.name = "none", .help = "the model's own probabilities"},
    [GW_CALIBRATION_PLATT] = {.name = "platt", .help = "sigmoid of the logit, fitted on validation (Platt 1999)"},
    [GW_CALIBRATION_ISOTONIC] = {.name = "isotonic",
                                 .help = "monotone steps, fitted on validation (Zadrozny & Elkan 2002)"},
};

const struct gw_choices calibration_choices = {.row = kinds, .n = COUNT_OF(kinds)};

static double sigmoid(double z) {
    double e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/* ---- Platt ------------------------------------------------------------------------------------------------ */

struct point {
    double x, target; /* logit (Platt) or probability (isotonic); label or pooled value */
    double weight;
};

static double platt_loss(const struct point *point, size_t n, double a, double b) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double z = a * point[i].x + b;
        sum += fmax(z, 0) + log1p(exp(-fabs(z))) - point[i].target * z;
    }
    return sum;
}

/* Newton with step halving on the convex loss; 1e-12 keeps the Hessian invertible when all logits agree. */
static void platt(const struct point *point, size_t n, struct calibration *out) {
    double a = 1, b = 0, loss = platt_loss(point, n, a, b);
    for (int round = 0; round < 100; round++) {
        double ga = 0, gb = 0, haa = 1e-12, hab = 0, hbb = 1e-12;
        for (size_t i = 0; i < n; i++) {
            double p = sigmoid(a * point[i].x + b), d = p - point[i].target, w = p * (1 - p);
            ga += d * point[i].x;
            gb += d;
            haa += w * point[i].x * point[i].x;
            hab += w * point[i].x;
            hbb += w;
        }
        double det = haa * hbb - hab * hab, da = -(hbb * ga - hab * gb) / det, db = -(haa * gb - hab * ga) / det;
        double step = 1, next = platt_loss(point, n, a + da, b + db);
        for (; !(next <= loss) && step > 1e-10; next = platt_loss(point, n, a + step * da, b + step * db)) step /= 2;
        if (!(next <= loss)) break;
        a += step * da;
        b += step * db;
        double gained = loss - next;
        loss = next;
        if (gained <= 1e-14 * fabs(loss) && fabs(step * da) + fabs(step * db) < 1e-12) break;
    }
    out->kind = GW_CALIBRATION_PLATT;
    out->slope = a;
    out->intercept = b;
}

/* Targets pulled in from 0 and 1 by Platt's prior, so that separable data keep a finite slope. */
static void platt_targets(struct point *point, size_t n, size_t n_positive) {
    double high = ((double)n_positive + 1) / ((double)n_positive + 2);
    double low = 1 / ((double)(n - n_positive) + 2);
    for (size_t i = 0; i < n; i++) point[i].target = point[i].target > 0 ? high : low;
}

/* ---- isotonic --------------------------------------------------------------------------------------------- */

static int by_x(const void *a, const void *b) {
    double x = ((const struct point *)a)->x, y = ((const struct point *)b)->x;
    return (x > y) - (x < y);
}

/* Equal x become one weighted point. */
static size_t merge_ties(struct point *point, size_t n) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (m > 0 && point[m - 1].x == point[i].x) {
            point[m - 1].target += point[i].target;
            point[m - 1].weight += 1;
        } else {
            point[m++] = (struct point){point[i].x, point[i].target, 1};
        }
    }
    for (size_t i = 0; i < m; i++) point[i].target /= point[i].weight;
    return m;
}

/* Pool adjacent violators, on a stack of pools; knots are the first and last x of every pool. */
static int isotonic(struct point *point, size_t n, struct calibration *out) {
    qsort(point, n, sizeof *point, by_x);
    size_t m = merge_ties(point, n), top = 0;
    struct pool {
        double mean, weight;
        size_t last;
    } *pool = mem_calloc(m, sizeof *pool);
    out->x = mem_calloc(2 * m, sizeof *out->x);
    out->y = mem_calloc(2 * m, sizeof *out->y);
    if (!pool || !out->x || !out->y) {
        mem_free(pool);
        calibration_free(out);
        return GW_ERR_NOMEM;
    }
    for (size_t i = 0; i < m; i++) {
        pool[top++] = (struct pool){point[i].target, point[i].weight, i};
        for (; top > 1 && pool[top - 2].mean >= pool[top - 1].mean; top--) {
            struct pool *a = &pool[top - 2], *b = &pool[top - 1];
            a->mean = (a->mean * a->weight + b->mean * b->weight) / (a->weight + b->weight);
            a->weight += b->weight;
            a->last = b->last;
        }
    }
    for (size_t p = 0, first = 0; p < top; first = pool[p++].last + 1) {
        out->x[out->n] = point[first].x;
        out->y[out->n++] = pool[p].mean;
        if (pool[p].last == first) continue;
        out->x[out->n] = point[pool[p].last].x;
        out->y[out->n++] = pool[p].mean;
    }
    out->kind = GW_CALIBRATION_ISOTONIC;
    mem_free(pool);
    return GW_OK;
}

static double interpolate(const struct calibration *calibration, double p) {
    const double *x = calibration->x, *y = calibration->y;
    size_t low = 0, high = calibration->n - 1;
    if (p <= x[low]) return y[low];
    if (p >= x[high]) return y[high];
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (x[middle] <= p)
            low = middle;
        else
            high = middle;
    }
    return y[low] + (y[high] - y[low]) * ((p - x[low]) / (x[high] - x[low]));
}

/* ---- interface -------------------------------------------------------------------------------------------- */

int calibration_fit(enum gw_calibration_kind kind, const double *logit, const int8_t *label, size_t n,
                    struct calibration *out) {
    memset(out, 0, sizeof *out);
    if (kind == GW_CALIBRATION_NONE) return GW_OK;
    bool use_isotonic = kind == GW_CALIBRATION_ISOTONIC;
    struct point *point = mem_calloc(n, sizeof *point);
    if (!point) return GW_ERR_NOMEM;
    size_t m = 0, n_positive = 0;
    int rc = GW_OK;
    for (size_t i = 0; i < n; i++) {
        if (label[i] == GW_LABEL_MISSING) continue;
        point[m++] = (struct point){use_isotonic ? sigmoid(logit[i]) : logit[i], label[i], 1};
        n_positive += label[i] == 1;
    }
    if (n_positive > 0 && n_positive < m) {
        if (use_isotonic) {
            rc = isotonic(point, m, out);
        } else {
            platt_targets(point, m, n_positive);
            platt(point, m, out);
        }
    }
    mem_free(point);
    return rc;
}

double calibration_apply(const struct calibration *calibration, double logit) {
    switch (calibration->kind) {
    case GW_CALIBRATION_PLATT:
        return sigmoid(calibration->slope * logit + calibration->intercept);
    case GW_CALIBRATION_ISOTONIC:
        return interpolate(calibration, sigmoid(logit));
    case GW_CALIBRATION_NONE:
        break;
    }
    return sigmoid(logit);
}

void calibration_free(struct calibration *calibration) {
    mem_free(calibration->x);
    mem_free(calibration->y);
    memset(calibration, 0, sizeof *calibration);
}
