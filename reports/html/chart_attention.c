/* What a gate looked at when it acted: the mean maps of attention.npy, packed. */
#include <math.h>
#include <string.h>

#include "chart.h"
#include "reports/plots/signals.h"

enum { ROW, OPEN, SYMBOL, STRATEGY, SEED, GATE, MAP, N_COLUMNS };
enum { ATTENTION_BYTES = 4 << 20 };
static const char *const column[] = {"row", "open_time", "symbol", "strategy", "seed", "gate", "map", NULL};

static int make_room(struct chart_attention *a, size_t n) {
    a->at = mem_calloc(n, sizeof *a->at);
    a->group = mem_calloc(n, sizeof *a->group);
    a->gate = mem_calloc(n, 1);
    a->largest = mem_calloc(n, sizeof *a->largest);
    a->weight = mem_calloc(n * a->n_lags, sizeof *a->weight);
    return a->at && a->group && a->gate && a->largest && a->weight ? GW_OK : GW_ERR_NOMEM;
}

static void pack(struct chart_attention *a, size_t row, const float *weight) {
    float largest = 0;
    for (size_t i = 0; i < a->n_lags; i++)
        if (isfinite(weight[i]) && weight[i] > largest) largest = weight[i];
    a->largest[row] = largest;
    for (size_t i = 0; largest > 0 && i < a->n_lags; i++)
        a->weight[row * a->n_lags + i] =
            isfinite(weight[i]) && weight[i] > 0 ? (uint16_t)lrintf(65535.0F * (weight[i] / largest)) : 0;
}

static int take_row(struct chart *chart, char *const *cell, const size_t *c, double row, size_t room,
                    const struct attention_matrix *matrix) {
    struct chart_attention *a = &chart->attention;
    int64_t open_ns;
    const int gate = gate_find(cell[c[GATE]]);
    if (strcmp(cell[c[MAP]], "mean") != 0 || gate < 0 || !(row >= 0 && row < (double)matrix->n_rows)) return GW_OK;
    size_t group;
    TRY(chart_group_of(chart, cell[c[STRATEGY]], cell[c[SEED]], cell[c[SYMBOL]], &group));
    if (group == SIZE_MAX || time_parse(cell[c[OPEN]], &open_ns) < 0) return GW_OK;
    const struct chart_axis *axis = &chart->axis[chart->group[group].symbol];
    const size_t bar = chart_bar_at(axis, open_ns);
    if (bar == SIZE_MAX || axis->open_ns[bar] != open_ns) return GW_OK;
    if (a->n == room) {
        a->n_left_out++;
        return GW_OK;
    }
    a->at[a->n] = (uint32_t)bar;
    a->group[a->n] = (uint16_t)group;
    a->gate[a->n] = (unsigned char)gate;
    pack(a, a->n++, matrix->weight + (size_t)row * matrix->n_lags);
    return GW_OK;
}

int chart_read_attention(struct chart *chart) {
    struct chart_attention *a = &chart->attention;
    const struct table *rows;
    struct attention_matrix matrix;
    size_t c[N_COLUMNS];
    TRY(run_view_table(chart->run, TABLE_ATTENTION_INDEX, &rows));
    if (!rows) return GW_OK;
    for (size_t i = 0; i < N_COLUMNS; i++) TRY(table_column(rows, column[i], &c[i]));
    TRY(attention_load(chart->run, &matrix));
    if (!matrix.weight || !matrix.n_lags) {
        mem_free(matrix.weight);
        return GW_OK;
    }
    a->n_lags = matrix.n_lags;
    const size_t most = ATTENTION_BYTES / (2 * a->n_lags + 11), room = rows->n_rows < most ? rows->n_rows : most;
    int rc = make_room(a, room);
    for (size_t row = 0; rc == GW_OK && row < rows->n_rows; row++)
        rc = take_row(chart, &rows->cell[row * rows->n_columns], c, table_number(rows, row, c[ROW]), room, &matrix);
    mem_free(matrix.weight);
    if (a->n_left_out)
        chart_note(chart, "Attention of %zu bars is here, of %zu more in attention.npy.", a->n, a->n_left_out);
    return rc;
}
