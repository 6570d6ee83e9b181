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

/* Rows of one contestant and seed follow one another: the one that was found last is the likeliest. */
static struct chart_seed *seed_find(const struct chart *chart, const char *strategy, const char *seed) {
    for (size_t i = chart->n_seeds; i-- > 0;) {
        struct chart_seed *of = &chart->seed[i];
        if (strcmp(of->seed, seed) == 0 && strcmp(chart->run->strategy[of->strategy].name, strategy) == 0) return of;
    }
    return NULL;
}

static int seed_of(struct chart *chart, const char *strategy, const char *seed, struct chart_seed **found) {
    *found = seed_find(chart, strategy, seed);
    const size_t number = *found ? SIZE_MAX : run_strategy_find(chart->run, strategy);
    if (*found || number == SIZE_MAX || strlen(seed) >= sizeof chart->seed->seed) return GW_OK;
    struct chart_seed *grown = mem_realloc(chart->seed, chart->n_seeds + 1, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    chart->seed = grown;
    struct chart_seed *of = &grown[chart->n_seeds];
    *of = (struct chart_seed){.strategy = number, .group = mem_calloc(chart->n_axes + 1, sizeof *of->group)};
    if (!of->group) return GW_ERR_NOMEM;
    for (size_t i = 0; i < chart->n_seeds; i++) of->rank += grown[i].strategy == number;
    strcpy(of->seed, seed);
    chart->n_seeds++;
    *found = of;
    return GW_OK;
}

static int add_group(struct chart *chart, const struct chart_seed *of, size_t symbol) {
    if (chart->n_groups == chart->groups_room) {
        const size_t room = chart->groups_room ? 2 * chart->groups_room : 64;
        struct chart_group *grown = mem_realloc(chart->group, room, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        chart->group = grown;
        chart->groups_room = room;
    }
    struct chart_group *g = &chart->group[chart->n_groups++];
    *g = (struct chart_group){.strategy = of->strategy, .symbol = symbol, .last = SIZE_MAX, .rank = of->rank};
    strcpy(g->seed, of->seed);
    of->group[symbol] = (uint16_t)chart->n_groups;
    return GW_OK;
}

int chart_group_of(struct chart *chart, const char *strategy, const char *seed, const char *symbol, size_t *group) {
    struct chart_seed *of;
    *group = SIZE_MAX;
    const size_t axis = name_index_find(&chart->symbol, symbol);
    if (axis == SIZE_MAX) return GW_OK;
    TRY(seed_of(chart, strategy, seed, &of));
    if (!of) return GW_OK;
    if (!of->group[axis] && chart->n_groups == CHART_GROUPS_MAX) return GW_OK;
    if (!of->group[axis]) TRY(add_group(chart, of, axis));
    *group = of->group[axis] - 1U;
    return GW_OK;
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
    int rc = chart_axes(chart);
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
    for (size_t i = 0; i < chart->n_seeds; i++) mem_free(chart->seed[i].group);
    mem_free(chart->seed);
    name_index_free(&chart->symbol);
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
