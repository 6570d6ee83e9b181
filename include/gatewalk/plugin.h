/* A strategy in a shared object of your own, built against this header and nothing else:
 *
 *   cc -std=c17 -O2 -fPIC -shared $(pkg-config --cflags gatewalk) mine.c -o mine.so
 *   {"name": "mine", "plugin": "./mine.so", "parameters": {"fast": 10}}
 *
 * A plugin is TRUSTED code: it runs in gatewalk's process with all of its rights, and nothing keeps it from the bars behind
 * the newest one but its honesty. What it is handed points at the market itself, so `gatewalk audit` finds one that looks
 * ahead. It keeps no state but the one it is given: equal inputs must give equal orders. The floating-point state it
 * leaves behind, when it is loaded and after every call, is put back. */
#ifndef GATEWALK_PLUGIN_H
#define GATEWALK_PLUGIN_H

#include "strategy.h"

GW_BEGIN_DECLS

/* Of this header and of those it includes: another number is not loaded. */
enum { GW_PLUGIN_ABI = 1 };

/* A parameter: its value in "parameters", else `initial`. */
struct gw_plugin_param {
    const char *name, *help;
    double initial, low, high;
    bool whole;   /* whole numbers only */
    bool is_bool; /* true or false: 1 or 0 */
};

/* What stays the same over a replay. */
struct gw_plugin_setting {
    const double *parameter; /* in the descriptor's order */
    size_t n_symbols;
    const char *const *symbol; /* [n_symbols] names */
    int64_t interval_ns;
    double size; /* trading.size */
    bool trade_long, trade_short;
    uint64_t seed; /* for random numbers: key them by (seed, symbol, bar), not by what was drawn before */
};

/* What is known at the close of a bar. */
struct gw_plugin_bar {
    const struct gw_bar_event *event;
    const float *feature; /* in the descriptor's order; NaN during warm-up */
};

struct gw_plugin {
    uint32_t abi;                    /* GW_PLUGIN_ABI */
    uint32_t event_size, order_size; /* sizeof(struct gw_bar_event), sizeof(struct gw_order) */
    const char *help;                /* one line */
    const struct gw_plugin_param *param;
    size_t n_params;
    const char *const *feature; /* such as "rsi(14)@1h" */
    size_t n_features;
    bool needs_model;  /* event->score is there: the entry gives a model, scores or an ensemble */
    size_t state_size; /* bytes of a symbol's state, zeroed before its first bar */
    /* Puts its orders. NULL, or a line that says why it cannot go on, which ends the run. */
    const char *(*on_bar)(void *state, const struct gw_plugin_setting *setting, const struct gw_plugin_bar *bar,
                          struct gw_order_sink *orders);
    /* An order was put, filled in part, or ended. NULL: not interested. */
    void (*on_order)(void *state, const struct gw_plugin_setting *setting, const struct gw_order_record *order);
    /* Releases what the state holds beside its bytes. NULL: nothing. */
    void (*close)(void *state);
};

/* The one thing a plugin exports:
 *   GW_PLUGIN_EXPORT = {.abi = GW_PLUGIN_ABI, GW_PLUGIN_SIZES, .on_bar = on_bar}; */
#ifdef __cplusplus
#define GW_PLUGIN_EXPORT extern "C" __attribute__((visibility("default"))) const struct gw_plugin gw_plugin_descriptor
#else
#define GW_PLUGIN_EXPORT __attribute__((visibility("default"))) const struct gw_plugin gw_plugin_descriptor
#endif
#define GW_PLUGIN_SIZES .event_size = sizeof(struct gw_bar_event), .order_size = sizeof(struct gw_order)

GW_END_DECLS

#endif
