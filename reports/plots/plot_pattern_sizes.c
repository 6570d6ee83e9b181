/* How large the categories are, and what the balance says. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "pattern_files.h"

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static int read_shares(struct run_view *run, const struct table *t, double **share, size_t *n) {
    enum { SLICE, GATE, SHARE, N };
    static const char *const name[] = {"slice", "gate", "share", NULL};
    size_t c[N];
    *n = 0;
    if (!(*share = arena_alloc(&run->arena, t->n_rows, sizeof **share))) return GW_ERR_NOMEM;
    TRY(table_columns(t, name, c));
    for (size_t row = 0; row < t->n_rows; row++) {
        const char *const *cell = (const char *const *)t->cell + row * t->n_columns;
        const double here = table_number(t, row, c[SHARE]);
        if (strcmp(cell[c[SLICE]], "learned") == 0 && strcmp(cell[c[GATE]], "long") == 0 && isfinite(here))
            (*share)[(*n)++] = 100 * here;
    }
    if (*n) qsort(*share, *n, sizeof **share, by_size);
    return GW_OK;
}

static const char *advice_on(double largest) {
    return largest <= 0.05 ? "The categories are balanced."
           : largest < 0.1
               ? "One category is larger than 5 %: more categories would divide it."
               : "One category holds a tenth of the windows or more: try more categories (model.categories), a larger "
                 "contrastive weight (model.contrastive_weight) or a wider latent (model.latent).";
}

static int write_page(struct page *page, const json_value *facts, const double *share, size_t n) {
    FILE *to;
    struct gw_range span = range_empty();
    char text[500], *line[2];
    size_t n_lines, empty = 0;
    range_add(&span, 0);
    TRY(page_file(page, "shares", &to));
    for (size_t i = 0; i < n; i++) {
        PAGE_ROW(to, (double)i + 1, share[i]);
        range_add(&span, share[i]);
        empty += share[i] == 0;
    }
    snprintf(text, sizeof text,
             "%zu categories of %.0f windows; the largest holds %.1f %% of them, the median %.2f %%. %s", n,
             member_number(facts, "windows_learned"), share[0], share[n / 2], advice_on(share[0] / 100));
    TRY(text_wrap(&page->job->run->arena, text, font_size_pt[FONT_BODY], PAGE_RIGHT - PAGE_LEFT, COUNT_OF(line), line,
                  &n_lines));
    for (size_t i = 0; i < n_lines; i++, page->top -= 0.0215)
        page_text(page, FONT_BODY, ALIGN_LEFT, PAGE_LEFT, page->top, INK, line[i]);
    page->top -= 0.02;
    page_grid(page, 1, 1, 0, 0);
    page_range(page, "share", range_round(span));
    page_set(page, "n_categories", (double)n);
    page_set(page, "even", 100 / (double)n);
    return GW_OK;
}

static int draw(struct plot_job *job, const struct table *t, const struct pattern_files *files) {
    struct page page;
    double *share;
    size_t n;
    TRY(read_shares(job->run, t, &share, &n));
    if (n == 0) return plot_skip(job, "the library has no categories");
    const char *about;
    TRY(pattern_about(job->run, files, &about));
    int rc = page_begin(
        job, &page, about,
        "Share of the windows in each category, the largest first; dotted: all alike. A category of 5 % at most "
        "is good, one of 10 % or more says that the library does not tell windows apart there.");
    if (rc == GW_OK) rc = write_page(&page, files->root, share, n);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int prepare(struct plot_job *job) { return pattern_plot(job, GW_RUN_PATTERNS_CATEGORIES, draw); }

const struct plot_desc plot_desc_pattern_sizes = {
    .name = "pattern_sizes",
    .title = "Sizes of the categories",
    .help = "how many windows each category of patterns holds, and what their balance says",
    .prepare = prepare,
    .optional = true,
};
