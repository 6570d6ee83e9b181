/* What a stream holds, for pushing and for saving. */
#ifndef GATEWALK_MODELS_STREAM_STATE_H
#define GATEWALK_MODELS_STREAM_STATE_H

#include "gate_model.h"
#include "gatewalk/stream.h"

struct stream_symbol {
    struct R(carry) carry; /* streaming */
    float *row;            /* windowed: [2T × F], the last `held` rows */
    size_t held;
    uint64_t bars;
};

struct gw_stream {
    const struct gw_gate_model *model;
    const struct R(network) *net;
    struct R(team) team; /* windowed */
    size_t reach;        /* rows of a window; 1 when streaming */
    real *packed;
    float *map;     /* [maps × T] of the last bar */
    float *columns; /* what trees look at */
    size_t n_symbols;
    struct stream_symbol *symbol;
};

#endif
