/* The windows of a library on some bars, encoded and sorted into its categories. */
#include "library.h"

#include <string.h>

const char *const library_slice_name[LIBRARY_SLICES] = {"learned", "later"};
const char *const library_balance_name[] = {"good", "uneven", "lopsided"};

size_t library_bars(const struct library *l) { return patterns_config_of(l->model)->model.pattern_bars; }
size_t library_latent(const struct library *l) { return patterns_config_of(l->model)->model.latent; }

enum library_balance library_balance(double largest_share) {
    return largest_share <= 0.05 ? LIBRARY_GOOD : largest_share < 0.1 ? LIBRARY_UNEVEN : LIBRARY_LOPSIDED;
}

int64_t library_time(const struct library *l, uint32_t window) {
    const struct gw_sample *sample = &l->sample[window];
    return gw_bar_close_ns(&l->symbol[sample->series], sample->row);
}

int library_label(const struct library *l, uint32_t window, int gate) {
    const struct gw_sample *sample = &l->sample[window];
    return l->labels[sample->series].gate[gate][sample->row];
}

static struct library_range cut(const struct library *l, size_t symbol, struct library_range range) {
    const size_t first = pattern_reach(library_bars(l)) - 1;
    if (range.begin < first) range.begin = first;
    if (range.end > l->symbol[symbol].n) range.end = l->symbol[symbol].n;
    if (range.end < range.begin) range.end = range.begin;
    return range;
}

static int list_windows(struct library *l, const struct library_range *const range[LIBRARY_SLICES]) {
    size_t n = 0;
    for (size_t slice = 0; slice < LIBRARY_SLICES; slice++)
        for (size_t s = 0; s < l->n_symbols; s++) {
            const struct library_range r = cut(l, s, range[slice][s]);
            n += r.end - r.begin;
        }
    if (n == 0) FAIL(GW_ERR_DATA, "%s: no window of %zu bars in the data", l->name, library_bars(l));
    if (n > UINT32_MAX) FAIL(GW_ERR_DATA, "%s: %zu windows are more than can be counted", l->name, n);
    if (!(l->sample = mem_calloc(n, sizeof *l->sample))) return GW_ERR_NOMEM;
    for (size_t slice = 0; slice < LIBRARY_SLICES; slice++) {
        l->first[slice] = l->n;
        for (size_t s = 0; s < l->n_symbols; s++) {
            const struct library_range r = cut(l, s, range[slice][s]);
            for (size_t t = r.begin; t < r.end; t++) l->sample[l->n++] = (struct gw_sample){(uint32_t)s, (uint32_t)t};
        }
    }
    l->first[LIBRARY_SLICES] = l->n;
    return GW_OK;
}

static int encode(struct library *l) {
    const size_t d = library_latent(l);
    if (!(l->latent = mem_calloc(l->n * d, sizeof *l->latent)) ||
        !(l->category = mem_calloc(l->n, sizeof *l->category)) ||
        !(l->distance = mem_calloc(l->n, sizeof *l->distance)))
        return GW_ERR_NOMEM;
    const struct pattern_windows windows = {l->series, l->sample, l->n};
    TRY(patterns_encode(l->model, &windows, l->latent));
    return kmeans_assign(l->latent, l->n, d, l->categories->centre, l->categories->n, l->category, l->distance);
}

int library_build(struct library *l, const struct library_range *const range[LIBRARY_SLICES]) {
    int rc = (l->series = mem_calloc(l->n_symbols, sizeof *l->series)) ? GW_OK : GW_ERR_NOMEM;
    for (size_t s = 0; rc == GW_OK && s < l->n_symbols; s++) {
        l->series[s] = (struct gw_series){.n_rows = l->symbol[s].n, .bar = l->symbol[s].bar};
        for (int g = 0; g < GW_N_GATES; g++) l->series[s].label[g] = l->labels[s].gate[g];
    }
    if (rc == GW_OK) rc = list_windows(l, range);
    if (rc == GW_OK) rc = encode(l);
    if (rc != GW_OK) library_free(l);
    return rc;
}

void library_free(struct library *l) {
    mem_free(l->series);
    mem_free(l->sample);
    mem_free(l->latent);
    mem_free(l->category);
    mem_free(l->distance);
    l->series = NULL;
    l->sample = NULL;
    l->latent = NULL;
    l->category = NULL;
    l->distance = NULL;
    l->n = 0;
}
