/* The bars that the chart's time axis consists of: those of bars.csv, or else the times of scores.csv. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "reports/data/bars_view.h"

/* Bytes of a bar and of one contestant's two probabilities of it, and how many all of them may come to: a page that is sent by
 * mail stays below 25 MB with its pictures. */
enum { BAR_BYTES = 4 + 4 * N_CHART_PRICES + 1, SCORE_BYTES = 8, CHART_BYTES = 12 << 20 };

static int take_bars(struct chart_axis *axis, const struct symbol_bars *bars) {
    axis->n = bars->n;
    axis->open_ns = mem_calloc(axis->n + 1, sizeof *axis->open_ns);
    if (!axis->open_ns) return GW_ERR_NOMEM;
    for (size_t i = 0; i < N_CHART_PRICES; i++)
        if (!(axis->price[i] = mem_calloc(axis->n + 1, sizeof(float)))) return GW_ERR_NOMEM;
    for (size_t t = 0; t < axis->n; t++) {
        const struct bar_view *bar = &bars->bar[t];
        axis->open_ns[t] = bar->open_ns;
        axis->price[CHART_OPEN][t] = (float)bar->open;
        axis->price[CHART_HIGH][t] = (float)bar->high;
        axis->price[CHART_LOW][t] = (float)bar->low;
        axis->price[CHART_CLOSE][t] = (float)bar->close;
    }
    return GW_OK;
}

/* ---- without bars: the times of one contestant's scores ------------------------------------------------------ */

static int add_time(struct chart_axis *axis, size_t *room, int64_t open_ns) {
    if (axis->n && open_ns <= axis->open_ns[axis->n - 1]) return GW_OK;
    if (axis->n == *room) {
        *room = *room ? 2 * *room : 1024;
        int64_t *grown = mem_realloc(axis->open_ns, *room, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        axis->open_ns = grown;
    }
    axis->open_ns[axis->n++] = open_ns;
    return GW_OK;
}

static int times_of_scores(struct chart *chart, const bool *missing) {
    static const char *const column[] = {"open_time", "symbol", "strategy", "seed", NULL};
    struct table_stream stream;
    size_t c[4], *room = arena_alloc(&chart->run->arena, chart->n_axes + 1, sizeof *room);
    char first[128] = "", now[128];
    bool there, more = true;
    if (!room) return GW_ERR_NOMEM;
    TRY(chart_open(chart, GW_RUN_SCORES, column, c, &stream, &there));
    if (!there) return GW_OK;
    int rc;
    while ((rc = table_stream_next(&stream, &more)) == GW_OK && more) {
        char *const *cell = stream.row.cell;
        int64_t open_ns;
        snprintf(now, sizeof now, "%s %s", cell[c[2]], cell[c[3]]);
        if (!first[0]) strcpy(first, now);
        if (strcmp(now, first) != 0 || time_parse(cell[c[0]], &open_ns) < 0) continue;
        const size_t s = name_index_find(&chart->symbol, cell[c[1]]);
        if (s != SIZE_MAX && missing[s])
            if ((rc = add_time(&chart->axis[s], &room[s], open_ns)) < 0) break;
    }
    table_stream_close(&stream);
    return rc;
}

/* ---- what fits ---------------------------------------------------------------------------------------------------- */

/* How much there is room for: all bars and so many seeds' scores, or fewer bars. Of a universe that would leave too little of
 * each symbol: then the symbols whose trades brought most and least stay, each with as many bars as tell something. */
enum { SYMBOL_BARS = 2000 };

struct symbol_rank {
    size_t axis;
    double pnl;
};
static int by_pnl(const void *a, const void *b) {
    const struct symbol_rank *x = a, *y = b;
    if (x->pnl != y->pnl) return x->pnl < y->pnl ? 1 : -1;
    return (x->axis > y->axis) - (x->axis < y->axis);
}

static int rank_symbols(struct chart *chart, struct symbol_rank *rank) {
    const struct table *t;
    size_t by, group, pnl;
    for (size_t s = 0; s < chart->n_axes; s++) rank[s].axis = s;
    TRY(run_view_table(chart->run, TABLE_BREAKDOWN, &t));
    if (!t) return GW_OK;
    TRY(table_column(t, "by", &by));
    TRY(table_column(t, "group", &group));
    TRY(table_column(t, "pnl", &pnl));
    for (size_t row = 0; row < t->n_rows; row++) {
        char *const *cell = t->cell + row * t->n_columns;
        const size_t s = strcmp(cell[by], "symbol") == 0 ? name_index_find(&chart->symbol, cell[group]) : SIZE_MAX;
        const double value = s == SIZE_MAX ? (double)NAN : table_number(t, row, pnl);
        if (isfinite(value)) rank[s].pnl += value;
    }
    qsort(rank, chart->n_axes, sizeof *rank, by_pnl);
    return GW_OK;
}

/* keep: [n_axes] in: bars that there are; out: of those the newest that stay. */
static int keep_symbols(struct chart *chart, size_t capacity, size_t *keep) {
    size_t n = 0, used = 0, kept = 0, *all = arena_alloc(&chart->run->arena, chart->n_axes + 1, sizeof *all);
    struct symbol_rank *rank = arena_alloc(&chart->run->arena, chart->n_axes + 1, sizeof *rank);
    if (!all || !rank) return GW_ERR_NOMEM;
    TRY(rank_symbols(chart, rank));
    for (size_t s = 0; s < chart->n_axes; s++) {
        all[s] = keep[s];
        keep[s] = 0;
        n += all[s] > 0;
    }
    for (size_t i = 0; i < chart->n_axes; i++) { /* the best, the worst, the second best … */
        const size_t s = rank[i % 2 ? chart->n_axes - 1 - i / 2 : i / 2].axis,
                     own = all[s] < SYMBOL_BARS ? all[s] : SYMBOL_BARS;
        if (own == 0) continue;
        if (used + own > capacity && kept) break;
        keep[s] = own;
        used += own;
        kept++;
    }
    chart_note(chart,
               "To keep this file small the chart has %zu of %zu symbols, those whose trades brought most and least, "
               "and the last %d bars of each where there are more.",
               kept, n, SYMBOL_BARS);
    return GW_OK;
}

static int fit(struct chart *chart, size_t *keep) {
    size_t n_models = 0, n_bars = 0;
    for (size_t i = 0; i < chart->run->n_strategies; i++) n_models += chart->run->strategy[i].has_model;
    for (size_t s = 0; s < chart->n_axes; s++) n_bars += keep[s];
    if (n_models == 0) n_models = 1;
    const double each = SCORE_BYTES * (double)n_models, room = (double)CHART_BYTES / fmax(1, (double)n_bars);
    chart->seeds_kept = room > BAR_BYTES + each ? (size_t)fmin((room - BAR_BYTES) / each, 1e6) : 1;
    if (room >= BAR_BYTES + each) return GW_OK;
    const size_t capacity = (size_t)(CHART_BYTES / (BAR_BYTES + each));
    if (chart->n_axes > 1 && capacity / chart->n_axes < SYMBOL_BARS) return keep_symbols(chart, capacity, keep);
    const double share = room / (BAR_BYTES + each);
    size_t kept = 0;
    for (size_t s = 0; s < chart->n_axes; s++) kept += keep[s] = (size_t)((double)keep[s] * share);
    chart_note(chart, "To keep this file small the chart has the last %zu of %zu bars.", kept, n_bars);
    return GW_OK;
}

/* The newest n bars stay. */
static void keep_last(struct chart_axis *axis, size_t n) {
    const size_t drop = axis->n > n ? axis->n - n : 0;
    if (drop == 0) return;
    memmove(axis->open_ns, axis->open_ns + drop, n * sizeof *axis->open_ns);
    for (size_t i = 0; i < N_CHART_PRICES; i++)
        if (axis->price[i]) memmove(axis->price[i], axis->price[i] + drop, n * sizeof(float));
    axis->n = n;
}

static int bars_of_run(struct chart *chart, const bool *missing, const size_t *keep) {
    struct bars_view bars;
    size_t n = 0, most = 0;
    const char **wanted = arena_alloc(&chart->run->arena, chart->n_axes + 1, sizeof *wanted);
    if (!wanted) return GW_ERR_NOMEM;
    for (size_t s = 0; s < chart->n_axes; s++) {
        if (missing[s] || keep[s] == 0) continue;
        wanted[n++] = chart->axis[s].name;
        if (keep[s] > most) most = keep[s];
    }
    int rc = bars_read(chart->run, wanted, n, most, &bars);
    for (size_t s = 0; rc == GW_OK && s < chart->n_axes; s++) {
        const struct symbol_bars *own = missing[s] ? NULL : bars_of(&bars, chart->axis[s].name);
        if (own) rc = take_bars(&chart->axis[s], own);
    }
    bars_free(&bars);
    return rc;
}

/* keep: [n_axes] bars of each, those that bars.csv lacks from its scores. */
static int find_bars(struct chart *chart, bool *missing, size_t *keep) {
    struct name_index found = {.arena = &chart->run->arena};
    size_t *n_rows, n_missing = 0;
    int rc = bars_count(chart->run, &found, &n_rows);
    for (size_t s = 0; rc == GW_OK && s < chart->n_axes; s++) {
        const size_t number = name_index_find(&found, chart->axis[s].name);
        missing[s] = number == SIZE_MAX;
        n_missing += missing[s];
        if (!missing[s]) keep[s] = n_rows[number];
    }
    mem_free(n_rows);
    name_index_free(&found);
    TRY(rc);
    if (n_missing == 0) return GW_OK;
    chart_note(chart, "Candles are missing: " GW_RUN_BARS " is not there or lacks %zu of %zu symbols.", n_missing,
               chart->n_axes);
    TRY(times_of_scores(chart, missing));
    for (size_t s = 0; s < chart->n_axes; s++)
        if (missing[s]) keep[s] = chart->axis[s].n;
    return GW_OK;
}

int chart_axes(struct chart *chart) {
    const json_value *list = json_get(chart->run->root, "symbols");
    const size_t n = json_kind(list) == JSON_ARRAY ? json_size(list) : 0;
    chart->axis = mem_calloc(n + 1, sizeof *chart->axis);
    size_t *keep = arena_alloc(&chart->run->arena, n + 1, sizeof *keep);
    bool *missing = arena_alloc(&chart->run->arena, n + 1, sizeof *missing);
    if (!chart->axis || !keep || !missing) return GW_ERR_NOMEM;
    for (size_t i = 0; i < n; i++) { /* a name that stands there twice is one */
        size_t number;
        TRY(name_index_add(&chart->symbol, json_string(json_at(list, i), ""), &number));
        chart->n_axes = chart->symbol.n;
        chart->axis[number].name = chart->symbol.name[number];
    }
    TRY(find_bars(chart, missing, keep));
    TRY(fit(chart, keep));
    TRY(bars_of_run(chart, missing, keep));
    for (size_t s = 0; s < chart->n_axes; s++) {
        keep_last(&chart->axis[s], keep[s]);
        if (!(chart->axis[s].label = mem_calloc(chart->axis[s].n + 1, 1))) return GW_ERR_NOMEM;
    }
    return GW_OK;
}
