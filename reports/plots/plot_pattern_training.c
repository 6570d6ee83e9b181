/* How the autoencoder learned: reconstruction R and contrast C by epoch. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "pattern_files.h"

enum { EPOCH, TRAIN_R, VALID_R, TRAIN_C, VALID_C, BEST, N_COLUMNS };
static const char *const column_name[] = {"epoch", "train_r", "valid_r", "train_c", "valid_c", "best", NULL};

static int write_page(struct page *page, const struct table *t, const json_value *facts) {
    size_t c[N_COLUMNS];
    FILE *to;
    struct gw_range r = range_empty(), contrast = range_empty();
    double best = NAN, last = 1;
    const char *learnt = member_text(page->job->run, facts, "learnt"),
               *advice = member_text(page->job->run, facts, "advice");
    if (!learnt || !advice) return GW_ERR_NOMEM;
    static const struct legend_entry legend[] = {
        {"training", 2, MARK_LINE}, {"validation", 3, MARK_LINE}, {"the epoch that was kept", 11, MARK_LINE}};
    TRY(table_columns(t, column_name, c));
    TRY(page_file(page, "epochs", &to));
    TRY(page_legend(page, legend, COUNT_OF(legend)));
    for (size_t row = 0; row < t->n_rows; row++) {
        double value[N_COLUMNS];
        for (size_t i = 0; i < N_COLUMNS; i++) value[i] = table_number(t, row, c[i]);
        page_row(to, N_COLUMNS, value);
        range_add(&r, value[TRAIN_R]), range_add(&r, value[VALID_R]);
        range_add(&contrast, value[TRAIN_C]), range_add(&contrast, value[VALID_C]);
        if (value[BEST] == 1) best = value[EPOCH];
        last = fmax(last, value[EPOCH]);
    }
    page_textf(page, FONT_BODY, ALIGN_LEFT, PAGE_LEFT, page->top + 0.012, INK,
               "R of the epoch that was kept: %.4f, %s.%s%s", member_number(facts, "valid_r"), learnt,
               *advice ? " " : "", advice);
    page->top -= 0.04;
    struct panel_grid grid = page_grid(page, 1, 2, 0.09, 0);
    page_text(page, FONT_BOLD, ALIGN_LEFT, grid_left(&grid, 0), grid.top + 0.02, INK,
              "R, mean squared error of the windows rebuilt");
    page_text(page, FONT_BOLD, ALIGN_LEFT, grid_left(&grid, 1), grid.top + 0.02, INK,
              "C, contrastive loss between windows");
    page_range(page, "r", range_round(r));
    page_range(page, "c", range_round(contrast));
    page_set(page, "best", best);
    page_set(page, "last", last);
    return GW_OK;
}

static int draw(struct plot_job *job, const struct table *t, const struct pattern_files *files) {
    struct page page;
    const char *about;
    TRY(pattern_about(job->run, files, &about));
    int rc = page_begin(
        job, &page, about,
        "Left: up to .05 is good, up to .2 fair; from .5 on nothing was learnt. Right: the mean cosine of "
        "different windows, or NT-Xent, by the setting of model.contrastive. The loss is R and a small multiple "
        "of C.");
    if (rc == GW_OK) rc = write_page(&page, t, files->root);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int prepare(struct plot_job *job) { return pattern_plot(job, GW_RUN_PATTERNS_TRAINING, draw); }

const struct plot_desc plot_desc_pattern_training = {
    .name = "pattern_training",
    .title = "Learning the patterns",
    .help = "reconstruction and contrast of the pattern library by epoch",
    .prepare = prepare,
    .optional = true,
};
