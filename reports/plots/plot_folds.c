/* Fold by fold through time: is the skill steady or one lucky quarter? */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"

enum { FOLDS_MAX = 2000, MEASURES = 2 };
struct fold_span {
    double from, to; /* seconds, widest over symbols */
};
struct fold_list {
    struct fold_span span[FOLDS_MAX];
    size_t n;
    bool dated;
};

static int read_folds(struct run_view *run, struct fold_list *folds) {
    static const char *const name[] = {"fold", "slice", "begin", "end", NULL};
    const struct table *t;
    size_t c[4];
    TRY(run_view_table(run, TABLE_FOLDS, &t));
    if (!t) return GW_OK;
    TRY(table_columns(t, name, c));
    for (size_t row = 0; row < t->n_rows; row++) {
        char **cell = t->cell + row * t->n_columns;
        double number = table_number(t, row, c[0]);
        if (strcmp(cell[c[1]], "test") != 0 || !(number >= 0 && number < FOLDS_MAX)) continue;
        size_t fold = (size_t)number;
        double from = seconds_of(cell[c[2]]), to = seconds_of(cell[c[3]]);
        while (folds->n <= fold) folds->span[folds->n++] = (struct fold_span){NAN, NAN};
        folds->span[fold].from = fmin(folds->span[fold].from, from); /* fmin ignores the NAN of the first row */
        folds->span[fold].to = fmax(folds->span[fold].to, to);
        folds->dated = isfinite(from) && isfinite(to);
    }
    return GW_OK;
}

/* Mean over seeds of one fold's metric. */
static double fold_mean(const struct strategy_view *s, int gate, size_t fold, const char *metric) {
    const json_value *seeds = s->gate[gate] ? json_get(s->gate[gate], "seeds") : NULL;
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; seeds && json_kind(seeds) == JSON_ARRAY && i < json_size(seeds); i++) {
        const json_value *folds = json_get(json_at(seeds, i), "folds");
        for (size_t f = 0; folds && json_kind(folds) == JSON_ARRAY && f < json_size(folds); f++) {
            const json_value *entry = json_at(folds, f), *value = json_get(entry, metric);
            if (json_number(json_get(entry, "fold"), (double)f) != (double)fold) continue;
            if (!value || json_kind(value) != JSON_NUMBER) continue;
            sum += json_number(value, NAN);
            n++;
        }
    }
    return n ? sum / (double)n : (double)NAN;
}

struct measure {
    char metric[64];
    double scale;
    struct gw_range span;
};

static bool write_strategy(FILE *to, const struct fold_list *folds, const struct strategy_view *s, struct measure *m) {
    bool any = false;
    for (size_t f = 0; f < folds->n; f++) {
        double at = (folds->span[f].from + folds->span[f].to) / 2, value[MEASURES][N_GATES_SHOWN];
        for (int i = 0; i < MEASURES; i++)
            for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
                value[i][gate] = m[i].scale * fold_mean(s, gate, f, m[i].metric);
                range_add(&m[i].span, value[i][gate]);
                any |= isfinite(value[i][gate]);
            }
        PAGE_ROW(to, at, value[0][0], value[0][1], value[1][0], value[1][1]);
    }
    fputs("\n\n", to);
    return any;
}

/* Prevalence of each fold as steps, from whichever model recorded it. */
static void write_prevalence(FILE *to, const struct run_view *run, const struct fold_list *folds, struct measure *m) {
    for (size_t f = 0; f < folds->n; f++) {
        double p[N_GATES_SHOWN] = {NAN, NAN};
        for (int gate = 0; gate < N_GATES_SHOWN; gate++)
            for (size_t s = 0; s < run->n_strategies && !isfinite(p[gate]); s++)
                p[gate] = fold_mean(&run->strategy[s], gate, f, "prevalence");
        for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
            range_add(&m[0].span, p[gate]);
            range_add(&m[1].span, 100 * p[gate]);
        }
        PAGE_ROW(to, folds->span[f].from, p[0], p[1], 100 * p[0], 100 * p[1]);
        PAGE_ROW(to, folds->span[f].to, p[0], p[1], 100 * p[0], 100 * p[1]);
    }
}

static int write_page(struct page *page, struct fold_list *folds, bool *any) {
    struct run_view *run = page->job->run;
    FILE *lines, *steps;
    TRY(page_file(page, "folds", &lines));
    TRY(page_file(page, "prevalence", &steps));
    struct measure m[MEASURES] = {{"average_precision", 1, range_empty()}, {"", 100, range_empty()}};
    double k = run->n_ks ? run->k[0] : 1;
    gw_metric_key_write(m[1].metric, "precision_at_k", k);
    bool *shown = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *shown);
    if (!shown) return GW_ERR_NOMEM;
    page_array(page, "style_of", run->n_strategies);
    size_t n = 0;
    for (size_t s = 0; s < run->n_strategies; s++) {
        if (!run->strategy[s].has_model) continue;
        shown[s] = write_strategy(lines, folds, &run->strategy[s], m);
        *any |= shown[s];
        page_set_at(page, "style_of", n++, (double)run->strategy[s].style);
    }
    write_prevalence(steps, run, folds, m);
    TRY(page_strategy_legend(page, shown, MARK_LINE_POINT));
    page_set(page, "n_lines", (double)n);
    page_set(page, "k", k);
    for (int i = 0; i < MEASURES; i++) {
        range_add(&m[i].span, 0);
        page_range(page, i ? "hits" : "ap", range_round(m[i].span));
    }
    struct gw_range time = range_empty();
    for (size_t f = 0; f < folds->n; f++) {
        range_add(&time, folds->span[f].from);
        range_add(&time, folds->span[f].to);
    }
    return page_time_axis(page, time.lo, time.hi, 0.36);
}

static int prepare(struct plot_job *job) {
    struct fold_list *folds = mem_calloc(1, sizeof *folds);
    if (!folds) return GW_ERR_NOMEM;
    bool any = false;
    struct page page;
    int rc = read_folds(job->run, folds);
    if (rc == GW_OK && (folds->n == 0 || !folds->dated)) {
        rc = plot_skip(job, "no dated test folds");
    } else if (rc == GW_OK) {
        rc = page_begin(job, &page, "",
                        "Each point is one test fold at the middle of its dates (mean over seeds). Grey steps: "
                        "prevalence in the fold, the value "
                        "of an unskilled scorer.");
        if (rc == GW_OK) rc = write_page(&page, folds, &any);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        if (rc == GW_OK && !any) {
            job->n_pages = 0;
            rc = plot_skip(job, "no fold has a defined metric");
        }
    }
    mem_free(folds);
    return rc;
}

const struct plot_desc plot_desc_folds = {
    .name = "folds",
    .title = "Fold by fold",
    .help = "average precision and precision at the smallest K of each test fold over time",
    .prepare = prepare,
};
