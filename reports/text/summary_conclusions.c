#include "summary_conclusions.h"
#include "engine/base/base.h"
#include "reports/words/criteria.h"
#include "reports/words/sentences.h"

#include <math.h>
#include <string.h>

static const double LEFT = PAGE_LEFT, RIGHT = PAGE_RIGHT, NAME = 0.172, COUNT = 0.146, HEAD = 0.030, LOWEST = 0.118;

/* A conclusion is never cut: it takes as many lines as it needs. */
enum { LINES_MAX = 16 };
/* How they are set: the first way in which all of them fit. */
static const struct layout {
    enum text_font font;
    double line, between;
} layouts[] = {{FONT_BODY, 0.021, 0.011}, {FONT_SMALL, 0.0174, 0.006}};

/* How many criteria are met, and how many of those passes stand on more than a point estimate. */
static void count_text(struct page *page, const struct criterion_list *list, double x, double y,
                       const struct layout *as) {
    size_t on_results = 0,
           failed = list->n - list->n_passed - list->n_unmeasured; /* on_results: passes with an interval */
    for (size_t i = 0; i < list->n; i++)
        on_results += list->at[i].state == CRITERION_UNSURE || list->at[i].state == CRITERION_SIGNIFICANT;
    unsigned ink = failed ? INK_BAD : list->n_unmeasured || list->n_significant < on_results ? INK : INK_GOOD;
    page_textf(page, FONT_BODY, ALIGN_LEFT, x, y, ink, "%zu of %zu criteria", list->n_passed, list->n);
    char note[64] = "";
    if (list->n_significant)
        snprintf(note, sizeof note, "%zu significant", list->n_significant);
    else if (on_results)
        strcpy(note, "no pass significant");
    size_t used = strlen(note);
    if (list->n_unmeasured)
        snprintf(note + used, sizeof note - used, "%s%zu unknown", used ? ", " : "", list->n_unmeasured);
    page_text(page, FONT_SMALL, ALIGN_LEFT, x, y - as->line, INK_SOFT, note);
}

/* Candidates without attention, a logistic regression say, are named as what they are. */
static bool has_attention(const struct run_view *run, const json_value *verdict) {
    size_t i = run_strategy_find(run, json_string(json_get(verdict, "candidate"), ""));
    return i == SIZE_MAX || (run->strategy[i].attention[0] && strcmp(run->strategy[i].attention, "none") != 0);
}

/* What else the reader must know of the pair: it is no attention, or it stands beside another gate than the baseline. */
static int under_name(struct page *page, const json_value *verdict, char **note) {
    struct run_view *run = page->job->run;
    const char *baseline = json_string(json_get(verdict, "baseline"), "");
    char text[96] = "";
    size_t candidate = run_strategy_find(run, json_string(json_get(verdict, "candidate"), ""));
    if (candidate != SIZE_MAX && run->strategy[candidate].outside)
        snprintf(text, sizeof text, "from outside");
    else if (!has_attention(run, verdict))
        snprintf(text, sizeof text, "without attention");
    else if (strcmp(baseline, json_string(json_get(run->root, "baseline"), baseline)) != 0)
        snprintf(text, sizeof text, "against %.80s", baseline);
    *note = text_fit(&run->arena, text, font_size_pt[FONT_SMALL], NAME - 0.01);
    return *note ? GW_OK : GW_ERR_NOMEM;
}

static double height_of(const struct layout *as, size_t n_lines) {
    return (double)(n_lines > 2 ? n_lines : 2) * as->line + as->between;
}

/* The words of one verdict as this layout breaks them. */
static int wrap_conclusion(struct run_view *run, const json_value *verdict, const struct layout *as, char **line,
                           size_t *n_lines) {
    char said[CONCLUSION_MAX];
    TRY(conclusion_words(run, verdict, said));
    return text_wrap(&run->arena, said[0] ? said : "no conclusion recorded", font_size_pt[as->font],
                     RIGHT + 0.05 - LEFT - NAME - COUNT, LINES_MAX, line, n_lines);
}

static int total_height(struct run_view *run, const struct layout *as, double *height) {
    *height = 0;
    for (size_t i = 0; i < json_size(run->verdict); i++) {
        char *line[LINES_MAX];
        size_t n_lines;
        TRY(wrap_conclusion(run, json_at(run->verdict, i), as, line, &n_lines));
        *height += height_of(as, n_lines);
    }
    return GW_OK;
}

/* One candidate; *y moves below it. */
static int conclusion(struct page *page, const json_value *verdict, const struct layout *as, char *const *line,
                      size_t n_lines, double *y) {
    struct run_view *run = page->job->run;
    struct criterion_list list;
    char *note;
    TRY(criteria_read(run, verdict, &list));
    const char *candidate = member_text(run, verdict, "candidate");
    if (!candidate) return GW_ERR_NOMEM;
    char *name = text_fit(&run->arena, candidate, font_size_pt[FONT_BOLD], NAME - 0.01);
    if (!name) return GW_ERR_NOMEM;
    TRY(under_name(page, verdict, &note));
    page_text(page, FONT_BOLD, ALIGN_LEFT, LEFT, *y, INK, name);
    page_text(page, FONT_SMALL, ALIGN_LEFT, LEFT, *y - as->line, INK_SOFT, note);
    count_text(page, &list, LEFT + NAME, *y, as);
    for (size_t j = 0; j < n_lines; j++)
        page_text(page, as->font, ALIGN_LEFT, LEFT + NAME + COUNT, *y - (double)j * as->line, INK, line[j]);
    *y -= height_of(as, n_lines);
    return GW_OK;
}

static void heading(struct page *page, double *y) {
    page_text(page, FONT_HEAD, ALIGN_LEFT, LEFT, *y, INK, "Is attention better than the baseline?");
    *y -= HEAD;
}

static int new_page(struct plot_job *job, struct page *page, const char *caption, double *y) {
    TRY(page_end(page));
    TRY(page_begin(job, page, "", caption));
    *y = page->top + 0.01;
    heading(page, y);
    return GW_OK;
}

int summary_conclusions_height(struct run_view *run, double *height) {
    *height = HEAD;
    if (run->verdict) TRY(total_height(run, &layouts[COUNT_OF(layouts) - 1], height));
    *height += HEAD;
    return GW_OK;
}

int summary_conclusions(struct plot_job *job, struct page *page, double *y, double bottom, const char *caption) {
    struct run_view *run = job->run;
    if (!run->verdict) {
        heading(page, y);
        page_text(page, FONT_BODY, ALIGN_LEFT, LEFT, *y, INK_SOFT,
                  "This run names no candidate beside its baseline, so there is nothing to compare.");
        *y -= HEAD;
        return GW_OK;
    }
    const struct layout *as = layouts;
    double height = 0;
    for (;; as++) {
        TRY(total_height(run, as, &height));
        if (height <= *y - HEAD - bottom || as + 1 == layouts + COUNT_OF(layouts)) break;
    }
    if (height <= *y - HEAD - bottom) {
        heading(page, y);
    } else { /* pages of their own, then in the largest letters */
        as = layouts;
        bottom = LOWEST;
        TRY(new_page(job, page, caption, y));
    }
    for (size_t i = 0; i < json_size(run->verdict); i++) {
        char *line[LINES_MAX];
        size_t n_lines;
        TRY(wrap_conclusion(run, json_at(run->verdict, i), as, line, &n_lines));
        if (*y - height_of(as, n_lines) < bottom - 0.02) {
            if (job->n_pages + 1 >= PLOT_PAGES_MAX) break;
            TRY(new_page(job, page, caption, y));
        }
        TRY(conclusion(page, json_at(run->verdict, i), as, line, n_lines, y));
    }
    return GW_OK;
}
