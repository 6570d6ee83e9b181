/* A script: Lua in a box.
 *
 * There is no way out of the box: no io, os, load, require, debug, no clock, no metatables, no coroutines, no pcall, and of
 * strings only what the language itself does with them. Steps, memory and the length of a text are bounded, every function
 * of ours takes time in proportion to what it counts. Nothing that a script can see depends on an address, a hash seed or
 * the time: pairs goes by keys in order, sort is stable, tostring of a table is refused, random numbers are keyed.
 * A script runs from its beginning once when it is read, to learn what it declares, and once before every replay. */
#ifndef GATEWALK_OWN_SCRIPT_H
#define GATEWALK_OWN_SCRIPT_H

#include "gatewalk/rng.h"
#include "lua_api.h"
#include "program.h"

enum { SCRIPT_BYTES_MAX = 1 << 20, SCRIPT_TEXT_MAX = 1 << 16, SCRIPT_SECONDS_MAX = 20 };

/* The own parameters of strategy "script". */
struct script_params {
    size_t max_steps; /* instructions in one call of on_bar */
    double max_memory_mb;
};

/* Why a script was stopped, where Lua itself cannot say. */
enum script_stop { STOP_NONE, STOP_MEMORY, STOP_TEXT, STOP_CHURN, STOP_REFUSED };

/* Slots of the Lua stack that stay taken while bars come. */
enum script_slot {
    SLOT_ON_BAR = 1,
    SLOT_BAR,
    SLOT_HISTORY,
    SLOT_SCORE,
    SLOT_POSITION,
    SLOT_ORDERS,
    N_SLOTS = SLOT_ORDERS,
    SLOT_HANDLER
};

struct box {
    lua_State *lua;
    size_t max_steps, max_bytes;
    size_t steps, bytes, churn; /* since the call began; held now; allocated since the call began */
    double deadline;            /* clock_seconds() */
    enum script_stop stop;
    int stop_line;

    struct program *program; /* being declared to; NULL in a replay */
    const struct program *of;
    struct given_param *given;
    size_t n_given;
    bool needs_model; /* use_scores() was called */
    bool at_top;      /* the script's own level is running, not on_bar */
    size_t next_param, next_feature;
    char (*feature)[GW_FEATURE_NAME_MAX]; /* declared so far */
    size_t n_features;

    /* In a replay. */
    const struct gw_strategy_config *config;
    struct gw_strategy_setting setting;
    const struct gw_bar_event *event;
    struct gw_order_sink *orders;
    struct inputs *inputs; /* [n_symbols] */
    struct gw_rng rng;
    bool rng_keyed;
};
static inline struct box *box_of(lua_State *lua) { return *(struct box **)lua_getextraspace(lua); }

/* Opens the box around a script and runs its own level. GW_ERR_CONFIG: "mine.lua:3: …". */
int box_open(struct box *box, const struct program *program, size_t max_steps, size_t max_bytes) GW_MUST_USE;
void box_close(struct box *box);
/* Calls what lies on the stack below n arguments, within the limits. GW_ERR_CONFIG: "mine.lua:3: …", and nothing is left of
 * it. `handler`: slot of box_handler, 0 for none. */
int box_call(struct box *box, int n_arguments, int n_results, int handler) GW_MUST_USE;
/* One of our own functions, in the same way: anything that may take memory of Lua's has to run so. */
int box_run(struct box *box, lua_CFunction function, int n_results) GW_MUST_USE;
/* The value on top must be nil, and goes. */
int box_wants_nothing(struct box *box, const char *of) GW_MUST_USE;
/* Errors out of our own Lua code are told as the script's that called it. */
int box_handler(lua_State *lua);
/* Raises "mine.lua:12: message" from inside a function that the script called. */
int box_raise(lua_State *lua, const char *format, ...) GW_PRINTF_LIKE(2, 3);
/* Takes n steps off what is left, for functions whose time is not one step's. */
void box_charge(lua_State *lua, size_t n);
/* A number argument. */
double box_number(lua_State *lua, int index, const char *of);

void box_put_language(lua_State *lua); /* script_language.c: the globals */
void box_put_declare(lua_State *lua);  /* script_declare.c: parameter, feature, use_scores */
void box_put_history(lua_State *lua);  /* script_history.c: history's functions into the table on top */
void box_put_orders(lua_State *lua);   /* script_orders.c: orders' functions into the table on top */

#endif
