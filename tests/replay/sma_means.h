/* The means of sma_cross, by name. */
#ifndef GATEWALK_TEST_SMA_MEANS_H
#define GATEWALK_TEST_SMA_MEANS_H

#include "engine/base/base.h"
#include "fixture.h"

#include <stdlib.h>

static inline void set_means(struct gw_strategy_config *parameters, size_t fast, size_t slow) {
    char text[32];
    snprintf(text, sizeof text, "%zu", fast);
    assert_ok(gw_strategy_config_set(parameters, "fast", text));
    snprintf(text, sizeof text, "%zu", slow);
    assert_ok(gw_strategy_config_set(parameters, "slow", text));
}

#endif
