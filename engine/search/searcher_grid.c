/* Every point of a grid, the last key of the space changing first; what differs only in keys that are not there is tried once. */
#include <math.h>

#include "searcher.h"

/* Point `number` of the product; false beyond it. */
static bool grid_point(const struct space *space, size_t number, struct point *out) {
    for (size_t d = space->n; d-- > 0;) {
        const size_t n = dimension_grid(&space->dim[d]);
        out->u[d] = dimension_level(&space->dim[d], number % n, n);
        number /= n;
    }
    return number == 0;
}

/* Of the points that settle to the same, the first one. */
static bool is_first(const struct space *space, size_t number) {
    struct point point = {{0}};
    grid_point(space, number, &point);
    space_settle(space, &point);
    size_t weight = 1;
    for (size_t d = space->n; d-- > 0;) {
        const size_t n = dimension_grid(&space->dim[d]);
        if (isnan(point.u[d]) && number / weight % n != 0) return false;
        weight *= n;
    }
    return true;
}

static size_t expected(const struct search_view *view) {
    size_t n = 1;
    for (size_t d = 0; d < view->space->n; d++) {
        n *= dimension_grid(&view->space->dim[d]);
        if (n > 1000000) return 1000000;
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) kept += is_first(view->space, i);
    return view->settings->trials && view->settings->trials < kept ? view->settings->trials : kept;
}

static int decide(const struct search_view *view, struct evaluation *out, enum decision *decision) {
    size_t number = 0, seen = 0;
    out->trial = view->n_decided;
    *decision = DECISION_END;
    if (view->settings->trials && out->trial >= view->settings->trials) return GW_OK;
    for (;; number++) {
        if (!grid_point(view->space, number, &out->point)) return GW_OK;
        if (is_first(view->space, number) && seen++ == out->trial) break;
    }
    *decision = DECISION_TRY;
    return GW_OK;
}

const struct searcher searcher_grid = {
    .name = "grid",
    .help = "every point of a grid",
    .finite = true,
    .blind = true,
    .decide = decide,
    .expected = expected,
};
