/* How sure a category's hit rate is, and whether luck does as well.
 *
 * Both are resampled over bars and count all categories of both gates at once: a replicate or shift is one walk over the
 * slice's windows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gatewalk/rng.h"
#include "gatewalk/verdict.h"
#include "library.h"

struct tally {
    const struct library *library;
    size_t n, n_cells;        /* windows; categories × gates */
    const uint32_t *category; /* [n] */
    int8_t *label;            /* [n × GW_N_GATES] */
    size_t block;             /* bars */
    uint64_t seed;
    bool shifted;  /* null: labels of elsewhere; else windows drawn in blocks */
    float *rate;   /* [n_draws × n_cells]; NaN where nothing was drawn */
    bool *refused; /* [n_draws] no memory */
};

static void count_window(const struct tally *t, size_t window, size_t labelled, uint32_t *n, uint32_t *hits) {
    const size_t cell = t->category[window] * GW_N_GATES;
    for (size_t g = 0; g < GW_N_GATES; g++) {
        const int8_t label = t->label[labelled * GW_N_GATES + g];
        if (label == GW_LABEL_MISSING) continue;
        n[cell + g]++;
        hits[cell + g] += label == 1;
    }
}

static void rates_of(const struct tally *t, const uint32_t *n, const uint32_t *hits, float *rate) {
    for (size_t c = 0; c < t->n_cells; c++) rate[c] = n[c] ? (float)hits[c] / (float)n[c] : NAN;
}

static void count_drawn(const struct tally *t, struct gw_rng *rng, uint32_t *index, uint32_t *n, uint32_t *hits) {
    gw_bootstrap_stationary(rng, t->n, (double)t->block, index);
    for (size_t i = 0; i < t->n; i++) count_window(t, index[i], index[i], n, hits);
}

/* By at least a block either way; of a slice that is too short for that, by a quarter. */
static void count_shifted(const struct tally *t, struct gw_rng *rng, uint32_t *n, uint32_t *hits) {
    const size_t least = 4 * t->block < t->n ? t->block : t->n / 4;
    const size_t shift = least + gw_rng_below(rng, t->n - 2 * least > 0 ? t->n - 2 * least : 1);
    for (size_t i = 0; i < t->n; i++) count_window(t, i, i + shift < t->n ? i + shift : i + shift - t->n, n, hits);
}

static void draw(const struct tally *t, size_t draw_index) {
    struct gw_rng rng;
    uint32_t *counts = mem_calloc(2 * t->n_cells, sizeof *counts);
    uint32_t *index = mem_calloc(t->shifted ? 1 : t->n, sizeof *index);
    t->refused[draw_index] = !counts || !index;
    if (counts && index) {
        gw_rng_key(&rng, t->seed, t->shifted ? "pattern null" : "pattern bootstrap", draw_index, 0, 0);
        if (t->shifted)
            count_shifted(t, &rng, counts, counts + t->n_cells);
        else
            count_drawn(t, &rng, index, counts, counts + t->n_cells);
        rates_of(t, counts, counts + t->n_cells, t->rate + draw_index * t->n_cells);
    }
    mem_free(index);
    mem_free(counts);
}

static int draw_all(struct tally *t, size_t n_draws, bool shifted) {
    t->shifted = shifted;
    t->rate = mem_calloc(n_draws * t->n_cells, sizeof *t->rate);
    t->refused = mem_calloc(n_draws, sizeof *t->refused);
    if (!t->rate || !t->refused) return GW_ERR_NOMEM;
/* clang warns of the sign of its own arithmetic on a task loop, whatever the loop's type is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(4) default(none) firstprivate(t, n_draws)
    for (size_t i = 0; i < n_draws; i++) {
#pragma GCC diagnostic pop
        draw(t, i);
    }
    for (size_t i = 0; i < n_draws; i++)
        if (t->refused[i]) return GW_ERR_NOMEM;
    return interrupt_check();
}

static void drop_draws(struct tally *t) {
    mem_free(t->rate);
    mem_free(t->refused);
    t->rate = NULL;
    t->refused = NULL;
}

static int by_value(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Percentiles over the replicates in which the category came up. */
static int set_intervals(const struct tally *t, size_t n_draws, double confidence, struct library_rate *rate) {
    float *column = mem_calloc(n_draws, sizeof *column);
    if (!column) return GW_ERR_NOMEM;
    for (size_t c = 0; c < t->n_cells; c++) {
        size_t n = 0;
        for (size_t i = 0; i < n_draws; i++)
            if (!isnan(t->rate[i * t->n_cells + c])) column[n++] = t->rate[i * t->n_cells + c];
        if (n < n_draws / 2 || rate[c].n == 0) continue;
        qsort(column, n, sizeof *column, by_value);
        rate[c].lo = (double)column[(size_t)((1 - confidence) / 2 * (double)(n - 1))];
        rate[c].hi = (double)column[(size_t)ceil((1 + confidence) / 2 * (double)(n - 1))];
    }
    mem_free(column);
    return GW_OK;
}

/* The draws of a cell as deviations from their own mean, in units of their own standard deviation. */
static void standardise(const struct tally *t, size_t n_draws, size_t c, struct library_rate *rate) {
    double sum = 0, square = 0;
    for (size_t i = 0; i < n_draws; i++) sum += (double)t->rate[i * t->n_cells + c] / (double)n_draws;
    for (size_t i = 0; i < n_draws; i++) square += pow((double)t->rate[i * t->n_cells + c] - sum, 2);
    const double sd = sqrt(square / (double)n_draws);
    const bool judged = rate[c].n >= LIBRARY_LEAST && sd > 0; /* a NaN anywhere: not judged */
    rate[c].z = judged ? (rate[c].rate - sum) / sd : (double)NAN;
    for (size_t i = 0; i < n_draws; i++) {
        float *z = &t->rate[i * t->n_cells + c];
        *z = judged ? (float)(((double)*z - sum) / sd) : -INFINITY;
    }
}

static void set_p_values(const struct tally *t, size_t n_draws, struct library_rate *rate) {
    for (size_t c = 0; c < t->n_cells; c++) standardise(t, n_draws, c, rate);
    for (size_t i = 0; i < n_draws; i++) { /* the largest of the family takes the row's first place */
        float *row = t->rate + i * t->n_cells;
        for (size_t c = 1; c < t->n_cells; c++) row[0] = fmaxf(row[0], row[c]);
    }
    for (size_t c = 0; c < t->n_cells; c++) {
        size_t as_far = 0;
        for (size_t i = 0; i < n_draws; i++) as_far += (double)t->rate[i * t->n_cells] >= rate[c].z;
        rate[c].p_value = isnan(rate[c].z) ? (double)NAN : (double)(1 + as_far) / (double)(1 + n_draws);
    }
}

static void observe(const struct tally *t, struct library_rate *rate) {
    for (size_t i = 0; i < t->n; i++)
        for (size_t g = 0; g < GW_N_GATES; g++) {
            struct library_rate *cell = &rate[t->category[i] * GW_N_GATES + g];
            if (t->label[i * GW_N_GATES + g] == GW_LABEL_MISSING) continue;
            cell->n++;
            cell->hits += (size_t)t->label[i * GW_N_GATES + g];
        }
    for (size_t c = 0; c < t->n_cells; c++)
        if (rate[c].n) rate[c].rate = (double)rate[c].hits / (double)rate[c].n;
}

int library_rates(const struct library *l, size_t slice, const struct library_rates_config *config,
                  struct library_rate *rate) {
    const size_t replicates = config->replicates ? config->replicates : 1000;
    const size_t resamples = config->resamples ? config->resamples : 1000;
    struct tally t = {.library = l, .n = l->first[slice + 1] - l->first[slice], .seed = config->seed};
    t.n_cells = l->categories->n * GW_N_GATES;
    t.category = l->category + l->first[slice];
    t.block = library_bars(l) + l->horizon;
    for (size_t c = 0; c < t.n_cells; c++)
        rate[c] = (struct library_rate){.rate = NAN, .lo = NAN, .hi = NAN, .z = NAN, .p_value = NAN};
    if (t.n < 8) return GW_OK;
    if (!(t.label = mem_calloc(t.n * GW_N_GATES, sizeof *t.label))) return GW_ERR_NOMEM;
    for (size_t i = 0; i < t.n; i++)
        for (int g = 0; g < GW_N_GATES; g++)
            t.label[i * GW_N_GATES + (size_t)g] = (int8_t)library_label(l, (uint32_t)(l->first[slice] + i), g);
    observe(&t, rate);
    int rc = draw_all(&t, replicates, false);
    if (rc == GW_OK) rc = set_intervals(&t, replicates, config->confidence > 0 ? config->confidence : 0.95, rate);
    drop_draws(&t);
    if (rc == GW_OK) rc = draw_all(&t, resamples, true);
    if (rc == GW_OK) set_p_values(&t, resamples, rate);
    drop_draws(&t);
    mem_free(t.label);
    return rc;
}
