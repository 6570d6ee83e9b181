/* A library of patterns on bars: whose category every window is, what followed the windows of each, whether that is more
 * than luck, and which windows are alike. What `gatewalk patterns` shows and the report draws.
 *
 *   library.c        windows, latents and categories of a fit on some bars
 *   library_rates.c  hit rates with intervals, and the null control over the whole family of categories
 *   library_paths.c  members of a category and what came next
 *   library_write.c  the files: patterns.json and patterns_*.csv (gatewalk/run_files.h)
 *   library_gallery.c  of these, the categories that stand out: members and what came next */
#ifndef GATEWALK_PATTERNS_LIBRARY_H
#define GATEWALK_PATTERNS_LIBRARY_H

#include "engine/base/base.h"
#include "gatewalk/labels.h"
#include "models/patterns/patterns.h"

/* Windows that the categories were made from, and those that came later. */
enum { LIBRARY_LEARNED, LIBRARY_LATER, LIBRARY_SLICES };
extern const char *const library_slice_name[LIBRARY_SLICES]; /* "learned", "later" */

struct library_range {
    size_t begin, end; /* bars of one symbol: windows that end there */
};

/* Everything is borrowed, but for what library_build makes. */
struct library {
    const struct patterns_model *model;
    const struct pattern_categories *categories;
    const struct patterns_log *log; /* may be NULL */
    const struct gw_bars *symbol;   /* [n_symbols] */
    const struct gw_labels *labels; /* [n_symbols] */
    size_t n_symbols, horizon;
    const char *name;

    struct gw_series *series; /* [n_symbols] owned, as are all below */
    struct gw_sample *sample; /* [n] by slice, then (symbol, bar) */
    size_t n, first[LIBRARY_SLICES + 1];
    float *latent;      /* [n × latent] */
    uint32_t *category; /* [n] */
    float *distance;    /* [n] 1 - cosine to its centre */
};
size_t library_bars(const struct library *library);   /* of a window */
size_t library_latent(const struct library *library); /* numbers of a latent */
/* From the borrowed members; range: [LIBRARY_SLICES][n_symbols], cut to the bars that have a whole window. */
int library_build(struct library *library, const struct library_range *const range[LIBRARY_SLICES]) GW_MUST_USE;
void library_free(struct library *library);

/* ---- rates ------------------------------------------------------------------------------------------- */

struct library_rate {
    size_t n, hits;      /* windows with a label, positives among them */
    double rate, lo, hi; /* NaN without any; interval of the stationary bootstrap over bars */
    double z, p_value;   /* against the null: in its standard deviations, and one-sided family-wise */
};
struct library_rates_config {
    size_t replicates, resamples; /* 0: 1000 each */
    double confidence;            /* 0: 0.95 */
    uint64_t seed;
};
enum { LIBRARY_LEAST = 20 }; /* windows with a label that a category must have to be judged against the null */

/* All categories of one slice: rate [n_categories × GW_N_GATES] out. A replicate draws windows in blocks of window plus
 * horizon on average, as neighbours are near-copies. Null: labels shifted against the windows, all at once by the same
 * amount, by at least a block; the family-wise p of a category is the share of shifts in which any category of either
 * gate stands as far above its own null as this one does (Westfall & Young 1993, max T). Tasks of the parallel region
 * it is called in; the same numbers for any number of threads. */
int library_rates(const struct library *library, size_t slice, const struct library_rates_config *config,
                  struct library_rate *rate) GW_MUST_USE;

/* ---- paths ------------------------------------------------------------------------------------------- */

enum { LIBRARY_QUANTILES = 5 };
extern const double library_quantile[LIBRARY_QUANTILES]; /* .1 .25 .5 .75 .9 */

/* Up to `most` windows of the list, in its order, of which no two share more than half of their bars. Returns their number. */
size_t library_thin(const struct library *library, const uint32_t *window, size_t n, size_t most, uint32_t *out);
/* Windows of a slice in a category, nearest to its centre first: [*n] out, the caller's to free. */
int library_members(const struct library *library, size_t slice, size_t category, uint32_t **window,
                    size_t *n) GW_MUST_USE;
/* Closes of a window from its first bar to `horizon` bars behind its last, about the last close, in units of half the
 * window's range: [bars + horizon] out; NaN where there are no bars. */
void library_path(const struct library *library, uint32_t window, double *out);
/* Quantiles over windows of what came next, per step 1 … horizon: [horizon × LIBRARY_QUANTILES] each, NaN where no window
 * has bars. units: half ranges of the window; returns: fractions of the last close. */
int library_fan(const struct library *library, const uint32_t *window, size_t n, double *units,
                double *returns) GW_MUST_USE;

/* ---- files ------------------------------------------------------------------------------------------- */

/* Balance: the share of windows in the largest category. */
enum library_balance { LIBRARY_GOOD, LIBRARY_UNEVEN, LIBRARY_LOPSIDED }; /* up to 5 %, up to 10 %, more */
enum library_balance library_balance(double largest_share);
extern const char *const library_balance_name[];

/* All files of a library into a directory: patterns.json, patterns_training.csv, patterns_categories.csv,
 * patterns_members.csv, patterns_next.csv, patterns_rebuilt.csv, patterns_map.csv. */
int library_write(const struct library *library, const struct library_rates_config *config, struct progress *progress,
                  const char *dir) GW_MUST_USE;
/* What a picture of some windows needs: their paths and what came next, as those of category 0, of patterns.json the heading.
 * query (may be NULL): the window they are alike to, member 0. */
int library_write_windows(const struct library *library, const uint32_t *window, size_t n, const uint32_t *query,
                          const char *title, const char *dir) GW_MUST_USE;
/* xy: t-SNE of at most TSNE_POINTS_MAX windows, evenly spaced; *window: which; both the caller's to free. */
int library_map(const struct library *library, struct progress *progress, uint32_t **window, double **xy, size_t *n,
                double *kl) GW_MUST_USE;
int library_write_map(const struct library *library, const uint32_t *window, const double *xy, size_t n,
                      const char *dir) GW_MUST_USE;

/* Close time of a window's last bar. */
int64_t library_time(const struct library *library, uint32_t window);
int library_label(const struct library *library, uint32_t window, int gate); /* 0, 1 or GW_LABEL_MISSING */

#endif
