/* The descriptors listed in strategies.def. */
#ifndef GATEWALK_STRATEGIES_H
#define GATEWALK_STRATEGIES_H

#include "gatewalk/strategy.h"

extern const struct gw_choices strategy_choices; /* by row of strategies.def */

#define STRATEGY(name) extern const struct gw_strategy_desc strategy_##name;
#include "strategies.def"
#undef STRATEGY

/* Rows whose program names scores: they need a model. */
extern const struct gw_strategy_desc strategy_rules_scored, strategy_script_scored, strategy_plugin_scored;

#endif
