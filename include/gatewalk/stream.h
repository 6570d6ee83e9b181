/* A trained gate bar by bar, for a live process: one row of scaled features in, the probabilities of that bar out.
 *
 * Of a streaming model (model.unroll "stream") the state is carried on; the numbers of a bar follow from the rows since
 * the first one pushed and from nothing else, and are those that gw_model_score gives the same rows, bit for bit, also
 * when the state was saved and loaded in between. gw_model_score starts model.warm bars before a slice: a process that
 * pushes from that bar on gives the scores of the slice. Of a windowed model the last T rows are kept, and a bar has the
 * numbers of its window. */
#ifndef GATEWALK_STREAM_H
#define GATEWALK_STREAM_H

#include "model.h"

GW_BEGIN_DECLS

struct gw_stream;

struct gw_stream_bar {
    float p[GW_N_GATES]; /* calibrated as gw_model_score's; NaN as long as a windowed model has no full window */
    uint64_t bars;       /* pushed since the beginning, this one included */
    bool ready;    /* as much history as a score of a slice has: a full window, or model.warm bars before this one */
    size_t n_maps; /* 0: the model has no attention */
    const float
        *attention; /* [n_maps × T], lag of entry s is T-1-s, 0 before the beginning; the stream's, until the next
                               call; NULL without attention */
};

/* n_symbols series side by side, each with a state of its own. The model is the caller's and must stay until the end. */
int gw_stream_open(const struct gw_gate_model *model, size_t n_symbols, struct gw_stream **out) GW_MUST_USE;
void gw_stream_close(struct gw_stream *stream);
/* row: [n_features] scaled as for the fit. A row that is not finite gives NaN and begins the symbol's history anew. */
int gw_stream_push(struct gw_stream *stream, size_t symbol, const float *row, struct gw_stream_bar *out) GW_MUST_USE;
/* The n lags with the largest weight, mean over the maps, largest first; returns how many there are. */
size_t gw_stream_top_lags(const struct gw_stream *stream, const struct gw_stream_bar *bar, size_t n, size_t *lag,
                          float *weight);

/* The state of all symbols as a file, written whole or not at all. Loading wants the model it was saved with and gives
 * GW_ERR_DATA for another one or a damaged file. */
int gw_stream_save(const struct gw_stream *stream, const char *path) GW_MUST_USE;
int gw_stream_load(const struct gw_gate_model *model, const char *path, struct gw_stream **out) GW_MUST_USE;
size_t gw_stream_symbols(const struct gw_stream *stream);
/* Rows to push before a bar so that it is scored as the first bar of a slice is: T-1, or model.warm when streaming. */
size_t gw_stream_history(const struct gw_stream *stream);

GW_END_DECLS

#endif
