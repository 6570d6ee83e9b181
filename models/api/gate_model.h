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

#endif
