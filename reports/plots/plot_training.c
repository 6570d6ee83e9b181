/* Training and validation loss of every fit: folds and seeds faint, their mean bold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"

enum { STRATEGY, SEED, FOLD, EPOCH, TRAIN, VALID, N_COLUMNS, EPOCHS_MAX = 1000, PANELS = 8 };
static const char *const column_name[] = {"strategy", "seed", "fold", "epoch", "train_loss", "validation_loss", NULL};

/* Sums over the fits of one strategy by epoch, and all its losses. */
struct mean_curve {
    double sum[2][EPOCHS_MAX + 1];
    size_t n[2][EPOCHS_MAX + 1], last, fits;
    double *loss;
    size_t n_losses;
};

static const char *cell(const struct table *t, size_t row, size_t column) {
    return t->cell[row * t->n_columns + column];
}

static bool same_fit(const struct table *t, const size_t *c, size_t a, size_t b) {
    return strcmp(cell(t, a, c[STRATEGY]), cell(t, b, c[STRATEGY])) == 0 &&
           strcmp(cell(t, a, c[SEED]), cell(t, b, c[SEED])) == 0 &&
           strcmp(cell(t, a, c[FOLD]), cell(t, b, c[FOLD])) == 0;
}

static void write_fits(FILE *to, const struct table *t, const size_t *c, const char *strategy,
                       struct mean_curve *mean) {
    size_t previous = SIZE_MAX;
    for (size_t row = 0; row < t->n_rows; row++) {
        if (strcmp(cell(t, row, c[STRATEGY]), strategy) != 0) continue;
        double epoch = table_number(t, row, c[EPOCH]),
               loss[2] = {table_number(t, row, c[TRAIN]), table_number(t, row, c[VALID])};
        if (!(epoch >= 0 && epoch <= EPOCHS_MAX)) continue;
        if (previous == SIZE_MAX || !same_fit(t, c, previous, row)) {
            if (previous != SIZE_MAX) fputs("\n", to);
            mean->fits++;
        }
        previous = row;
        PAGE_ROW(to, epoch, loss[0], loss[1]);
        size_t e = (size_t)epoch;
        if (e > mean->last) mean->last = e;
        for (int i = 0; i < 2; i++) {
            if (!isfinite(loss[i])) continue;
            mean->sum[i][e] += loss[i];
            mean->n[i][e]++;
            mean->loss[mean->n_losses++] = loss[i];
        }
    }
    fputs("\n\n", to);
}

/* Only while at least half of the fits still run: later the mean would follow the few that went on. */
static void write_mean(FILE *to, const struct mean_curve *mean, struct gw_range *span) {
    size_t rows = 0;
    for (size_t e = 0; e <= mean->last; e++) {
        double value[2];
        for (int i = 0; i < 2; i++)
            value[i] = 2 * mean->n[i][e] >= mean->fits && mean->n[i][e] ? mean->sum[i][e] / (double)mean->n[i][e]
                                                                        : (double)NAN;
        if (!isfinite(value[0]) && !isfinite(value[1])) continue;
        PAGE_ROW(to, (double)e, value[0], value[1]);
        for (int i = 0; i < 2; i++) range_add(span, value[i]);
        rows++;
    }
    if (!rows) PAGE_ROW(to, NAN, NAN, NAN);
    fputs("\n\n", to);
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One fit that ran away must not flatten the others: nineteen of twenty losses, and the mean, decide. */
static void add_usual(struct mean_curve *mean, struct gw_range *span) {
    qsort(mean->loss, mean->n_losses, sizeof *mean->loss, ascending);
    if (!mean->n_losses) return;
    range_add(span, mean->loss[0]);
    range_add(span, mean->loss[(mean->n_losses - 1) * 19 / 20]);
}

/* The span that the panels share: of those that do not reach far beyond the others. One that does, a model whose loss
 * ran away, gets an axis of its own instead of flattening all of them; own[i] says so. */
static int share_spans(struct arena *arena, const struct gw_range *span, size_t n, struct gw_range *shared, bool *own) {
    double *top = arena_alloc(arena, n, sizeof *top);
    if (!top) return GW_ERR_NOMEM;
    double lowest = INFINITY;
    for (size_t i = 0; i < n; i++) {
        top[i] = span[i].hi;
        lowest = fmin(lowest, span[i].lo);
    }
    qsort(top, n, sizeof *top, ascending);
    const double usual = top[(n - 1) / 2];
    *shared = range_empty();
    for (size_t i = 0; i < n; i++) {
        own[i] = span[i].hi - lowest > 3 * (usual - lowest) && n > 1;
        if (own[i]) continue;
        range_add(shared, span[i].lo);
        range_add(shared, span[i].hi);
    }
    return GW_OK;
}

static int write_page(struct page *page, const struct table *t, const size_t *c, const size_t *strategy, size_t n) {
    struct run_view *run = page->job->run;
    struct gw_range loss[PANELS], shared;
    bool own[PANELS];
    FILE *fits, *means;
    TRY(page_file(page, "fits", &fits));
    TRY(page_file(page, "means", &means));
    size_t columns = n <= 2 ? n : n <= 4 ? 2 : n <= 6 ? 3 : 4, rows = (n + columns - 1) / columns, longest = 1;
    struct legend_entry legend[] = {{"training loss", 2, MARK_LINE}, {"validation loss", 3, MARK_LINE}};
    TRY(page_legend(page, legend, COUNT_OF(legend)));
    struct panel_grid grid = page_grid(page, rows, columns, 0.06, 0.13);
    for (size_t i = 0; i < n; i++) {
        const struct strategy_view *s = &run->strategy[strategy[i]];
        struct mean_curve *mean = arena_alloc(&run->arena, 1, sizeof *mean);
        if (mean) mean->loss = arena_alloc(&run->arena, 2 * t->n_rows, sizeof *mean->loss);
        if (!mean || !mean->loss) return GW_ERR_NOMEM;
        loss[i] = range_empty();
        write_fits(fits, t, c, s->name, mean);
        write_mean(means, mean, &loss[i]);
        add_usual(mean, &loss[i]);
        if (mean->last > longest) longest = mean->last;
    }
    TRY(share_spans(&run->arena, loss, n, &shared, own));
    page_range_array(page, "loss", n);
    for (size_t i = 0; i < n; i++) {
        const double left = grid_left(&grid, i % columns), y = grid_top(&grid, i / columns) + 0.02;
        const double room = grid.width - (own[i] ? 0.07 : 0);
        char *name = text_fit(&run->arena, run->strategy[strategy[i]].label, font_size_pt[FONT_BOLD], room);
        if (!name) return GW_ERR_NOMEM;
        page_text(page, FONT_BOLD, ALIGN_LEFT, left, y, INK, name);
        if (own[i]) page_text(page, FONT_SMALL, ALIGN_RIGHT, left + grid.width, y, INK_BAD, "own scale");
        page_range_at(page, "loss", i, range_round(own[i] ? loss[i] : shared));
    }
    page_set(page, "n_panels", (double)n);
    page_set(page, "epochs", (double)longest);
    return GW_OK;
}

static bool has_rows(const struct table *t, const size_t *c, const char *strategy) {
    for (size_t row = 0; row < t->n_rows; row++)
        if (strcmp(cell(t, row, c[STRATEGY]), strategy) == 0 &&
            (isfinite(table_number(t, row, c[TRAIN])) || isfinite(table_number(t, row, c[VALID]))))
            return true;
    return false;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    const struct table *t;
    size_t c[N_COLUMNS], n = 0;
    TRY(run_view_table(run, TABLE_TRAINING, &t));
    if (!t) return plot_skip(job, "nothing was trained");
    TRY(table_columns(t, column_name, c));
    size_t *strategy = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *strategy);
    if (!strategy) return GW_ERR_NOMEM;
    for (size_t s = 0; s < run->n_strategies; s++)
        if (has_rows(t, c, run->strategy[s].name)) strategy[n++] = s;
    if (n == 0) return plot_skip(job, "no finite loss was recorded");
    for (size_t first = 0; first < n; first += PANELS) {
        struct page page;
        int rc = page_begin(job, &page, "",
                            "One faint line for each fold and seed; bold, their mean as long as at least half of the "
                            "fits still run (early "
                            "stopping ends them one by one). The panels share their axes, which one loss in "
                            "twenty may leave; a model whose losses lie far beyond the others' has its own.");
        if (rc == GW_OK) rc = write_page(&page, t, c, strategy + first, n - first < PANELS ? n - first : PANELS);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}

const struct plot_desc plot_desc_training = {
    .name = "training",
    .title = "Training curves",
    .help = "training and validation loss by epoch, fits faint and their mean bold",
    .prepare = prepare,
};
