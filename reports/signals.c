#include "signals.h"

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
    TRY(path_join(path, sizeof path, run->dir, RUN_ATTENTION));
    if (!file_exists(path)) return OK;
    TRY(npy_read_f32(path, shape, &matrix->weight));
    matrix->n_rows = shape[0];
    matrix->n_lags = shape[1];
    return OK;
}

static bool same_signal(const struct signal *s, const char *time, const char *symbol, const char *seed) {
    return strcmp(s->time, time) == 0 && strcmp(s->symbol, symbol) == 0 && strcmp(s->seed, seed) == 0;
}

static struct signal *find(struct signal_list *list, const char *time, const char *symbol, const char *seed) {
    for (size_t i = 0; i < list->n; i++)
        if (same_signal(&list->signal[i], time, symbol, seed)) return &list->signal[i];
    return NULL;
}

/* Keeps the list sorted; the same bar is shown once, whichever seed was surest. */
static void offer(struct signal_list *list, const struct signal *s) {
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->signal[i].time, s->time) == 0 && strcmp(list->signal[i].symbol, s->symbol) == 0) {
            if (list->signal[i].probability >= s->probability) return;
            memmove(&list->signal[i], &list->signal[i + 1], (--list->n - i) * sizeof *s);
            break;
        }
    size_t at = list->n;
    while (at > 0 && list->signal[at - 1].probability < s->probability) at--;
    if (at == SIGNALS_SHOWN) return;
    if (list->n < SIGNALS_SHOWN) list->n++;
    memmove(&list->signal[at + 1], &list->signal[at], (list->n - 1 - at) * sizeof *s);
    list->signal[at] = *s;
}

static void add_head(struct signal_list *list, struct signal *s, const char *map, size_t row) {
    char *end;
    unsigned long head = strtoul(map, &end, 10);
    if (end == map || *end || head < 1 || head > SIGNAL_HEADS_MAX) return; /* heads are numbered from 1 */
    s->head_row[head - 1] = row;
    if (head > s->n_heads) s->n_heads = head;
    if (s->n_heads > list->n_heads) list->n_heads = s->n_heads;
}

int signals_best(struct run_view *run, size_t strategy, int gate, size_t n_rows, struct signal_list *list) {
    const struct table *t;
    size_t c[N_COLUMNS];
    memset(list, 0, sizeof *list);
    TRY(run_view_table(run, TABLE_ATTENTION_INDEX, &t));
    if (!t) return OK;
    TRY(table_columns(t, column_name, c));
    const char *name = run->strategy[strategy].name;
    for (int pass = 0; pass < 2; pass++) /* first the signals by their mean map, then the heads of those kept */
        for (size_t i = 0; i < t->n_rows; i++) {
            if (strcmp(cell(t, i, c[STRATEGY]), name) != 0 || gate_find(cell(t, i, c[GATE])) != gate) continue;
            double row = table_number(t, i, c[ROW]), label = table_number(t, i, c[LABEL]);
            if (!(row >= 0 && row < (double)n_rows)) continue;
            bool is_mean = strcmp(cell(t, i, c[MAP]), "mean") == 0;
            if (pass == 0 && is_mean) {
                struct signal s = {.probability = table_number(t, i, c[PROBABILITY]),
                                   .label = isfinite(label) ? label > 0.5 : -1,
                                   .mean_row = (size_t)row,
                                   .time = cell(t, i, c[TIME]),
                                   .symbol = cell(t, i, c[SYMBOL]),
                                   .seed = cell(t, i, c[SEED])};
                for (size_t h = 0; h < SIGNAL_HEADS_MAX; h++) s.head_row[h] = SIZE_MAX;
                if (isfinite(s.probability)) offer(list, &s);
            } else if (pass == 1 && !is_mean) {
                struct signal *s = find(list, cell(t, i, c[TIME]), cell(t, i, c[SYMBOL]), cell(t, i, c[SEED]));
                if (s) add_head(list, s, cell(t, i, c[MAP]), (size_t)row);
            }
        }
    for (size_t i = 0; i < list->n; i++) {
        size_t j = 0;
        while (j < i && strcmp(list->signal[i].symbol, list->signal[j].symbol) != 0) j++;
        list->n_symbols += j == i;
    }
    return OK;
}

void signals_heat(FILE *to, const struct attention_matrix *matrix, const size_t *row, size_t n, struct range *span) {
    for (size_t i = 0; i < n; i++)
        for (size_t column = 0; column < matrix->n_lags; column++) {
            double weight = row[i] < matrix->n_rows ? 100.0 * (double)matrix->weight[row[i] * matrix->n_lags + column]
                                                    : (double)NAN;
            PAGE_ROW(to, (double)(matrix->n_lags - 1 - column), -(double)i, weight);
            range_add(span, weight);
        }
}
