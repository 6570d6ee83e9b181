/* Points and values. */
#include "space.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"

const char *const space_kind_name[N_SPACE_KINDS] = {"choice", "int", "float", "log", "log_int"};

static bool is_whole(const struct dimension *dim) { return dim->kind == SPACE_INT || dim->kind == SPACE_LOG_INT; }

size_t dimension_levels(const struct dimension *dim) {
    if (dim->kind == SPACE_CHOICE) return dim->n_choices;
    if (dim->low == dim->high) return 1;
    return dim->kind == SPACE_INT ? (size_t)(dim->high - dim->low) + 1 : 0;
}

size_t dimension_choice(const struct dimension *dim, double u) {
    size_t i = (size_t)(u * (double)dim->n_choices);
    return i < dim->n_choices ? i : dim->n_choices - 1;
}

size_t dimension_grid(const struct dimension *dim) {
    enum { ALL_BELOW = 10, OTHERWISE = 5 };
    const size_t levels = dimension_levels(dim);
    if (dim->kind == SPACE_CHOICE || levels == 1) return levels;
    size_t n = dim->points ? dim->points : levels && levels < ALL_BELOW ? levels : OTHERWISE;
    return levels && n > levels ? levels : n;
}

/* A number on the scale that is searched evenly. */
static double bend(const struct dimension *dim, double value) {
    return dim->kind == SPACE_LOG || dim->kind == SPACE_LOG_INT ? log(value) : value;
}
/* Whole numbers own the half step on either side. */
static void span_of(const struct dimension *dim, double *low, double *high) {
    const double half = is_whole(dim) ? 0.5 : 0;
    *low = bend(dim, dim->low - half);
    *high = bend(dim, dim->high + half);
}

static double number_at(const struct dimension *dim, double u) {
    double low, high;
    span_of(dim, &low, &high);
    double value = low + u * (high - low);
    if (dim->kind == SPACE_LOG || dim->kind == SPACE_LOG_INT) value = exp(value);
    if (is_whole(dim)) {
        value = nearbyint(value);
    } else { /* as it will be written */
        char text[VALUE_MAX];
        snprintf(text, sizeof text, "%.4g", value);
        value = strtod(text, NULL);
    }
    return fmin(fmax(value, dim->low), dim->high);
}

static double place_of_number(const struct dimension *dim, double value) {
    double low, high;
    span_of(dim, &low, &high);
    return high > low ? fmin(fmax((bend(dim, value) - low) / (high - low), 0), nextafter(1, 0)) : 0.5;
}

double dimension_level(const struct dimension *dim, size_t i, size_t n) {
    if (dim->kind == SPACE_CHOICE || n == dimension_levels(dim)) return ((double)i + 0.5) / (double)n;
    const double low = bend(dim, dim->low), high = bend(dim, dim->high);
    double value = n > 1 ? low + (high - low) * (double)i / (double)(n - 1) : (low + high) / 2;
    if (dim->kind == SPACE_LOG || dim->kind == SPACE_LOG_INT) value = exp(value);
    if (is_whole(dim)) value = nearbyint(value);
    return place_of_number(dim, fmin(fmax(value, dim->low), dim->high));
}

bool space_has(const struct space *space, const struct point *point, size_t d) {
    const size_t parent = space->dim[d].parent;
    if (parent == SIZE_MAX) return true;
    return !isnan(point->u[parent]) && space->dim[d].when[dimension_choice(&space->dim[parent], point->u[parent])];
}

void space_settle(const struct space *space, struct point *point) {
    for (size_t d = 0; d < space->n; d++) { /* parents stand before their children */
        const struct dimension *dim = &space->dim[d];
        double *u = &point->u[d];
        if (!space_has(space, point, d)) {
            *u = NAN;
            continue;
        }
        if (dim->kind == SPACE_CHOICE)
            *u = ((double)dimension_choice(dim, *u) + 0.5) / (double)dim->n_choices;
        else if (is_whole(dim) || dim->low == dim->high)
            *u = place_of_number(dim, number_at(dim, *u));
    }
    for (size_t d = space->n; d < SPACE_MAX; d++) point->u[d] = NAN;
}

void space_snap(const struct space *space, struct point *point) {
    for (size_t d = 0; d < space->n; d++)
        if (space->dim[d].kind != SPACE_CHOICE && !isnan(point->u[d]))
            point->u[d] = place_of_number(&space->dim[d], number_at(&space->dim[d], point->u[d]));
    space_settle(space, point);
}

const char *dimension_text(const struct dimension *dim, double u, char room[VALUE_MAX]) {
    if (dim->kind == SPACE_CHOICE) return dim->choice[dimension_choice(dim, u)];
    return number_format(number_at(dim, u), room);
}

void space_write(struct json_writer *w, const struct space *space, const char *key) {
    json_begin_array(w, key);
    for (size_t d = 0; d < space->n; d++) {
        const struct dimension *dim = &space->dim[d];
        json_begin_object(w, NULL);
        json_put_string(w, "key", dim->key);
        json_put_string(w, "kind", space_kind_name[dim->kind]);
        json_put_number(w, "low", dim->kind == SPACE_CHOICE ? NAN : dim->low);
        json_put_number(w, "high", dim->kind == SPACE_CHOICE ? NAN : dim->high);
        json_begin_array(w, "choices");
        for (size_t i = 0; i < dim->n_choices; i++) json_put_string(w, NULL, dim->choice[i]);
        json_end_array(w);
        json_put_string(w, "parent", dim->parent == SIZE_MAX ? NULL : space->dim[dim->parent].key);
        json_begin_array(w, "when");
        for (size_t i = 0; dim->parent != SIZE_MAX && i < space->dim[dim->parent].n_choices; i++)
            if (dim->when[i]) json_put_string(w, NULL, space->dim[dim->parent].choice[i]);
        json_end_array(w);
        json_end_object(w);
    }
    json_end_array(w);
}

void space_free(struct space *space) {
    for (size_t d = 0; d < space->n; d++)
        for (size_t i = 0; i < space->dim[d].n_choices; i++) mem_free(space->dim[d].choice[i]);
    space->n = 0;
}
