/* Runs side by side in words: what each comes to, one table, the verdicts. */
#include <math.h>
#include <string.h>

#include "compare_parts.h"
#include "reports/words/sentences.h"

static const double LEFT = PAGE_LEFT, RIGHT = PAGE_RIGHT, LOWEST = 0.125, ROW = 0.0215;
static const char caption[] = "AP: average precision (area under the precision-recall curve). P@K: share of positives "
                              "among the best K % of bars, K the "
                              "run's first; PnL@K: their mean return as single trades after costs; both in percent. "
                              "Sharpe: yearly return over its "
                              "deviation; max. DD: deepest drawdown. Means over seeds. Runs on other bars or labels "
                              "are not comparable line by line.";

struct writer {
    struct comparison *of;
    struct page page;
    double y;
    bool has_chart;
};

static int begin(struct writer *w) {
    TRY(page_begin(&w->of->job, &w->page, "", caption));
    page_set(&w->page, "has_chart", w->has_chart);
    w->y = w->page.top + 0.008;
    return GW_OK;
}

/* Another page when there is less room than that. */
static int need(struct writer *w, double height) {
    if (w->y - height >= LOWEST) return GW_OK;
    TRY(page_end(&w->page));
    return begin(w);
}

static int paragraph(struct writer *w, const char *text, enum text_font font, double x, double line_height) {
    enum { LINES = 16 };
    char *line[LINES];
    size_t n;
    TRY(text_wrap(&w->of->view.arena, text, font_size_pt[font], RIGHT + 0.05 - x, LINES, line, &n));
    for (size_t i = 0; i < n; i++, w->y -= line_height) {
        TRY(need(w, 0));
        page_text(&w->page, font, ALIGN_LEFT, x, w->y, INK, line[i]);
    }
    return GW_OK;
}

static int write_findings(struct writer *w) {
    for (size_t i = 0; i < w->of->n; i++) {
        struct run_view *run = &w->of->run[i];
        char text[FINDING_MAX], facts[500];
        TRY(finding_words(run, text, sizeof text));
        TRY(need(w, 0.07));
        snprintf(facts, sizeof facts, "%s · %s · %.10s to %.10s · %.0f folds · %zu seed%s", run->symbols, run->interval,
                 run->begin, run->end, run->n_folds, run->n_seeds, run->n_seeds == 1 ? "" : "s");
        char *name = text_fit(&run->arena, comparison_name(w->of, i), font_size_pt[FONT_HEAD], 0.4),
             *fitted = text_fit(&run->arena, facts, font_size_pt[FONT_SMALL], 0.5);
        if (!name || !fitted) return GW_ERR_NOMEM;
        page_text(&w->page, FONT_HEAD, ALIGN_LEFT, LEFT, w->y, INK, name);
        page_text(&w->page, FONT_SMALL, ALIGN_RIGHT, RIGHT, w->y, INK_SOFT, fitted);
        w->y -= 0.0245;
        TRY(paragraph(w, text[0] ? text : "This run has no finding on record.", FONT_SMALL, LEFT, 0.0182));
        w->y -= 0.013;
    }
    return GW_OK;
}

/* The table's columns: a metric of a gate, or of the portfolio (gate -1). */
static const struct {
    const char *over, *under, *metric;
    int gate, kind; /* kind: 0 a fraction, 1 percent, 2 signed percent, 3 signed, 4 a count, 5 percent, a loss */
    double right;
} column[] = {{"AP", "long", "average_precision", 0, 0, 0.430},       {NULL, "short", "average_precision", 1, 0, 0.478},
              {"P@K (%)", "long", "precision_at_k", 0, 1, 0.530},     {NULL, "short", "precision_at_k", 1, 1, 0.574},
              {"PnL@K (%)", "long", "pnl_mean_at_k_1x", 0, 2, 0.630}, {NULL, "short", "pnl_mean_at_k_1x", 1, 2, 0.680},
              {"Traded", "return (%)", "total_return", -1, 2, 0.752}, {NULL, "Sharpe", "sharpe", -1, 3, 0.812},
              {NULL, "max. DD (%)", "max_drawdown", -1, 5, 0.890},    {NULL, "trades", "n_trades", -1, 4, 0.945}};

static void figure(char out[FIGURE_SIZE], double value, int kind) {
    if (!isfinite(value) || kind == 2 || kind == 3) {
        figure_signed(out, kind == 2 ? 100 * value : value, 2);
        return;
    }
    if (kind == 5)
        figure_signed(out, -100 * fabs(value), 1);
    else
        snprintf(out, FIGURE_SIZE, kind == 0 ? "%.3f" : kind == 4 ? "%.0f" : "%.1f", kind == 1 ? 100 * value : value);
}

static double value_of(const struct run_view *run, const struct strategy_view *s, size_t c) {
    char key[GW_METRIC_KEY_MAX];
    if (column[c].gate < 0) return portfolio_metric(s, "mean", column[c].metric);
    gw_metric_key_write(key, column[c].metric, run->n_ks ? run->k[0] : 1);
    return gate_metric(s, column[c].gate, "mean", key);
}

static void table_head(struct writer *w) {
    page_box(&w->page, LEFT - 0.006, w->y - 0.036, RIGHT + 0.006, w->y + 0.016, FILL_HEAD);
    page_text(&w->page, FONT_BOLD, ALIGN_LEFT, LEFT, w->y - 0.022, INK, "Run");
    page_text(&w->page, FONT_BOLD, ALIGN_LEFT, 0.21, w->y - 0.022, INK, "Strategy");
    for (size_t c = 0; c < COUNT_OF(column); c++) {
        if (column[c].over) /* over its own column and the next */
            page_text(&w->page, FONT_BOLD, ALIGN_CENTER,
                      column[c].gate < 0 ? 0.83 : (column[c].right + column[c + 1].right - 0.036) / 2, w->y, INK,
                      column[c].over);
        page_text(&w->page, FONT_SMALL, ALIGN_RIGHT, column[c].right, w->y - 0.022, INK, column[c].under);
    }
    w->y -= 0.055;
}

static int write_table(struct writer *w) {
    TRY(need(w, 0.14));
    table_head(w);
    for (size_t i = 0; i < w->of->n; i++) {
        struct run_view *run = &w->of->run[i];
        for (size_t s = 0; s < run->n_strategies; s++) {
            if (w->y < LOWEST) {
                TRY(need(w, 1));
                table_head(w);
            }
            const struct strategy_view *strategy = &run->strategy[s];
            char *name = s ? "" : text_fit(&run->arena, comparison_name(w->of, i), font_size_pt[FONT_BOLD], 0.15);
            char *label = text_fit(&run->arena, strategy->label, font_size_pt[FONT_SMALL], 0.165);
            if (!name || !label) return GW_ERR_NOMEM;
            if (s == 0 && i) page_rule(&w->page, LEFT - 0.006, w->y + ROW / 2, RIGHT + 0.006, w->y + ROW / 2, 0.7);
            page_text(&w->page, FONT_BOLD, ALIGN_LEFT, LEFT, w->y, INK, name);
            page_text(&w->page, FONT_SMALL, ALIGN_LEFT, 0.21, w->y, INK, label);
            for (size_t c = 0; c < COUNT_OF(column); c++) {
                char text[FIGURE_SIZE];
                figure(text, value_of(run, strategy, c), column[c].kind);
                page_text(&w->page, FONT_SMALL, ALIGN_RIGHT, column[c].right, w->y, INK, text);
            }
            w->y -= ROW;
        }
    }
    w->y -= 0.02;
    return GW_OK;
}

static int write_verdicts(struct writer *w) {
    bool headed = false;
    for (size_t i = 0; i < w->of->n; i++) {
        struct run_view *run = &w->of->run[i];
        for (size_t v = 0; run->verdict && v < json_size(run->verdict); v++) {
            char said[CONCLUSION_MAX], line[CONCLUSION_MAX + 80];
            TRY(conclusion_words(run, json_at(run->verdict, v), said));
            if (!said[0]) continue;
            TRY(need(w, headed ? 0.05 : 0.09));
            if (!headed) {
                page_text(&w->page, FONT_HEAD, ALIGN_LEFT, LEFT, w->y, INK, "Verdicts");
                w->y -= 0.028;
                headed = true;
            }
            snprintf(line, sizeof line, "%.64s: %s", comparison_name(w->of, i), said);
            text_clean(line);
            TRY(paragraph(w, line, FONT_SMALL, LEFT, 0.0182));
            w->y -= 0.006;
        }
    }
    return GW_OK;
}

int compare_write_text(struct comparison *c) {
    struct writer w = {.of = c};
    int rc = begin(&w);
    if (rc == GW_OK) rc = write_findings(&w);
    if (rc == GW_OK) rc = write_table(&w);
    if (rc == GW_OK) rc = write_verdicts(&w);
    return page_end(&w.page) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}
