/* What moved the gate at its surest signals: integrated gradients by lag and feature, and by lag beside attention. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "signals.h"

enum { STRATEGY, GATE, FEATURE, LAG, VALUE, SIZE, N, N_MEAN_COLUMNS };
static const char *const mean_column[] = {"strategy", "gate", "feature", "lag", "value", "size", "n", NULL};
enum { I_STRATEGY, I_GATE, I_ATTENTION_ROW, I_COMPLETE, I_CORRELATION, N_INDEX_COLUMNS };
static const char *const index_column[] = {"strategy", "gate", "attention_row", "complete", "rank_correlation", NULL};
enum { LAGS_MAX = 4096, FEATURES_MAX = 256, FEATURES_SHOWN = 20 };

struct source {
    const struct table *mean, *index;
    size_t m[N_MEAN_COLUMNS], i[N_INDEX_COLUMNS];
    struct attention_matrix attention;
};
struct moved {
    const char *name;
    double *value; /* [lags] Σ n × mean value */
    double size;   /* all of it */
};
/* One strategy and gate, over its seeds. */
struct gate_gradients {
    struct moved feature[FEATURES_MAX];
    size_t n_features, lags;
    double size[LAGS_MAX], attention[LAGS_MAX]; /* by lag */
    double all_size, all_attention;
    double correlation; /* mean over signals */
    size_t n_signals, n_correlated, n_incomplete;
};

static const char *cell(const struct table *t, size_t row, size_t column) {
    return t->cell[row * t->n_columns + column];
}

static bool belongs(const struct table *t, size_t strategy, size_t gate, size_t row, const char *name, int wanted) {
    return strcmp(cell(t, row, strategy), name) == 0 && gate_find(cell(t, row, gate)) == wanted;
}

static struct moved *feature_of(struct run_view *run, struct gate_gradients *g, const char *name) {
    for (size_t f = g->n_features; f-- > 0;)
        if (strcmp(g->feature[f].name, name) == 0) return &g->feature[f];
    if (g->n_features == FEATURES_MAX) return NULL;
    struct moved *feature = &g->feature[g->n_features];
    *feature = (struct moved){.name = name, .value = arena_alloc(&run->arena, LAGS_MAX, sizeof(double))};
    if (!feature->value) return NULL;
    memset(feature->value, 0, LAGS_MAX * sizeof(double));
    g->n_features++;
    return feature;
}

static void collect_means(struct run_view *run, const struct source *from, const char *name, int gate,
                          struct gate_gradients *g) {
    const struct table *t = from->mean;
    for (size_t row = 0; row < t->n_rows; row++) {
        if (!belongs(t, from->m[STRATEGY], from->m[GATE], row, name, gate)) continue;
        const double lag = table_number(t, row, from->m[LAG]), n = table_number(t, row, from->m[N]);
        const double value = table_number(t, row, from->m[VALUE]), size = table_number(t, row, from->m[SIZE]);
        if (!(lag >= 0 && lag < LAGS_MAX && n > 0) || !isfinite(value) || !(size >= 0 && size < INFINITY)) continue;
        struct moved *feature = feature_of(run, g, cell(t, row, from->m[FEATURE]));
        if (!feature) continue;
        const size_t l = (size_t)lag;
        feature->value[l] += n * value;
        feature->size += n * size;
        g->size[l] += n * size;
        g->all_size += n * size;
        if (l + 1 > g->lags) g->lags = l + 1;
    }
}

static void collect_signals(const struct source *from, const char *name, int gate, struct gate_gradients *g) {
    const struct table *t = from->index;
    const struct attention_matrix *m = &from->attention;
    for (size_t row = 0; row < t->n_rows; row++) {
        if (!belongs(t, from->i[I_STRATEGY], from->i[I_GATE], row, name, gate)) continue;
        const double at = table_number(t, row, from->i[I_ATTENTION_ROW]);
        const double correlation = table_number(t, row, from->i[I_CORRELATION]);
        g->n_signals++;
        g->n_incomplete += table_number(t, row, from->i[I_COMPLETE]) != 1;
        if (isfinite(correlation)) {
            g->correlation += correlation;
            g->n_correlated++;
        }
        for (size_t lag = 0; at >= 0 && at < (double)m->n_rows && lag < m->n_lags && lag < LAGS_MAX; lag++) {
            const double weight = (double)m->weight[((size_t)at + 1) * m->n_lags - 1 - lag];
            if (!isfinite(weight)) continue;
            g->attention[lag] += weight;
            g->all_attention += weight;
        }
    }
    g->correlation = g->n_correlated ? g->correlation / (double)g->n_correlated : (double)NAN;
}

static int by_size(const void *a, const void *b) {
    const struct moved *x = a, *y = b;
    if (x->size != y->size) return x->size < y->size ? 1 : -1;
    return strcmp(x->name, y->name);
}

static int feature_names(struct page *page, const struct gate_gradients *g, double left, double top,
                         double row_height) {
    for (size_t f = 0; f < g->n_features; f++) {
        char *safe = text_safe(&page->job->run->arena, g->feature[f].name);
        for (char *at = safe; at && *at; at++)
            if (*at == ';') *at = ','; /* the tables have no quotes, so arguments stand apart by semicolons there */
        if (!safe || !(safe = text_fit(&page->job->run->arena, safe, font_size_pt[FONT_SMALL], left - 0.06)))
            return GW_ERR_NOMEM;
        page_text(page, FONT_SMALL, ALIGN_RIGHT, left - 0.008, top - row_height * ((double)f + 0.5), INK, safe);
    }
    return GW_OK;
}

static int write_gate(struct page *page, struct gate_gradients *g, int gate, const struct panel_grid *grid) {
    static const double map_left = 0.175;
    const double top = grid_top(grid, (size_t)gate);
    char name[16];
    FILE *map, *lags;
    double most = 0;
    struct gw_range share = range_empty();
    qsort(g->feature, g->n_features, sizeof *g->feature, by_size);
    if (g->n_features > FEATURES_SHOWN) g->n_features = FEATURES_SHOWN;
    snprintf(name, sizeof name, "map%d", gate);
    TRY(page_file(page, name, &map));
    for (size_t f = 0; f < g->n_features; f++)
        for (size_t lag = g->lags; lag-- > 0;) {
            const double value = g->feature[f].value[lag] / (double)g->n_signals;
            PAGE_ROW(map, (double)lag, -(double)f, value);
            most = fmax(most, fabs(value));
        }
    snprintf(name, sizeof name, "lags%d", gate);
    TRY(page_file(page, name, &lags));
    range_add(&share, 0);
    for (size_t lag = 0; lag < g->lags; lag++) {
        const double size = 100 * g->size[lag] / g->all_size, attention = 100 * g->attention[lag] / g->all_attention;
        PAGE_ROW(lags, (double)lag, size, attention);
        range_add(&share, size);
        range_add(&share, attention);
    }
    page_set_at(page, "n_lags", (size_t)gate, (double)g->lags);
    page_set_at(page, "n_features", (size_t)gate, (double)g->n_features);
    page_set_at(page, "most", (size_t)gate, most > 0 ? most : 1);
    page_range_at(page, "share", (size_t)gate, range_round(share));
    page_set(page, "map_left", map_left);
    page_textf(page, FONT_BOLD, ALIGN_LEFT, map_left, top + 0.018, INK, "%s gate: %zu signals%s", gate_word[gate],
               g->n_signals, g->n_incomplete ? ", their sums not all within 1e-3 of the logit" : "");
    char correlation[FIGURE_SIZE];
    figure_signed(correlation, g->correlation, 2);
    page_textf(page, FONT_SMALL, ALIGN_RIGHT, PAGE_RIGHT, top + 0.018, INK,
               "rank correlation of the two, mean of the signals: %s", correlation);
    return feature_names(page, g, map_left, top, grid->height / (double)g->n_features);
}

static int write_page(struct plot_job *job, const struct strategy_view *s, struct gate_gradients *g) {
    const struct legend_entry legend[] = {{"share of the gradients' size", 3, MARK_LINE},
                                          {"share of attention", 2, MARK_LINE}};
    struct page page;
    int rc = page_begin(job, &page, s->label,
                        "Integrated gradients of the gate's logit at its surest signals, mean over them and the seeds. "
                        "Left: how far each feature at each lag moved the logit from where it stands when every "
                        "feature is at its center, the features that move most on top (at most twenty). Right: their "
                        "size by lag beside the attention at the same signals: where the two part, attention does not "
                        "say what decided.");
    if (rc == GW_OK) rc = page_legend(&page, legend, COUNT_OF(legend));
    page_array(&page, "n_lags", N_GATES_SHOWN);
    page_array(&page, "n_features", N_GATES_SHOWN);
    page_array(&page, "most", N_GATES_SHOWN);
    page_range_array(&page, "share", N_GATES_SHOWN);
    const struct panel_grid grid = page_grid(&page, N_GATES_SHOWN, 1, 0.085, 0.1);
    for (int gate = 0; rc == GW_OK && gate < N_GATES_SHOWN; gate++) {
        page_set_at(&page, "n_lags", (size_t)gate, 0);
        if (g[gate].n_signals && g[gate].all_size > 0 && g[gate].all_attention > 0)
            rc = write_gate(&page, &g[gate], gate, &grid);
    }
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int write_strategy(struct plot_job *job, const struct source *from, const struct strategy_view *s,
                          struct gate_gradients *g) {
    bool any = false;
    memset(g, 0, N_GATES_SHOWN * sizeof *g);
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        collect_means(job->run, from, s->name, gate, &g[gate]);
        collect_signals(from, s->name, gate, &g[gate]);
        any |= g[gate].n_signals && g[gate].all_size > 0 && g[gate].all_attention > 0;
    }
    return any ? write_page(job, s, g) : GW_OK;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    struct source from = {0};
    TRY(run_view_table(run, TABLE_GRADIENTS_MEAN, &from.mean));
    TRY(run_view_table(run, TABLE_GRADIENTS_INDEX, &from.index));
    if (!from.mean || !from.index) return plot_skip(job, "no integrated gradients were taken (verdict.gradients)");
    TRY(table_columns(from.mean, mean_column, from.m));
    TRY(table_columns(from.index, index_column, from.i));
    TRY(attention_load(run, &from.attention));
    struct gate_gradients *g = mem_calloc(N_GATES_SHOWN, sizeof *g);
    int rc = g ? GW_OK : GW_ERR_NOMEM;
    for (size_t s = 0; rc == GW_OK && s < run->n_strategies && job->n_pages < PLOT_PAGES_MAX; s++)
        rc = write_strategy(job, &from, &run->strategy[s], g);
    mem_free(g);
    mem_free(from.attention.weight);
    if (rc == GW_OK && job->n_pages == 0) rc = plot_skip(job, "no signal has integrated gradients");
    return rc;
}

const struct plot_desc plot_desc_gradients = {
    .name = "gradients",
    .title = "What moved the gate",
    .help = "integrated gradients by lag and feature, and by lag beside attention",
    .prepare = prepare,
    .optional = true,
};
