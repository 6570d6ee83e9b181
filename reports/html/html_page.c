/* The page from top to bottom. What is fixed in it stands in files of its own beside this one. */
#include "chart.h"
#include "html.h"
#include "reports/text/text_sink.h"

#include <string.h>

/* Files of this folder, linked in by the build. */
extern const char embedded_LICENSE[], embedded_uPlot_iife_min_js[], embedded_uPlot_min_css[];
extern const char embedded_page_css[], embedded_chart_html[];
extern const char embedded_data_js[], embedded_time_js[], embedded_draw_js[], embedded_chart_js[], embedded_table_js[],
    embedded_trades_js[], embedded_symbols_js[], embedded_page_js[];

static const char *const styles[] = {embedded_uPlot_min_css, embedded_page_css};
/* One script: the library, then ours, each after what it uses. */
static const char *const scripts[] = {embedded_uPlot_iife_min_js, embedded_data_js,    embedded_time_js,
                                      embedded_draw_js,           embedded_chart_js,   embedded_table_js,
                                      embedded_trades_js,         embedded_symbols_js, embedded_page_js};

static void put_parts(struct out_file *out, const char *before, const char *const *part, size_t n, const char *after) {
    out_printf(out, "%s", before);
    for (size_t i = 0; i < n; i++) out_write(out, part[i], strlen(part[i]));
    out_printf(out, "%s\n", after);
}

/* Nothing is loaded from anywhere, and no script runs but the one whose hash is named. */
static void head(struct out_file *out, const struct run_view *run) {
    char script[HTML_HASH_SIZE], style[HTML_HASH_SIZE];
    html_hash(scripts, COUNT_OF(scripts), script);
    html_hash(styles, COUNT_OF(styles), style);
    out_printf(out,
               "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
               "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; script-src %s; style-src %s; "
               "img-src data:; base-uri 'none'; form-action 'none'\">\n"
               "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
               "<meta name=color-scheme content=\"light dark\">\n<title>",
               script, style);
    html_text(out, run->title);
    out_printf(out, "</title>\n");
    put_parts(out, "<style>", styles, COUNT_OF(styles), "</style>\n</head>\n<body>");
}

static void top(struct out_file *out, const struct run_view *run) {
    char facts[1200];
    run_facts(run, facts, sizeof facts);
    out_printf(out, "<header><h1>");
    html_text(out, run->title);
    out_printf(out, "</h1>\n<p>");
    html_text(out, facts);
    out_printf(out,
               "</p>\n<nav aria-label=Sections><a href=\"#words\">Results</a> <a href=\"#chart\">Chart</a> "
               "<a href=\"#trades\">Trades</a> <a href=\"#symbols\">Symbols</a> <a href=\"#pictures\">Pictures</a>\n"
               "<label id=theme hidden>Colours <select><option value=\"\">as the system<option>light"
               "<option>dark</select></label></nav></header>\n<main>\n");
}

static void note(struct out_file *out, const char *before, const char *text) {
    out_printf(out, "<p class=note>%s", before);
    html_text(out, text);
    out_printf(out, ".</p>\n");
}

static int pictures(struct out_file *out, const struct html_request *request) {
    out_printf(out, "<section id=pictures><h2>Pictures</h2>\n");
    if (request->no_pictures) note(out, "There are none: ", request->no_pictures);
    if (request->not_shown[0]) note(out, "Not shown: ", request->not_shown);
    for (size_t i = 0; i < request->n_pictures; i++) TRY(html_picture(out, request->picture_dir, &request->picture[i]));
    out_printf(out, "</section>\n");
    return GW_OK;
}

static int page(struct out_file *out, const struct html_request *request, const struct chart *chart) {
    head(out, request->run);
    top(out, request->run);
    out_printf(out, "<div id=words>\n");
    TRY(html_words(out, request->run));
    out_printf(out, "</div>\n");
    put_parts(out, "", (const char *const[]){embedded_chart_html}, 1, "");
    TRY(pictures(out, request));
    out_printf(out, "</main>\n<footer>gatewalk · ");
    html_text(out, request->run->name);
    out_printf(out, "</footer>\n");
    TRY(html_chart(out, chart));
    put_parts(out, "<!-- uPlot, the library that the chart is drawn with:\n", (const char *const[]){embedded_LICENSE},
              1, "-->");
    put_parts(out, "<script>", scripts, COUNT_OF(scripts), "</script>\n</body>\n</html>");
    return GW_OK;
}

int html_report_write(const struct html_request *request) {
    char path[1024];
    struct chart chart;
    struct out_file out = {0};
    TRY(path_join(path, sizeof path, request->run->dir, GW_RUN_HTML));
    TRY(chart_build(&chart, request->run));
    out_sweep(path);
    int rc = out_open(&out, path);
    if (rc == GW_OK) rc = page(&out, request, &chart);
    if (rc == GW_OK) rc = out_commit(&out);
    out_abort(&out);
    chart_free(&chart);
    return rc;
}
