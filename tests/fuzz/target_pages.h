/* Fuzz target: the files of a study, a search and a library of patterns, each with a page that is prepared
 * from it for gnuplot. The first byte of an input says which file the rest is, and which page. */
#ifndef GATEWALK_TEST_FUZZ_PAGES_H
#define GATEWALK_TEST_FUZZ_PAGES_H

#include "reports/fixture.h"
#include "target_tables.h"

static const struct {
    const char *file, *plot;
} fuzz_pages_row[] = {
    {GW_RUN_STUDY, "study"},
    {GW_RUN_SEARCH, "search_progress"},
    {GW_RUN_SEARCH, "search_parallel"},
    {GW_RUN_SEARCH, "search_importance"},
    {GW_RUN_TRIALS, "search_front"},
    {GW_RUN_TRIALS, "search_slices"},
    {GW_RUN_PATTERNS, "pattern_gallery"},
    {GW_RUN_PATTERNS_TRAINING, "pattern_training"},
    {GW_RUN_PATTERNS_CATEGORIES, "pattern_sizes"},
    {GW_RUN_PATTERNS_CATEGORIES, "pattern_gallery"},
    {GW_RUN_PATTERNS_MEMBERS, "pattern_gallery"},
    {GW_RUN_PATTERNS_NEXT, "pattern_windows"},
    {GW_RUN_PATTERNS_MAP, "pattern_map"},
    {GW_RUN_PATTERNS_REBUILT, "pattern_reconstruction"},
};
enum { FUZZ_PAGES = COUNT_OF(fuzz_pages_row) };
static struct fuzz_input fuzz_pages_sound[FUZZ_PAGES];

static const char *fuzz_pages_path(size_t i) {
    char name[64];
    snprintf(name, sizeof name, "made/%s", fuzz_pages_row[i].file);
    return fuzz_path(name);
}

static size_t fuzz_pages_setup(struct fuzz_input seed[MOST_SOUND]) {
    struct fixture f = fixture_rich;
    f.n_models = f.n_seeds = 1;
    f.n_others = 0;
    f.n_folds = 2;
    f.bars_per_fold = 20;
    f.study = f.patterns = f.search = true;
    if (dir_make(fuzz_path("made")) < 0) fuzz_die(gw_error_message());
    fixture_write(fuzz_path("made"), &f);
    fuzz_no_gnuplot();
    for (size_t i = 0; i < FUZZ_PAGES; i++) {
        fuzz_pages_sound[i] = fuzz_get(fuzz_pages_path(i));
        seed[i] = fuzz_cut_seed(&fuzz_pages_sound[i], i, FUZZ_TABLE_SHOWN);
    }
    return FUZZ_PAGES;
}

static const char *fuzz_pages_check(const char *bytes, size_t n, struct fuzz_random *random) {
    char dir[400];
    (void)random;
    if (n == 0) return NULL;
    size_t i = (unsigned char)(bytes[0] - 'A') % FUZZ_PAGES;
    const struct gw_report_options options = {.only = fuzz_pages_row[i].plot, .pdf = false, .png = false};
    snprintf(dir, sizeof dir, "%s", fuzz_path("made"));
    fuzz_put(fuzz_pages_path(i), bytes + 1, n - 1);
    int rc = gw_report_render(dir, &options);
    fuzz_put(fuzz_pages_path(i), fuzz_pages_sound[i].bytes, fuzz_pages_sound[i].n);
    fuzz_accepted += rc == GW_OK;
    if (rc == GW_OK) return NULL;
    if (rc != GW_ERR_DATA && rc != GW_ERR_NOMEM) return "neither success nor ERR_DATA";
    return fuzz_judge_message(rc);
}

static void fuzz_pages_teardown(void) {
    for (size_t i = 0; i < FUZZ_PAGES; i++) free(fuzz_pages_sound[i].bytes);
}

static const struct fuzz_target fuzz_pages = {
    .name = "pages",
    .setup = fuzz_pages_setup,
    .check = fuzz_pages_check,
    .teardown = fuzz_pages_teardown,
    .words = fuzz_tables_words,
    .n_words = COUNT_OF(fuzz_tables_words),
    .slow_seconds = 10,
};

#endif
