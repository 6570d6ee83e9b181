/* Attention at single trade signals as a heat map, the price path of each signal beside its row. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "signals.h"

enum { ROW, LAG, CLOSE, N_COLUMNS };
static const char *const column_name[] = {"row", "lag", "close", NULL};

struct layout {
    double top, bottom, row_height, names_right;
};

/* close[i × n_lags + lag] of the shown signals, NAN where the file says nothing: one pass over a long table. */
static double *read_paths(struct run_view *run, const struct table *t, const size_t *c, const struct signal_list *list,
                          size_t n_lags) {
    double *close = arena_alloc(&run->arena, list->n * n_lags + 1, sizeof *close);
    if (!close) return NULL;
    for (size_t i = 0; i < list->n * n_lags; i++) close[i] = NAN;
    for (size_t r = 0; r < t->n_rows; r++) {
        double row = table_number(t, r, c[ROW]);
        size_t i = 0;
        while (i < list->n && (double)list->signal[i].mean_row != row) i++;
        if (i == list->n) continue;
        double lag = table_number(t, r, c[LAG]);
        if (lag >= 0 && lag < (double)n_lags) close[i * n_lags + (size_t)lag] = table_number(t, r, c[CLOSE]);
    }
    return close;
}

/* Each path scaled to its own row: 0.8 of the row's height from its lowest to its highest close. */
static void write_paths(FILE *to, const double *close, size_t n, size_t n_lags) {
    for (size_t i = 0; i < n; i++) {
        struct gw_range span = range_empty();
        for (size_t lag = 0; lag < n_lags; lag++) range_add(&span, close[i * n_lags + lag]);
        for (size_t lag = n_lags; lag-- > 0;) {
            double at = close[i * n_lags + lag];
            double part = span.hi > span.lo ? (at - span.lo) / (span.hi - span.lo) - 0.5 : 0 * at;
            PAGE_ROW(to, (double)lag, -(double)i + 0.8 * part);
        }
        fputs("\n", to);
    }
}

static int write_page(struct page *page, const struct attention_matrix *m, const struct signal_list *list,
                      const struct table *paths) {
    struct layout l = {
        .top = page->top - 0.03, .bottom = 0.21, .names_right = 0.055 + (list->n_symbols > 1 ? 0.235 : 0.18)};
    l.row_height = (l.top - l.bottom) / (double)list->n;
    if (l.row_height > 0.045) l.row_height = 0.045;
    l.bottom = l.top - l.row_height * (double)list->n;
    signals_labels(page, list, l.top, l.row_height, l.names_right);
    FILE *heat;
    TRY(page_file(page, "heat", &heat));
    size_t row[SIGNALS_SHOWN];
    for (size_t i = 0; i < list->n; i++) row[i] = list->signal[i].mean_row;
    struct gw_range colours;
    signals_heat(heat, m, row, list->n);
    TRY(signals_colours(m, row, list->n, &colours));
    bool has_paths = false;
    if (paths) {
        size_t c[N_COLUMNS];
        FILE *to;
        TRY(table_columns(paths, column_name, c));
        TRY(page_file(page, "paths", &to));
        double *close = read_paths(page->job->run, paths, c, list, m->n_lags);
        if (!close) return GW_ERR_NOMEM;
        write_paths(to, close, list->n, m->n_lags);
        has_paths = true;
    }
    page_set(page, "has_paths", has_paths);
    page_set(page, "n_signals", (double)list->n);
    page_set(page, "n_lags", (double)m->n_lags);
    page_set(page, "map_top", l.top);
    page_set(page, "map_bottom", l.bottom);
    page_set(page, "map_left", l.names_right);
    page_range(page, "weight", colours);
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    struct attention_matrix m;
    const struct table *paths;
    TRY(attention_load(run, &m));
    int rc = run_view_table(run, TABLE_SIGNALS, &paths);
    for (size_t s = 0; rc == GW_OK && m.weight && m.n_lags && s < run->n_strategies; s++)
        for (int gate = 0; rc == GW_OK && gate < N_GATES_SHOWN && job->n_pages < PLOT_PAGES_MAX; gate++) {
            struct signal_list list;
            rc = signals_best(run, s, gate, m.n_rows, "mean", &list);
            if (rc < 0 || list.n == 0) continue;
            struct page page;
            char about[300];
            snprintf(about, sizeof about, "%s gate · %s", gate_word[gate], run->strategy[s].label);
            rc = page_begin(
                job, &page, about,
                "The most probable signals of the test folds, best first, at most one within a horizon. Left: "
                "attention weight of each bar of the lookback; on the scale, uniform attention (1/T) lies at a quarter "
                "or below. Right: close over the same bars, each row scaled to its own range. Hit: the gate's label "
                "came true.");
            if (rc == GW_OK) rc = write_page(&page, &m, &list, paths);
            if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        }
    mem_free(m.weight);
    if (rc == GW_OK && job->n_pages == 0) rc = plot_skip(job, "no trade signal of a strategy with attention");
    return rc;
}

const struct plot_desc plot_desc_attention_signals = {
    .name = "attention_signals",
    .title = "Attention at the surest signals",
    .help = "heat map of attention at the most probable trade signals beside their price paths",
    .prepare = prepare,
};
