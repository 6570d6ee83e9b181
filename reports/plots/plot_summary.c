/* Page 1: what was run, how the strategies compare, and what follows from it. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"
#include "reports/text/summary_chance.h"
#include "reports/text/summary_conclusions.h"
#include "reports/text/summary_table.h"
#include "reports/words/sentences.h"

static const double LEFT = PAGE_LEFT, RIGHT = PAGE_RIGHT, LOWEST = 0.118;

/* What was tested. *y moves below. */
static int facts(struct page *page, double *y) {
    enum { LINES = 6 };
    char text[TESTED_MAX], *line[LINES];
    size_t n;
    tested_words(page->job->run, text, sizeof text);
    TRY(text_wrap(&page->job->run->arena, text, font_size_pt[FONT_SMALL], RIGHT + 0.06 - LEFT, LINES, line, &n));
    for (size_t i = 0; i < n; i++, *y -= 0.0178) page_text(page, FONT_SMALL, ALIGN_LEFT, LEFT, *y, INK_SOFT, line[i]);
    *y -= 0.020;
    return GW_OK;
}

/* Paragraphs in small print, which stand at the bottom of the page, or on the next one. */
enum { PARAGRAPHS_MAX = 7, PARAGRAPH_LINES = 16 };
struct small_print {
    char *line[PARAGRAPHS_MAX][PARAGRAPH_LINES];
    size_t n_lines[PARAGRAPHS_MAX], n;
};
static const double SMALL_LINE = 0.0185, PARAGRAPH_GAP = 0.009;

static int add_paragraph(struct run_view *run, struct small_print *print, const char *text) {
    if (!text[0] || print->n == PARAGRAPHS_MAX) return GW_OK;
    TRY(text_wrap(&run->arena, text, font_size_pt[FONT_SMALL], RIGHT + 0.06 - LEFT, PARAGRAPH_LINES,
                  print->line[print->n], &print->n_lines[print->n]));
    print->n++;
    return GW_OK;
}

static double print_height(const struct small_print *print) {
    double height = 0;
    for (size_t p = 0; p < print->n; p++) height += SMALL_LINE * (double)print->n_lines[p] + PARAGRAPH_GAP;
    return height;
}

static void put_print(struct page *page, const struct small_print *print, double top) {
    for (size_t p = 0; p < print->n; p++, top -= PARAGRAPH_GAP)
        for (size_t i = 0; i < print->n_lines[p]; i++, top -= SMALL_LINE)
            page_text(page, FONT_SMALL, ALIGN_LEFT, LEFT, top, INK_SOFT, print->line[p][i]);
}

/* The answer: its first sentence, "No." with what it is an answer to, stands out. Returns where the rest begins. */
static size_t answer_length(const char *text) {
    const char *end = strstr(text, ". ");
    if (end && end - text < 30) { /* "No." alone is no sentence */
        const char *next = strstr(end + 2, ". ");
        if (next) end = next;
    }
    return end ? (size_t)(end - text) + 1 : strlen(text);
}

/* The run in plain words, before any number. *y moves below. */
static int finding(struct page *page, double *y) {
    enum { LINES = 10, ANSWER_LINES = 4 };
    char text[FINDING_MAX], *line[LINES];
    size_t n;
    TRY(finding_words(page->job->run, text, sizeof text));
    if (!text[0]) return GW_OK;
    const size_t length = answer_length(text);
    const char *rest = text + length;
    char answer[FINDING_MAX];
    memcpy(answer, text, length);
    answer[length] = '\0';
    TRY(text_wrap(&page->job->run->arena, answer, font_size_pt[FONT_HEAD], RIGHT - LEFT, ANSWER_LINES, line, &n));
    for (size_t i = 0; i < n; i++, *y -= 0.0255) page_text(page, FONT_HEAD, ALIGN_LEFT, LEFT, *y, INK, line[i]);
    *y -= 0.003;
    TRY(text_wrap(&page->job->run->arena, rest, font_size_pt[FONT_BODY], RIGHT + 0.06 - LEFT, LINES, line, &n));
    for (size_t i = 0; i < n; i++, *y -= 0.0205) page_text(page, FONT_BODY, ALIGN_LEFT, LEFT, *y, INK, line[i]);
    *y -= 0.014;
    return GW_OK;
}

/* One paragraph for all contestants from outside. */
static int outside(struct run_view *run, struct small_print *print) {
    char text[1800] = "", one[600];
    for (size_t i = 0; i < run->n_strategies; i++) {
        outside_words(run, i, one, sizeof one);
        size_t used = strlen(text);
        if (one[0] && used + strlen(one) + 2 < sizeof text)
            snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", one);
    }
    return add_paragraph(run, print, text);
}

static int paragraphs(struct plot_job *job, struct small_print *print) {
    char text[900];
    TRY(outside(job->run, print));
    TRY(selection_words(job->run, text, sizeof text));
    TRY(add_paragraph(job->run, print, text));
    TRY(unfinished_words(job->run, text, sizeof text));
    TRY(add_paragraph(job->run, print, text));
    isolated_words(job->run, text, sizeof text);
    TRY(add_paragraph(job->run, print, text));
    TRY(audit_words(job->run, text, sizeof text));
    TRY(add_paragraph(job->run, print, text));
    text[0] = '\0'; /* pages that a reader may miss, and why they are missing */
    if (job->not_shown[0]) snprintf(text, sizeof text, "Not shown: %s.", job->not_shown);
    return add_paragraph(job->run, print, text);
}

static const char chance_caption[] = "By chance: the same scores against labels that were shifted in time, the mean of "
                                     "many shifts; p: how often a shift reaches "
                                     "what the labels in their place do; corrected: Holm's p-value for all gates here, "
                                     "green and bold where it stands. Average "
                                     "precision ranks the test bars of all folds together; the mean of folds does not "
                                     "mind that every fold has its own model. "
                                     "Coverage: bars above the threshold that validation set.";

static int new_page(struct plot_job *job, struct page *page, const char *about, const char *caption, double *y) {
    TRY(page_end(page));
    TRY(page_begin(job, page, about, caption));
    *y = page->top + 0.008;
    return GW_OK;
}

/* More than chance?, on as many pages as it takes, and the small print. */
static int chance_pages(struct plot_job *job, struct page *page, const struct small_print *print) {
    static const char about[] = "better than chance?";
    double y = 0;
    for (size_t first = 0; first != SIZE_MAX;) {
        TRY(new_page(job, page, about, chance_caption, &y));
        TRY(summary_chance(page, &y, LOWEST + 0.01, &first));
    }
    y -= 0.012;
    if (y - print_height(print) < LOWEST) TRY(new_page(job, page, about, chance_caption, &y));
    put_print(page, print, y);
    return GW_OK;
}

/* Without a control: small print at the foot of this page where it leaves the conclusions their place, else behind them. */
static int write_pages(struct plot_job *job, struct page *page, const char *caption) {
    struct small_print print = {.n = 0};
    double y = page->top + 0.008;
    TRY(finding(page, &y));
    TRY(facts(page, &y));
    TRY(summary_table(page, &y));
    TRY(paragraphs(job, &print));
    double bottom = LOWEST + print_height(&print), height;
    TRY(summary_conclusions_height(job->run, &height));
    y -= 0.022;
    const bool has_chance = summary_has_chance(job->run);
    const bool next_page = has_chance || bottom + 0.01 > y - height; /* the conclusions come first */
    if (!next_page) put_print(page, &print, bottom);
    TRY(summary_conclusions(job, page, &y, next_page ? LOWEST : bottom + 0.01, caption));
    if (has_chance) return chance_pages(job, page, &print);
    if (!next_page) return GW_OK;
    if (y - print_height(&print) < LOWEST) TRY(new_page(job, page, "", caption, &y));
    put_print(page, &print, y);
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct page page;
    char caption[900];
    snprintf(
        caption, sizeof caption,
        "%sBest value of a column in bold. Average precision (PR-AUC): area under the precision-recall curve; × its "
        "multiple of prevalence, which a coin reaches. P@K: share of positives among the best K %% of bars; PnL@K: "
        "their mean return as single trades after costs. Coverage: bars above the threshold that validation set. "
        "Sharpe: yearly return over its deviation; max. DD: deepest drawdown. Criteria: the success test, on point "
        "estimates.",
        job->run->n_seeds > 1 ? "Means over seeds ± standard deviation. " : "");
    int rc = page_begin(job, &page, "", caption);
    if (rc == GW_OK) rc = write_pages(job, &page, caption);
    return page_end(&page) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}

/* Everything on this page is furniture, drawn by the frame. */
const struct plot_desc plot_desc_summary = {
    .name = "summary",
    .title = "Walk-forward summary",
    .help = "comparison of all strategies and the verdict in plain words",
    .prepare = prepare,
    .in_words = true,
};
