#include "summary_chance.h"
#include "engine/base/base.h"

#include <math.h>

static const double LEFT = PAGE_LEFT, RIGHT = PAGE_RIGHT, GATE = 0.215, FIGURES = 0.33, CHANCE = 0.405, FROM = 0.44,
                    TO = 0.665, LIFT = 0.715, FOLDS = 0.785, P = 0.832, CORRECTED = 0.888;
static const double TALLEST = 0.0255, LEAST = 0.0195, HEAD = 0.034;
static const unsigned NOT_SHOWN = 0x8C8C8C; /* as in the verdict: nothing that stands once corrected */

/* One gate of one contestant. */
struct row {
    const struct strategy_view *s;
    int gate;
    double ap, chance;
};
struct rows {
    struct row *row;
    size_t n;
    double low, high; /* of everything drawn */
};

static double null_of(const struct strategy_view *s, int gate, const char *what) {
    return s->gate[gate] ? gate_metric(s, gate, "null", what) : (double)NAN;
}

bool summary_has_chance(const struct run_view *run) {
    for (size_t i = 0; i < run->n_strategies; i++)
        for (int g = 0; g < N_GATES_SHOWN; g++)
            if (isfinite(null_of(&run->strategy[i], g, "null_mean"))) return true;
    return false;
}

static int gather(struct run_view *run, struct rows *out) {
    *out = (struct rows){.low = INFINITY, .high = -INFINITY};
    out->row = arena_alloc(&run->arena, run->n_strategies * N_GATES_SHOWN + 1, sizeof *out->row);
    if (!out->row) return GW_ERR_NOMEM;
    for (size_t i = 0; i < run->n_strategies; i++)
        for (int g = 0; g < N_GATES_SHOWN; g++) {
            const struct strategy_view *s = &run->strategy[i];
            if (!isfinite(null_of(s, g, "null_mean"))) continue;
            struct row *row = &out->row[out->n++];
            *row = (struct row){s, g, gate_metric(s, g, "mean", "average_precision"), null_of(s, g, "null_mean")};
            out->low = fmin(out->low, fmin(row->ap, row->chance));
            out->high = fmax(out->high, fmax(row->ap, row->chance));
        }
    return GW_OK;
}

static void head(struct page *page, double y) {
    static const struct {
        double x;
        enum text_align align;
        const char *text;
    } column[] = {{PAGE_LEFT, ALIGN_LEFT, "Strategy"},
                  {GATE, ALIGN_LEFT, "gate"},
                  {FIGURES, ALIGN_RIGHT, "average precision"},
                  {CHANCE, ALIGN_RIGHT, "by chance"},
                  {LIFT, ALIGN_RIGHT, "ratio"},
                  {FOLDS, ALIGN_RIGHT, "mean of folds"},
                  {P, ALIGN_RIGHT, "p"},
                  {CORRECTED, ALIGN_RIGHT, "corrected"},
                  {PAGE_RIGHT, ALIGN_RIGHT, "coverage (%)"}};
    page_box(page, LEFT - 0.006, y - 0.0125, RIGHT + 0.006, y + 0.0135, FILL_HEAD);
    for (size_t i = 0; i < COUNT_OF(column); i++)
        page_text(page, FONT_SMALL, column[i].align, column[i].x, y, INK, column[i].text);
    page_text(page, FONT_SMALL, ALIGN_CENTER, (FROM + TO) / 2, y, INK, "from chance (│) to what was reached");
}

static void figure(struct page *page, bool bold, double x, double y, unsigned ink, const char *format, double value) {
    page_textf(page, bold ? FONT_BOLD : FONT_BODY, ALIGN_RIGHT, x, y, ink, isfinite(value) ? format : "—", value);
}

static void p_figure(struct page *page, bool bold, double x, double y, unsigned ink, double p) {
    figure(page, bold, x, y, ink, p < 0.001 ? "< %.3f" : "%.3f", p < 0.001 ? 0.001 : p);
}

/* A bar from the tick of chance to the point that was reached, all on one scale. */
static void draw_span(struct page *page, const struct rows *rows, const struct row *row, double y, double height,
                      unsigned ink) {
    const double span = rows->high > rows->low ? rows->high - rows->low : 1;
    const double chance = FROM + (TO - FROM) * (row->chance - rows->low) / span;
    page_rule(page, chance, y - height * 0.32, chance, y + height * 0.32, 0.25);
    if (!isfinite(row->ap)) return;
    const double reached = FROM + (TO - FROM) * (row->ap - rows->low) / span;
    page_box(page, fmin(chance, reached), y - 0.0016, fmax(chance, reached), y + 0.0016, ink);
    page_box(page, reached - 0.0032, y - 0.0046, reached + 0.0032, y + 0.0046, ink);
}

static int draw_row(struct page *page, const struct rows *rows, size_t i, bool first, double y, double height) {
    const struct row *row = &rows->row[i];
    struct run_view *run = page->job->run;
    const double corrected = null_of(row->s, row->gate, "p_holm");
    const bool stands = corrected < 1 - run->confidence && row->ap > row->chance;
    if (first || rows->row[i - 1].s != row->s) {
        char *name = text_fit(&run->arena, row->s->label, font_size_pt[FONT_BOLD], GATE - LEFT - 0.01);
        if (!name) return GW_ERR_NOMEM;
        page_text(page, row->s->is_baseline ? FONT_BOLD : FONT_BODY, ALIGN_LEFT, LEFT, y, INK, name);
        if (!first) page_rule(page, LEFT - 0.006, y + height / 2, RIGHT + 0.006, y + height / 2, 0.8);
    }
    page_text(page, FONT_BODY, ALIGN_LEFT, GATE, y, INK, gate_word[row->gate]);
    figure(page, stands, FIGURES, y, INK, "%.3f", row->ap);
    figure(page, false, CHANCE, y, INK_SOFT, "%.3f", row->chance);
    draw_span(page, rows, row, y, height, stands ? INK_GOOD : NOT_SHOWN);
    figure(page, false, LIFT, y, INK, "%.2f", row->chance > 0 ? row->ap / row->chance : (double)NAN);
    figure(page, false, FOLDS, y, INK_SOFT, "%.3f", gate_metric(row->s, row->gate, "by_fold", "average_precision"));
    p_figure(page, false, P, y, INK_SOFT, null_of(row->s, row->gate, "p_value"));
    p_figure(page, stands, CORRECTED, y, stands ? INK_GOOD : INK, corrected);
    figure(page, false, RIGHT, y, INK, "%.1f", 100 * gate_metric(row->s, row->gate, "mean", "coverage"));
    return GW_OK;
}

int summary_chance(struct page *page, double *y, double lowest, size_t *first) {
    struct rows rows;
    TRY(gather(page->job->run, &rows));
    const double height = (double)rows.n * TALLEST > *y - HEAD - lowest ? LEAST : TALLEST;
    size_t i = *first;
    head(page, *y);
    *y -= HEAD;
    for (; i<rows.n && * y - height / 2> lowest; i++, *y -= height)
        TRY(draw_row(page, &rows, i, i == *first, *y, height));
    page_rule(page, LEFT - 0.006, *y + height / 2, RIGHT + 0.006, *y + height / 2, 0.35);
    *first = i < rows.n ? i : SIZE_MAX;
    return GW_OK;
}
