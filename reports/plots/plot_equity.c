/* Equity and drawdown of every strategy: seeds thin, their mean thick. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "equity.h"
#include "plot.h"

/* A path thinned while it is read: when the buckets are full, neighbours merge and the stride doubles. */
enum { BUCKETS = 1600, PATHS_MAX = 2048 };
struct path {
    size_t strategy, n, stride, filled; /* filled: rows in the bucket being made */
    char seed[24];
    double first;
    double time[BUCKETS], equity[BUCKETS], drawdown[BUCKETS]; /* last time and equity, worst drawdown */
};

static void merge_neighbours(struct path *p) {
    for (size_t i = 0; i < BUCKETS / 2; i++) {
        p->time[i] = p->time[2 * i + 1];
        p->equity[i] = p->equity[2 * i + 1];
        p->drawdown[i] = fmin(p->drawdown[2 * i], p->drawdown[2 * i + 1]);
    }
    p->n = BUCKETS / 2;
    p->stride *= 2;
}

static void path_add(struct path *p, const char *time, double equity, double drawdown) {
    if (p->filled == 0) {
        if (p->n == BUCKETS) merge_neighbours(p);
        p->drawdown[p->n] = drawdown;
        p->time[p->n] = seconds_of(time);
    }
    if (isnan(p->first)) p->first = equity;
    p->equity[p->n] = equity;
    p->drawdown[p->n] = fmin(p->drawdown[p->n], drawdown);
    if (++p->filled < p->stride) return;
    if (p->stride > 1) p->time[p->n] = seconds_of(time);
    p->n++;
    p->filled = 0;
}

/* Rows of one path follow one another, or nearly so: the last path found is tried first. *found is NULL for rows of
 * strategies that the summary does not know. */
static int find_path(struct path **path, size_t *n, const struct run_view *run, const char *name, const char *seed,
                     struct path **found) {
    struct path *last = *found;
    if (last && strcmp(run->strategy[last->strategy].name, name) == 0 && strcmp(last->seed, seed) == 0) return GW_OK;
    *found = NULL;
    size_t strategy = run_strategy_find(run, name);
    if (strategy == SIZE_MAX) return GW_OK;
    for (size_t i = 0; i < *n && !*found; i++)
        if (path[i]->strategy == strategy && strcmp(path[i]->seed, seed) == 0) *found = path[i];
    if (*found || *n == PATHS_MAX || strlen(seed) >= sizeof path[0]->seed) return GW_OK;
    struct path *p = mem_calloc(1, sizeof *p);
    if (!p) return GW_ERR_NOMEM;
    p->strategy = strategy;
    p->stride = 1;
    p->first = NAN;
    strcpy(p->seed, seed);
    *found = path[(*n)++] = p;
    return GW_OK;
}

static int read_paths(const struct run_view *run, struct path **path, size_t *n) {
    static const char *const name[] = {"time", "strategy", "seed", "equity", "drawdown", NULL};
    size_t column[5];
    char file[1024];
    struct table_stream rows;
    struct path *last = NULL;
    TRY(path_join(file, sizeof file, run->dir, GW_RUN_EQUITY));
    if (!file_exists(file)) return GW_OK;
    TRY(table_stream_open(file, &rows));
    char *const *cell = rows.row.cell;
    int rc = table_columns(&rows.row, name, column);
    for (bool more = true; rc == GW_OK && (rc = table_stream_next(&rows, &more)) == GW_OK && more;) {
        rc = find_path(path, n, run, cell[column[1]], cell[column[2]], &last);
        if (rc < 0 || !last) continue;
        double equity = table_number(&rows.row, 0, column[3]), drawdown = table_number(&rows.row, 0, column[4]);
        if (isfinite(equity)) path_add(last, cell[column[0]], equity, drawdown);
    }
    table_stream_close(&rows);
    for (size_t i = 0; i < *n; i++)
        if (path[i]->filled) path[i]->n++; /* the unfinished bucket counts */
    return rc;
}

struct spans {
    struct gw_range time, equity, drawdown;
};

static void write_path(FILE *to, const struct path *p, size_t style, struct spans *span) {
    for (size_t i = 0; i < p->n; i++) {
        double growth = 100 * p->equity[i] / p->first, drawdown = 100 * p->drawdown[i];
        PAGE_ROW(to, p->time[i], growth, drawdown, (double)style);
        range_add(&span->time, p->time[i]);
        range_add(&span->equity, growth);
        range_add(&span->drawdown, drawdown);
    }
    fputs("\n", to);
}

/* Mean over the strategy's seeds, bucket by bucket: all seeds see the same bars. */
static bool write_mean(FILE *to, struct path *const *path, size_t n, size_t strategy, struct spans *span) {
    size_t seeds = 0, length = SIZE_MAX;
    const struct path *any = NULL;
    for (size_t i = 0; i < n; i++)
        if (path[i]->strategy == strategy && path[i]->n > 0) {
            seeds++;
            any = path[i];
            if (path[i]->n < length) length = path[i]->n;
        }
    if (!any) return false;
    for (size_t b = 0; b < length; b++) {
        double growth = 0, drawdown = 0;
        for (size_t i = 0; i < n; i++)
            if (path[i]->strategy == strategy && path[i]->n > 0) {
                growth += 100 * path[i]->equity[b] / path[i]->first / (double)seeds;
                drawdown += 100 * path[i]->drawdown[b] / (double)seeds;
            }
        PAGE_ROW(to, any->time[b], growth, drawdown);
        range_add(&span->equity, growth);
        range_add(&span->time, any->time[b]);
        range_add(&span->drawdown, drawdown);
    }
    fputs("\n\n", to);
    return true;
}

/* Round numbers for a logarithmic axis, as many as can be told apart: 50, 70, 100, 150 … over a factor of ten, then 1, 2
 * and 5 of each decade, then whole decades. Returns how many. */
size_t equity_log_ticks(double lo, double hi, double tick[LOG_TICKS_MAX]) {
    static const struct {
        double of_decade[6];
        size_t n;
        int step; /* every so many decades */
    } choice[] = {
        {{1, 1.5, 2, 3, 5, 7}, 6, 1}, {{1, 2, 5}, 3, 1}, {{1, 3}, 2, 1}, {{1}, 1, 1}, {{1}, 1, 2}, {{1}, 1, 4}};
    for (size_t c = 0; c < COUNT_OF(choice); c++) {
        size_t n = 0, all = 0;
        for (int decade = -300; decade <= 300; decade++) {
            if ((decade - 2) % choice[c].step != 0) continue; /* 100, where every path starts, is always one */
            for (size_t i = 0; i < choice[c].n; i++) {
                double value = pow(10, decade) * choice[c].of_decade[i];
                if (value < lo || value > hi) continue;
                all++;
                if (n < LOG_TICKS_MAX) tick[n++] = value;
            }
        }
        if (all <= LOG_TICKS_MAX) return n;
    }
    return 0;
}

/* ---- what it rests on --------------------------------------------------------------------------------------------- */

/* equity_bands.csv: fills and costs of every strategy, a block each; random entries of the one that `of` names. */
static int write_bands(struct page *page, const char *of, struct spans *span) {
    static const char *const name[] = {"time", "strategy", "low", "high", "random_low", "random_high", NULL};
    const struct run_view *run = page->job->run;
    size_t c[6], n = 0, last = SIZE_MAX;
    char path[1024];
    struct table t;
    FILE *bands, *random;
    bool any = false;
    TRY(page_file(page, "bands", &bands));
    TRY(page_file(page, "random", &random));
    page_array(page, "band_style", run->n_strategies);
    page_set(page, "n_bands", 0);
    page_set(page, "has_random", 0);
    TRY(path_join(path, sizeof path, run->dir, GW_RUN_EQUITY_BANDS));
    if (!file_exists(path)) return GW_OK;
    TRY(table_read(path, &t));
    int rc = table_columns(&t, name, c);
    for (size_t i = 0; rc == GW_OK && i < t.n_rows; i++) {
        char **cell = t.cell + i * t.n_columns;
        const size_t s = run_strategy_find(run, cell[c[1]]);
        double v[4];
        for (size_t k = 0; k < 4; k++) v[k] = 100 * table_number(&t, i, c[2 + k]);
        if (s == SIZE_MAX || !isfinite(v[0]) || !isfinite(v[1])) continue;
        if (s != last && last != SIZE_MAX) fputs("\n\n", bands);
        if (s != last) page_set_at(page, "band_style", n++, (double)run->strategy[s].style);
        last = s;
        PAGE_ROW(bands, seconds_of(cell[c[0]]), v[0], v[1]);
        range_add(&span->equity, v[0]);
        range_add(&span->equity, v[1]);
        if (!of || strcmp(of, cell[c[1]]) != 0 || !isfinite(v[2]) || !isfinite(v[3])) continue;
        PAGE_ROW(random, seconds_of(cell[c[0]]), v[2], v[3]);
        range_add(&span->equity, v[2]);
        range_add(&span->equity, v[3]);
        any = true;
    }
    table_free(&t);
    page_set(page, "n_bands", (double)n);
    page_set(page, "has_random", any);
    return rc;
}

static int write_page(struct page *page, struct path *const *path, size_t n) {
    struct run_view *run = page->job->run;
    FILE *seeds, *means;
    TRY(page_file(page, "seeds", &seeds));
    TRY(page_file(page, "means", &means));
    struct spans span = {range_empty(), range_empty(), range_empty()};
    size_t n_means = 0;
    bool *shown = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *shown);
    if (!shown) return GW_ERR_NOMEM;
    page_array(page, "style_of", run->n_strategies);
    for (size_t i = 0; i < n; i++) write_path(seeds, path[i], run->strategy[path[i]->strategy].style, &span);
    for (size_t s = 0; s < run->n_strategies; s++) {
        shown[s] = write_mean(means, path, n, s, &span);
        if (shown[s]) page_set_at(page, "style_of", n_means++, (double)run->strategy[s].style);
    }
    const char *best = member_text(run, json_get(json_get(run->root, "finding"), "traded"), "strategy");
    if (!best) return GW_ERR_NOMEM;
    TRY(write_bands(page, best, &span));
    TRY(page_strategy_legend(page, shown, MARK_LINE_POINT));
    bool logarithmic = span.equity.lo > 0 && span.equity.hi / span.equity.lo > 4;
    if (logarithmic) {
        span.equity.lo /= 1.05;
        span.equity.hi *= 1.05;
    }
    range_add(&span.drawdown, 0);
    if (span.drawdown.lo == 0) span.drawdown.lo = -1;
    page_set(page, "n_means", (double)n_means);
    page_set(page, "logarithmic", logarithmic);
    double tick[LOG_TICKS_MAX];
    size_t n_ticks = logarithmic ? equity_log_ticks(span.equity.lo, span.equity.hi, tick) : 0;
    page_array(page, "equity_tick", n_ticks);
    for (size_t i = 0; i < n_ticks; i++) page_set_at(page, "equity_tick", i, tick[i]);
    page_set(page, "n_equity_ticks", (double)n_ticks);
    page_range(page, "equity", logarithmic ? span.equity : range_round(span.equity));
    page_range(page, "drawdown", range_round(span.drawdown));
    return page_time_axis(page, span.time.lo, span.time.hi, 0.87);
}

static int prepare(struct plot_job *job) {
    struct path **path = mem_calloc(PATHS_MAX, sizeof *path);
    if (!path) return GW_ERR_NOMEM;
    size_t n = 0, usable = 0;
    int rc = read_paths(job->run, path, &n);
    for (size_t i = 0; i < n; i++) usable += path[i]->n > 1;
    if (rc == GW_OK && usable == 0) rc = plot_skip(job, "no equity recorded");
    if (rc == GW_OK && usable) {
        struct page page;
        rc = page_begin(
            job, &page, "",
            "Mark-to-market equity of the traded signals after costs, each path starting at 100; thin lines are seeds, "
            "thick lines their mean, the tint behind them what other fills (worst and optimistic) and 0 to 2 times the "
            "costs would make of it. Between the dashed lines lie 90 % of entries at random, as many and as long as "
            "those of the best that was traded. Below, the distance from the running peak (worst value of each drawn "
            "interval).");
        if (rc == GW_OK) rc = write_page(&page, path, n);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    }
    for (size_t i = 0; i < n; i++) mem_free(path[i]);
    mem_free(path);
    return rc;
}

const struct plot_desc plot_desc_equity = {
    .name = "equity",
    .title = "Equity and drawdown",
    .help = "equity over time with drawdown, seeds and their mean, against buy-and-hold",
    .prepare = prepare,
};
