/* What the files of this room share. */
#ifndef GATEWALK_LIVE_PRIVATE_H
#define GATEWALK_LIVE_PRIVATE_H

#include "gatewalk/scorer.h"
#include "gatewalk/stream.h"
#include "live.h"

struct live_symbol {
    char name[GW_SYMBOL_MAX];
    float tau[GW_N_GATES];
    struct gw_feature_stream *features;
    double *atr; /* state of the label's ATR, NULL when min_move is a fraction */
    int64_t last_open_ns;
    uint64_t n_bars; /* history included */
};

struct live {
    struct experiment *experiment;
    const struct strategy_spec *spec;
    uint64_t seed;
    size_t fold;
    struct gw_scorer *scorer;
    struct gw_stream *stream;
    int64_t interval_ns;
    size_t n_symbols;
    struct live_symbol *symbol; /* [n_symbols] */
    const struct gw_feature_desc *atr;
    struct gw_own_params atr_own;                                   /* its length; zero when there is none */
    size_t atr_bytes;                                               /* a multiple of 8 */
    const char *taker_buy_for, *quote_volume_for, *trade_count_for; /* a feature that needs it, or NULL */
    float *row;
};

/* From the run directory: experiment, strategy, scorer, symbols with their thresholds. */
int live_find_fit(const char *dir, const struct live_choice *choice, struct live *live) GW_MUST_USE;

/* The same with neither kernels nor thresholds nor the question whether it can be asked bar by bar; path: of the model's file. */
int live_find_model(const char *dir, const struct live_choice *choice, struct live *live, char path[1024]) GW_MUST_USE;

#endif
