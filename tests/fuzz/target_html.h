/* Fuzz target: one file of a run directory, from which report.html is written: words, tables, the chart's data. Whatever stands
 * in it, the page has the elements of a sound one and no other, so that nothing in it runs. The first byte of an input says
 * which file the rest is. */
#ifndef GATEWALK_TEST_FUZZ_HTML_H
#define GATEWALK_TEST_FUZZ_HTML_H

#include "target_report.h"

static const char *const fuzz_html_words[] = {
    "</script>",
    "<script>x=1</script>",
    "<img src=x onerror=x=1>",
    "<svg/onload=x=1>",
    "<!--",
    "-->",
    "]]>",
    "&lt;",
    "\" onload=\"x=1",
    "'",
    "\\u003c/script>",
    "\\u2028",
    "\xE2\x80\xA8",
    "\\\"",
    "\xFF",
    ",",
    "\n",
    "\"",
    "nan",
    "inf",
    "1e308",
    "-1",
    "long",
    "b",
    "null",
    "{",
    "}",
    "[",
    "]",
    "9999-12-31T00:00:00Z",
};

static const char *const fuzz_html_file[] = {GW_RUN_SUMMARY,         GW_RUN_JSON,    GW_RUN_BARS,      GW_RUN_TRADES,
                                             GW_RUN_SCORES,          GW_RUN_FOLDS,   GW_RUN_BREAKDOWN, GW_RUN_ATTENTION,
                                             GW_RUN_ATTENTION_INDEX, GW_RUN_SIGNALS, GW_RUN_ORDERS};
enum { FUZZ_HTML = COUNT_OF(fuzz_html_file), FUZZ_HTML_TABLE = 2, FUZZ_HTML_SHOWN = 8000 };
static struct fuzz_input fuzz_html_sound[FUZZ_HTML];

/* Tags that something could run by or be loaded by, however they are written. */
static const char *const fuzz_html_tag[] = {"<script", "<img", "<svg", "<style", "<link", "<iframe", "<base", "<form"};
static size_t fuzz_html_known[COUNT_OF(fuzz_html_tag)];

static const char *fuzz_html_path(size_t i) {
    char name[64];
    snprintf(name, sizeof name, "run/%s", fuzz_html_file[i]);
    return fuzz_path(name);
}

/* Without gnuplot: the page has everything but pictures, and what is missing is the error. */
static int fuzz_html_write(void) {
    char dir[400];
    snprintf(dir, sizeof dir, "%s", fuzz_path("run"));
    unlink(fuzz_path("run/" GW_RUN_HTML));
    int rc = gw_report_render(dir, &(struct gw_report_options){.html = true});
    return rc == GW_ERR_TOOL && access(fuzz_path("run/" GW_RUN_HTML), F_OK) == 0 ? GW_OK : rc;
}

static void fuzz_html_count(size_t n[COUNT_OF(fuzz_html_tag)]) {
    struct fuzz_input page = fuzz_get(fuzz_path("run/" GW_RUN_HTML));
    for (size_t t = 0; t < COUNT_OF(fuzz_html_tag); t++) {
        n[t] = 0;
        for (const char *at = page.bytes; (at = strcasestr(at, fuzz_html_tag[t])); at++) n[t]++;
    }
    free(page.bytes);
}

static size_t fuzz_html_setup(struct fuzz_input seed[MOST_SOUND]) {
    fuzz_make_run();
    setenv("PATH", fuzz_path("nowhere"), 1);
    if (fuzz_html_write() < 0) fuzz_die(gw_error_message());
    fuzz_html_count(fuzz_html_known);
    for (size_t i = 0; i < FUZZ_HTML; i++) {
        fuzz_html_sound[i] = fuzz_get(fuzz_html_path(i));
        seed[i] = fuzz_cut_seed(&fuzz_html_sound[i], i, i < FUZZ_HTML_TABLE ? SIZE_MAX : FUZZ_HTML_SHOWN);
    }
    return FUZZ_HTML;
}

static const char *fuzz_html_check(const char *bytes, size_t n, struct fuzz_random *random) {
    (void)random;
    if (n == 0) return NULL;
    size_t i = (unsigned char)(bytes[0] - 'A') % FUZZ_HTML, found[COUNT_OF(fuzz_html_tag)];
    fuzz_put(fuzz_html_path(i), bytes + 1, n - 1);
    int rc = fuzz_html_write();
    fuzz_put(fuzz_html_path(i), fuzz_html_sound[i].bytes, fuzz_html_sound[i].n);
    fuzz_accepted += rc == GW_OK;
    if (rc != GW_OK && rc != GW_ERR_DATA && rc != GW_ERR_NOMEM) return "neither success nor ERR_DATA";
    if (rc != GW_OK) return fuzz_judge_message(rc);
    fuzz_html_count(found);
    /* An array of the chart that a damaged file leaves out is one element less. */
    for (size_t t = 0; t < COUNT_OF(fuzz_html_tag); t++)
        if (found[t] > fuzz_html_known[t]) return "the page has an element that a sound one has not";
    return NULL;
}

static void fuzz_html_teardown(void) {
    for (size_t i = 0; i < FUZZ_HTML; i++) free(fuzz_html_sound[i].bytes);
}

static const struct fuzz_target fuzz_html = {
    .name = "html",
    .setup = fuzz_html_setup,
    .check = fuzz_html_check,
    .teardown = fuzz_html_teardown,
    .words = fuzz_html_words,
    .n_words = COUNT_OF(fuzz_html_words),
    .slow_seconds = 10,
};

#endif
