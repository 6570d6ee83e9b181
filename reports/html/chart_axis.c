/* The bars that the chart's time axis consists of: those of bars.csv, or else the times of scores.csv. */
#include <math.h>
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

/* Bars of the symbols that bars.csv has; *n_missing counts the others. */
static int bars_of_run(struct chart *chart, size_t *n_missing) {
    struct bars_view bars;
    int rc = bars_read(chart->run, &bars);
    for (size_t s = 0; rc == GW_OK && s < chart->n_axes; s++) {
        const struct symbol_bars *own = bars_of(&bars, chart->axis[s].name);
        if (own)
            rc = take_bars(&chart->axis[s], own);
        else
            ++*n_missing;
    }
    bars_free(&bars);
    return rc;
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

static int times_of_scores(struct chart *chart) {
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
        for (size_t s = 0; rc == GW_OK && s < chart->n_axes; s++)
            if (!chart->axis[s].open_ns || room[s])
                if (strcmp(chart->axis[s].name, cell[c[1]]) == 0) rc = add_time(&chart->axis[s], &room[s], open_ns);
        if (rc < 0) break;
    }
    table_stream_close(&stream);
    return rc;
}

/* ---- what fits ---------------------------------------------------------------------------------------------------- */

/* The newest n bars stay. */
static void keep_last(struct chart_axis *axis, size_t n) {
    const size_t drop = axis->n - n;
    if (drop == 0) return;
    memmove(axis->open_ns, axis->open_ns + drop, n * sizeof *axis->open_ns);
    for (size_t i = 0; i < N_CHART_PRICES; i++)
        if (axis->price[i]) memmove(axis->price[i], axis->price[i] + drop, n * sizeof(float));
    axis->n = n;
}

/* How many seeds' scores there is room for; where not even one's, fewer bars. */
static void fit(struct chart *chart) {
    size_t n_models = 0, n_bars = 0;
    for (size_t i = 0; i < chart->run->n_strategies; i++) n_models += chart->run->strategy[i].has_model;
    for (size_t s = 0; s < chart->n_axes; s++) n_bars += chart->axis[s].n;
    if (n_models == 0) n_models = 1;
    const double each = SCORE_BYTES * (double)n_models, room = (double)CHART_BYTES / fmax(1, (double)n_bars);
    chart->seeds_kept = room > BAR_BYTES + each ? (size_t)fmin((room - BAR_BYTES) / each, 1e6) : 1;
    if (room >= BAR_BYTES + each) return;
    const double share = room / (BAR_BYTES + each);
    size_t kept = 0;
    for (size_t s = 0; s < chart->n_axes; s++) {
        keep_last(&chart->axis[s], (size_t)((double)chart->axis[s].n * share));
        kept += chart->axis[s].n;
    }
    chart_note(chart, "To keep this file small the chart has the last %zu of %zu bars.", kept, n_bars);
}

int chart_axes(struct chart *chart) {
    const json_value *list = json_get(chart->run->root, "symbols");
    const size_t n = json_kind(list) == JSON_ARRAY ? json_size(list) : 0;
    size_t n_missing = 0;
    chart->axis = mem_calloc(n + 1, sizeof *chart->axis);
    if (!chart->axis) return GW_ERR_NOMEM;
    for (chart->n_axes = 0; chart->n_axes < n; chart->n_axes++)
        chart->axis[chart->n_axes].name = json_string(json_at(list, chart->n_axes), "");
    TRY(bars_of_run(chart, &n_missing));
    if (n_missing) {
        chart_note(chart, "Candles are missing: " GW_RUN_BARS " is not there or lacks %zu of %zu symbols.", n_missing,
                   n);
        TRY(times_of_scores(chart));
    }
    fit(chart);
    for (size_t s = 0; s < chart->n_axes; s++)
        if (!(chart->axis[s].label = mem_calloc(chart->axis[s].n + 1, 1))) return GW_ERR_NOMEM;
    return GW_OK;
}
