/* What a decoder looks at, step by step: maps of step by lag, at single trade signals and on average. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "signals.h"

enum { STRATEGY, GATE, MAP, GROUP, LAG, WEIGHT, N, N_COLUMNS };
enum { LAGS_MAX = 4096, SHOWN = 6, PANELS = SHOWN + 2, COLUMNS = 4 };
static const char *const column_name[] = {"strategy", "gate", "map", "group", "lag", "weight", "n", NULL};

/* Means over the seeds, [top][step × lags]. */
struct means {
    double *weight[2];
    double *n[2];
    size_t steps, lags;
};

static const char *cell(const struct table *t, size_t row, size_t column) {
    return t->cell[row * t->n_columns + column];
}

/* The step of a map's name, from 0; SIZE_MAX: another map. */
static size_t step_of(const char *map) {
    char *end;
    const unsigned long step = strtoul(map, &end, 10);
    return end == map || *end || step < 1 || step > SIGNAL_HEADS_MAX ? SIZE_MAX : step - 1;
}

static int collect(struct plot_job *job, const struct table *t, const size_t *c, const char *strategy, int gate,
                   struct means *out) {
    out->steps = out->lags = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int top = 0; pass && top < 2; top++) {
            const size_t size = out->steps * out->lags + 1;
            out->weight[top] = arena_alloc(&job->run->arena, size, sizeof(double));
            out->n[top] = arena_alloc(&job->run->arena, size, sizeof(double));
            if (!out->weight[top] || !out->n[top]) return GW_ERR_NOMEM;
            memset(out->weight[top], 0, size * sizeof(double));
            memset(out->n[top], 0, size * sizeof(double));
        }
        for (size_t row = 0; row < t->n_rows; row++) {
            const size_t step = step_of(cell(t, row, c[MAP]));
            const double lag = table_number(t, row, c[LAG]), weight = table_number(t, row, c[WEIGHT]);
            const int top = strcmp(cell(t, row, c[GROUP]), "top") == 0;
            if (step == SIZE_MAX || !(lag >= 0 && lag < LAGS_MAX) || !isfinite(weight) ||
                strcmp(cell(t, row, c[STRATEGY]), strategy) != 0 || gate_find(cell(t, row, c[GATE])) != gate)
                continue;
            if (!pass && step >= out->steps) out->steps = step + 1;
            if (!pass && (size_t)lag >= out->lags) out->lags = (size_t)lag + 1;
            if (!pass) continue;
            out->weight[top][step * out->lags + (size_t)lag] += weight;
            out->n[top][step * out->lags + (size_t)lag]++;
        }
    }
    return GW_OK;
}

/* The maps end above the colour scale, which the grid of the page knows nothing of. */
static const double MAPS_BOTTOM = 0.225, GAP = 0.1;

static void name_panel(struct page *page, const struct panel_grid *grid, size_t panel, const char *text) {
    const double height = (page->top - MAPS_BOTTOM - GAP) / 2;
    page_text(page, FONT_SMALL, ALIGN_LEFT, grid_left(grid, panel % COLUMNS),
              page->top - (double)(panel / COLUMNS) * (height + GAP) + 0.014, INK, text);
}

static int open_map(struct page *page, size_t panel, FILE **to) {
    char name[16];
    snprintf(name, sizeof name, "map%zu", panel);
    return page_file(page, name, to);
}

static int write_mean(struct page *page, const struct means *m, int top, size_t panel) {
    FILE *to;
    TRY(open_map(page, panel, &to));
    for (size_t step = 0; step < m->steps; step++)
        for (size_t lag = m->lags; lag-- > 0;) {
            const size_t at = step * m->lags + lag;
            PAGE_ROW(to, (double)lag, -(double)step,
                     m->n[top][at] > 0 ? 100 * m->weight[top][at] / m->n[top][at] : (double)NAN);
        }
    return GW_OK;
}

/* Shorter lookbacks are aligned at lag 0, the file's last column. */
static int write_signal(struct page *page, const struct attention_matrix *of, const struct signal *s,
                        const struct means *m, size_t panel) {
    FILE *to;
    TRY(open_map(page, panel, &to));
    for (size_t step = 0; step < m->steps; step++)
        for (size_t lag = m->lags; lag-- > 0;) {
            const size_t row = s->head_row[step];
            PAGE_ROW(to, (double)lag, -(double)step,
                     row < of->n_rows && lag < of->n_lags
                         ? 100.0 * (double)of->weight[row * of->n_lags + of->n_lags - 1 - lag]
                         : (double)NAN);
        }
    return GW_OK;
}

static int write_page(struct page *page, const struct attention_matrix *of, const struct signal_list *list,
                      const struct means *m) {
    size_t row[SHOWN * SIGNAL_HEADS_MAX], n_rows = 0;
    const size_t n = list->n < SHOWN ? list->n : SHOWN;
    struct gw_range colours;
    page->top -= 0.01;
    const struct panel_grid grid = page_grid(page, 2, COLUMNS, 0.03, GAP);
    for (int top = 1; top >= 0; top--) {
        const size_t panel = top ? 0 : COLUMNS;
        TRY(write_mean(page, m, top, panel));
        name_panel(page, &grid, panel, top ? "mean of bars picked (top K)" : "mean of all other bars");
    }
    for (size_t i = 0; i < n; i++) {
        const struct signal *s = &list->signal[i];
        const size_t panel = i / (COLUMNS - 1) * COLUMNS + 1 + i % (COLUMNS - 1);
        char text[80];
        TRY(write_signal(page, of, s, m, panel));
        snprintf(text, sizeof text, "%.10s %.5s  p %.2f  %s", s->time, strlen(s->time) > 11 ? s->time + 11 : "",
                 s->probability,
                 s->label == 1   ? "hit"
                 : s->label == 0 ? "miss"
                                 : "—");
        name_panel(page, &grid, panel, text);
        for (size_t step = 0; step < m->steps; step++) row[n_rows++] = s->head_row[step];
    }
    TRY(signals_colours(of, row, n_rows, &colours));
    page_array(page, "drawn", PANELS);
    for (size_t i = 0; i < PANELS; i++)
        page_set_at(page, "drawn", i, i % COLUMNS == 0 || i / COLUMNS * (COLUMNS - 1) + i % COLUMNS - 1 < n);
    page_set(page, "n_steps", (double)m->steps);
    page_set(page, "n_lags", (double)m->lags);
    page_set(page, "map_top", page->top);
    page_set(page, "map_bottom", MAPS_BOTTOM);
    page_range(page, "weight", colours);
    return GW_OK;
}

static int draw(struct plot_job *job, const struct attention_matrix *of, const struct table *t, const size_t *c,
                size_t strategy, int gate) {
    struct run_view *run = job->run;
    struct signal_list list;
    struct means means;
    struct page page;
    char about[300];
    TRY(signals_best(run, strategy, gate, of->n_rows, "mean", &list));
    TRY(collect(job, t, c, run->strategy[strategy].name, gate, &means));
    if (list.n == 0 || means.steps == 0) return GW_OK;
    snprintf(about, sizeof about, "%s gate · %s", gate_word[gate], run->strategy[strategy].label);
    int rc =
        page_begin(job, &page, about,
                   "Where the decoder looked in the window at each of its steps over the label's horizon, the first "
                   "step on top. Left: means over the test bars and seeds. Right: the most probable signals of the "
                   "test folds. All maps "
                   "share one colour scale, on which the uniform weight 1/T (the mark) lies at a quarter or below.");
    if (rc == GW_OK) rc = write_page(&page, of, &list, &means);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    struct attention_matrix of;
    const struct table *t;
    size_t c[N_COLUMNS];
    TRY(run_view_table(run, TABLE_ATTENTION_MEAN, &t));
    if (!t) return plot_skip(job, "no model has a decoder");
    TRY(table_columns(t, column_name, c));
    TRY(attention_load(run, &of));
    int rc = GW_OK;
    for (size_t s = 0; rc == GW_OK && of.weight && s < run->n_strategies; s++)
        for (int gate = 0; rc == GW_OK && gate < N_GATES_SHOWN && job->n_pages < PLOT_PAGES_MAX; gate++)
            if (run->strategy[s].forecast) rc = draw(job, &of, t, c, s, gate);
    mem_free(of.weight);
    if (rc == GW_OK && job->n_pages == 0) rc = plot_skip(job, "no model has a decoder");
    return rc;
}

const struct plot_desc plot_desc_attention_steps = {
    .name = "attention_steps",
    .title = "Attention of the decoder by step",
    .help = "where a decoder looks at each of its steps, at the signals and on average",
    .optional = true,
    .prepare = prepare,
};
