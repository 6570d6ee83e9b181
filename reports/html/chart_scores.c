/* Probabilities, thresholds, labels and folds of the chart: scores.csv, row by row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"

enum { OPEN, SYMBOL, STRATEGY, SEED, FOLD, P_LONG, P_SHORT, Y_LONG, Y_SHORT, TAU_LONG, TAU_SHORT };
static const char *const column[] = {"open_time", "symbol",     "strategy",    "seed",     "fold",      "p_long",
                                     "p_short",   "label_long", "label_short", "tau_long", "tau_short", NULL};

static float number(const struct table *row, size_t c) { return (float)table_number(row, 0, c); }

static int begin_group(struct chart *chart, size_t group) {
    struct chart_group *g = &chart->group[group];
    const size_t n = chart->axis[g->symbol].n;
    if (g->p[0] || n == 0 || g->rank >= chart->seeds_kept) return GW_OK;
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        if (!(g->p[gate] = mem_calloc(n, sizeof(float)))) return GW_ERR_NOMEM;
        for (size_t t = 0; t < n; t++) g->p[gate][t] = NAN;
    }
    return GW_OK;
}

static bool same(float a, float b) { return !(a < b) && !(a > b) && isnan(a) == isnan(b); }

static int add_threshold(struct chart_group *g, size_t bar, float tau_long, float tau_short) {
    const size_t n = g->n_tau;
    if (n && same(g->tau[0][n - 1], tau_long) && same(g->tau[1][n - 1], tau_short)) return GW_OK;
    if (n == g->tau_room) {
        const size_t room = n ? 2 * n : 16;
        uint32_t *at = mem_realloc(g->tau_at, room, sizeof *at);
        if (at) g->tau_at = at;
        bool grown = at != NULL;
        for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
            float *tau = mem_realloc(g->tau[gate], room, sizeof *tau);
            if (tau) g->tau[gate] = tau;
            grown &= tau != NULL;
        }
        if (!grown) return GW_ERR_NOMEM;
        g->tau_room = room;
    }
    g->tau_at[n] = (uint32_t)bar;
    g->tau[0][n] = tau_long;
    g->tau[1][n] = tau_short;
    g->n_tau++;
    return GW_OK;
}

/* Folds and labels are the same for all contestants: the first rows that name them will do. */
static int add_fold(struct chart_axis *axis, size_t bar, double number_of_fold) {
    if (!(number_of_fold >= 0 && number_of_fold < 1e9)) return GW_OK;
    const uint32_t fold = (uint32_t)number_of_fold;
    for (size_t i = axis->n_folds; i-- > 0;)
        if (axis->fold[i] == fold) return GW_OK;
    uint32_t *at = mem_realloc(axis->fold_at, axis->n_folds + 1, sizeof *at);
    if (at) axis->fold_at = at;
    uint32_t *folds = mem_realloc(axis->fold, axis->n_folds + 1, sizeof *folds);
    if (folds) axis->fold = folds;
    if (!at || !folds) return GW_ERR_NOMEM;
    axis->fold_at[axis->n_folds] = (uint32_t)bar;
    axis->fold[axis->n_folds++] = fold;
    return GW_OK;
}

static unsigned char label_bits(float y_long, float y_short) {
    return (unsigned char)((isnan(y_long) ? 0 : LABEL_LONG_KNOWN | (y_long > 0.5F ? LABEL_LONG : 0)) |
                           (isnan(y_short) ? 0 : LABEL_SHORT_KNOWN | (y_short > 0.5F ? LABEL_SHORT : 0)));
}

static int take_row(struct chart *chart, const struct table *row, const size_t *c) {
    int64_t open_ns;
    size_t group;
    const size_t symbol = name_index_find(&chart->symbol, row->cell[c[SYMBOL]]);
    if (symbol == SIZE_MAX || chart->axis[symbol].n == 0) return GW_OK; /* most of a universe */
    TRY(chart_group_of(chart, row->cell[c[STRATEGY]], row->cell[c[SEED]], row->cell[c[SYMBOL]], &group));
    if (group == SIZE_MAX || time_parse(row->cell[c[OPEN]], &open_ns) < 0) return GW_OK;
    struct chart_group *g = &chart->group[group];
    struct chart_axis *axis = &chart->axis[g->symbol];
    TRY(begin_group(chart, group));
    size_t bar = g->last + 1; /* 0 at first: `last` is SIZE_MAX */
    if (bar >= axis->n || axis->open_ns[bar] != open_ns) bar = chart_bar_at(axis, open_ns);
    if (bar == SIZE_MAX || axis->open_ns[bar] != open_ns) return GW_OK; /* one of the bars that did not fit */
    g->last = bar;
    axis->label[bar] |= label_bits(number(row, c[Y_LONG]), number(row, c[Y_SHORT]));
    TRY(add_fold(axis, bar, table_number(row, 0, c[FOLD])));
    if (!g->p[0]) return GW_OK;
    g->p[0][bar] = number(row, c[P_LONG]);
    g->p[1][bar] = number(row, c[P_SHORT]);
    return add_threshold(g, bar, number(row, c[TAU_LONG]), number(row, c[TAU_SHORT]));
}

int chart_scores(struct chart *chart) {
    struct table_stream stream;
    size_t c[COUNT_OF(column)], left_out = 0;
    bool there, more = true;
    TRY(chart_open(chart, GW_RUN_SCORES, column, c, &stream, &there));
    if (!there) return GW_OK;
    int rc;
    while ((rc = table_stream_next(&stream, &more)) == GW_OK && more)
        if ((rc = take_row(chart, &stream.row, c)) < 0) break;
    table_stream_close(&stream);
    for (size_t i = 0; i < chart->n_groups; i++)
        left_out += !chart->group[i].p[0] && chart->axis[chart->group[i].symbol].n;
    if (left_out)
        chart_note(chart,
                   "To keep this file small the probabilities of further seeds are left out (%zu of %zu are here); "
                   "scores.csv has them.",
                   chart->n_groups - left_out, chart->n_groups);
    return rc;
}
