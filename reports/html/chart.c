/* The chart's data as a whole, and what its parts share. */
#include "chart.h"

#include <string.h>

void chart_note(struct chart *chart, const char *format, ...) {
    size_t used = strlen(chart->note);
    if (used && used + 2 < sizeof chart->note) {
        strcpy(chart->note + used, " ");
        used++;
    }
    va_list list;
    va_start(list, format);
    vsnprintf(chart->note + used, sizeof chart->note - used, format, list);
    va_end(list);
}

size_t chart_bar_at(const struct chart_axis *axis, int64_t time_ns) {
    size_t lo = 0, hi = axis->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (axis->open_ns[mid] <= time_ns)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? lo - 1 : SIZE_MAX;
}

static bool is_group(const struct chart *chart, size_t i, const char *strategy, const char *seed, const char *symbol) {
    const struct chart_group *g = &chart->group[i];
    return strcmp(g->seed, seed) == 0 && strcmp(chart->run->strategy[g->strategy].name, strategy) == 0 &&
           strcmp(chart->axis[g->symbol].name, symbol) == 0;
}

size_t chart_group_of(struct chart *chart, const char *strategy, const char *seed, const char *symbol) {
    for (size_t i = chart->n_groups; i-- > 0;) /* the one that was made last is the likeliest */
        if (is_group(chart, i, strategy, seed, symbol)) return i;
    if (chart->n_groups == CHART_GROUPS_MAX) return SIZE_MAX;
    struct chart_group *g = &chart->group[chart->n_groups];
    g->strategy = run_strategy_find(chart->run, strategy);
    for (g->symbol = 0; g->symbol < chart->n_axes; g->symbol++)
        if (strcmp(chart->axis[g->symbol].name, symbol) == 0) break;
    if (g->strategy == SIZE_MAX || g->symbol == chart->n_axes || strlen(seed) >= sizeof g->seed) return SIZE_MAX;
    strcpy(g->seed, seed);
    g->last = SIZE_MAX;
    return chart->n_groups++;
}

int chart_open(const struct chart *chart, const char *file, const char *const *column, size_t *place,
               struct table_stream *stream, bool *there) {
    char path[1024];
    TRY(path_join(path, sizeof path, chart->run->dir, file));
    *there = file_exists(path);
    if (!*there) return GW_OK;
    TRY(table_stream_open(path, stream));
    int rc = GW_OK;
    for (size_t i = 0; rc == GW_OK && column[i]; i++) rc = table_column(&stream->row, column[i], &place[i]);
    if (rc < 0) table_stream_close(stream);
    return rc;
}

int chart_build(struct chart *chart, struct run_view *run) {
    memset(chart, 0, sizeof *chart);
    chart->run = run;
    int rc = GW_OK;
    chart->group = mem_calloc(CHART_GROUPS_MAX, sizeof *chart->group);
    if (!chart->group) rc = GW_ERR_NOMEM;
    if (rc == GW_OK) rc = chart_axes(chart);
    if (rc == GW_OK) rc = chart_scores(chart);
    if (rc == GW_OK) rc = chart_read_trades(chart);
    if (rc == GW_OK) rc = chart_read_attention(chart);
    if (rc < 0) chart_free(chart);
    return rc;
}

static void axis_free(struct chart_axis *axis) {
    mem_free(axis->open_ns);
    for (size_t i = 0; i < N_CHART_PRICES; i++) mem_free(axis->price[i]);
    mem_free(axis->label);
    mem_free(axis->fold_at);
    mem_free(axis->fold);
}

void chart_free(struct chart *chart) {
    for (size_t i = 0; i < chart->n_axes; i++) axis_free(&chart->axis[i]);
    for (size_t i = 0; i < chart->n_groups; i++) {
        struct chart_group *g = &chart->group[i];
        mem_free(g->tau_at);
        for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
            mem_free(g->p[gate]);
            mem_free(g->tau[gate]);
        }
    }
    struct chart_trades *t = &chart->trades;
    mem_free(t->group);
    mem_free(t->side);
    mem_free(t->reason);
    mem_free(t->entry_s);
    mem_free(t->exit_s);
    for (size_t i = 0; i < N_TRADE_NUMBERS; i++) mem_free(t->number[i]);
    struct chart_attention *a = &chart->attention;
    mem_free(a->at);
    mem_free(a->group);
    mem_free(a->gate);
    mem_free(a->largest);
    mem_free(a->weight);
    mem_free(chart->axis);
    mem_free(chart->group);
    memset(chart, 0, sizeof *chart);
}
