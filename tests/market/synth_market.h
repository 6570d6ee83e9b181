/* Labels by which the tests judge what a synthetic market holds. */
#ifndef GATEWALK_TEST_SYNTH_MARKET_H
#define GATEWALK_TEST_SYNTH_MARKET_H

#include "engine/base/base.h"
#include "test.h"

#include <stdlib.h>

#include "base/scratch.h"
#include "gatewalk/labels.h"
#include "gatewalk/synth.h"

static const struct gw_label_config LABELS = {.horizon = 24, .ratio = 2, .min_move = 0.01, .atr_length = 14};

#endif
