/* What a search had found after so many trials, beside what trials in any order and random ones find. */
#include <math.h>
#include <stdlib.h>

#include "engine/base/base.h"
#include "plot.h"
#include "reports/data/search_view.h"

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Values of the first objective, turned so that more is better; those of the whole budget. */
static size_t collect(const struct search_view_data *s, bool reference, double *value) {
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->trial[i].reference == reference && s->trial[i].budget == 1 && isfinite(s->trial[i].value[0]))
            value[n++] = s->max[0] ? s->trial[i].value[0] : -s->trial[i].value[0];
    return n;
}

static double turned(const struct search_view_data *s, double value) { return s->max[0] ? value : -value; }

/* The expected best of 1, 2, … of them in any order. */
static void write_expected(FILE *to, const struct search_view_data *s, double *value, size_t n,
                           struct gw_range *range) {
    qsort(value, n, sizeof *value, ascending);
    for (size_t k = 1; k <= n; k++) {
        const double best = turned(s, expected_best(value, n, k));
        PAGE_ROW(to, (double)k, best);
        range_add(range, best);
    }
    if (n == 0) PAGE_ROW(to, NAN, NAN);
}

static void write_trials(FILE *trials, FILE *best_so_far, const struct search_view_data *s, struct gw_range *range,
                         double *spent) {
    double best = NAN;
    *spent = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct search_trial_view *t = &s->trial[i];
        if (t->reference) continue;
        *spent += t->paid;
        const double value = t->value[0];
        PAGE_ROW(trials, *spent, value, t->budget == 1 ? 2 : 12, t->chosen);
        range_add(range, value);
        if (t->budget == 1 && isfinite(value) && !(turned(s, best) >= turned(s, value))) best = value;
        PAGE_ROW(best_so_far, *spent, best);
    }
}

/* A halving: its trials cost different parts of a budget, so that their order is not all that could be another. */
static bool has_parts(const struct search_view_data *s) {
    for (size_t i = 0; i < s->n; i++)
        if (s->trial[i].budget < 1) return true;
    return false;
}

static int write_page(struct page *page, const struct search_view_data *s) {
    FILE *trials, *best, *any, *reference;
    struct gw_range range = range_empty();
    double spent, *value = arena_alloc(&page->job->run->arena, s->n ? s->n : 1, sizeof *value);
    struct legend_entry legend[5] = {{"best so far", 2, MARK_LINE}, {"a trial", 7, MARK_POINT}};
    const bool parts = has_parts(s);
    size_t n_legend = 2, beside = 0;
    if (!value) return GW_ERR_NOMEM;
    for (size_t i = 0; i < s->n; i++) beside += s->trial[i].reference;
    if (!parts) legend[n_legend++] = (struct legend_entry){"the same trials in any order, expected", 11, MARK_LINE};
    if (beside) legend[n_legend++] = (struct legend_entry){"random trials beside the search, expected", 3, MARK_LINE};
    if (parts) legend[n_legend++] = (struct legend_entry){"a trial with a part of the budget", 10, MARK_POINT};
    TRY(page_legend(page, legend, n_legend));
    TRY(page_file(page, "trials", &trials));
    TRY(page_file(page, "best", &best));
    TRY(page_file(page, "any", &any));
    TRY(page_file(page, "reference", &reference));
    write_trials(trials, best, s, &range, &spent);
    write_expected(any, s, value, parts ? 0 : collect(s, false, value), &range);
    write_expected(reference, s, value, collect(s, true, value), &range);
    page_textf(page, FONT_BODY, ALIGN_LEFT, PAGE_LEFT, page->top + 0.012, INK,
               "%s over %.0f trials%s: the best, trial %.0f, has %s %.4g on validation and %.4g on the later folds.",
               s->strategy, s->n_trials - (double)beside, beside ? ", random ones beside them" : "", s->chosen,
               s->objective[0], s->validation[0], s->test[0]);
    page->top -= 0.03;
    page_grid(page, 1, 1, 0, 0);
    page_range(page, "value", range_round(range));
    page_set(page, "spent", spent);
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    const struct search_view_data *s;
    struct page page;
    TRY(search_view_read(job->run, &s));
    if (!s || s->n == 0 || s->n_objectives == 0) return plot_skip(job, "no search");
    int rc = page_begin(
        job, &page, "",
        has_parts(s)
            ? "The axis counts whole budgets, of which a trial on a low rung has a part; one that goes on pays for "
              "what it had not had. What is best is asked of trials with the whole budget."
            : "The axis counts trials. A search that learns lies above (or, where less is better, below) the "
              "dotted line, which only takes the same trials in another order.");
    if (rc == GW_OK) rc = write_page(&page, s);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

const struct plot_desc plot_desc_search_progress = {
    .name = "search_progress",
    .title = "The search, trial by trial",
    .help = "best so far against trials, beside what random trials find",
    .prepare = prepare,
    .optional = true,
};
