/* Finished runs side by side: one line for each strategy of each run. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/report.h"
#include "reports/data/run_view.h"
#include "reports/words/sentences.h"
#include "text_table.h"

static int number_cell(struct text_table *table, size_t column, const char *format, double value) {
    if (!isfinite(value)) return text_table_cell(table, column, "%s", text_of_no_number(value));
    char text[48];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, format, value);
#pragma GCC diagnostic pop
    return text_table_cell(table, column, "%s", text);
}

/* As many symbols as there is room for: a name cut in the middle would be another one. */
static const char *symbols_shown(const struct run_view *run, char out[32]) {
    if (text_columns(run->symbols) <= 20) return run->symbols;
    size_t keep = 0;
    for (size_t i = 0; run->symbols[i] && i <= 17; i++)
        if (run->symbols[i] == ',') keep = i;
    snprintf(out, 32, "%.*s%s", keep ? (int)keep : 20, run->symbols, keep ? ", …" : "");
    text_clean(out);
    return out;
}

/* Name, directory and market of a run stand on its first rows, one below the other. */
static int run_cells(struct text_table *table, const struct run_view *run, size_t row) {
    const char *slash = strrchr(run->dir, '/'), *base = slash && slash[1] ? slash + 1 : run->dir;
    if (row == 0) text_table_rule(table);
    TRY(text_table_cell(table, 0, "%s", row == 0 ? run->name : row == 1 && strcmp(base, run->name) != 0 ? base : ""));
    char market[32];
    TRY(text_table_cell(table, 1, "%s", row == 0 ? symbols_shown(run, market) : row == 1 ? run->interval : ""));
    TRY(text_table_cell(table, 2, "%.10s", row == 0 ? run->begin : ""));
    return text_table_cell(table, 3, "%.10s", row == 0 ? run->end : "");
}

static int gw_strategy_row(struct text_table *table, const struct run_view *run, size_t row) {
    const struct strategy_view *s = &run->strategy[row];
    char p[GW_METRIC_KEY_MAX], pnl[GW_METRIC_KEY_MAX];
    double k = run->n_ks ? run->k[0] : 1;
    gw_metric_key_write(p, "precision_at_k", k);
    gw_metric_key_write(pnl, "pnl_mean_at_k_1x", k);
    TRY(text_table_row(table));
    TRY(run_cells(table, run, row));
    TRY(text_table_cell(table, 4, "%s", s->label));
    TRY(text_table_cell(table, 5, "%g%%", k));
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        size_t c = 6 + 4 * (size_t)gate;
        TRY(number_cell(table, c, "%.3f", gate_metric(s, gate, "mean", "average_precision")));
        TRY(number_cell(table, c + 1, "%.2f", gate_metric(s, gate, "mean", "ap_lift")));
        TRY(number_cell(table, c + 2, "%.1f", 100 * gate_metric(s, gate, "mean", p)));
        TRY(number_cell(table, c + 3, "%+.2f", 100 * gate_metric(s, gate, "mean", pnl)));
    }
    TRY(number_cell(table, 14, "%+.1f", 100 * portfolio_metric(s, "mean", "total_return")));
    TRY(number_cell(table, 15, "%.2f", portfolio_metric(s, "mean", "sharpe")));
    TRY(number_cell(table, 16, "%.1f", 100 * portfolio_metric(s, "mean", "max_drawdown")));
    return number_cell(table, 17, "%.0f", portfolio_metric(s, "mean", "n_trades"));
}

/* "demo: No. …"; NULL for a run that has none. */
static int keep_finding(struct run_view *run, struct arena *arena, const char **out) {
    char text[FINDING_MAX], named[FINDING_MAX + 80];
    TRY(finding_words(run, text, sizeof text));
    *out = NULL;
    if (!text[0]) return GW_OK;
    snprintf(named, sizeof named, "%.64s: %s", run->name, text);
    *out = text_safe(arena, named);
    return *out ? GW_OK : GW_ERR_NOMEM;
}

static int compare_run(struct text_table *table, struct arena *arena, const char *dir, const char **finding) {
    struct run_view run;
    TRY(run_view_open(dir, &run));
    int rc = GW_OK;
    if (!run.name[0]) { /* a nameless run goes by its directory */
        run.name = text_safe(arena, dir);
        if (!run.name) rc = GW_ERR_NOMEM;
    }
    for (size_t i = 0; rc == GW_OK && i < run.n_strategies; i++) rc = gw_strategy_row(table, &run, i);
    if (rc == GW_OK) rc = keep_finding(&run, arena, finding);
    run_view_close(&run);
    return rc;
}

int gw_report_compare(const char *const *run_dir, size_t n, FILE *stream, size_t width) {
    static const struct {
        const char *heading;
        bool left;
        int priority, group;
    } column[] = {{"run", true, 0, 0},       {"market", true, 2, 1}, {"from", true, 5, 1},      {"to", true, 5, 1},
                  {"strategy", true, 0, 0},  {"K", false, 0, 2},     {"AP long", false, 0, 2},  {"lift", false, 3, 2},
                  {"P@K", false, 0, 2},      {"PnL@K", false, 1, 2}, {"AP short", false, 0, 3}, {"lift", false, 3, 3},
                  {"P@K", false, 0, 3},      {"PnL@K", false, 1, 3}, {"return %", false, 0, 4}, {"Sharpe", false, 0, 4},
                  {"max DD %", false, 1, 4}, {"trades", false, 2, 4}};
    int group[COUNT_OF(column)];
    struct arena arena = {0};
    struct text_table table;
    bool told = false;
    const char **finding = arena_alloc(&arena, n ? n : 1, sizeof *finding);
    int rc = finding ? GW_OK : GW_ERR_NOMEM;
    text_table_begin(&table, &arena);
    for (size_t c = 0; c < COUNT_OF(column); c++) {
        text_table_column(&table, column[c].heading, column[c].left, column[c].priority);
        group[c] = column[c].group;
    }
    for (size_t i = 0; rc == GW_OK && i < n; i++) rc = compare_run(&table, &arena, run_dir[i], &finding[i]);
    for (size_t i = 0; rc == GW_OK && i < n; i++) { /* nothing is said before all can be read */
        if (finding[i]) text_print_wrapped(stream, finding[i], 2, width);
        told |= finding[i] != NULL;
    }
    if (rc == GW_OK && told) fputc('\n', stream);
    if (rc == GW_OK) rc = text_table_print_folded(&table, group, stream, width);
    if (rc == GW_OK)
        text_print_wrapped(
            stream,
            "AP and lift as they are, P@K, PnL@K (per isolated trade after costs), return and drawdown in "
            "%; means over seeds",
            0, width);
    arena_free(&arena);
    return rc;
}
