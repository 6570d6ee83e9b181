/* Page 1: what was run, how the strategies compare, and what follows from it. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"
#include "reports/text/summary_table.h"
#include "reports/words/criteria.h"
#include "reports/words/sentences.h"

static const double LEFT = 0.055, RIGHT = 0.955, NAME = 0.172, COUNT = 0.128, HEAD = 0.052;

/* How the conclusions are set: the first way in which all of them fit. */
static const struct layout {
    enum text_font font;
    size_t lines;
    double line, between;
} layouts[] = {{FONT_BODY, 3, 0.021, 0.011},
               {FONT_BODY, 2, 0.021, 0.011},
               {FONT_SMALL, 2, 0.0174, 0.006},
               {FONT_SMALL, 1, 0.0174, 0.003}};
static const size_t readable_layouts = 3; /* the last one cuts sentences short */

/* How many criteria are met, and how many of those passes stand on more than a point estimate. */
static void count_text(struct page *page, const struct criterion_list *list, double x, double y,
                       const struct layout *as) {
    size_t on_results = 0,
           failed = list->n - list->n_passed - list->n_unmeasured; /* on_results: passes with an interval */
    for (size_t i = 0; i < list->n; i++)
        on_results += list->at[i].state == CRITERION_UNSURE || list->at[i].state == CRITERION_SIGNIFICANT;
    unsigned ink = failed ? INK_BAD : list->n_unmeasured || list->n_significant < on_results ? INK : INK_GOOD;
    page_textf(page, FONT_BODY, ALIGN_LEFT, x, y, ink, "%zu of %zu criteria", list->n_passed, list->n);
    if (as->lines == 1) return;
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
    return (double)(n_lines > 2 ? n_lines : as->lines > 1 ? 2 : 1) * as->line + as->between;
}

/* The words of one verdict as this layout breaks them. */
static int wrap_conclusion(struct run_view *run, const json_value *verdict, const struct layout *as, char **line,
                           size_t *n_lines) {
    char said[CONCLUSION_MAX];
    TRY(conclusion_words(run, verdict, said));
    return text_wrap(&run->arena, said[0] ? said : "no conclusion recorded", font_size_pt[as->font],
                     RIGHT + 0.05 - LEFT - NAME - COUNT, as->lines, line, n_lines);
}

/* The first layout in which all conclusions fit; the last one when none does. */
static int choose_layout(struct run_view *run, double room, size_t *chosen) {
    for (*chosen = 0; *chosen + 1 < COUNT_OF(layouts); (*chosen)++) {
        const struct layout *as = &layouts[*chosen];
        double height = 0;
        for (size_t i = 0; i < json_size(run->verdict); i++) {
            char *line[3];
            size_t n_lines;
            TRY(wrap_conclusion(run, json_at(run->verdict, i), as, line, &n_lines));
            height += height_of(as, n_lines);
        }
        if (height <= room) return GW_OK;
    }
    return GW_OK;
}

/* One candidate; *y moves below it. */
static int conclusion(struct page *page, const json_value *verdict, const struct layout *as, double *y) {
    struct run_view *run = page->job->run;
    struct criterion_list list;
    TRY(criteria_read(run, verdict, &list));
    const char *candidate = member_text(run, verdict, "candidate");
    if (!candidate) return GW_ERR_NOMEM;
    char *name = text_fit(&run->arena, candidate, font_size_pt[FONT_BOLD], NAME - 0.01), *line[3];
    if (!name) return GW_ERR_NOMEM;
    size_t n_lines;
    TRY(wrap_conclusion(run, verdict, as, line, &n_lines));
    page_text(page, FONT_BOLD, ALIGN_LEFT, LEFT, *y, INK, name);
    char *note;
    TRY(under_name(page, verdict, &note));
    if (as->lines > 1) page_text(page, FONT_SMALL, ALIGN_LEFT, LEFT, *y - as->line, INK_SOFT, note);
    count_text(page, &list, LEFT + NAME, *y, as);
    for (size_t j = 0; j < n_lines; j++)
        page_text(page, as->font, ALIGN_LEFT, LEFT + NAME + COUNT, *y - (double)j * as->line, INK, line[j]);
    *y -= height_of(as, n_lines);
    return GW_OK;
}

static int conclusions(struct page *page, double y, double bottom) {
    struct run_view *run = page->job->run;
    page_text(page, FONT_HEAD, ALIGN_LEFT, LEFT, y, INK, "Is attention better than the baseline?");
    y -= HEAD - 0.022;
    if (!run->verdict) {
        page_text(page, FONT_BODY, ALIGN_LEFT, LEFT, y, INK_SOFT,
                  "This run names no candidate beside its baseline, so there is nothing to compare.");
        return GW_OK;
    }
    size_t chosen;
    TRY(choose_layout(run, y - bottom, &chosen));
    for (size_t i = 0; i < json_size(run->verdict) && y > bottom; i++)
        TRY(conclusion(page, json_at(run->verdict, i), &layouts[chosen], &y));
    return GW_OK;
}

static void facts(struct page *page, double y) {
    const struct run_view *run = page->job->run;
    char line[600] = "";
    size_t used = 0;
#define FACT(condition, ...)                                                                                           \
    if ((condition) && used < sizeof line) used += (size_t)snprintf(line + used, sizeof line - used, __VA_ARGS__)
    FACT(isfinite(run->n_bars), "%.0f bars · ", run->n_bars);
    FACT(isfinite(run->horizon), "horizon %.0f bars · ", run->horizon);
    FACT(isfinite(run->lookback), "lookback %.0f bars · ", run->lookback);
    FACT(isfinite(run->prevalence[0]), "prevalence: long %.1f %%", 100 * run->prevalence[0]);
    FACT(isfinite(run->prevalence[1]), ", short %.1f %%", 100 * run->prevalence[1]);
    FACT(isfinite(run->act_on), " · trades on the best %g %%", run->act_on);
#undef FACT
    page_text(page, FONT_BODY, ALIGN_LEFT, LEFT, y, INK, line);
}

enum { SMALL_PRINT_LINES = 6 };

/* A paragraph of at most so many lines in small print above *bottom, which rises above it. */
static int small_print(struct page *page, const char *text, size_t most, double *bottom) {
    char *line[SMALL_PRINT_LINES];
    size_t n;
    TRY(text_wrap(&page->job->run->arena, text, font_size_pt[FONT_SMALL], RIGHT - LEFT, most, line, &n));
    for (size_t i = n; i-- > 0; *bottom += 0.0185)
        page_text(page, FONT_SMALL, ALIGN_LEFT, LEFT, *bottom + 0.008, INK_SOFT, line[i]);
    *bottom += 0.02;
    return GW_OK;
}

/* The run in plain words, before any number. *y moves below. */
static int finding(struct page *page, double *y) {
    enum { LINES = 8 };
    char text[FINDING_MAX], *line[LINES];
    size_t n;
    TRY(finding_words(page->job->run, text, sizeof text));
    if (!text[0]) return GW_OK;
    TRY(text_wrap(&page->job->run->arena, text, font_size_pt[FONT_BODY], RIGHT + 0.06 - LEFT, LINES, line, &n));
    for (size_t i = 0; i < n; i++, *y -= 0.0205) page_text(page, FONT_BODY, ALIGN_LEFT, LEFT, *y, INK, line[i]);
    *y -= 0.016;
    return GW_OK;
}

/* Pages that a reader may miss, and why they are missing. */
static int not_shown(struct page *page, double *bottom) {
    if (!page->job->not_shown[0]) return GW_OK;
    char text[900];
    snprintf(text, sizeof text, "Not shown: %s.", page->job->not_shown);
    return small_print(page, text, 3, bottom);
}

static int selection(struct page *page, double *bottom) {
    char text[600];
    TRY(selection_words(page->job->run, text, sizeof text));
    return text[0] ? small_print(page, text, 3, bottom) : GW_OK;
}

static int unfinished(struct page *page, double *bottom) {
    char text[600];
    TRY(unfinished_words(page->job->run, text, sizeof text));
    return text[0] ? small_print(page, text, 3, bottom) : GW_OK;
}

static int audited(struct page *page, double *bottom) {
    char text[600];
    TRY(audit_words(page->job->run, text, sizeof text));
    return text[0] ? small_print(page, text, 3, bottom) : GW_OK;
}

/* One paragraph for all contestants from outside. */
static int outside(struct page *page, double *bottom) {
    char text[1800] = "", one[600];
    for (size_t i = 0; i < page->job->run->n_strategies; i++) {
        outside_words(page->job->run, i, one, sizeof one);
        size_t used = strlen(text);
        if (one[0] && used + strlen(one) + 2 < sizeof text)
            snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", one);
    }
    return text[0] ? small_print(page, text, SMALL_PRINT_LINES, bottom) : GW_OK;
}

/* Is there any skill at all? Average precision against labels that were shifted in time, and fold by fold. */
static int null_control(struct page *page, double *bottom) {
    const struct run_view *run = page->job->run;
    char text[1500] =
        "Average precision by chance (labels shifted in time), corrected p, and as mean of folds, long / short: ";
    size_t used = strlen(text);
    bool any = false;
    for (size_t i = 0; i < run->n_strategies; i++) {
        static const char *const part[] = {"null", "null", "by_fold"}, *const metric[] = {"null_mean", "p_holm",
                                                                                          "average_precision"};
        const struct strategy_view *s = &run->strategy[i];
        char shown[3][N_GATES_SHOWN][16];
        bool known = false;
        for (int g = 0; g < N_GATES_SHOWN; g++)
            for (int v = 0; v < 3; v++) {
                double value = s->gate[g] ? gate_metric(s, g, part[v], metric[v]) : (double)NAN;
                snprintf(shown[v][g], sizeof shown[v][g], isfinite(value) ? "%.3f" : "—", value);
                known |= isfinite(value);
            }
        if (!known) continue;
        int n = snprintf(text + used, sizeof text - used, "%s%s %s / %s, p %s / %s, folds %s / %s", any ? " · " : "",
                         s->label, shown[0][0], shown[0][1], shown[1][0], shown[1][1], shown[2][0], shown[2][1]);
        if (n < 0 || (size_t)n >= sizeof text - used) break;
        used += (size_t)n;
        any = true;
    }
    return any ? small_print(page, text, 3, bottom) : GW_OK;
}

/* The conclusions get a page of their own where the table leaves too little room to read them in. */
static int wants_page(const struct plot_job *job, double y, double bottom, bool *wanted) {
    size_t chosen = 0;
    if (job->run->verdict) TRY(choose_layout(job->run, y - HEAD - bottom, &chosen));
    *wanted = chosen >= readable_layouts;
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct page page;
    char caption[700];
    snprintf(
        caption, sizeof caption,
        "%sBest value of a column in bold; × is the lift over prevalence. P@K: hit rate of the best K %% of bars; "
        "PnL@K: their mean return as isolated trades after costs. Coverage: bars that reached the causal threshold. "
        "Criteria: success test with training time, on point estimates; significant: corrected for all differences of "
        "the run.",
        job->run->n_seeds > 1 ? "Means over seeds ± standard deviation. " : "");
    int rc;
    TRY_GOTO(page_begin(job, &page, "", caption), done);
    double y = page.top + 0.008, bottom = 0.108;
    facts(&page, y);
    y -= 0.034;
    TRY_GOTO(finding(&page, &y), done);
    TRY_GOTO(summary_table(&page, &y), done);
    TRY_GOTO(not_shown(&page, &bottom), done);
    TRY_GOTO(audited(&page, &bottom), done);
    TRY_GOTO(unfinished(&page, &bottom), done);
    TRY_GOTO(selection(&page, &bottom), done);
    TRY_GOTO(null_control(&page, &bottom), done);
    TRY_GOTO(outside(&page, &bottom), done);
    bool wanted;
    TRY_GOTO(wants_page(job, y, bottom, &wanted), done);
    if (wanted) {
        TRY_GOTO(page_end(&page), failed);
        TRY_GOTO(page_begin(job, &page, "", caption), done);
        y = page.top + 0.02;
        bottom = 0.108;
    }
    rc = conclusions(&page, y - 0.022, bottom);
done:
    return page_end(&page) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
failed:
    return rc;
}

/* Everything on this page is furniture, drawn by the frame. */
const struct plot_desc plot_desc_summary = {
    .name = "summary",
    .title = "Walk-forward summary",
    .help = "comparison of all strategies and the verdict in plain words",
    .prepare = prepare,
};
