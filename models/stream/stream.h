/* Streaming: the state is carried from bar to bar and every bar has a prediction.
 *
 * Training runs over segments of W warm-up and L scored bars, S of them side by side (struct segment, segments.h); the
 * way back goes through a whole segment, its warm-up included, and ends at its start. A batch is cut into shards of
 * SHARD_SEGMENTS, whatever the number of threads.
 * Scoring carries one state at a time. A bar's numbers depend on the bars since the zero state and on nothing else: not on
 * how many bars were handed over at a time, nor on what else is being scored.
 *
 * Legend: B segments of a shard, P steps of the longest of them, L scored bars, rows (s, b) of a shard at s·B + b. */
#ifndef GATEWALK_MODELS_STREAM_H
#define GATEWALK_MODELS_STREAM_H

#include "models/api/segments.h"
#include "models/network/gate.h"

enum {
    SHARD_SEGMENTS = 4,
    CARRY_BARS = 256, /* bars that are scored at a time */
};

/* ---- training -------------------------------------------------------------------------------------- */

struct R(segment_shard) {
    const struct gw_series *series;
    const struct segment *segment;
    const uint32_t *index;            /* [n] which of them */
    size_t n;                         /* at most SHARD_SEGMENTS */
    int8_t *const *label[GW_N_GATES]; /* by series and row */
    const struct R(shard_loss) *loss;
    bool encoder_frozen;
    double loss_sum; /* out: Σ weight × loss */
};

/* A workspace for shards of `steps` bars of which `scored` have a loss; freed as any other. */
int R(segment_workspace)(struct R(workspace) *ws, const struct R(network) *net, size_t steps,
                         size_t scored) GW_MUST_USE;
/* Forward and backward: adds to pass->gradient. */
void R(segments_run)(const struct R(pass) *pass, struct R(segment_shard) *shard);
/* The recurrent layers of a shard of n segments and P steps, from ws->x; the way back from ws->dh. */
void R(segments_encode)(const struct R(pass) *pass, size_t n, size_t steps);
void R(segments_encode_backward)(const struct R(pass) *pass, size_t n, size_t steps);

/* Attention of `net` over the rows of a workspace or a carried state. */
struct R(band_run) R(band_run_of)(const struct R(pass) *pass, size_t n, size_t fresh, size_t query);

/* ---- scoring ---------------------------------------------------------------------------------------- */

/* The state of one series between bars, and room to take CARRY_BARS at a time. */
struct R(carry) {
    const struct R(network) *net;
    struct R(workspace) ws;
    uint64_t bars; /* since the zero state */
    size_t held; /* rows of ws.tile_h and ws.band_memory that are known: the last T-1 bars at least, or all there are */
    size_t room; /* rows of them */
};
int R(carry_init)(struct R(carry) *carry, const struct R(network) *net) GW_MUST_USE;
void R(carry_free)(struct R(carry) *carry);
void R(carry_reset)(struct R(carry) *carry); /* to the zero state */
/* The next n bars, any number of them; logits [scored × GW_N_GATES] and maps [scored × maps × T] (NULL: not wanted) of
 * the last `scored`. */
void R(carry_bars)(struct R(carry) *carry, const real *weights, const real *packed, const float *x, size_t n,
                   size_t scored, real *logit, float *map);

/* All that a stream is between two bars, as numbers: c and h of every layer, then of the last T-1 bars, oldest first, the
 * state and its memory; zeros where there are none yet. take: as put left it after `bars` bars. */
size_t R(carry_state_size)(const struct R(network) *net);
void R(carry_put)(const struct R(carry) *carry, real *state);
void R(carry_take)(struct R(carry) *carry, uint64_t bars, const real *state);

/* The row from which the state is carried for a slice whose first sample is at `row`: `warm` bars before it, as far as
 * rows exist and are finite. */
size_t R(stream_start)(const struct R(network) *net, const struct gw_series *series, size_t row);
/* Logits of samples sorted by (series, row). The samples of a series are one slice: the state is zero at stream_start of
 * its first and carried to its last; a row that is not finite starts it anew. */
void R(stream_logits)(struct R(carry) *carry, const real *weights, const real *packed, const struct gw_series *series,
                      const struct gw_sample *sample, size_t n, real *logit, const struct gw_attention_out *attention);

#endif
