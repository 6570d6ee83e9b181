#include "signals.h"
#include "engine/base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROW, TIME, SYMBOL, STRATEGY, SEED, GATE, PROBABILITY, LABEL, MAP, N_COLUMNS };
static const char *const column_name[] = {"row",  "time",        "symbol", "strategy", "seed",
                                          "gate", "probability", "label",  "map",      NULL};

static const char *cell(const struct table *t, size_t row, size_t column) {
    return t->cell[row * t->n_columns + column];
}

int attention_load(const struct run_view *run, struct attention_matrix *matrix) {
    char path[1024];
    size_t shape[2];
    *matrix = (struct attention_matrix){0};
    TRY(path_join(path, sizeof path, run->dir, GW_RUN_ATTENTION));
    if (!file_exists(path)) return GW_OK;
    void *weight;
    TRY(npy_read(path, "<f4", sizeof(float), shape, 2, &weight));
    matrix->weight = weight;
    matrix->n_rows = shape[0];
    matrix->n_lags = shape[1];
    return GW_OK;
}

static bool same_signal(const struct signal *s, const char *time, const char *symbol, const char *seed) {
    return strcmp(s->time, time) == 0 && strcmp(s->symbol, symbol) == 0 && strcmp(s->seed, seed) == 0;
}

static struct signal *find(struct signal_list *list, const char *time, const char *symbol, const char *seed) {
    for (size_t i = 0; i < list->n; i++)
        if (same_signal(&list->signal[i], time, symbol, seed)) return &list->signal[i];
    return NULL;
}

static int by_probability(const void *a, const void *b) {
    const struct signal *x = a, *y = b;
    if (x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
    int order = strcmp(x->time, y->time);
    if (order == 0) order = strcmp(x->symbol, y->symbol);
    return order ? order : strcmp(x->seed, y->seed);
}

/* Seconds that signals must lie apart; 0 when the run does not say. */
static double least_distance(const struct run_view *run) {
    int64_t interval_ns;
    if (!(run->horizon > 0) || !run->interval[0] || duration_parse(run->interval, &interval_ns) < 0) return 0;
    return run->horizon * (double)interval_ns / (double)NS_PER_SECOND;
}

static bool too_close(const struct signal_list *list, const struct signal *s, double distance) {
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->signal[i].symbol, s->symbol) != 0) continue;
        if (strcmp(list->signal[i].time, s->time) == 0) return true; /* another seed's */
        if (fabs(list->signal[i].seconds - s->seconds) < distance) return true;
    }
    return false;
}

static void choose(struct signal_list *list, struct signal *all, size_t n, double distance) {
    qsort(all, n, sizeof *all, by_probability);
    for (size_t i = 0; i < n && list->n < SIGNALS_SHOWN; i++)
        if (!too_close(list, &all[i], distance)) list->signal[list->n++] = all[i];
}

static void add_head(struct signal_list *list, struct signal *s, const char *map, size_t row) {
    char *end;
    unsigned long head = strtoul(map, &end, 10);
    if (end == map || *end || head < 1 || head > SIGNAL_HEADS_MAX) return; /* heads are numbered from 1 */
    s->head_row[head - 1] = row;
    if (head > s->n_heads) s->n_heads = head;
    if (s->n_heads > list->n_heads) list->n_heads = s->n_heads;
}

/* The maps of one kind of one strategy and gate: its signals. */
static size_t gather(const struct table *t, const size_t *c, const char *strategy, int gate, size_t n_rows,
                     const char *map, struct signal *all) {
    size_t n = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        if (strcmp(cell(t, i, c[MAP]), map) != 0 || strcmp(cell(t, i, c[STRATEGY]), strategy) != 0 ||
            gate_find(cell(t, i, c[GATE])) != gate)
            continue;
        double row = table_number(t, i, c[ROW]), label = table_number(t, i, c[LABEL]);
        struct signal s = {.probability = table_number(t, i, c[PROBABILITY]),
                           .label = isfinite(label) ? label > 0.5 : -1,
                           .time = cell(t, i, c[TIME]),
                           .symbol = cell(t, i, c[SYMBOL]),
                           .seed = cell(t, i, c[SEED])};
        if (!(row >= 0 && row < (double)n_rows) || !isfinite(s.probability)) continue;
        s.mean_row = (size_t)row;
        s.seconds = seconds_of(s.time);
        for (size_t h = 0; h < SIGNAL_HEADS_MAX; h++) s.head_row[h] = SIZE_MAX;
        all[n++] = s;
    }
    return n;
}

int signals_best(struct run_view *run, size_t strategy, int gate, size_t n_rows, const char *map,
                 struct signal_list *list) {
    const struct table *t;
    size_t c[N_COLUMNS];
    memset(list, 0, sizeof *list);
    TRY(run_view_table(run, TABLE_ATTENTION_INDEX, &t));
    if (!t) return GW_OK;
    TRY(table_columns(t, column_name, c));
    struct signal *all = mem_calloc(t->n_rows, sizeof *all);
    if (!all) return GW_ERR_NOMEM;
    const char *name = run->strategy[strategy].name;
    choose(list, all, gather(t, c, name, gate, n_rows, map, all), least_distance(run));
    mem_free(all);
    for (size_t i = 0; i < t->n_rows && list->n; i++) {
        double row = table_number(t, i, c[ROW]);
        if (strcmp(cell(t, i, c[STRATEGY]), name) != 0 || gate_find(cell(t, i, c[GATE])) != gate) continue;
        struct signal *s = find(list, cell(t, i, c[TIME]), cell(t, i, c[SYMBOL]), cell(t, i, c[SEED]));
        if (s && row >= 0 && row < (double)n_rows) add_head(list, s, cell(t, i, c[MAP]), (size_t)row);
    }
    for (size_t i = 0; i < list->n; i++) {
        size_t j = 0;
        while (j < i && strcmp(list->signal[i].symbol, list->signal[j].symbol) != 0) j++;
        list->n_symbols += j == i;
    }
    return GW_OK;
}

/* The scale is fixed against the uniform weight 1/T: from 0 to at least so many times it, so that attention which hardly
 * differs from bar to bar looks as flat as it is. */
static const double FULL_COLOUR = 4;

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

int signals_colours(const struct attention_matrix *matrix, const size_t *row, size_t n, struct gw_range *span) {
    *span = (struct gw_range){0, 1};
    float *sorted = mem_calloc(n * matrix->n_lags + 1, sizeof *sorted);
    if (!sorted) return GW_ERR_NOMEM;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t lag = 0; row[i] < matrix->n_rows && lag < matrix->n_lags; lag++) {
            float weight = matrix->weight[row[i] * matrix->n_lags + lag];
            if (isfinite(weight)) sorted[count++] = weight;
        }
    qsort(sorted, count, sizeof *sorted, ascending);
    const double uniform = matrix->n_lags ? 100.0 / (double)matrix->n_lags : 1;
    *span = (struct gw_range){0, FULL_COLOUR * uniform};
    if (count) span->hi = fmax(span->hi, 100.0 * (double)sorted[count - 1 - count / 100]);
    mem_free(sorted);
    return GW_OK;
}

void signals_heat(FILE *to, const struct attention_matrix *matrix, const size_t *row, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t column = 0; column < matrix->n_lags; column++) {
            double weight = row[i] < matrix->n_rows ? 100.0 * (double)matrix->weight[row[i] * matrix->n_lags + column]
                                                    : (double)NAN;
            PAGE_ROW(to, (double)(matrix->n_lags - 1 - column), -(double)i, weight);
        }
}

void signals_labels(struct page *page, const struct signal_list *list, double top, double row_height,
                    double names_right) {
    bool many = list->n_symbols > 1, dates_only = true;
    for (size_t i = 0; i < list->n; i++)
        dates_only &= strncmp(list->signal[i].time + strcspn(list->signal[i].time, "T"), "T00:00", 6) == 0;
    page_text(page, FONT_SMALL, ALIGN_LEFT, 0.055, top + 0.014, INK_SOFT, "signal (UTC)");
    page_text(page, FONT_SMALL, ALIGN_RIGHT, names_right - 0.03, top + 0.014, INK_SOFT, "p");
    page_text(page, FONT_SMALL, ALIGN_CENTER, names_right - 0.012, top + 0.014, INK_SOFT, "label");
    for (size_t i = 0; i < list->n; i++) {
        const struct signal *s = &list->signal[i];
        double y = top - row_height * ((double)i + 0.5);
        page_textf(page, FONT_SMALL, ALIGN_LEFT, 0.055, y, INK, "%.10s %.5s%s%.10s", s->time,
                   !dates_only && strlen(s->time) > 11 ? s->time + 11 : "", many ? "  " : "", many ? s->symbol : "");
        page_textf(page, FONT_SMALL, ALIGN_RIGHT, names_right - 0.03, y, INK, "%.2f", s->probability);
        page_text(page, s->label == 1 ? FONT_BOLD : FONT_SMALL, ALIGN_CENTER, names_right - 0.012, y,
                  s->label == 1 ? INK_GOOD : INK_SOFT,
                  s->label == 1   ? "hit"
                  : s->label == 0 ? "miss"
                                  : "—");
    }
}
