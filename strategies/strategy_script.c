/* script: a Lua script of the user's, whose on_bar(bar, history, score, position, orders) is called at every close. One Lua
 * for all symbols of a replay, so a script may keep what it likes between bars. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/base.h"
#include "own/script.h"
#include "strategies.h"

#define SCRIPT(kind, field, ...) GW_##kind##_PARAM(struct script_params, field, __VA_ARGS__)
static const struct gw_param params[] = {
    SCRIPT(SIZE, max_steps, "instructions", 1e6, 1000, 1e10, "script: in one call of on_bar; then it is stopped"),
    SCRIPT(NUMBER, max_memory_mb, "MB", 64, 1, 65536, "script: all that it holds; then it is stopped"),
};

/* What a script may name of its arguments. A name that stands nowhere in the text need not be set at every bar. */
enum field {
    BAR_OPEN,
    BAR_HIGH,
    BAR_LOW,
    BAR_CLOSE,
    BAR_VOLUME,
    BAR_TIME,
    BAR_MIN_MOVE,
    BAR_INDEX,
    POSITION_QUANTITY,
    POSITION_ENTRY_PRICE,
    POSITION_BARS_HELD,
    POSITION_PENDING,
    SCORE_P_LONG,
    SCORE_P_SHORT,
    SCORE_TAU_LONG,
    SCORE_TAU_SHORT,
    N_FIELDS
};
static const char *const field_name[N_FIELDS] = {
    "open",     "high",        "low",       "close",   "volume", "time",    "min_move", "index",
    "quantity", "entry_price", "bars_held", "pending", "p_long", "p_short", "tau_long", "tau_short"};

struct script_state {
    struct box box;
    bool named[N_FIELDS];
    struct gw_position_view told; /* what position says */
    uint32_t told_symbol;
    bool told_any;
};

/* What lies at the bottom of the stack from now on. */
static int make_slots(lua_State *lua) {
    lua_getglobal(lua, "on_bar");
    for (int slot = SLOT_BAR; slot <= N_SLOTS; slot++) lua_createtable(lua, 0, 12);
    lua_pushcclosure(lua, box_handler, 0);
    lua_pushvalue(lua, SLOT_HISTORY);
    box_put_history(lua);
    lua_settop(lua, -2);
    lua_pushvalue(lua, SLOT_ORDERS);
    box_put_orders(lua);
    lua_settop(lua, -2);
    return SLOT_HANDLER;
}

/* Whoever goes through a table, or makes names out of pieces, may meet any of them. */
static void find_names(struct script_state *state, const struct program *program) {
    static const char *const any[] = {"pairs", "next", "concat", "..", "\\", "symbol"};
    bool all = strlen(program->text) != program->length;
    for (size_t i = 0; i < COUNT_OF(any); i++) all |= strstr(program->text, any[i]) != NULL;
    for (size_t i = 0; i < N_FIELDS; i++) state->named[i] = all || strstr(program->text, field_name[i]) != NULL;
}

static int script_open(void *memory, const struct gw_strategy_config *config,
                       const struct gw_strategy_setting *setting) {
    struct script_state *state = memory;
    struct box *box = &state->box;
    const struct program *program = config->program;
    const struct script_params *own = gw_strategy_own(config);
    if (!program) FAIL(GW_ERR_CONFIG, "strategy script: no script is given; give \"script\": \"mine.lua\"");
    find_names(state, program);
    box->config = config;
    box->setting = *setting;
    box->inputs = mem_calloc(setting->n_symbols, sizeof *box->inputs);
    box->feature = mem_calloc(PROGRAM_FEATURES_MAX + 1, sizeof *box->feature);
    if (!box->inputs || !box->feature) return GW_ERR_NOMEM;
    for (size_t s = 0; s < setting->n_symbols; s++)
        TRY(inputs_open(&box->inputs[s], program->set, setting->interval_ns));
    TRY(box_open(box, program, own->max_steps, (size_t)(own->max_memory_mb * (1 << 20))));
    lua_settop(box->lua, 0);
    TRY(box_run(box, make_slots, SLOT_HANDLER));
    box->at_top = false;
    return GW_OK;
}

static void script_close(void *memory) {
    struct script_state *state = memory;
    struct box *box = &state->box;
    for (size_t s = 0; box->inputs && s < box->setting.n_symbols; s++) inputs_close(&box->inputs[s]);
    mem_free(box->inputs);
    box_close(box);
}

/* ---- what a script sees ---------------------------------------------------------------------------------- */

static void set(struct script_state *state, int slot, enum field field, double value) {
    if (!state->named[field]) return;
    lua_pushnumber(state->box.lua, value);
    lua_setfield(state->box.lua, slot, field_name[field]);
}

static void set_whole(struct script_state *state, int slot, enum field field, size_t value) {
    if (!state->named[field]) return;
    lua_pushinteger(state->box.lua, (lua_Integer)value);
    lua_setfield(state->box.lua, slot, field_name[field]);
}

static void show_bar(struct script_state *state, const struct gw_bar_event *event) {
    const struct gw_bar *bar = event->history.last;
    set(state, SLOT_BAR, BAR_OPEN, bar->open);
    set(state, SLOT_BAR, BAR_HIGH, bar->high);
    set(state, SLOT_BAR, BAR_LOW, bar->low);
    set(state, SLOT_BAR, BAR_CLOSE, bar->close);
    set(state, SLOT_BAR, BAR_VOLUME, bar->volume);
    set(state, SLOT_BAR, BAR_TIME, (double)event->close_ns / (double)NS_PER_SECOND);
    set(state, SLOT_BAR, BAR_MIN_MOVE, event->min_move);
    set_whole(state, SLOT_BAR, BAR_INDEX, event->history.n);
    if (state->told_any && state->told_symbol == event->symbol) return;
    lua_pushstring(state->box.lua, state->box.setting.symbol[event->symbol]);
    lua_setfield(state->box.lua, SLOT_BAR, "symbol");
    state->told_symbol = event->symbol;
}

/* Most bars change little of it. */
static void show_position(struct script_state *state, const struct gw_bar_event *event) {
    const struct gw_position_view now = event->position, *told = &state->told;
    const bool all = !state->told_any;
    if (all || now.quantity != told->quantity) set(state, SLOT_POSITION, POSITION_QUANTITY, now.quantity);
    if (all || now.entry_price != told->entry_price) set(state, SLOT_POSITION, POSITION_ENTRY_PRICE, now.entry_price);
    if (all || now.bars_held != told->bars_held) set_whole(state, SLOT_POSITION, POSITION_BARS_HELD, now.bars_held);
    if ((all || now.pending != told->pending) && state->named[POSITION_PENDING]) {
        lua_pushboolean(state->box.lua, now.pending);
        lua_setfield(state->box.lua, SLOT_POSITION, field_name[POSITION_PENDING]);
    }
    state->told = now;
}

static void show_score(struct script_state *state, const struct gw_score *score) {
    set(state, SLOT_SCORE, SCORE_P_LONG, (double)score->p[GW_GATE_LONG]);
    set(state, SLOT_SCORE, SCORE_P_SHORT, (double)score->p[GW_GATE_SHORT]);
    set(state, SLOT_SCORE, SCORE_TAU_LONG, (double)score->tau[GW_GATE_LONG]);
    set(state, SLOT_SCORE, SCORE_TAU_SHORT, (double)score->tau[GW_GATE_SHORT]);
}

/* Filling the tables may take memory of Lua's, so it happens inside of the guarded call. The arguments are the slots. */
static int show_and_call(lua_State *lua) {
    struct script_state *state = (struct script_state *)box_of(lua); /* whose first member the box is */
    const struct gw_bar_event *event = state->box.event;
    show_bar(state, event);
    show_position(state, event);
    if (event->score) show_score(state, event->score);
    state->told_any = true;
    if (!event->score) {
        lua_pushnil(lua);
        lua_copy(lua, -1, SLOT_SCORE);
        lua_settop(lua, -2);
    }
    lua_callk(lua, N_SLOTS - 1, 1, 0, NULL);
    return 1;
}

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    struct script_state *state = memory;
    struct box *box = &state->box;
    (void)config;
    box->event = event;
    box->orders = orders;
    box->rng_keyed = false;
    inputs_update(&box->inputs[event->symbol], &event->history, NULL, NULL);
    lua_pushcclosure(box->lua, show_and_call, 0);
    for (int slot = 1; slot <= N_SLOTS; slot++) lua_pushvalue(box->lua, slot);
    int rc = box_call(box, N_SLOTS, 1, SLOT_HANDLER);
    if (rc == GW_OK) rc = box_wants_nothing(box, "on_bar");
    box->event = NULL;
    if (rc == GW_OK) return;
    char why[900], time[40];
    snprintf(why, sizeof why, "%s", gw_error_message());
    gw_order_fail(orders, gw_error_set(rc, "%s (%s, at the close of %s)", why, box->setting.symbol[event->symbol],
                                       time_format(event->close_ns, time)));
}

#define DESC(model)                                                                                                    \
    {                                                                                                                  \
        .name = "script", .help = "a Lua script of your own: its on_bar is called at every close",                     \
        .own = GW_PARAM_TABLE(params), .needs_model = model, .on_bar = on_bar,                                         \
        .state_size = sizeof(struct script_state), .open = script_open, .close = script_close                          \
    }
const struct gw_strategy_desc strategy_script = DESC(false);
const struct gw_strategy_desc strategy_script_scored = DESC(true);
