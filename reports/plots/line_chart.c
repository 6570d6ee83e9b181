#include "line_chart.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

enum { STRATEGY, SEED, GATE, KIND, X, Y, COUNT, N_COLUMNS };
static const char *const column_name[] = {"strategy", "seed", "gate", "curve", "x", "y", "count", NULL};

static const char *cell(const struct table *t, size_t row, size_t column) {
    return t->cell[row * t->n_columns + column];
}

static bool same_curve(const struct table *t, const size_t *c, size_t a, size_t b) {
    return strcmp(cell(t, a, c[STRATEGY]), cell(t, b, c[STRATEGY])) == 0 &&
           strcmp(cell(t, a, c[SEED]), cell(t, b, c[SEED])) == 0 &&
           strcmp(cell(t, a, c[GATE]), cell(t, b, c[GATE])) == 0 &&
           strcmp(cell(t, a, c[KIND]), cell(t, b, c[KIND])) == 0;
}

static int take_curve(struct run_view *run, const struct table *t, const size_t *c, size_t first, size_t end,
                      struct curve_set *set) {
    struct curve curve = {.strategy = run_strategy_find(run, cell(t, first, c[STRATEGY])),
                          .gate = gate_find(cell(t, first, c[GATE])),
                          .seed = cell(t, first, c[SEED])};
    if (curve.strategy == SIZE_MAX || curve.gate < 0) return GW_OK;
    double *values = arena_alloc(&run->arena, 3 * (end - first), sizeof *values);
    if (!values) return GW_ERR_NOMEM;
    curve.x = values;
    curve.y = values + (end - first);
    curve.count = values + 2 * (end - first);
    for (size_t row = first; row < end; row++) {
        double x = table_number(t, row, c[X]), y = table_number(t, row, c[Y]);
        if (!isfinite(x) || !isfinite(y)) continue;
        curve.x[curve.n] = x;
        curve.y[curve.n] = y;
        curve.count[curve.n++] = table_number(t, row, c[COUNT]);
    }
    if (curve.n) set->curve[set->n++] = curve;
    return GW_OK;
}

int curves_read(struct run_view *run, const char *kind, struct curve_set *set) {
    const struct table *t;
    size_t c[N_COLUMNS], n_groups = 0;
    *set = (struct curve_set){0};
    TRY(run_view_table(run, TABLE_CURVES, &t));
    if (!t) return GW_OK;
    TRY(table_columns(t, column_name, c));
    for (size_t row = 0; row < t->n_rows; row++) n_groups += row == 0 || !same_curve(t, c, row - 1, row);
    set->curve = arena_alloc(&run->arena, n_groups, sizeof *set->curve);
    if (!set->curve) return GW_ERR_NOMEM;
    for (size_t first = 0, end; first < t->n_rows; first = end) {
        for (end = first + 1; end < t->n_rows && same_curve(t, c, first, end); end++) {
        }
        if (strcmp(cell(t, first, c[KIND]), kind) == 0) TRY(take_curve(run, t, c, first, end, set));
    }
    return GW_OK;
}

double curve_at(const struct curve *curve, double x) {
    size_t lo = 0, hi = curve->n; /* points before lo are <= x, those from hi on are > x */
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (curve->x[mid] <= x)
            lo = mid + 1;
        else
            hi = mid;
    }
    return curve->y[lo ? lo - 1 : 0];
}

bool curves_have(const struct curve_set *set, size_t strategy) {
    for (size_t i = 0; i < set->n; i++)
        if (set->curve[i].strategy == strategy) return true;
    return false;
}
