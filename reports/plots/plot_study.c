/* The path of a study: every stage's variants on one axis, the chosen ones marked. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"
#include "reports/data/study_view.h"

static const double LEFT = 0.055, RIGHT = 0.955, ATTENTION_X = 0.235, LOSS_X = 0.325, PARAMETERS_X = 0.482,
                    FITS_X = 0.522, PANEL_LEFT = 0.545, PANEL_RIGHT = 0.895, BOTTOM = 0.175;
enum { ROWS_MOST = 30, INK_CHOSEN = 0x0072B2 }; /* rows of a page; the longest stage and its heading fit */

struct study_page {
    struct page *page;
    const struct study_view *study;
    double top, row_height;
    size_t row; /* next one, from the top */
    FILE *dots;
};

static double row_y(const struct study_page *p) { return p->top - p->row_height * ((double)p->row + 0.5); }

static int fitted(struct study_page *p, enum text_font font, double x, double width, unsigned ink, const char *text) {
    char *line = text_fit(&p->page->job->run->arena, text, font_size_pt[font], width);
    if (!line) return GW_ERR_NOMEM;
    page_text(p->page, font, ALIGN_LEFT, x, row_y(p), ink, line);
    return GW_OK;
}

static void number_cell(struct study_page *p, enum text_font font, double x, const char *format, double value) {
    char text[32] = "—";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (isfinite(value)) snprintf(text, sizeof text, format, value);
#pragma GCC diagnostic pop
    page_text(p->page, font, ALIGN_RIGHT, x, row_y(p), INK, text);
}

static const char *fate(const struct study_stage_view *stage) {
    if (stage->carried && stage->final) return "winner is carried into the later stages and the final comparison";
    return stage->carried ? "winner is carried into the later stages"
           : stage->final ? "winner walks in the final comparison"
                          : "";
}

static int stage_heading(struct study_page *p, const struct study_stage_view *stage, size_t number) {
    char text[200];
    double y = row_y(p), name_end;
    snprintf(text, sizeof text, "%zu  %s", number, stage->name);
    page_box(p->page, LEFT - 0.006, y - p->row_height / 2, RIGHT + 0.006, y + p->row_height / 2, FILL_BAND);
    TRY(fitted(p, FONT_BOLD, LEFT, 0.17, INK, text));
    name_end = LEFT + fmin(text_width(text, font_size_pt[FONT_BOLD]), 0.17);
    TRY(fitted(p, FONT_SMALL, fmax(name_end + 0.015, ATTENTION_X), 0.4, INK_SOFT, fate(stage)));
    p->row++;
    return GW_OK;
}

static int variant_row(struct study_page *p, const struct study_variant_view *variant) {
    enum text_font font = variant->chosen ? FONT_BOLD : FONT_BODY;
    TRY(fitted(p, font, LEFT + 0.016, ATTENTION_X - LEFT - 0.024, INK, variant->name));
    TRY(fitted(p, FONT_SMALL, ATTENTION_X, LOSS_X - ATTENTION_X - 0.008, INK_SOFT, variant->attention));
    TRY(fitted(p, FONT_SMALL, LOSS_X, PARAMETERS_X - LOSS_X - 0.055, INK_SOFT, variant->loss));
    number_cell(p, FONT_BODY, PARAMETERS_X, "%.0f", variant->parameters);
    number_cell(p, FONT_BODY, FITS_X, "%.0f", variant->fits);
    number_cell(p, font, RIGHT, "%.4f", variant->average_precision);
    PAGE_ROW(p->dots, variant->average_precision, (double)p->row + 0.5, variant->chosen);
    p->row++;
    return GW_OK;
}

static void table_head(struct study_page *p) {
    static const struct {
        double x;
        enum text_align align;
        const char *text;
    } head[] = {{0.055, ALIGN_LEFT, "stage and variants"},
                {0.235, ALIGN_LEFT, "attention"},
                {0.325, ALIGN_LEFT, "loss"},
                {0.482, ALIGN_RIGHT, "parameters"},
                {0.522, ALIGN_RIGHT, "fits"},
                {0.720, ALIGN_CENTER, "average precision on validation"},
                {0.955, ALIGN_RIGHT, "value"}};
    double y = p->page->top + 0.004;
    page_box(p->page, LEFT - 0.006, y - 0.0125, RIGHT + 0.006, y + 0.0135, FILL_HEAD);
    for (size_t i = 0; i < COUNT_OF(head); i++)
        page_text(p->page, FONT_SMALL, head[i].align, head[i].x, y, INK, head[i].text);
    p->top = y - 0.017;
}

/* What the marks mean, and who went on. */
static int legend(struct study_page *p) {
    struct page *page = p->page;
    struct arena *arena = &page->job->run->arena;
    char text[1100], *line[2];
    size_t n;
    page_text(page, FONT_BODY, ALIGN_LEFT, LEFT, page->top, INK_CHOSEN, "●");
    page_text(page, FONT_BODY, ALIGN_LEFT, LEFT + 0.016, page->top, INK, "chosen");
    page_text(page, FONT_BODY, ALIGN_LEFT, LEFT + 0.09, page->top, INK_SOFT, "○");
    page_text(page, FONT_BODY, ALIGN_LEFT, LEFT + 0.106, page->top, INK, "not chosen");
    if (isfinite(p->study->baseline))
        page_text(page, FONT_BODY, ALIGN_LEFT, LEFT + 0.205, page->top, INK,
                  "dotted line: the carried winner, baseline of the final comparison");
    page->top -= 0.026;
    snprintf(text, sizeof text, "Final comparison: %s", p->study->final);
    TRY(text_wrap(arena, text, font_size_pt[FONT_BODY], RIGHT - LEFT, COUNT_OF(line), line, &n));
    for (size_t i = 0; i < n; i++, page->top -= 0.0215)
        page_text(page, FONT_BODY, ALIGN_LEFT, LEFT, page->top, INK, line[i]);
    page->top -= 0.018;
    return GW_OK;
}

/* All pages share the axis, so that a stage on one can be compared with a stage on another. */
static struct gw_range axis_of(const struct study_view *study) {
    struct gw_range span = range_empty();
    for (size_t i = 0; i < study->n; i++)
        for (size_t v = 0; v < study->stage[i].n; v++) range_add(&span, study->stage[i].variant[v].average_precision);
    return range_round(span);
}

static size_t rows_of(const struct study_view *study, size_t first, size_t end) {
    size_t rows = 0;
    for (size_t i = first; i < end; i++) rows += 1 + study->stage[i].n;
    return rows;
}

static int write_page(struct page *page, const struct study_view *study, size_t first, size_t end) {
    struct study_page p = {.page = page, .study = study};
    size_t rows = rows_of(study, first, end);
    TRY(page_file(page, "dots", &p.dots));
    TRY(legend(&p));
    table_head(&p);
    p.row_height = fmin(0.026, (p.top - BOTTOM) / (double)rows);
    for (size_t i = first; i < end; i++) {
        TRY(stage_heading(&p, &study->stage[i], i + 1));
        for (size_t v = 0; v < study->stage[i].n; v++) TRY(variant_row(&p, &study->stage[i].variant[v]));
    }
    page_range(page, "value", axis_of(study));
    page_set(page, "n_rows", (double)rows);
    page_set(page, "panel_top", p.top);
    page_set(page, "panel_bottom", p.top - p.row_height * (double)rows);
    page_set(page, "panel_left", PANEL_LEFT);
    page_set(page, "panel_right", PANEL_RIGHT);
    page_set(page, "baseline", study->baseline);
    return GW_OK;
}

static void caption_of(const struct study_view *study, char *caption, size_t size) {
    char searched[120] = "the search's folds and seeds";
    if (isfinite(study->search_folds) && isfinite(study->search_seeds))
        snprintf(searched, sizeof searched, "%.0f fold%s and %.0f seed%s", study->search_folds,
                 study->search_folds == 1 ? "" : "s", study->search_seeds, study->search_seeds == 1 ? "" : "s");
    snprintf(
        caption, size,
        "Average precision on validation slices: mean over both gates, %s at each fit's best epoch. The best of each "
        "stage was chosen on it, which flatters the winner; the axis does not begin at zero. %s",
        searched, study_caveat());
}

static int prepare(struct plot_job *job) {
    const struct study_view *study;
    TRY(study_view_read(job->run, &study));
    if (!study || rows_of(study, 0, study->n) == study->n) return plot_skip(job, "the run is not a study's");
    char caption[800];
    caption_of(study, caption, sizeof caption);
    for (size_t first = 0, end; first < study->n; first = end) {
        for (end = first + 1; end < study->n && rows_of(study, first, end + 1) <= ROWS_MOST; end++) continue;
        struct page page;
        int rc = page_begin(job, &page, "", caption);
        if (rc == GW_OK) rc = write_page(&page, study, first, end);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}

const struct plot_desc plot_desc_study = {
    .name = "study",
    .title = "The path taken",
    .help = "stages of a study: validation average precision of every variant, the chosen ones marked",
    .prepare = prepare,
    .optional = true,
};
