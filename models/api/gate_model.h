/* What a public gate_model holds. */
#ifndef GATEWALK_MODELS_SINGLE_MODEL_H
#define GATEWALK_MODELS_SINGLE_MODEL_H

#include "models/training/training.h"

struct gw_gate_model {
    struct R(gate) gate;
};

#endif
