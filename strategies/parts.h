/* What strategies share: ranges, sizes, entries of either side. */
#ifndef GATEWALK_STRATEGY_PARTS_H
#define GATEWALK_STRATEGY_PARTS_H

#include "gatewalk/strategy.h"

/* Mean true range of the newest n bars; NaN when the history is too short for it. */
double mean_true_range(const struct gw_history *history, size_t n);

/* Sizes an entry by config->sizing: sets size or notional. False: it is worth nothing, put no order. `score` may be
 * NULL where the strategy has no model; stop and target are the entry's, as fractions. */
bool entry_size(const struct gw_strategy_config *config, const struct gw_bar_event *event, struct gw_order *order);

/* An exit by ATR and a size are all that the classic strategies' entries need. */
struct exit_params {
    double stop_atr, trail_atr;
    size_t atr_length;
};
#define EXIT_PARAMS(struct_type, exits)                                                                                \
    {.name = "stop_atr",                                                                                               \
     .type = GW_PARAM_NUMBER,                                                                                          \
     .offset = offsetof(struct_type, exits.stop_atr),                                                                  \
     .unit = "ATR",                                                                                                    \
     .initial = 0,                                                                                                     \
     .low = 0,                                                                                                         \
     .high = 1000,                                                                                                     \
     .help = "stop at this distance from the entry; 0 = none"},                                                        \
        {.name = "trail_atr",                                                                                          \
         .type = GW_PARAM_NUMBER,                                                                                      \
         .offset = offsetof(struct_type, exits.trail_atr),                                                             \
         .unit = "ATR",                                                                                                \
         .initial = 0,                                                                                                 \
         .low = 0,                                                                                                     \
         .high = 1000,                                                                                                 \
         .help = "trailing stop at this distance; 0 = none"},                                                          \
    {                                                                                                                  \
        .name = "atr_length", .type = GW_PARAM_SIZE, .offset = offsetof(struct_type, exits.atr_length),                \
        .unit = "bars", .initial = 14, .low = 1, .high = 1e6,                                                          \
        .help = "bars whose mean true range is the ATR of stops and limits"                                            \
    }

/* Closes what is held against `side` (and what waits), then enters by a market order when that side is traded. */
void turn_to(const struct gw_strategy_config *config, const struct exit_params *exits, const struct gw_bar_event *event,
             int side, struct gw_order_sink *orders);
void close_position(const struct gw_bar_event *event, struct gw_order_sink *orders);

#endif
