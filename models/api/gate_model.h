/* What a public gate_model holds. */
#ifndef GATEWALK_MODELS_SINGLE_MODEL_H
#define GATEWALK_MODELS_SINGLE_MODEL_H

#include "models/boosting/boosted_gate.h"
#include "models/patterns/pattern_gate.h"

struct gw_gate_model {
    struct R(gate) gate;
    struct pattern_gate *patterns; /* of the encoder "patterns", which has categories in place of heads */
    struct boosted_gate *trees;    /* of the encoder "xgboost" */
};

/* Which features the second sequence of a stored gate shows of its bars (struct gw_cross); NULL: it has none. */
struct gw_scorer;
const uint32_t *scorer_cross_column(const struct gw_scorer *scorer);

#endif
