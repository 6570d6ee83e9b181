/* Precision over recall for each gate: how far down its ranking a model stays above prevalence. */
#include <math.h>

#include "line_chart.h"

enum { GRID = 240 };

static void write_seeds(FILE *to, const struct run_view *run, const struct curve_set *set, int gate,
                        struct gw_range *span) {
    for (size_t i = 0; i < set->n; i++) {
        const struct curve *c = &set->curve[i];
        if (c->gate != gate) continue;
        for (size_t j = 0; j < c->n; j++) {
            PAGE_ROW(to, c->x[j], c->y[j], (double)run->strategy[c->strategy].style);
            if (c->x[j] >= 0.02) range_add(span, c->y[j]); /* the first few bars jump between 0 and 1 */
        }
        fputs("\n", to);
    }
}

/* The mean over seeds at fixed recalls, denser at the left where the gate trades. */
static bool write_mean(FILE *to, const struct curve_set *set, size_t strategy, int gate) {
    size_t seeds = 0;
    double first = 1;
    for (size_t i = 0; i < set->n; i++) {
        const struct curve *c = &set->curve[i];
        if (c->strategy != strategy || c->gate != gate) continue;
        seeds++;
        first = fmin(first, c->x[0]);
    }
    if (!seeds) return false;
    for (size_t g = 0; g <= GRID; g++) {
        double part = (double)g / GRID, recall = first + (1 - first) * part * part, sum = 0;
        for (size_t i = 0; i < set->n; i++)
            if (set->curve[i].strategy == strategy && set->curve[i].gate == gate)
                sum += curve_at(&set->curve[i], recall);
        PAGE_ROW(to, recall, sum / (double)seeds);
    }
    fputs("\n\n", to);
    return true;
}

static int write_gate(struct page *page, const struct curve_set *set, int gate) {
    const struct run_view *run = page->job->run;
    char name[24];
    FILE *seeds, *means;
    snprintf(name, sizeof name, "seeds%d", gate);
    TRY(page_file(page, name, &seeds));
    snprintf(name, sizeof name, "means%d", gate);
    TRY(page_file(page, name, &means));
    struct gw_range span = range_empty();
    write_seeds(seeds, run, set, gate, &span);
    range_add(&span, 0);
    range_add(&span, 1.15 * run->prevalence[gate]);
    snprintf(name, sizeof name, "style_of%d", gate);
    page_array(page, name, run->n_strategies);
    size_t n = 0;
    for (size_t s = 0; s < run->n_strategies; s++)
        if (write_mean(means, set, s, gate)) page_set_at(page, name, n++, (double)run->strategy[s].style);
    snprintf(name, sizeof name, "n_means%d", gate);
    page_set(page, name, (double)n);
    struct gw_range rounded = range_round(span);
    rounded.hi = fmin(rounded.hi, 1.02);
    snprintf(name, sizeof name, "precision%d", gate);
    page_range(page, name, rounded);
    snprintf(name, sizeof name, "prevalence%d", gate);
    page_set(page, name, run->prevalence[gate]);
    return GW_OK;
}

static int write_page(struct page *page, const struct curve_set *set) {
    struct run_view *run = page->job->run;
    bool *shown = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *shown);
    if (!shown) return GW_ERR_NOMEM;
    for (size_t s = 0; s < run->n_strategies; s++) shown[s] = curves_have(set, s);
    TRY(page_strategy_legend(page, shown, MARK_LINE_POINT));
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) TRY(write_gate(page, set, gate));
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct curve_set set;
    TRY(curves_read(job->run, "pr", &set));
    if (set.n == 0) return plot_skip(job, "no precision-recall curves: no model or no positive label");
    struct page page;
    int rc = page_begin(
        job, &page, "",
        "All test folds pooled, every bar ranked by its probability. Thin lines are seeds, thick lines their mean; the "
        "dotted "
        "line is prevalence, the precision of a scorer without skill. The left edge is where the gate trades.");
    if (rc == GW_OK) rc = write_page(&page, &set);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

const struct plot_desc plot_desc_precision_recall = {
    .name = "precision_recall",
    .title = "Precision and recall",
    .help = "precision over recall for each gate, with the prevalence line",
    .prepare = prepare,
    .script = "do for [gate = 0:1] {\n"
              "  call 'panel.gp' 0 gate 1 2\n"
              "  eval sprintf('n_means = n_means%d; prevalence = prevalence%d; y_lo = precision%d_lo; y_hi = "
              "precision%d_hi', gate, gate, "
              "gate, gate)\n"
              "  set xrange [0:1]; set yrange [y_lo:y_hi]\n"
              "  set xlabel 'Recall'; set ylabel 'Precision'\n"
              "  set label 1 gate == 0 ? 'long gate' : 'short gate' at graph 0, 1 left offset 0, 0.9 font BOLD.',9.5'\n"
              "  if (prevalence == prevalence) {\n"
              "    set arrow 1 from 0, prevalence to 1, prevalence nohead lt 11 front\n"
              "    set label 2 sprintf('prevalence %.1f %%', 100 * prevalence) at graph 0.99, first prevalence right "
              "offset 0, -0.7 font "
              "FONT.',8' tc rgb 0x5F5F5F front\n"
              "  }\n"
              "  if (n_means > 0) {\n"
              "    plot sprintf('%s.seeds%d', ARG1, gate) using 1:2:(thin($3, 165)) with lines lw 0.5 lc rgb variable, "
              "for [i = 1:n_means] sprintf('%s.means%d', ARG1, gate) index i - 1 using 1:2 with linespoints "
              "lt (gate == 0 ? style_of0[i] : style_of1[i]) lw 1.6 ps 0.7 pn 9\n"
              "  } else { set label 3 'no curve' at graph 0.5, 0.5 center; plot NaN }\n"
              "}\n",
};
