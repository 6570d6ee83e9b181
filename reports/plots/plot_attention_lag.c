/* Where in the lookback attention rests, on average: bars that the gate picks against all others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"

enum { STRATEGY, SEED, GATE, MAP, GROUP, LAG, WEIGHT, N_COLUMNS };
enum { LAGS_MAX = 4096, HEADS_MAX = 16, PANEL_ROWS = 3 };
static const char *const column_name[] = {"strategy", "seed", "gate", "map", "group", "lag", "weight", NULL};

struct lag_mean {
    double sum[LAGS_MAX];
    unsigned n[LAGS_MAX];
    size_t lags;
};
/* Means over seeds of one strategy and gate: all maps together for both groups, heads for the picked bars. */
struct attention {
    struct lag_mean top, rest, head[HEADS_MAX];
    size_t n_heads;
};

static const char *cell(const struct table *t, size_t row, size_t column) {
    return t->cell[row * t->n_columns + column];
}

static void mean_add(struct lag_mean *mean, double lag, double weight) {
    if (!(lag >= 0 && lag < LAGS_MAX) || !isfinite(weight)) return;
    size_t l = (size_t)lag;
    mean->sum[l] += weight;
    mean->n[l]++;
    if (l + 1 > mean->lags) mean->lags = l + 1;
}

static void collect(const struct table *t, const size_t *c, const char *strategy, int gate, struct attention *a) {
    memset(a, 0, sizeof *a);
    for (size_t row = 0; row < t->n_rows; row++) {
        if (strcmp(cell(t, row, c[STRATEGY]), strategy) != 0 || gate_find(cell(t, row, c[GATE])) != gate) continue;
        double lag = table_number(t, row, c[LAG]), weight = table_number(t, row, c[WEIGHT]);
        bool top = strcmp(cell(t, row, c[GROUP]), "top") == 0;
        const char *map = cell(t, row, c[MAP]);
        if (strcmp(map, "mean") == 0) {
            mean_add(top ? &a->top : &a->rest, lag, weight);
        } else if (top) {
            char *end;
            unsigned long head = strtoul(map, &end, 10);
            if (*end || end == map || head < 1 || head > HEADS_MAX) continue; /* heads are numbered from 1 */
            mean_add(&a->head[head - 1], lag, weight);
            if (head > a->n_heads) a->n_heads = head;
        }
    }
}

static void write_mean(FILE *to, const struct lag_mean *mean, struct gw_range *span) {
    size_t rows = 0;
    for (size_t lag = 0; lag < mean->lags; lag++) {
        if (!mean->n[lag]) continue;
        double weight = 100 * mean->sum[lag] / mean->n[lag];
        PAGE_ROW(to, (double)lag, weight);
        range_add(span, weight);
        rows++;
    }
    if (!rows) PAGE_ROW(to, NAN, NAN);
    fputs("\n\n", to);
}

static int write_panel(struct page *page, const struct attention *a, size_t row, int gate, size_t *lags,
                       struct gw_range *span) {
    char name[32];
    FILE *means, *heads;
    snprintf(name, sizeof name, "means%zu_%d", row, gate);
    TRY(page_file(page, name, &means));
    write_mean(means, &a->top, span);
    write_mean(means, &a->rest, span);
    snprintf(name, sizeof name, "heads%zu_%d", row, gate);
    TRY(page_file(page, name, &heads));
    size_t n = 0;
    for (size_t h = 0; h < a->n_heads; h++)
        if (a->head[h].lags) {
            write_mean(heads, &a->head[h], span);
            n++;
        }
    page_set_at(page, "n_heads", 2 * row + (size_t)gate, (double)n);
    if (a->top.lags > *lags) *lags = a->top.lags;
    if (a->rest.lags > *lags) *lags = a->rest.lags;
    return GW_OK;
}

static int write_page(struct page *page, const struct table *t, const size_t *c, const size_t *strategy, size_t n) {
    struct run_view *run = page->job->run;
    struct attention *a = mem_calloc(1, sizeof *a);
    if (!a) return GW_ERR_NOMEM;
    const struct legend_entry legend[] = {{"bars picked by the gate (top K)", 2, MARK_LINE},
                                          {"all other bars", 13, MARK_LINE},
                                          {"single heads, picked bars", 12, MARK_LINE},
                                          {"uniform attention", 11, MARK_LINE}};
    int rc = page_legend(page, legend, COUNT_OF(legend));
    page_array(page, "n_heads", 2 * n);
    page_array(page, "n_lags", n);
    page_range_array(page, "weight", n);
    struct panel_grid grid = page_grid(page, n, N_GATES_SHOWN, 0.085, 0.09);
    for (size_t i = 0; rc == GW_OK && i < n; i++) {
        const struct strategy_view *s = &run->strategy[strategy[i]];
        size_t lags = 1;
        struct gw_range span = range_empty();
        range_add(&span, 0);
        for (int gate = 0; rc == GW_OK && gate < N_GATES_SHOWN; gate++) {
            collect(t, c, s->name, gate, a);
            rc = write_panel(page, a, i, gate, &lags, &span);
        }
        if (rc < 0) break;
        page_set_at(page, "n_lags", i, (double)lags);
        page_range_at(page, "weight", i, range_round(span));
        for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
            char heading[300];
            snprintf(heading, sizeof heading, "%s gate · %s", gate_word[gate], s->label);
            char *fitted = text_fit(&run->arena, heading, font_size_pt[FONT_BOLD], 0.39);
            if (!fitted) rc = GW_ERR_NOMEM;
            if (fitted)
                page_text(page, FONT_BOLD, ALIGN_LEFT, grid_left(&grid, (size_t)gate), grid_top(&grid, i) + 0.018, INK,
                          fitted);
        }
    }
    mem_free(a);
    return rc;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    const struct table *t;
    size_t c[N_COLUMNS], n = 0;
    TRY(run_view_table(run, TABLE_ATTENTION_MEAN, &t));
    if (!t) return plot_skip(job, "no strategy has attention over time");
    TRY(table_columns(t, column_name, c));
    size_t *strategy = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *strategy);
    if (!strategy) return GW_ERR_NOMEM;
    for (size_t s = 0; s < run->n_strategies; s++)
        for (size_t row = 0; row < t->n_rows; row++)
            if (strcmp(cell(t, row, c[STRATEGY]), run->strategy[s].name) == 0) {
                strategy[n++] = s;
                break;
            }
    if (n == 0) return plot_skip(job, "no strategy has attention over time");
    for (size_t first = 0; first < n; first += PANEL_ROWS) {
        struct page page;
        int rc =
            page_begin(job, &page, "",
                       "Mean attention weight of each lag over the test bars, mean over seeds. Time runs to the right: "
                       "lag 0 is the bar at whose close the gate decides. A gap between the lines is what sets the "
                       "picked bars apart.");
        if (rc == GW_OK)
            rc = write_page(&page, t, c, strategy + first, n - first < PANEL_ROWS ? n - first : PANEL_ROWS);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}

const struct plot_desc plot_desc_attention_lag = {
    .name = "attention_lag",
    .title = "Attention over the lookback",
    .help = "mean attention by lag, picked bars against all others, heads as thin lines",
    .prepare = prepare,
};
