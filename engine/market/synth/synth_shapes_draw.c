/* What the shapes look like: smooth curves through random knots, each the least like those before of many that were drawn. */
#include <math.h>

#include "engine/base/base.h"
#include "synth_shapes.h"

enum { CANDIDATES = 30, POINTS = 33 };

/* Catmull & Rom 1974; beyond the ends the curve goes on straight. */
double shape_at(const double knot[SHAPE_KNOTS], double share) {
    const double at = share * (SHAPE_KNOTS - 1);
    const int k = (int)fmin(fmax(floor(at), 0), SHAPE_KNOTS - 2);
    const double t = at - k, b = knot[k], c = knot[k + 1];
    const double a = k > 0 ? knot[k - 1] : 2 * b - c, d = k + 2 < SHAPE_KNOTS ? knot[k + 2] : 2 * c - b;
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/* A kind's prices along its length, about their mean: where a shape begins is not part of it. */
struct course {
    double at[POINTS];
};

static void draw_one(struct gw_rng *rng, struct shape *out, struct course *course) {
    double low = INFINITY, high = -INFINITY, mean = 0;
    for (size_t k = 0; k < SHAPE_KNOTS; k++) {
        out->price[k] = gw_rng_normal(rng);
        out->volume[k] = 0.7 * gw_rng_normal(rng);
    }
    for (size_t i = 0; i < POINTS; i++) {
        const double here = course->at[i] = shape_at(out->price, (double)i / (POINTS - 1));
        low = fmin(low, here);
        high = fmax(high, here);
        mean += here / POINTS;
    }
    const double first = out->price[0];
    for (size_t k = 0; k < SHAPE_KNOTS; k++) out->price[k] = (out->price[k] - first) / (high - low);
    for (size_t i = 0; i < POINTS; i++) course->at[i] = (course->at[i] - mean) / (high - low);
}

/* Squared, from the nearest of the n kinds before. */
static double distance(const struct course *course, size_t n) {
    double nearest = INFINITY;
    for (size_t k = 0; k < n; k++) {
        double square = 0;
        for (size_t i = 0; i < POINTS; i++)
            square += (course[n].at[i] - course[k].at[i]) * (course[n].at[i] - course[k].at[i]);
        nearest = fmin(nearest, square);
    }
    return nearest;
}

/* The candidate that is least like any kind before. */
static void draw_next(struct gw_rng *rng, size_t n, struct shape *shape, struct course *course) {
    double best = -INFINITY;
    struct shape kept = {0};
    struct course kept_course = {0};
    for (size_t c = 0; c < CANDIDATES; c++) {
        draw_one(rng, &shape[n], &course[n]);
        const double here = distance(course, n);
        if (!(here > best)) continue;
        best = here;
        kept = shape[n];
        kept_course = course[n];
    }
    shape[n] = kept;
    course[n] = kept_course;
}

int shapes_draw(uint64_t seed, size_t n, struct shape *out) {
    struct gw_rng rng;
    double net = 0;
    struct course *course = mem_calloc(n, sizeof *course);
    if (!course) return GW_ERR_NOMEM;
    gw_rng_key(&rng, seed, "synth shapes", 0, 0, 0);
    for (size_t k = 0; k < n; k++) {
        draw_next(&rng, k, out, course);
        net += out[k].price[SHAPE_KNOTS - 1];
    }
    mem_free(course);
    /* Tilted so that all kinds together lead nowhere, or a long market would run away. */
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < SHAPE_KNOTS; i++) out[k].price[i] -= net / (double)n * (double)i / (SHAPE_KNOTS - 1);
    return GW_OK;
}
