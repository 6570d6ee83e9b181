/* report.html: the whole report in one file that opens from a mail. Nothing in it comes from a network, all of its text is
 * escaped here, and the only scripts that run are those whose hashes stand in its content security policy. */
#ifndef GATEWALK_HTML_H
#define GATEWALK_HTML_H

#include "reports/data/run_view.h"

/* A page of the report, drawn as DIR/FILE by report_svg.gp. */
struct html_picture {
    const char *plot, *title;
    size_t page;
    char file[100];
};

struct html_request {
    struct run_view *run;
    const char *picture_dir; /* where the pictures are */
    const struct html_picture *picture;
    size_t n_pictures;
    const char
        *not_shown; /* pages without data, and why; "" for none. no_pictures: why there is not one at all, or NULL */
    const char *no_pictures;
};
/* Writes GW_RUN_HTML into the run directory, whole or not at all. */
int html_report_write(const struct html_request *request) GW_MUST_USE;

/* ---- inside -------------------------------------------------------------------------------------- */

/* Text between tags or in a double-quoted attribute. */
void html_text(struct out_file *out, const char *text);
/* JSON or any other data in a script element: no "<" that could end it, and no line separators of JavaScript. */
void html_data(struct out_file *out, const char *text, size_t length);
void html_base64(struct out_file *out, const void *bytes, size_t length);
/* "'sha256-…'" of an inline script or style, as a content security policy names it. */
enum { HTML_HASH_SIZE = 60 };
void html_hash(const char *const *part, size_t n, char out[HTML_HASH_SIZE]);

/* The words and tables of the run as sections. */
int html_words(struct out_file *out, struct run_view *run) GW_MUST_USE;
/* One picture as a data URI. */
int html_picture(struct out_file *out, const char *dir, const struct html_picture *picture) GW_MUST_USE;
/* "by_symbol": what trades brought, by contestant, seed and symbol. */
struct json_writer;
int html_symbols(struct json_writer *w, struct run_view *run) GW_MUST_USE;
/* The data of the chart: a JSON element and one element for each array. */
struct chart;
int html_chart(struct out_file *out, const struct chart *chart) GW_MUST_USE;

#endif
