/* rules: what the experiment says in words such as "enter_long": "rsi(14) < 30 and position == 0".
 *
 * At each close: a position whose exit rule holds is closed. An entry whose rule holds is put when that side is not held
 * and nothing waits; a position of the other side is closed for it, so a reversal fills at one open. When both entries
 * hold, neither is taken. Stop, target and trail are fractions of the entry price, limit and trigger are prices; a value
 * that is not known yet (NaN) means no entry, 0 means none of it. A limit or trigger waits good_bars bars, 1 if nothing is
 * said: as long as the rule holds it is put anew. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "own/rule.h"
#include "parts.h"
#include "strategies.h"

struct rules_state {
    const struct program *program;
    struct inputs inputs;
    struct rule_scene scene;
};

static int rules_open(void *memory, const struct gw_strategy_config *config,
                      const struct gw_strategy_setting *setting) {
    struct rules_state *state = memory;
    state->program = config->program;
    if (!state->program)
        FAIL(GW_ERR_CONFIG, "strategy rules: no rules are given; give \"enter_long\" or \"enter_short\"");
    const struct rule_book *book = state->program->rules;
    state->scene.ring = mem_calloc(book->ring_size + 1, sizeof(double));
    state->scene.tapped = mem_calloc(book->n_taps + 1, sizeof(double));
    if (!state->scene.ring || !state->scene.tapped) return GW_ERR_NOMEM;
    TRY(inputs_open(&state->inputs, state->program->set, setting->interval_ns));
    state->scene.feature = state->inputs.row;
    return GW_OK;
}

static void rules_close(void *memory) {
    struct rules_state *state = memory;
    inputs_close(&state->inputs);
    mem_free(state->scene.ring);
    mem_free(state->scene.tapped);
}

/* ---- what rules see ----------------------------------------------------------------------------------- */

static void see_bar(struct rules_state *state, const struct gw_bar *bar) {
    const struct rule_book *book = state->program->rules;
    double *variable = state->scene.variable;
    variable[VAR_OPEN] = bar->open;
    variable[VAR_HIGH] = bar->high;
    variable[VAR_LOW] = bar->low;
    variable[VAR_CLOSE] = bar->close;
    variable[VAR_VOLUME] = bar->volume;
    if (!book->used[VAR_HOUR] && !book->used[VAR_WEEKDAY]) return;
    int year, month, day, second, weekday;
    time_to_civil(bar->open_ns + state->inputs.interval_ns, &year, &month, &day, &second, &weekday);
    variable[VAR_HOUR] = (double)(second / 3600);
    variable[VAR_WEEKDAY] = (double)weekday;
}

/* A bar of before the first that is traded: nothing is held and no model has spoken. */
static void see_past(void *who, const struct gw_bar *bar) {
    struct rules_state *state = who;
    see_bar(state, bar);
    state->scene.variable[VAR_BAR] = (double)(state->inputs.n_seen + 1);
    if (state->program->rules->n_taps) rule_run_taps(state->program->rules, &state->scene);
}

static void see_position(double *variable, const struct gw_position_view *position) {
    variable[VAR_POSITION] = position->quantity;
    variable[VAR_ENTRY_PRICE] = position->quantity != 0 ? position->entry_price : NAN;
    variable[VAR_BARS_HELD] = (double)position->bars_held;
    variable[VAR_PENDING] = position->pending;
}

static void see_now(struct rules_state *state, const struct gw_bar_event *event) {
    double *variable = state->scene.variable;
    variable[VAR_BAR] = (double)event->history.n;
    for (int g = 0; g < GW_N_GATES; g++) {
        const struct gw_score *score = event->score;
        variable[g == GW_GATE_LONG ? VAR_P_LONG : VAR_P_SHORT] = score ? (double)score->p[g] : NAN;
        variable[g == GW_GATE_LONG ? VAR_TAU_LONG : VAR_TAU_SHORT] = score ? (double)score->tau[g] : NAN;
    }
    see_position(variable, &event->position);
    variable[VAR_MIN_MOVE] = event->min_move;
}

/* The bars up to this one; of the newest, scores and position are known before its taps are reckoned. */
static void see(struct rules_state *state, const struct gw_bar_event *event) {
    const bool taps = state->program->rules->n_taps > 0;
    if (state->inputs.n_seen + 1 < event->history.n) {
        struct gw_history past = event->history;
        static const enum rule_variable unknown[] = {VAR_P_LONG,    VAR_P_SHORT,     VAR_TAU_LONG,
                                                     VAR_TAU_SHORT, VAR_ENTRY_PRICE, VAR_MIN_MOVE};
        for (size_t i = 0; i < COUNT_OF(unknown); i++) state->scene.variable[unknown[i]] = NAN;
        past.n--, past.last--;
        if (past.quote_volume) past.quote_volume--;
        if (past.trade_count) past.trade_count--;
        if (past.taker_buy_base) past.taker_buy_base--;
        inputs_update(&state->inputs, &past, taps ? see_past : NULL, state);
    }
    see_now(state, event);
    see_bar(state, event->history.last);
    inputs_update(&state->inputs, &event->history, NULL, NULL);
    state->inputs.n_seen = event->history.n; /* without features nobody counts */
    if (taps) rule_run_taps(state->program->rules, &state->scene);
}

/* ---- orders -------------------------------------------------------------------------------------------- */

static bool holds_in(const struct rule_book *book, const struct rule_scene *scene, enum rule rule) {
    return book->rule[rule].n && rule_run(book, book->rule[rule], scene) != 0;
}

static bool holds(const struct rules_state *state, enum rule rule) {
    return holds_in(state->program->rules, &state->scene, rule);
}

/* A distance given where a price is asked for would be a limit at next to nothing: the largest position there is. */
static bool is_price(const struct gw_bar_event *event, enum rule rule, double x, struct gw_order_sink *orders) {
    const double close = event->history.last->close;
    char when[40];
    if (x <= 0 || (x > close / 10 && x < close * 10)) return true;
    gw_order_fail(orders,
                  gw_error_set(GW_ERR_CONFIG,
                               "rule %s: comes to %g at the close of %s, which was %g; it must be a price, as in "
                               "\"close * 0.995\"",
                               rule_name[rule], x, time_format(event->close_ns, when), close));
    return false;
}

/* False: not known, so no entry. A value that makes no sense ends the replay. */
static bool value(const struct rules_state *state, const struct gw_bar_event *event, enum rule rule, double most,
                  struct gw_order_sink *orders, double *out) {
    const struct rule_book *book = state->program->rules;
    char when[40];
    *out = 0;
    if (!book->rule[rule].n) return true;
    const double x = rule_run(book, book->rule[rule], &state->scene);
    if (isnan(x)) return false;
    *out = x;
    if (x >= 0 && x < most) return true;
    gw_order_fail(orders, gw_error_set(GW_ERR_CONFIG, "rule %s: comes to %g at the close of %s; it must be %s",
                                       rule_name[rule], x, time_format(event->close_ns, when),
                                       most < INFINITY ? "a fraction of the entry price, 0 for none" : "0 or more"));
    return false;
}

static void enter(const struct rules_state *state, const struct gw_strategy_config *config,
                  const struct gw_bar_event *event, int side, struct gw_order_sink *orders) {
    double size, good, bars;
    struct gw_order order = {.symbol = event->symbol, .side = side > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT};
    order.probability = event->score ? event->score->p[side > 0 ? GW_GATE_LONG : GW_GATE_SHORT] : NAN;
    if (!value(state, event, RULE_STOP, side > 0 ? 1 : INFINITY, orders, &order.stop) ||
        !value(state, event, RULE_TARGET, side > 0 ? INFINITY : 1, orders, &order.target) ||
        !value(state, event, RULE_TRAIL, 1, orders, &order.trail_stop) ||
        !value(state, event, RULE_LIMIT, INFINITY, orders, &order.limit_price) ||
        !value(state, event, RULE_TRIGGER, INFINITY, orders, &order.stop_price) ||
        !value(state, event, RULE_GOOD_BARS, INFINITY, orders, &good) ||
        !value(state, event, RULE_MAX_BARS, INFINITY, orders, &bars) ||
        !value(state, event, RULE_SIZE, INFINITY, orders, &size))
        return;
    if (!is_price(event, RULE_LIMIT, order.limit_price, orders) ||
        !is_price(event, RULE_TRIGGER, order.stop_price, orders))
        return;
    const bool limit = order.limit_price > 0, trigger = order.stop_price > 0;
    order.kind = limit && trigger ? GW_ORDER_STOP_LIMIT
                 : limit          ? GW_ORDER_LIMIT
                 : trigger        ? GW_ORDER_STOP
                                  : GW_ORDER_MARKET;
    order.max_bars = (size_t)fmin(bars, 1e9);
    if (limit || trigger) {
        order.time_in_force = GW_TIF_BARS;
        order.good_bars = (size_t)fmax(1, fmin(good, 1e9));
    }
    const bool sized = state->program->rules->rule[RULE_SIZE].n > 0;
    order.size = size;
    if (sized ? !(size > 0) : !entry_size(config, event, &order)) return;
    if (event->position.quantity * side < 0) close_position(event, orders);
    gw_order_put(orders, &order);
}

/* Whether a position of this side can be closed at a close at all: by its rule, or by an entry of the other side. */
static bool closes(const struct rule_book *book, const struct gw_strategy_config *config, enum gw_side side) {
    const bool is_long = side == GW_SIDE_LONG;
    const bool turns = book->rule[RULE_ENTER_LONG].n && book->rule[RULE_ENTER_SHORT].n;
    return book->rule[is_long ? RULE_EXIT_LONG : RULE_EXIT_SHORT].n ||
           (turns && (is_long ? config->trade_short : config->trade_long));
}

/* Whether an entry that holds could be put. */
static bool all_known(const struct rule_book *book, const struct rule_scene *scene) {
    for (int r = N_CONDITIONS; r < N_RULES; r++) {
        const double x = book->rule[r].n ? rule_run(book, book->rule[r], scene) : 1;
        if (isnan(x) || (r == RULE_SIZE && !(x > 0))) return false;
    }
    return true;
}

/* What on_bar would do with a position of this side. */
static bool would_close(const struct rule_book *book, const struct gw_strategy_config *config,
                        const struct rule_scene *scene, enum gw_side side) {
    const bool held_long = side == GW_SIDE_LONG;
    if (holds_in(book, scene, held_long ? RULE_EXIT_LONG : RULE_EXIT_SHORT)) return true;
    const bool is_long = holds_in(book, scene, RULE_ENTER_LONG), is_short = holds_in(book, scene, RULE_ENTER_SHORT);
    if (is_long == is_short || is_long == held_long) return false;
    return (is_long ? config->trade_long : config->trade_short) && all_known(book, scene);
}

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    struct rules_state *state = memory;
    see(state, event);
    const double held = event->position.quantity;
    if (event->position.pending) return;
    if (held != 0 && holds(state, held > 0 ? RULE_EXIT_LONG : RULE_EXIT_SHORT)) {
        close_position(event, orders);
        return;
    }
    const bool is_long = holds(state, RULE_ENTER_LONG), is_short = holds(state, RULE_ENTER_SHORT);
    if (is_long == is_short) return;
    const int side = is_long ? 1 : -1;
    if (held * side > 0 || !(side > 0 ? config->trade_long : config->trade_short)) return;
    enter(state, config, event, side, orders);
}

/* ---- what PnL@K asks -------------------------------------------------------------------------------------- */

/* 0: not given. False: not known, or what no entry could have. */
static bool exit_value(const struct rules_state *state, enum rule rule, double most, double *out) {
    const struct rule_book *book = state->program->rules;
    *out = book->rule[rule].n ? rule_run(book, book->rule[rule], &state->scene) : 0;
    return *out >= 0 && *out < most;
}

/* Whoever says nothing of it is left after the horizon. */
static bool exits(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                  enum gw_side side, struct gw_exits *out) {
    struct rules_state *state = memory;
    const struct rule_book *book = state->program->rules;
    double bars;
    if (state->inputs.n_seen < event->history.n) see(state, event);
    if (!book->rule[RULE_STOP].n && !book->rule[RULE_TARGET].n && !book->rule[RULE_TRAIL].n &&
        !book->rule[RULE_MAX_BARS].n && !closes(book, config, side))
        return false;
    *out = (struct gw_exits){.max_bars = config->horizon};
    if (!exit_value(state, RULE_STOP, side > 0 ? 1 : INFINITY, &out->stop) ||
        !exit_value(state, RULE_TARGET, side > 0 ? INFINITY : 1, &out->target) ||
        !exit_value(state, RULE_TRAIL, 1, &out->trail) || !exit_value(state, RULE_MAX_BARS, 1e9, &bars))
        return false;
    if (bars > 0) out->max_bars = (size_t)bars;
    return true;
}

/* Without a word of the position two truth values are all: whether a long is closed, whether a short is. Else everything that
 * rules see is kept, and they are asked again for each position. */
static bool asks_position(const struct rule_book *book) {
    for (int r = 0; r < N_RULES; r++)
        if (rule_reads_position(book, book->rule[r])) return true;
    return false;
}

static size_t leave_values(const struct gw_strategy_config *config) {
    const struct program *program = config->program;
    const struct rule_book *book = program ? program->rules : NULL;
    if (!book || (!closes(book, config, GW_SIDE_LONG) && !closes(book, config, GW_SIDE_SHORT))) return 0;
    return asks_position(book) ? (size_t)N_RULE_VARIABLES + book->n_features + book->n_taps : 2;
}

static void look(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                 double *value) {
    struct rules_state *state = memory;
    const struct rule_book *book = state->program->rules;
    see(state, event);
    if (!asks_position(book)) {
        value[0] = would_close(book, config, &state->scene, GW_SIDE_LONG);
        value[1] = would_close(book, config, &state->scene, GW_SIDE_SHORT);
        return;
    }
    memcpy(value, state->scene.variable, sizeof state->scene.variable);
    for (size_t i = 0; i < book->n_features; i++) value[N_RULE_VARIABLES + i] = (double)state->scene.feature[i];
    for (size_t i = 0; i < book->n_taps; i++) value[N_RULE_VARIABLES + book->n_features + i] = state->scene.tapped[i];
}

static bool leaves(const struct gw_strategy_config *config, const double *value,
                   const struct gw_position_view *position) {
    const struct program *program = config->program;
    const struct rule_book *book = program->rules;
    const enum gw_side side = position->quantity > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT;
    if (!asks_position(book)) return value[side == GW_SIDE_SHORT] != 0;
    float feature[PROGRAM_FEATURES_MAX];
    double tapped[RULE_TAPS_MAX];
    struct rule_scene scene = {.feature = feature, .tapped = tapped};
    memcpy(scene.variable, value, sizeof scene.variable);
    for (size_t i = 0; i < book->n_features; i++) feature[i] = (float)value[N_RULE_VARIABLES + i];
    memcpy(tapped, value + N_RULE_VARIABLES + book->n_features, book->n_taps * sizeof *tapped);
    see_position(scene.variable, position);
    return would_close(book, config, &scene, side);
}

#define RULES(model)                                                                                                   \
    {                                                                                                                  \
        .name = "rules", .help = "what the experiment's own rules say: enter_long, exit_long, stop …",                 \
        .needs_model = model, .exits = exits, .leave_values = leave_values, .look = look, .leaves = leaves,            \
        .on_bar = on_bar, .per_symbol_state_size = sizeof(struct rules_state), .open = rules_open,                     \
        .close = rules_close                                                                                           \
    }
const struct gw_strategy_desc strategy_rules = RULES(false);
const struct gw_strategy_desc strategy_rules_scored = RULES(true);
