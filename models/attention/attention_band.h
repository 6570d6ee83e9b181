/* Shared parts of attentions in a stream: what attention_parts.c and attention_combine.c are for windows.
 *
 * A query's scores and weights lie at the end of its T places of run->map, so that the last one is the bar itself. */
#ifndef GATEWALK_MODELS_ATTENTION_BAND_H
#define GATEWALK_MODELS_ATTENTION_BAND_H

#include "models/network/gate.h"

/* Rows that row r looks at. */
static inline size_t R(band_length)(const struct R(band_run) *run, size_t r) { return r + 1 - R(band_first)(run, r); }
/* Its part of an array of T places a query, such as the map of an attention that has one. */
static inline real *R(band_row)(const struct R(band_run) *run, real *places, size_t r) {
    size_t T = run->config->lookback;
    return places + (r - run->query + 1) * T - R(band_length)(run, r);
}

size_t R(band_nothing)(const struct gw_model_config *config);
size_t R(band_no_room)(const struct gw_model_config *config, size_t rows, size_t queries);

/* ---- a = softmax(e) over the band, context Σ a_s h_s, with the query's own state beside or behind it ------------- */

size_t R(band_scores_room)(const struct gw_model_config *config, size_t rows, size_t queries); /* T a query */
/* Context c, or [c; q] with luong_combine (bahdanau). Backward leaves d score [queries × T]. */
void R(band_concat_forward)(const struct R(band_run) *run);
void R(band_concat_backward)(const struct R(band_run) *run, real *dscore);
/* Context c, or h~ = tanh([c; q] W_c) with luong_combine; `both` keeps [c; q]. */
size_t R(band_luong_keep)(const struct gw_model_config *config, size_t queries);
size_t R(band_luong_scratch)(const struct gw_model_config *config, size_t queries);
void R(band_luong_forward)(const struct R(band_run) *run, const real *wc, real *both);
void R(band_luong_backward)(const struct R(band_run) *run, const real *wc, real *dwc, const real *both, real *scratch,
                            real *dscore);

/* ---- scores ------------------------------------------------------------------------------------------------------- */

/* Additive: memory holds the prepared key h W2, query [queries × units] the prepared q W1. */
size_t R(band_units)(const struct gw_model_config *config);
size_t R(band_additive_room)(const struct gw_model_config *config, size_t rows, size_t queries); /* units a query */
void R(band_additive)(const struct R(band_run) *run, const real *w1, const real *w2, const real *v, real *query);
void R(band_additive_backward)(const struct R(band_run) *run, const real *dscore, const real *w1, const real *w2,
                               const real *v, const real *query, real *dquery, real *dw1, real *dw2, real *dv);
/* Products: score_s = query · h_s. Backward adds to dh and leaves dquery [queries × H]. */
void R(band_product)(const struct R(band_run) *run, const real *query);
void R(band_product_backward)(const struct R(band_run) *run, const real *dscore, const real *query, real *dquery);

/* ---- means ---------------------------------------------------------------------------------------------------------- */

/* mean [queries × columns] of the band's rows of `in` (leading dimension ld), each summed anew and oldest first, so that
 * nothing drifts and a bar's mean does not depend on where a call began. ones: scratch [T]. */
void R(band_mean)(const struct R(band_run) *run, size_t columns, const real *in, size_t ld, real *mean, real *ones);
/* out row r = Σ over the queries that look at r of dmean / their number of rows, for the rows from `first` on; dmean is
 * overwritten. */
void R(band_mean_backward)(const struct R(band_run) *run, size_t columns, real *dmean, size_t first, real *out,
                           size_t ld, bool add, real *ones);

#endif
