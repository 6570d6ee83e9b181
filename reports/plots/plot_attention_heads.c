/* Every head's map on its own: do the heads of a multi-head model look at different things? */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "signals.h"

enum { MAPS_MAX = 8 };

static int write_map(struct page *page, const struct attention_matrix *m, const struct signal_list *list, size_t head,
                     size_t *row) {
    char name[24];
    FILE *heat;
    snprintf(name, sizeof name, "heat%zu", head);
    TRY(page_file(page, name, &heat));
    for (size_t i = 0; i < list->n; i++) row[i] = list->signal[i].head_row[head];
    signals_heat(heat, m, row, list->n);
    return GW_OK;
}

static int write_page(struct page *page, const struct attention_matrix *m, const struct signal_list *list) {
    size_t n = list->n_heads < MAPS_MAX ? list->n_heads : MAPS_MAX;
    size_t row[MAPS_MAX * SIGNALS_SHOWN];
    struct gw_range colours;
    for (size_t h = 0; h < n; h++) TRY(write_map(page, m, list, h, row + h * list->n));
    TRY(signals_colours(m, row, n * list->n, &colours));
    page_set(page, "n_maps", (double)n);
    page_set(page, "n_columns", n <= 2 ? (double)n : n <= 4 ? 2 : 4);
    page_set(page, "n_signals", (double)list->n);
    page_set(page, "n_lags", (double)m->n_lags);
    page_range(page, "weight", colours);
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    struct attention_matrix m;
    TRY(attention_load(run, &m));
    int rc = GW_OK;
    for (size_t s = 0; rc == GW_OK && m.weight && m.n_lags && s < run->n_strategies; s++)
        for (int gate = 0; rc == GW_OK && gate < N_GATES_SHOWN && job->n_pages < PLOT_PAGES_MAX; gate++) {
            struct signal_list list;
            rc = signals_best(run, s, gate, m.n_rows, "mean", &list);
            if (rc < 0 || list.n == 0 || list.n_heads < 2 || run->strategy[s].forecast)
                continue; /* a decoder's steps */
            struct page page;
            char about[300];
            snprintf(about, sizeof about, "%s gate · %s", gate_word[gate], run->strategy[s].label);
            rc = page_begin(job, &page, about,
                            "One map for each head (the first eight), rows are the most probable signals of the test "
                            "folds, best first, in the same "
                            "order everywhere; all maps share one colour scale, on which "
                            "the uniform weight 1/T (the mark) lies at a quarter or below.");
            if (rc == GW_OK) rc = write_page(&page, &m, &list);
            if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        }
    mem_free(m.weight);
    if (rc == GW_OK && job->n_pages == 0) rc = plot_skip(job, "no model has several heads");
    return rc;
}

const struct plot_desc plot_desc_attention_heads = {
    .name = "attention_heads",
    .title = "Attention by head",
    .help = "one heat map for each head of a multi-head model",
    .prepare = prepare,
};
