/* script: a Lua script of the user's, whose on_bar(bar, history, score, position, orders) is called at every close. One Lua
 * for all symbols of a replay, so a script may keep what it likes between bars. */
#include <math.h>
#include <stdio.h>

#include "engine/base/base.h"
#include "own/script.h"
#include "strategies.h"

#define SCRIPT(kind, field, ...) GW_##kind##_PARAM(struct script_params, field, __VA_ARGS__)
static const struct gw_param params[] = {
    SCRIPT(SIZE, max_steps, "instructions", 1e6, 1000, 1e10, "script: in one call of on_bar; then it is stopped"),
    SCRIPT(NUMBER, max_memory_mb, "MB", 64, 1, 65536, "script: all that it holds; then it is stopped"),
};

struct script_state {
    struct box box;
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

static int script_open(void *memory, const struct gw_strategy_config *config,
                       const struct gw_strategy_setting *setting) {
    struct script_state *state = memory;
    struct box *box = &state->box;
    const struct program *program = config->program;
    const struct script_params *own = gw_strategy_own(config);
    if (!program) FAIL(GW_ERR_CONFIG, "strategy script: no script is given; give \"script\": \"mine.lua\"");
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

static void set(lua_State *lua, int slot, const char *name, double value) {
    lua_pushnumber(lua, value);
    lua_setfield(lua, slot, name);
}

static void show_bar(struct script_state *state, const struct gw_bar_event *event) {
    lua_State *lua = state->box.lua;
    const struct gw_bar *bar = event->history.last;
    set(lua, SLOT_BAR, "open", bar->open);
    set(lua, SLOT_BAR, "high", bar->high);
    set(lua, SLOT_BAR, "low", bar->low);
    set(lua, SLOT_BAR, "close", bar->close);
    set(lua, SLOT_BAR, "volume", bar->volume);
    set(lua, SLOT_BAR, "time", (double)event->close_ns / (double)NS_PER_SECOND);
    set(lua, SLOT_BAR, "min_move", event->min_move);
    lua_pushinteger(lua, (lua_Integer)event->history.n);
    lua_setfield(lua, SLOT_BAR, "index");
    if (state->told_any && state->told_symbol == event->symbol) return;
    lua_pushstring(lua, state->box.setting.symbol[event->symbol]);
    lua_setfield(lua, SLOT_BAR, "symbol");
    state->told_symbol = event->symbol;
}

/* Most bars change nothing of it. */
static void show_position(struct script_state *state, const struct gw_bar_event *event) {
    lua_State *lua = state->box.lua;
    const struct gw_position_view now = event->position, *told = &state->told;
    if (state->told_any && now.quantity == told->quantity && now.entry_price == told->entry_price &&
        now.bars_held == told->bars_held && now.pending == told->pending)
        return;
    set(lua, SLOT_POSITION, "quantity", now.quantity);
    set(lua, SLOT_POSITION, "entry_price", now.entry_price);
    lua_pushinteger(lua, (lua_Integer)now.bars_held);
    lua_setfield(lua, SLOT_POSITION, "bars_held");
    lua_pushboolean(lua, now.pending);
    lua_setfield(lua, SLOT_POSITION, "pending");
    state->told = now;
}

static void show_score(lua_State *lua, const struct gw_score *score) {
    set(lua, SLOT_SCORE, "p_long", (double)score->p[GW_GATE_LONG]);
    set(lua, SLOT_SCORE, "p_short", (double)score->p[GW_GATE_SHORT]);
    set(lua, SLOT_SCORE, "tau_long", (double)score->tau[GW_GATE_LONG]);
    set(lua, SLOT_SCORE, "tau_short", (double)score->tau[GW_GATE_SHORT]);
}

/* Filling the tables may take memory of Lua's, so it happens inside of the guarded call. The arguments are the slots. */
static int show_and_call(lua_State *lua) {
    struct script_state *state = (struct script_state *)box_of(lua); /* whose first member the box is */
    const struct gw_bar_event *event = state->box.event;
    show_bar(state, event);
    show_position(state, event);
    if (event->score) show_score(lua, event->score);
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
