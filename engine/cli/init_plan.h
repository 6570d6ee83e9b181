/* What `gatewalk init` chooses from a look at the data, and the files it writes of it. */
#ifndef GATEWALK_CLI_INIT_PLAN_H
#define GATEWALK_CLI_INIT_PLAN_H

#include "finding.h"
#include "gatewalk/import.h"

struct init_plan {
    const char *file, *out;
    struct gw_import_options import;
    bool force, quiet;
    char path[1024], absolute[1100];
    /* of the data */
    const struct gw_market *market;
    const struct finding *finding;
    /* chosen */
    bool daily, brief, volume, taker;         /* brief: windows are short, as bars are few or days */
    size_t train, validation, test, n_folds;  /* bars */
    int64_t train_ns, validation_ns, test_ns; /* 0: in bars */
    size_t horizon;
    double min_move_atr, share, usual_move; /* usual_move: what that many ATR are, as a share of the price */
    const char *market_words;
    double taker_bps, half_spread_bps, slippage_bps;
};

/* Folds, costs and labels, these by the first training slice alone. GW_ERR_DATA when the bars are too few. */
int init_choose(struct init_plan *plan) GW_MUST_USE;
/* The JSON Schema beside the experiment, so that editors find it without a network; then the experiment. Whole or not at all. */
int init_write(const struct init_plan *plan) GW_MUST_USE;

#endif
