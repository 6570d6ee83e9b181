/* The page of a data file, drawn by the report's own machinery. */
#include "data_picture.h"

#include <math.h>
#include <string.h>

#include "gnuplot.h"
#include "reports/plots/equity.h"
#include "reports/plots/plot.h"
#include "scripts.h"

static const struct plot_desc desc = {.name = "data", .title = "Data", .help = "a data file before any run"};
static const double timeout_seconds = 120;

static int write_files(struct page *page, const struct data_picture *p, struct gw_range *price, struct gw_range *volume,
                       struct gw_range *share) {
    FILE *bars, *gaps, *months;
    TRY(page_file(page, "bars", &bars));
    TRY(page_file(page, "gaps", &gaps));
    TRY(page_file(page, "months", &months));
    for (size_t i = 0, gap = 0; i < p->n; i++) {
        while (gap < p->n_gaps && p->gap_to_s[gap] <= (i ? p->time_s[i - 1] : p->time_s[0])) gap++;
        if (i && gap < p->n_gaps && p->gap_to_s[gap] <= p->time_s[i]) fputs("\n", bars); /* no line across it */
        PAGE_ROW(bars, p->time_s[i], p->low[i], p->high[i], p->close[i], p->volume[i]);
        range_add(price, p->low[i]);
        range_add(price, p->high[i]);
        range_add(volume, p->volume[i]);
    }
    for (size_t i = 0; i < p->n_gaps; i++) PAGE_ROW(gaps, p->gap_from_s[i], p->gap_to_s[i]);
    if (!p->n_gaps) PAGE_ROW(gaps, NAN, NAN); /* gnuplot refuses a file without rows */
    for (size_t i = 0; i < p->n_months; i++) {
        if (i && p->month_s[i] - p->month_s[i - 1] > 32 * 86400.0) fputs("\n", months);
        PAGE_ROW(months, p->month_s[i], p->share[0][i], p->share[1][i]);
        range_add(share, p->share[0][i]);
        range_add(share, p->share[1][i]);
    }
    if (!p->n_months) PAGE_ROW(months, NAN, NAN, NAN);
    return GW_OK;
}

static int write_page(struct page *page, const struct data_picture *p) {
    struct gw_range price = range_empty(), volume = range_empty(), share = range_empty();
    const struct legend_entry legend[] = {{"close, between low and high", 2, MARK_LINE},
                                          {"positive labels, long", 2, MARK_POINT},
                                          {"positive labels, short", 3, MARK_POINT}};
    double tick[LOG_TICKS_MAX];
    TRY(write_files(page, p, &price, &volume, &share));
    TRY(page_legend(page, legend, COUNT_OF(legend)));
    bool logarithmic = price.lo > 0 && price.hi / price.lo > 4;
    if (logarithmic) price.lo /= 1.05, price.hi *= 1.05;
    size_t n_ticks = logarithmic ? equity_log_ticks(price.lo, price.hi, tick) : 0;
    page_array(page, "price_tick", n_ticks);
    for (size_t i = 0; i < n_ticks; i++) page_set_at(page, "price_tick", i, tick[i]);
    page_set(page, "n_price_ticks", (double)n_ticks);
    page_set(page, "logarithmic", logarithmic);
    range_add(&share, 0);
    range_add(&volume, 0);
    page_range(page, "price", logarithmic ? price : range_round(price));
    page_range(page, "volume", range_round(volume));
    page_range(page, "share", range_round(share));
    page_set(page, "n_months", (double)p->n_months);
    page_set(page, "has_volume", volume.hi > 0);
    return page_time_axis(page, p->time_s[0], p->time_s[p->n - 1], 0.87);
}

static int prepare(struct plot_job *job, const struct data_picture *p) {
    struct page page;
    char caption[700];
    snprintf(
        caption, sizeof caption,
        "Every point of the price is a stretch of bars with its lowest and highest price; volume is the sum over it. "
        "Shaded: nothing there although the market is open. Below, for each month, the share of bars whose label is "
        "positive: %s.",
        p->about);
    int rc = page_begin(job, &page, "", caption);
    if (rc == GW_OK) rc = write_page(&page, p);
    return page_end(&page) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}

static int list_page(const struct scratch *scratch) {
    struct page_list list = {0};
    int rc = page_list_open(&list, scratch->dir, 1);
    if (rc == GW_OK) rc = page_list_add(&list, desc.name, 1);
    return page_list_close(&list) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}

static int describe(struct run_view *view, const struct data_picture *p) {
    view->n_folds = NAN;
    view->title = text_safe(&view->arena, p->file);
    view->name = view->symbols = text_safe(&view->arena, p->symbol);
    view->interval = text_safe(&view->arena, p->interval);
    view->begin = p->begin;
    view->end = p->end;
    return view->title && view->symbols && view->interval ? GW_OK : GW_ERR_NOMEM;
}

int data_picture_render(const struct data_picture *p, const char *path) {
    size_t length = strlen(path);
    bool pdf = length > 4 && strcasecmp(path + length - 4, ".pdf") == 0;
    bool png = length > 4 && strcasecmp(path + length - 4, ".png") == 0;
    char gnuplot[1024];
    if (!pdf && !png) FAIL(GW_ERR_USAGE, "%s: a picture ends in .png or .pdf", path);
    if (p->n < 2) FAIL(GW_ERR_DATA, "%s: too few bars for a picture; give more data", p->file);
    TRY(gnuplot_find(NULL, gnuplot));
    struct run_view *view = mem_calloc(1, sizeof *view);
    struct scratch scratch = {0};
    if (!view) return GW_ERR_NOMEM;
    struct plot_job job = {.run = view, .plot = &desc, .not_shown = ""};
    int rc;
    TRY_GOTO(describe(view, p), cleanup);
    TRY_GOTO(scratch_open(&scratch), cleanup);
    job.dir = scratch.dir;
    TRY_GOTO(prepare(&job, p), cleanup);
    TRY_GOTO(scripts_write(scratch.dir), cleanup);
    TRY_GOTO(list_page(&scratch), cleanup);
    TRY_GOTO(gnuplot_run(gnuplot, &scratch, pdf ? "report_pdf.gp" : "report_png.gp", timeout_seconds), cleanup);
    rc = gnuplot_deliver(&scratch, pdf ? "report.pdf" : "data.png", pdf ? "%PDF-" : "\x89PNG", path);
cleanup:
    scratch_close(&scratch);
    arena_free(&view->arena);
    mem_free(view);
    return rc;
}
