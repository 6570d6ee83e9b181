/* Which features a model leans on: loss of average precision when one is shuffled, and dual-stage input attention. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"

enum { STRATEGY, SEED, GATE, KIND, FEATURE, VALUE, N_COLUMNS };
enum { FEATURES_MAX = 256, FEATURES_SHOWN = 16, PANELS = 6 };
static const char *const column_name[] = {"strategy", "seed", "gate", "kind", "feature", "value", NULL};
static const char *const kind_name[] = {"permutation", "attention"};

struct feature {
    const char *name;
    double sum[N_GATES_SHOWN];
    unsigned n[N_GATES_SHOWN];
    double rank; /* the larger of the gates' means, by size */
};
struct panel {
    size_t strategy, kind, n;
    struct feature feature[FEATURES_MAX];
};

static const char *cell(const struct table *t, size_t row, size_t column) {
    return t->cell[row * t->n_columns + column];
}

static double mean_of(const struct feature *f, int gate) {
    return f->n[gate] ? f->sum[gate] / f->n[gate] : (double)NAN;
}

static int by_rank(const void *a, const void *b) {
    const struct feature *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? 1 : -1;
    return strcmp(x->name, y->name);
}

static bool belongs(const struct table *t, const size_t *c, size_t row, const char *strategy, size_t kind) {
    return strcmp(cell(t, row, c[KIND]), kind_name[kind]) == 0 && strcmp(cell(t, row, c[STRATEGY]), strategy) == 0;
}

static void collect(const struct run_view *run, const struct table *t, const size_t *c, struct panel *p) {
    p->n = 0;
    for (size_t row = 0; row < t->n_rows; row++) {
        int gate = gate_find(cell(t, row, c[GATE]));
        double value = table_number(t, row, c[VALUE]);
        if (gate < 0 || !isfinite(value) || !belongs(t, c, row, run->strategy[p->strategy].name, p->kind)) continue;
        const char *name = cell(t, row, c[FEATURE]);
        size_t f = 0;
        while (f < p->n && strcmp(p->feature[f].name, name) != 0) f++;
        if (f == p->n) {
            if (p->n == FEATURES_MAX) continue;
            p->feature[p->n++] = (struct feature){.name = name};
        }
        p->feature[f].sum[gate] += value;
        p->feature[f].n[gate]++;
    }
    for (size_t f = 0; f < p->n; f++) p->feature[f].rank = fmax(mean_of(&p->feature[f], 0), mean_of(&p->feature[f], 1));
    qsort(p->feature, p->n, sizeof *p->feature, by_rank);
    if (p->n > FEATURES_SHOWN) p->n = FEATURES_SHOWN;
}

struct grid {
    double left, top, width, height;
    size_t rows; /* features of the longest panel on the page: rows are equally high everywhere */
};

/* Seeds as dots on the bars, so that a lucky shuffle shows. */
static void write_seeds(FILE *to, const struct run_view *run, const struct table *t, const size_t *c,
                        const struct panel *p, size_t index, struct gw_range *span) {
    double scale = 100;
    for (size_t row = 0; row < t->n_rows; row++) {
        int gate = gate_find(cell(t, row, c[GATE]));
        double value = table_number(t, row, c[VALUE]);
        if (gate < 0 || !isfinite(value) || !belongs(t, c, row, run->strategy[p->strategy].name, p->kind)) continue;
        for (size_t f = 0; f < p->n; f++)
            if (strcmp(p->feature[f].name, cell(t, row, c[FEATURE])) == 0) {
                PAGE_ROW(to, scale * value, -(double)f + (gate ? -0.19 : 0.19), (double)(index + 1));
                range_add(span, scale * value);
            }
    }
}

static int write_panel(struct page *page, const struct table *t, const size_t *c, struct panel *p, const struct grid *g,
                       size_t index, FILE *bars, FILE *dots) {
    struct run_view *run = page->job->run;
    struct gw_range span = range_empty();
    range_add(&span, 0);
    double names = 0.04, row_height = g->height / ((double)g->rows + 0.2);
    for (size_t f = 0; f < p->n; f++) names = fmax(names, text_width(p->feature[f].name, font_size_pt[FONT_SMALL]));
    names = fmin(names, 0.42 * g->width);
    for (size_t f = 0; f < p->n; f++) {
        char *safe = text_safe(&run->arena, p->feature[f].name);
        for (char *at = safe; at && *at; at++)
            if (*at == ';') *at = ','; /* the tables have no quotes, so arguments stand apart by semicolons there */
        if (!safe || !(safe = text_fit(&run->arena, safe, font_size_pt[FONT_SMALL], names))) return GW_ERR_NOMEM;
        page_text(page, FONT_SMALL, ALIGN_RIGHT, g->left + names, g->top - row_height * ((double)f + 0.6), INK, safe);
        for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
            double value = 100 * mean_of(&p->feature[f], gate);
            if (!isfinite(value)) continue;
            PAGE_ROW(bars, value, -(double)f + (gate ? -0.19 : 0.19), gate ? 0xD9903D : 0x0072B2, (double)(index + 1));
            range_add(&span, value);
        }
    }
    write_seeds(dots, run, t, c, p, index, &span);
    char heading[300];
    snprintf(heading, sizeof heading, "%s%s", p->kind ? "input attention · " : "", run->strategy[p->strategy].label);
    char *fitted = text_fit(&run->arena, heading, font_size_pt[FONT_BOLD], g->width);
    if (!fitted) return GW_ERR_NOMEM;
    page_text(page, FONT_BOLD, ALIGN_LEFT, g->left, g->top + 0.018, INK, fitted);
    page_set_at(page, "panel_left", index, g->left + names + 0.008);
    page_set_at(page, "panel_right", index, g->left + g->width);
    page_set_at(page, "panel_top", index, g->top);
    page_set_at(page, "panel_bottom", index, g->top - row_height * ((double)p->n + 0.2));
    page_set_at(page, "is_attention", index, (double)p->kind);
    page_set_at(page, "n_features", index, (double)p->n);
    page_range_at(page, "value", index, range_round(span));
    return GW_OK;
}

static int write_page(struct page *page, const struct table *t, const size_t *c, struct panel *panel, size_t n) {
    FILE *bars, *dots;
    double x = 0.055;
    static const char *const gate_label[] = {"long gate", "short gate", "one seed"};
    for (int i = 0; i < 2; i++, x += 0.11) {
        page_box(page, x, page->top - 0.009, x + 0.02, page->top + 0.005, i ? 0xD9903D : 0x0072B2);
        page_text(page, FONT_BODY, ALIGN_LEFT, x + 0.026, page->top - 0.002, INK, gate_label[i]);
    }
    page_text(page, FONT_BODY, ALIGN_LEFT, x, page->top - 0.002, INK, "○  one seed");
    page->top -= 0.055;
    TRY(page_file(page, "bars", &bars));
    TRY(page_file(page, "dots", &dots));
    size_t columns = n < 3 ? n : n == 4 ? 2 : 3, rows = (n + columns - 1) / columns;
    struct grid g = {.width = (0.9 - 0.03 * (double)(columns - 1)) / (double)columns,
                     .height = (page->top - 0.165 - 0.105 * (double)(rows - 1)) / (double)rows};
    for (size_t i = 0; i < n; i++) {
        collect(page->job->run, t, c, &panel[i]);
        if (panel[i].n > g.rows) g.rows = panel[i].n;
    }
    static const char *const array[] = {"panel_left",   "panel_right",  "panel_top",
                                        "panel_bottom", "is_attention", "n_features"};
    for (size_t i = 0; i < COUNT_OF(array); i++) page_array(page, array[i], n);
    page_range_array(page, "value", n);
    page_set(page, "n_panels", (double)n);
    for (size_t i = 0; i < n; i++) {
        g.left = 0.055 + (double)(i % columns) * (g.width + 0.03);
        g.top = page->top - (double)(i / columns) * (g.height + 0.105);
        TRY(write_panel(page, t, c, &panel[i], &g, i, bars, dots));
    }
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    const struct table *t;
    size_t c[N_COLUMNS], n = 0;
    TRY(run_view_table(run, TABLE_IMPORTANCE, &t));
    if (!t) return plot_skip(job, "no feature importance was computed");
    TRY(table_columns(t, column_name, c));
    struct panel *panel = arena_alloc(&run->arena, 2 * run->n_strategies + 1, sizeof *panel);
    if (!panel) return GW_ERR_NOMEM;
    for (size_t kind = 0; kind < COUNT_OF(kind_name); kind++)
        for (size_t s = 0; s < run->n_strategies; s++)
            for (size_t row = 0; row < t->n_rows; row++)
                if (belongs(t, c, row, run->strategy[s].name, kind) && isfinite(table_number(t, row, c[VALUE]))) {
                    panel[n].strategy = s;
                    panel[n++].kind = kind;
                    break;
                }
    if (n == 0) return plot_skip(job, "no feature importance was computed");
    for (size_t first = 0; first < n; first += PANELS) {
        struct page page;
        int rc = page_begin(job, &page, "",
                            "Permutation: how many points of average precision the validation slice loses when one "
                            "feature is shuffled in time; "
                            "negative values are noise. Input attention (dual_stage): mean weight given to the "
                            "feature. At most sixteen features "
                            "per model, the most important first; each panel has its own axis.");
        if (rc == GW_OK) rc = write_page(&page, t, c, panel + first, n - first < PANELS ? n - first : PANELS);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}

const struct plot_desc plot_desc_importance = {
    .name = "importance",
    .title = "Feature importance",
    .help = "permutation importance of every model and input attention of dual_stage",
    .prepare = prepare,
};
