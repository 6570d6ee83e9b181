/* The categories that stand farthest above what luck gives, and those farthest below. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "pattern_files.h"

enum { PANELS = 12, COLUMNS = 4, ROWS = 3 };

struct category {
    double number, windows, rate, lo, hi, z, p_value;
    int gate;
};

static int by_z(const void *a, const void *b) {
    const struct category *x = a, *y = b;
    if (x->z != y->z) return x->z > y->z ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Of each category the gate that stands higher above its null; those that were too small to be judged are left out. */
static int read_categories(struct run_view *run, const struct table *t, struct category **out, size_t *n) {
    enum { CATEGORY, SLICE, GATE, WINDOWS, RATE, LO, HI, Z, P, N };
    static const char *const name[] = {"category", "slice", "gate", "windows", "rate",
                                       "lo",       "hi",    "z",    "p_value", NULL};
    size_t c[N];
    struct category *list = arena_alloc(&run->arena, t->n_rows, sizeof *list);
    if (!list) return GW_ERR_NOMEM;
    TRY(table_columns(t, name, c));
    *n = 0;
    for (size_t row = 0; row < t->n_rows; row++) {
        const char *const *cell = (const char *const *)t->cell + row * t->n_columns;
        struct category here = {.number = table_number(t, row, c[CATEGORY]), .gate = gate_find(cell[c[GATE]])};
        here.z = table_number(t, row, c[Z]);
        if (strcmp(cell[c[SLICE]], "learned") != 0 || here.gate < 0 || !isfinite(here.z)) continue;
        here.windows = table_number(t, row, c[WINDOWS]);
        here.rate = table_number(t, row, c[RATE]);
        here.lo = table_number(t, row, c[LO]);
        here.hi = table_number(t, row, c[HI]);
        here.p_value = table_number(t, row, c[P]);
        if (*n == 0 || list[*n - 1].number != here.number)
            list[(*n)++] = here;
        else if (here.z > list[*n - 1].z)
            list[*n - 1] = here;
    }
    if (*n) qsort(list, *n, sizeof *list, by_z);
    *out = list;
    return GW_OK;
}

static void put_title(struct page *page, const struct panel_grid *grid, size_t i, const struct category *c) {
    const double x = grid_left(grid, i % COLUMNS), y = grid_top(grid, i / COLUMNS);
    page_textf(page, FONT_BOLD, ALIGN_LEFT, x, y + 0.034, INK, "%.0f", c->number);
    page_textf(page, FONT_SMALL, ALIGN_LEFT, x + 0.034, y + 0.034, INK_SOFT, "%.0f windows", c->windows);
    if (isfinite(c->lo))
        page_textf(page, FONT_SMALL, ALIGN_LEFT, x, y + 0.014, c->p_value <= 0.05 ? INK_GOOD : INK,
                   "%s %.0f %% (%.0f to %.0f), p %.2g", gate_word[c->gate], 100 * c->rate, 100 * c->lo, 100 * c->hi,
                   c->p_value);
    else
        page_textf(page, FONT_SMALL, ALIGN_LEFT, x, y + 0.014, INK, "%s %.0f %%", gate_word[c->gate], 100 * c->rate);
}

struct gallery {
    struct pattern_files files;
    struct table categories, members, next;
    bool has_categories, has_members, has_next;
};

static int write_page(struct plot_job *job, const struct gallery *g, const struct category *list, size_t n,
                      const char *about) {
    struct page page;
    struct pattern_panels panels;
    char caption[500], whose[300];
    const char *name;
    const double prevalence[2] = {member_number(json_get(g->files.root, "prevalence"), "long"),
                                  member_number(json_get(g->files.root, "prevalence"), "short")};
    snprintf(caption, sizeof caption,
             "Left of the upright line closes of the windows nearest to the centre, right what came next: median, half "
             "and four fifths of all members; in half ranges of the window. Hit rate of the better gate with its "
             "bootstrap interval (of all windows: long %.1f %%, short %.1f %%); p is family-wise over all categories "
             "and both gates.",
             100 * prevalence[0], 100 * prevalence[1]);
    TRY(pattern_about(job->run, &g->files, &name));
    snprintf(whose, sizeof whose, "%.200s%s%s", name, *name ? ": " : "", about);
    TRY(page_begin(job, &page, whose, caption));
    page.top -= 0.035;
    int rc = pattern_panels_begin(&page, &g->members, &g->next, n, &panels);
    const struct panel_grid grid = page_grid(&page, ROWS, COLUMNS, 0.03, 0.085);
    page_set(&page, "window_bars", g->files.bars);
    page_set(&page, "horizon", g->files.horizon);
    for (size_t i = 0; i < n && rc == GW_OK; i++) {
        put_title(&page, &grid, i, &list[i]);
        rc = pattern_panels_add(&page, &panels, list[i].number);
    }
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int draw(struct plot_job *job, const struct gallery *g) {
    struct category *list;
    size_t n;
    TRY(read_categories(job->run, &g->categories, &list, &n));
    if (n == 0) return plot_skip(job, "no category has enough labels to be judged");
    const size_t best = n < PANELS ? n : PANELS;
    TRY(write_page(job, g, list, best, "farthest above the null"));
    if (n <= PANELS) return GW_OK;
    const size_t worst = n - PANELS < PANELS ? n - PANELS : PANELS;
    return write_page(job, g, list + n - worst, worst, "farthest below the null");
}

static int prepare(struct plot_job *job) {
    struct gallery g = {0};
    int rc = pattern_files_open(job->run, &g.files);
    if (rc == GW_OK && g.files.root)
        rc = pattern_table(job->run, GW_RUN_PATTERNS_CATEGORIES, &g.categories, &g.has_categories);
    if (rc == GW_OK && g.has_categories)
        rc = pattern_table(job->run, GW_RUN_PATTERNS_MEMBERS, &g.members, &g.has_members);
    if (rc == GW_OK && g.has_members) rc = pattern_table(job->run, GW_RUN_PATTERNS_NEXT, &g.next, &g.has_next);
    if (rc == GW_OK) rc = g.has_next ? draw(job, &g) : plot_skip(job, "no library of patterns");
    if (g.has_next) table_free(&g.next);
    if (g.has_members) table_free(&g.members);
    if (g.has_categories) table_free(&g.categories);
    pattern_files_close(&g.files);
    return rc;
}

const struct plot_desc plot_desc_pattern_gallery = {
    .name = "pattern_gallery",
    .title = "Categories of patterns",
    .help = "the categories farthest above and below the null: their windows and what came next",
    .prepare = prepare,
    .optional = true,
};
