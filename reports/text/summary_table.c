#include "summary_table.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

static const double LEFT = 0.055, RIGHT = 0.955, NAME_WIDTH = 0.16;

/* One column of the comparison: a metric of a gate (or of the portfolio, gate -1). */
struct column {
    const char *heading; /* over this and following columns without one of their own */
    const char *sub;     /* "long", "short" or a unit */
    int gate;
    char metric[64], lift[64]; /* lift: shown as ×1.9 on the second line; "" for none */
    enum { SHOW_FRACTION, SHOW_PERCENT, SHOW_PERCENT_FINE, SHOW_RATIO, SHOW_COUNT, SHOW_LOSS } show;
    bool lower_is_better, unranked;
    double right, width;
};
enum { COLUMNS_MAX = 20 };

static void show(char out[32], const struct column *c, double value) {
    if (!isfinite(value)) {
        strcpy(out, "—");
        return;
    }
    switch (c->show) {
    case SHOW_FRACTION:
        snprintf(out, 32, "%.3f", value);
        break;
    case SHOW_PERCENT:
        snprintf(out, 32, "%.1f", 100 * value);
        break;
    case SHOW_PERCENT_FINE:
        snprintf(out, 32, "%+.2f", 100 * value);
        break;
    case SHOW_RATIO:
        snprintf(out, 32, "%+.2f", value);
        break;
    case SHOW_COUNT:
        snprintf(out, 32, "%.0f", value);
        break;
    case SHOW_LOSS:
        snprintf(out, 32, "−%.1f", 100 * fabs(value));
        break;
    }
    if (strspn(out + 1, "0.") == strlen(out + 1) && (out[0] == '-' || out[0] == '+')) {
        memmove(out, out + 1, strlen(out)); /* nothing to see: no sign either */
    } else if (out[0] == '-') {             /* a true minus is as wide as the plus above and below it */
        char rest[32];
        strcpy(rest, out + 1);
        snprintf(out, 32, "−%.24s", rest);
    }
}

static struct column *add(struct column *list, size_t *n, const char *heading, const char *sub, int gate,
                          const char *metric, double width) {
    struct column *c = &list[(*n)++];
    *c = (struct column){.heading = heading, .sub = sub, .gate = gate, .width = width};
    snprintf(c->metric, sizeof c->metric, "%s", metric);
    return c;
}

static size_t choose_columns(const struct run_view *run, struct column *list) {
    static char heading[2][2][32]; /* rewritten by every call with the run's own Ks */
    size_t n = 0;
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        struct column *c =
            add(list, &n, gate ? NULL : "Average precision", gate_word[gate], gate, "average_precision", 0.083);
        strcpy(c->lift, "ap_lift");
    }
    for (size_t i = 0; i < run->n_ks && i < 2; i++)
        for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
            char key[GW_METRIC_KEY_MAX];
            snprintf(heading[0][i], sizeof heading[0][i], "P@%g %%, %%", run->k[i]);
            add(list, &n, gate ? NULL : heading[0][i], gate_word[gate], gate,
                gw_metric_key_write(key, "precision_at_k", run->k[i]), 0.049)
                ->show = SHOW_PERCENT;
        }
    for (size_t i = 0; i < run->n_ks && i < 1; i++)
        for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
            char key[GW_METRIC_KEY_MAX];
            snprintf(heading[1][i], sizeof heading[1][i], "PnL@%g %%, %%", run->k[i]);
            add(list, &n, gate ? NULL : heading[1][i], gate_word[gate], gate,
                gw_metric_key_write(key, "pnl_mean_at_k_1x", run->k[i]), 0.052)
                ->show = SHOW_PERCENT_FINE;
        }
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        struct column *c = add(list, &n, gate ? NULL : "Coverage, %", gate_word[gate], gate, "coverage", 0.049);
        c->show = SHOW_PERCENT;
        c->unranked = true;
    }
    add(list, &n, "Traded", "return, %", -1, "total_return", 0.06)->show = SHOW_PERCENT;
    add(list, &n, NULL, "Sharpe", -1, "sharpe", 0.05)->show = SHOW_RATIO;
    struct column *loss = add(list, &n, NULL, "max. DD, %", -1, "max_drawdown", 0.068);
    loss->show = SHOW_LOSS;
    loss->lower_is_better = true;
    struct column *trades = add(list, &n, NULL, "trades", -1, "n_trades", 0.046);
    trades->show = SHOW_COUNT;
    trades->unranked = true;
    return n;
}

static double value_of(const struct strategy_view *s, const struct column *c, const char *part, const char *metric) {
    return c->gate < 0 ? portfolio_metric(s, part, metric) : gate_metric(s, c->gate, part, metric);
}

/* The best value of a column, NAN when there is nobody to beat. */
static double best_of(const struct run_view *run, const struct column *c) {
    double best = NAN, first = NAN;
    bool differ = false; /* where all are equal nobody is best */
    for (size_t i = 0; i < run->n_strategies; i++) {
        double v = value_of(&run->strategy[i], c, "mean", c->metric);
        if (!isfinite(v)) continue;
        if (isnan(first)) first = v;
        differ |= v != first;
        if (isnan(best) || (c->lower_is_better ? v < best : v > best)) best = v;
    }
    return differ && !c->unranked ? best : (double)NAN;
}

static void table_head(struct page *page, const struct column *column, size_t n, double y) {
    page_box(page, LEFT - 0.006, y - 0.044, RIGHT + 0.006, y + 0.015, FILL_HEAD);
    page_text(page, FONT_BOLD, ALIGN_LEFT, LEFT, y - 0.03, INK, "Strategy");
    page_text(page, FONT_SMALL, ALIGN_RIGHT, LEFT + NAME_WIDTH + 0.045, y - 0.03, INK, "parameters");
    for (size_t i = 0; i < n; i++) {
        page_text(page, FONT_SMALL, ALIGN_RIGHT, column[i].right, y - 0.03, INK, column[i].sub);
        if (!column[i].heading) continue;
        size_t last = i;
        while (last + 1 < n && !column[last + 1].heading) last++;
        double from = column[i].right - column[i].width + 0.012, to = column[last].right;
        page_text(page, FONT_BOLD, ALIGN_CENTER, (from + to) / 2, y, INK, column[i].heading);
        page_rule(page, from, y - 0.015, to, y - 0.015, 0.55);
    }
}

static int table_row(struct page *page, const struct strategy_view *s, const struct column *column, const double *best,
                     size_t n, double y, bool two_lines) {
    struct arena *arena = &page->job->run->arena;
    char *name = text_fit(arena, s->label, font_size_pt[FONT_BOLD], NAME_WIDTH);
    if (!name) return GW_ERR_NOMEM;
    page_text(page, s->is_baseline ? FONT_BOLD : FONT_BODY, ALIGN_LEFT, LEFT, y, INK, name);
    char *kind = text_fit(arena,
                          s->is_baseline ? "baseline"
                          : s->has_model ? s->attention
                                         : "no model",
                          font_size_pt[FONT_SMALL], NAME_WIDTH);
    if (!kind) return GW_ERR_NOMEM;
    if (two_lines) page_text(page, FONT_SMALL, ALIGN_LEFT, LEFT, y - 0.0185, INK_SOFT, kind);
    page_textf(page, FONT_BODY, ALIGN_RIGHT, LEFT + NAME_WIDTH + 0.045, y, INK, isfinite(s->parameters) ? "%.0f" : "—",
               s->parameters);
    for (size_t i = 0; i < n; i++) {
        const struct column *c = &column[i];
        char text[32], sd_text[32];
        double mean = value_of(s, c, "mean", c->metric), sd = value_of(s, c, "sd", c->metric);
        double lift = c->lift[0] ? value_of(s, c, "mean", c->lift) : (double)NAN;
        show(text, c, mean);
        page_text(page, mean == best[i] ? FONT_BOLD : FONT_BODY, ALIGN_RIGHT, c->right, y, INK, text);
        if (!two_lines || !isfinite(mean)) continue;
        show(sd_text, c, fabs(sd));
        const char *unsigned_sd = sd_text[0] == '+'      ? sd_text + 1
                                  : c->show == SHOW_LOSS ? sd_text + strlen("−")
                                                         : sd_text;
        char second[80] = "";
        if (isfinite(sd) && page->job->run->n_seeds > 1) snprintf(second, sizeof second, "±%s", unsigned_sd);
        if (isfinite(lift)) snprintf(second + strlen(second), 24, "%s×%.2f", second[0] ? " " : "", lift);
        page_text(page, FONT_SMALL, ALIGN_RIGHT, c->right, y - 0.0185, INK_SOFT, second);
    }
    return GW_OK;
}

int summary_table(struct page *page, double *y) {
    struct run_view *run = page->job->run;
    struct column column[COLUMNS_MAX];
    size_t n = choose_columns(run, column);
    double total = 0, best[COLUMNS_MAX], x = LEFT + NAME_WIDTH + 0.045;
    for (size_t i = 0; i < n; i++) total += column[i].width;
    double stretch = (RIGHT - x) / total;
    for (size_t i = 0; i < n; i++) {
        column[i].width *= stretch;
        column[i].right = x += column[i].width;
        best[i] = best_of(run, &column[i]);
    }
    table_head(page, column, n, *y);
    *y -= 0.068;
    bool two_lines = run->n_strategies <= 9;
    double height = two_lines ? 0.0425 : run->n_strategies <= 24 ? 0.0255 : 0.0203;
    double above = two_lines ? 0.0155 : height / 2;
    for (size_t i = 0; i < run->n_strategies; i++) {
        if (*y < 0.13) { /* more strategies than a page holds */
            page_textf(page, FONT_SMALL, ALIGN_LEFT, LEFT, *y, INK_SOFT, "… and %zu more: see summary.json",
                       run->n_strategies - i);
            *y -= height;
            break;
        }
        if (i % 2) page_box(page, LEFT - 0.006, *y + above, RIGHT + 0.006, *y + above - height, FILL_BAND);
        TRY(table_row(page, &run->strategy[i], column, best, n, *y, two_lines));
        *y -= height;
    }
    page_rule(page, LEFT - 0.006, *y + above, RIGHT + 0.006, *y + above, 0.35);
    return GW_OK;
}
