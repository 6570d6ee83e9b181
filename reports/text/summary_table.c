#include "summary_table.h"
#include "engine/base/base.h"
#include "text_table.h"

#include <math.h>
#include <string.h>

static const double LEFT = 0.055, RIGHT = 0.955, NAME_WIDTH = 0.16;

/* One column of the comparison: a metric of a gate (or of the portfolio, gate -1). */
struct column {
    const struct metric_column *of;
    const char *heading; /* over this and following columns without one of their own */
    const char *sub;     /* "long", "short" or a metric of the portfolio */
    const char *lift;    /* shown as ×1.9 on the second line; NULL: none */
    int gate;
    double right, width;
};
enum { COLUMNS_MAX = (N_GATES_SHOWN + 1) * METRIC_COLUMNS_MAX };
static const double FULL = 0.93; /* widths that can still be squeezed onto the page */

static void show(char out[32], const struct column *c, double value) {
    if (!isfinite(value)) {
        snprintf(out, 32, "%s", text_of_no_number(value));
        return;
    }
    switch (c->of->format) {
    case FORMAT_FRACTION:
        snprintf(out, 32, "%.3f", value);
        break;
    case FORMAT_PERCENT:
        snprintf(out, 32, "%.1f", 100 * value);
        break;
    case FORMAT_SIGNED_PERCENT:
        snprintf(out, 32, "%+.2f", 100 * value);
        break;
    case FORMAT_RATIO:
        snprintf(out, 32, "%+.2f", value);
        break;
    case FORMAT_COUNT:
        snprintf(out, 32, "%.0f", value);
        break;
    case FORMAT_LOSS:
        snprintf(out, 32, fabs(value) < 0.0005 ? "0.0" : "−%.1f", 100 * fabs(value));
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

static double gate_width(const struct column *c) {
    if (c->lift) return 0.083;
    return c->of->format == FORMAT_SIGNED_PERCENT ? 0.052 : c->of->format == FORMAT_FRACTION ? 0.055 : 0.049;
}

static void add_gates(const struct metric_column *of, struct column *list, size_t *n) {
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        struct column *c = &list[(*n)++];
        *c = (struct column){.of = of, .heading = gate ? NULL : of->title, .sub = gate_word[gate], .gate = gate};
        if (strcmp(of->metric, "average_precision") == 0) c->lift = "ap_lift";
        c->width = gate_width(c);
    }
}

static double total_width(const struct column *list, size_t n) {
    double total = 0;
    for (size_t i = 0; i < n; i++) total += list[i].width;
    return total;
}

static size_t columns_up_to(const struct run_view *run, int priority, struct column *list) {
    size_t n = 0, traded;
    for (size_t i = 0; i < run->gate_columns.n; i++) {
        const struct metric_column *of = &run->gate_columns.column[i];
        if (*of->title && of->priority <= priority) add_gates(of, list, &n);
    }
    traded = n;
    for (size_t i = 0; i < run->portfolio_columns.n; i++) {
        const struct metric_column *of = &run->portfolio_columns.column[i];
        if (!*of->title || of->priority > priority) continue;
        list[n] = (struct column){.of = of, .heading = n == traded ? "Traded" : NULL, .sub = of->title, .gate = -1};
        list[n++].width = fmax(0.051, 0.0078 * (double)text_columns(of->title));
    }
    return n;
}

/* All that have a title, or without the least important ones where the page is too narrow. */
static size_t choose_columns(const struct run_view *run, struct column *list) {
    int priority = 0;
    for (size_t i = 0; i < run->gate_columns.n; i++)
        if (run->gate_columns.column[i].priority > priority) priority = run->gate_columns.column[i].priority;
    for (size_t i = 0; i < run->portfolio_columns.n; i++)
        if (run->portfolio_columns.column[i].priority > priority) priority = run->portfolio_columns.column[i].priority;
    size_t n = columns_up_to(run, priority, list);
    while (priority > 0 && total_width(list, n) > FULL) n = columns_up_to(run, --priority, list);
    return n;
}

static double value_of(const struct strategy_view *s, const struct column *c, const char *part, const char *metric) {
    return c->gate < 0 ? portfolio_metric(s, part, metric) : gate_metric(s, c->gate, part, metric);
}

/* "P@1 %, %" as "P@1 % (%)". */
static const char *with_unit(const char *title, char out[64]) {
    const size_t length = strlen(title);
    if (length < 4 || length > 50 || strcmp(title + length - 3, ", %") != 0) return title;
    snprintf(out, 64, "%.*s (%%)", (int)(length - 3), title);
    return out;
}

static void table_head(struct page *page, const struct column *column, size_t n, double y) {
    page_box(page, LEFT - 0.006, y - 0.044, RIGHT + 0.006, y + 0.015, FILL_HEAD);
    page_text(page, FONT_BOLD, ALIGN_LEFT, LEFT, y - 0.03, INK, "Strategy");
    page_text(page, FONT_SMALL, ALIGN_RIGHT, LEFT + NAME_WIDTH + 0.045, y - 0.03, INK, "parameters");
    for (size_t i = 0; i < n; i++) {
        char sub[64];
        page_text(page, FONT_SMALL, ALIGN_RIGHT, column[i].right, y - 0.03, INK, with_unit(column[i].sub, sub));
        if (!column[i].heading) continue;
        char heading[64];
        size_t last = i;
        while (last + 1 < n && !column[last + 1].heading) last++;
        double from = column[i].right - column[i].width + 0.012, to = column[last].right;
        page_text(page, FONT_BOLD, ALIGN_CENTER, (from + to) / 2, y, INK, with_unit(column[i].heading, heading));
        page_rule(page, from, y - 0.015, to, y - 0.015, 0.55);
    }
}

/* What a contestant is, in a word: of a control in the LSTM's place its encoder, which has no attention. */
static const char *kind_of(const struct strategy_view *s) {
    if (s->is_baseline) return "baseline";
    if (s->outside) return "from outside";
    if (!s->has_model) return "no model";
    if (!*s->encoder) return "mean of several";
    return strcmp(s->encoder, "lstm") != 0 ? s->encoder : s->attention;
}

static int table_row(struct page *page, const struct strategy_view *s, const struct column *column, size_t n, double y,
                     bool two_lines) {
    struct arena *arena = &page->job->run->arena;
    char *name = text_fit(arena, s->label, font_size_pt[FONT_BOLD], NAME_WIDTH);
    if (!name) return GW_ERR_NOMEM;
    page_text(page, s->is_baseline ? FONT_BOLD : FONT_BODY, ALIGN_LEFT, LEFT, y, INK, name);
    char *kind = text_fit(arena, kind_of(s), font_size_pt[FONT_SMALL], NAME_WIDTH);
    if (!kind) return GW_ERR_NOMEM;
    if (two_lines) page_text(page, FONT_SMALL, ALIGN_LEFT, LEFT, y - 0.0185, INK_SOFT, kind);
    page_textf(page, FONT_BODY, ALIGN_RIGHT, LEFT + NAME_WIDTH + 0.045, y, INK, isfinite(s->parameters) ? "%.0f" : "—",
               s->parameters);
    for (size_t i = 0; i < n; i++) {
        const struct column *c = &column[i];
        char text[32], sd_text[32];
        double mean = value_of(s, c, "mean", c->of->metric), sd = value_of(s, c, "sd", c->of->metric);
        double lift = c->lift ? value_of(s, c, "mean", c->lift) : (double)NAN;
        show(text, c, mean);
        const bool best = column_is_best(page->job->run, c->of, c->gate, mean);
        page_text(page, best ? FONT_BOLD : FONT_BODY, ALIGN_RIGHT, c->right, y, INK, text);
        if (!two_lines || !isfinite(mean)) continue;
        show(sd_text, c, fabs(sd));
        const char *unsigned_sd = sd_text[0] == '+'                                   ? sd_text + 1
                                  : c->of->format == FORMAT_LOSS && sd_text[0] != '0' ? sd_text + strlen("−")
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
    double x = LEFT + NAME_WIDTH + 0.045, stretch = (RIGHT - x) / total_width(column, n);
    for (size_t i = 0; i < n; i++) {
        column[i].width *= stretch;
        column[i].right = x += column[i].width;
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
        TRY(table_row(page, &run->strategy[i], column, n, *y, two_lines));
        *y -= height;
    }
    page_rule(page, LEFT - 0.006, *y + above, RIGHT + 0.006, *y + above, 0.35);
    return GW_OK;
}
