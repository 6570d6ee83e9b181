/* Precision over recall for each gate: how far down its ranking a model stays above prevalence. */
#include <math.h>

#include "engine/base/base.h"
#include "line_chart.h"

enum { GRID = 240 };

static void write_seeds(FILE *to, const struct run_view *run, const struct curve_set *set, int gate,
                        struct gw_range *span) {
    for (size_t i = 0; i < set->n; i++) {
        const struct curve *c = &set->curve[i];
        if (c->gate != gate) continue;
        for (size_t j = 0; j < c->n; j++) {
            if (!(c->x[j] > 0)) continue; /* nothing found yet: no place on the axis */
            PAGE_ROW(to, c->x[j], c->y[j], (double)run->strategy[c->strategy].style);
            range_add(span, c->y[j]);
        }
        fputs("\n", to);
    }
}

/* Where the axis of recall begins: at the least recall above 0 that a curve knows, which is one hit, but not below a
 * ten-thousandth; rounded down to a half or a whole decade. */
static double least_recall(const struct curve_set *set, int gate) {
    double least = 0.05;
    for (size_t i = 0; i < set->n; i++) {
        const struct curve *c = &set->curve[i];
        if (c->gate != gate) continue;
        for (size_t j = 0; j < c->n; j++)
            if (c->x[j] > 0) least = fmin(least, c->x[j]);
    }
    const double decade = pow(10, floor(log10(fmax(least, 1e-4)) + 1e-9));
    return least >= 5 * decade ? 5 * decade : least >= 2 * decade ? 2 * decade : decade;
}

/* The mean over seeds at recalls that lie evenly on the axis, from the first hit that all seeds have. */
static bool write_mean(FILE *to, const struct curve_set *set, size_t strategy, int gate, double least) {
    size_t seeds = 0;
    double first = least;
    for (size_t i = 0; i < set->n; i++) {
        const struct curve *c = &set->curve[i];
        if (c->strategy != strategy || c->gate != gate) continue;
        seeds++;
        size_t j = 0;
        while (j + 1 < c->n && !(c->x[j] > 0)) j++;
        first = fmax(first, c->x[j]);
    }
    if (!seeds) return false;
    for (size_t g = 0; g <= GRID; g++) {
        double recall = pow(first, 1 - (double)g / GRID), sum = 0;
        for (size_t i = 0; i < set->n; i++)
            if (set->curve[i].strategy == strategy && set->curve[i].gate == gate)
                sum += curve_at(&set->curve[i], recall);
        PAGE_ROW(to, recall, sum / (double)seeds);
    }
    fputs("\n\n", to);
    return true;
}

/* By recall, the mean over models of where 90 of 100 label series lie that know nothing of the scores. */
static bool write_null(FILE *to, const struct curve_set *low, const struct curve_set *high, int gate) {
    const struct curve *any = NULL;
    for (size_t i = 0; i < low->n; i++)
        if (low->curve[i].gate == gate && (!any || low->curve[i].n > any->n)) any = &low->curve[i];
    for (size_t j = 0; any && j < any->n; j++) {
        double sum[2] = {0, 0}, n[2] = {0, 0};
        const struct curve_set *side[2] = {low, high};
        for (int k = 0; k < 2; k++)
            for (size_t i = 0; i < side[k]->n; i++) {
                if (side[k]->curve[i].gate != gate) continue;
                sum[k] += curve_at(&side[k]->curve[i], any->x[j]);
                n[k] += 1;
            }
        if (n[0] > 0 && n[1] > 0) PAGE_ROW(to, any->x[j], sum[0] / n[0], sum[1] / n[1]);
    }
    return any != NULL;
}

static int write_gate(struct page *page, const struct curve_set *set, const struct curve_set null[2], int gate) {
    const struct run_view *run = page->job->run;
    char name[24];
    FILE *seeds, *means, *nulls;
    snprintf(name, sizeof name, "nulls%d", gate);
    TRY(page_file(page, name, &nulls));
    page_set_at(page, "has_null", (size_t)gate, write_null(nulls, &null[0], &null[1], gate));
    snprintf(name, sizeof name, "seeds%d", gate);
    TRY(page_file(page, name, &seeds));
    snprintf(name, sizeof name, "means%d", gate);
    TRY(page_file(page, name, &means));
    struct gw_range span = range_empty();
    write_seeds(seeds, run, set, gate, &span);
    range_add(&span, 0);
    range_add(&span, 1.15 * run->prevalence[gate]);
    snprintf(name, sizeof name, "style_%s", gate_word[gate]);
    page_array(page, name, run->n_strategies);
    const double least = least_recall(set, gate);
    page_set_at(page, "recall_lo", (size_t)gate, least);
    size_t n = 0;
    for (size_t s = 0; s < run->n_strategies; s++)
        if (write_mean(means, set, s, gate, least)) page_set_at(page, name, n++, (double)run->strategy[s].style);
    page_set_at(page, "n_means", (size_t)gate, (double)n);
    struct gw_range rounded = range_round(span);
    rounded.hi = fmin(rounded.hi, 1.02);
    page_range_at(page, "precision", (size_t)gate, rounded);
    page_set_at(page, "prevalence", (size_t)gate, run->prevalence[gate]);
    return GW_OK;
}

static int write_page(struct page *page, const struct curve_set *set, const struct curve_set null[2]) {
    struct run_view *run = page->job->run;
    bool *shown = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *shown);
    if (!shown) return GW_ERR_NOMEM;
    for (size_t s = 0; s < run->n_strategies; s++) shown[s] = curves_have(set, s);
    TRY(page_strategy_legend(page, shown, MARK_LINE_POINT));
    page_array(page, "n_means", N_GATES_SHOWN);
    page_array(page, "has_null", N_GATES_SHOWN);
    page_array(page, "prevalence", N_GATES_SHOWN);
    page_array(page, "recall_lo", N_GATES_SHOWN);
    page_range_array(page, "precision", N_GATES_SHOWN);
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) TRY(write_gate(page, set, null, gate));
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct curve_set set, null[2];
    TRY(curves_read(job->run, "pr_null_low", &null[0]));
    TRY(curves_read(job->run, "pr_null_high", &null[1]));
    TRY(curves_read(job->run, "pr", &set));
    if (set.n == 0) return plot_skip(job, "no precision-recall curves: no model or no positive label");
    struct page page;
    int rc = page_begin(
        job, &page, "",
        "All test folds pooled, every bar ranked by its probability. The axis of recall, the share of all positives "
        "that was found, is logarithmic: the gate trades at the left edge, which begins with the first hit. Thin lines "
        "are seeds, thick lines their mean; the dotted line is prevalence, the grey band what 90 % of labels shifted "
        "in time reach, which no score can know (mean over models).");
    if (rc == GW_OK) rc = write_page(&page, &set, null);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

const struct plot_desc plot_desc_precision_recall = {
    .name = "precision_recall",
    .title = "Precision and recall",
    .help = "precision over recall for each gate, with the prevalence line",
    .prepare = prepare,
};
