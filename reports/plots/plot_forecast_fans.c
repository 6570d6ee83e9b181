/* A decoder's forecasts at single trade signals, as fans, against what happened. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "signals.h"

enum { ROW, BARS, SIDE, SAID, Q05, Q25, Q75, Q95, CAME, N_COLUMNS };
enum { BARS_MAX = 1000000, STEPS_MAX = 64, PANELS = 6, COLUMNS = 3, N_SIDES = 2 };
static const char *const column_name[] = {"row", "bars", "side", "said", "q05", "q25", "q75", "q95", "came", NULL};

static bool is_side(const char *word, size_t side) { return strcmp(word, side ? "worst" : "best") == 0; }

/* Two blocks "bars, said, q05, q25, q75, q95, came" from nothing at the decision on: best, worst. */
static int write_fan(struct page *page, const struct table *t, const size_t *c, const struct signal *s, size_t panel,
                     struct gw_range *span, double *last_bar) {
    char name[16];
    FILE *to;
    snprintf(name, sizeof name, "fan%zu", panel);
    TRY(page_file(page, name, &to));
    for (size_t side = 0; side < N_SIDES; side++) {
        size_t steps = 0;
        PAGE_ROW(to, 0, 0, 0, 0, 0, 0, 0);
        for (size_t i = 0; i < t->n_rows && steps < STEPS_MAX; i++) {
            double value[N_COLUMNS];
            if (table_number(t, i, c[ROW]) != (double)s->mean_row) continue;
            if (!is_side(t->cell[i * t->n_columns + c[SIDE]], side)) continue;
            for (size_t k = 0; k < N_COLUMNS; k++) value[k] = k == SIDE ? (double)NAN : table_number(t, i, c[k]);
            if (!(value[BARS] > 0 && value[BARS] < BARS_MAX)) continue;
            PAGE_ROW(to, value[BARS], value[SAID], value[Q05], value[Q25], value[Q75], value[Q95], value[CAME]);
            for (size_t k = SAID; k <= CAME; k++) range_add(span, value[k]);
            if (value[BARS] > *last_bar) *last_bar = value[BARS];
            steps++;
        }
        fputs("\n\n", to);
    }
    return GW_OK;
}

static void name_panel(struct page *page, const struct panel_grid *grid, const struct signal_list *list, size_t i) {
    const struct signal *s = &list->signal[i];
    const double x = grid_left(grid, i % COLUMNS), y = grid_top(grid, i / COLUMNS) + 0.016;
    page_textf(page, FONT_SMALL, ALIGN_LEFT, x, y, INK, "%.10s %.5s%s%.10s  p %.2f", s->time,
               strlen(s->time) > 11 ? s->time + 11 : "", list->n_symbols > 1 ? "  " : "",
               list->n_symbols > 1 ? s->symbol : "", s->probability);
    page_text(page, s->label == 1 ? FONT_BOLD : FONT_SMALL, ALIGN_RIGHT, x + grid->width, y,
              s->label == 1 ? INK_GOOD : INK_SOFT,
              s->label == 1   ? "hit"
              : s->label == 0 ? "miss"
                              : "—");
}

static int write_page(struct page *page, const struct table *t, const size_t *c, const struct signal_list *list) {
    const struct legend_entry legend[] = {{"what happened: running best and worst", 1, MARK_LINE},
                                          {"what was said", 3, MARK_LINE},
                                          {"half of outcomes expected", 12, MARK_BOX},
                                          {"nine in ten", 15, MARK_BOX}};
    struct gw_range span = range_empty();
    double last_bar = 1;
    const size_t n = list->n < PANELS ? list->n : PANELS;
    TRY(page_legend(page, legend, COUNT_OF(legend)));
    page->top -= 0.02;
    const struct panel_grid grid = page_grid(page, n > COLUMNS ? 2 : 1, COLUMNS, 0.05, 0.095);
    for (size_t i = 0; i < n; i++) {
        TRY(write_fan(page, t, c, &list->signal[i], i, &span, &last_bar));
        name_panel(page, &grid, list, i);
    }
    range_add(&span, 0);
    page_set(page, "n_panels", (double)n);
    page_set(page, "fan_top", page->top);
    page_set(page, "last_bar", last_bar);
    page_range(page, "move", range_round(span));
    return GW_OK;
}

static int draw(struct plot_job *job, const struct table *t, const size_t *c, size_t n_rows, size_t strategy,
                int gate) {
    struct run_view *run = job->run;
    struct signal_list list;
    struct page page;
    char about[300];
    TRY(signals_best(run, strategy, gate, n_rows, "mean", &list));
    if (list.n == 0) return GW_OK;
    snprintf(about, sizeof about, "%s gate · %s", gate_word[gate], run->strategy[strategy].label);
    int rc = page_begin(
        job, &page, about,
        "The gate's most probable signals of the test folds, surest first: the running best and worst "
        "move after the decision, in ATR at the decision, as the decoder forecast them and as they came. Around each "
        "point stand the quantiles .05 .25 .75 .95 of its errors on the fold's validation slice. The "
        "same axes everywhere.");
    if (rc == GW_OK) rc = write_page(&page, t, c, &list);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    const struct table *t;
    size_t c[N_COLUMNS];
    TRY(run_view_table(run, TABLE_FORECAST_SIGNALS, &t));
    if (!t) return plot_skip(job, "no model has a decoder");
    TRY(table_columns(t, column_name, c));
    int rc = GW_OK;
    for (size_t s = 0; rc == GW_OK && s < run->n_strategies; s++)
        for (int gate = 0; rc == GW_OK && gate < N_GATES_SHOWN && job->n_pages < PLOT_PAGES_MAX; gate++)
            if (run->strategy[s].forecast) rc = draw(job, t, c, SIZE_MAX, s, gate);
    if (rc == GW_OK && job->n_pages == 0) rc = plot_skip(job, "no signal of a model with a decoder is kept");
    return rc;
}

const struct plot_desc plot_desc_forecast_fans = {
    .name = "forecast_fans",
    .title = "Forecast fans at the signals",
    .help = "what a decoder forecast at the surest signals, against what happened",
    .optional = true,
    .prepare = prepare,
};
