/* Do probabilities mean what they say, and where do they lie? */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "line_chart.h"

enum { POINTS_MAX = 512 };

/* Point by point over the seeds of a strategy: bins are counted alike, so the i-th bins belong together. */
struct pooled {
    size_t n, seeds;
    double x[POINTS_MAX], y[POINTS_MAX], positives[POINTS_MAX];
};

static void pool(const struct curve_set *set, size_t strategy, int gate, struct pooled *out) {
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < set->n; i++) {
        const struct curve *c = &set->curve[i];
        if (c->strategy != strategy || c->gate != gate) continue;
        size_t n = c->n < POINTS_MAX ? c->n : POINTS_MAX;
        if (out->seeds == 0 || n < out->n) out->n = n;
        out->seeds++;
        for (size_t j = 0; j < n; j++) {
            out->x[j] += c->x[j];
            out->y[j] += c->y[j];
            out->positives[j] += isfinite(c->count[j]) ? c->count[j] : 0;
        }
    }
    for (size_t j = 0; j < out->n; j++) {
        out->x[j] /= (double)out->seeds;
        out->y[j] /= (double)out->seeds;
    }
}

static void write_reliability(FILE *to, const struct pooled *p, struct gw_range *span) {
    for (size_t j = 0; j < p->n; j++) {
        PAGE_ROW(to, p->x[j], p->y[j]);
        range_add(span, p->x[j]);
        range_add(span, p->y[j]);
    }
    fputs("\n\n", to);
}

/* Density of all bars and of the positive ones, each with area 1; zero bins stay out of the logarithmic axis. */
static void write_histogram(FILE *to, const struct pooled *p, struct gw_range *span, struct gw_range *probability) {
    double width = p->n > 1 ? p->x[1] - p->x[0] : 1, positives = 0;
    for (size_t j = 0; j < p->n; j++) positives += p->positives[j];
    for (size_t j = 0; j < p->n; j++) {
        double all = p->y[j] > 0 ? p->y[j] : (double)NAN;
        double hit = p->positives[j] > 0 ? p->positives[j] / positives / width : (double)NAN;
        for (int side = -1; side <= 1; side += 2) PAGE_ROW(to, p->x[j] + side * width / 2, all, hit);
        range_add(span, all);
        range_add(span, hit);
        if (isfinite(all)) range_add(probability, p->x[j] + width / 2);
    }
    fputs("\n\n", to);
}

static int write_page(struct page *page, const struct curve_set *reliability, const struct curve_set *histogram) {
    struct run_view *run = page->job->run;
    struct pooled *p = arena_alloc(&run->arena, 1, sizeof *p);
    bool *shown = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *shown);
    if (!p || !shown) return GW_ERR_NOMEM;
    size_t n = 0;
    page_array(page, "style_of", run->n_strategies);
    for (size_t s = 0; s < run->n_strategies; s++) {
        shown[s] = curves_have(reliability, s) || curves_have(histogram, s);
        if (shown[s]) page_set_at(page, "style_of", n++, (double)run->strategy[s].style);
    }
    struct gw_range square = range_empty(), density = range_empty(), probability = range_empty();
    range_add(&square, 0);
    range_add(&probability, 0);
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        char name[24];
        FILE *bins, *densities;
        snprintf(name, sizeof name, "bins%d", gate);
        TRY(page_file(page, name, &bins));
        snprintf(name, sizeof name, "density%d", gate);
        TRY(page_file(page, name, &densities));
        for (size_t s = 0; s < run->n_strategies; s++) {
            if (!shown[s]) continue;
            pool(reliability, s, gate, p);
            if (p->n == 0) PAGE_ROW(bins, NAN, NAN); /* a block for everyone, so that blocks can be counted */
            write_reliability(bins, p, &square);
            pool(histogram, s, gate, p);
            if (p->n == 0) PAGE_ROW(densities, NAN, NAN, NAN);
            write_histogram(densities, p, &density, &probability);
        }
    }
    TRY(page_strategy_legend(page, shown, MARK_LINE_POINT));
    page_set(page, "n_lines", (double)n);
    struct gw_range rounded = range_round(square);
    rounded.hi = fmin(rounded.hi, 1.02);
    page_range(page, "square", rounded);
    page_set(page, "probability_hi", fmin(1, range_round(probability).hi));
    if (!(density.lo <= density.hi)) density = (struct gw_range){0.1, 10};
    page_range(page, "density", (struct gw_range){fmax(density.lo / 1.5, density.hi * 1e-6), density.hi * 2});
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct curve_set reliability, histogram;
    TRY(curves_read(job->run, "reliability", &reliability));
    TRY(curves_read(job->run, "histogram", &histogram));
    if (reliability.n == 0 && histogram.n == 0) return plot_skip(job, "no probabilities: no model in this run");
    struct page page;
    int rc = page_begin(job, &page, "",
                        "Above: hit rate over mean probability in bins of equal count, pooled over test folds, mean "
                        "over seeds; on the diagonal "
                        "probabilities are honest. Below: where the probabilities lie; solid, all bars; dotted, bars "
                        "with a positive label (each "
                        "with area 1).");
    if (rc == GW_OK) rc = write_page(&page, &reliability, &histogram);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

const struct plot_desc plot_desc_calibration = {
    .name = "calibration",
    .title = "Calibration and distribution of the probabilities",
    .help = "reliability diagram and histogram of the probabilities for each gate",
    .prepare = prepare,
};
