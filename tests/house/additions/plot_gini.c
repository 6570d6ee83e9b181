/* The Gini coefficient of every strategy, gate beside gate. */
#include <math.h>

#include "engine/base/base.h"
#include "plot.h"

static size_t count_values(const struct run_view *run) {
    size_t n = 0;
    for (size_t s = 0; s < run->n_strategies; s++)
        for (int gate = 0; gate < N_GATES_SHOWN; gate++)
            if (isfinite(gate_metric(&run->strategy[s], gate, "mean", "gini"))) n++;
    return n;
}

static int write_points(struct page *page) {
    const struct run_view *run = page->job->run;
    FILE *points;
    TRY(page_file(page, "points", &points));
    for (size_t s = 0; s < run->n_strategies; s++)
        PAGE_ROW(points, (double)(s + 1), gate_metric(&run->strategy[s], GW_GATE_LONG, "mean", "gini"),
                 gate_metric(&run->strategy[s], GW_GATE_SHORT, "mean", "gini"));
    page_set(page, "n_points", (double)run->n_strategies);
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    if (count_values(job->run) == 0) return plot_skip(job, "no Gini coefficient in this run");
    struct page page;
    int rc = page_begin(job, &page, "", "Gini coefficient, mean over seeds; strategies in the order of the tables.");
    if (rc == GW_OK) rc = write_points(&page);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

const struct plot_desc plot_desc_gini = {
    .name = "gini",
    .title = "Gini coefficient",
    .help = "Gini coefficient of every strategy",
    .prepare = prepare,
};
