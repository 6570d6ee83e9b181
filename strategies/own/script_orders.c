/* orders: every order the desk knows. Its fields are those of struct gw_order.
 *
 *   orders.buy{size = 0.5, stop = 0.01, target = 0.02, max_bars = 24}
 *   local id = orders.sell{kind = "limit", limit_price = bar.close * 1.001, time_in_force = "bars", good_bars = 3}
 *   orders.close()   orders.cancel(id)   orders.replace(id, {limit_price = …})   orders.get(id).state */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "script.h"
#include "strategies/parts.h"

enum field_type {
    FIELD_NUMBER,
    FIELD_COUNT,
    FIELD_ID,
    FIELD_BOOL,
    FIELD_PROBABILITY,
    FIELD_KIND,
    FIELD_TIF,
    FIELD_SYMBOL
};
static const struct field {
    const char *name;
    enum field_type type;
    size_t offset;
} fields[] = {
#define FIELD(name, type)                                                                                              \
    { #name, type, offsetof(struct gw_order, name) }
    FIELD(kind, FIELD_KIND),
    FIELD(symbol, FIELD_SYMBOL),
    FIELD(size, FIELD_NUMBER),
    FIELD(notional, FIELD_NUMBER),
    FIELD(quantity, FIELD_NUMBER),
    FIELD(limit_price, FIELD_NUMBER),
    FIELD(stop_price, FIELD_NUMBER),
    FIELD(trail, FIELD_NUMBER),
    FIELD(trail_distance, FIELD_NUMBER),
    FIELD(time_in_force, FIELD_TIF),
    FIELD(good_bars, FIELD_COUNT),
    FIELD(reduce_only, FIELD_BOOL),
    FIELD(oco, FIELD_ID),
    FIELD(stop, FIELD_NUMBER),
    FIELD(target, FIELD_NUMBER),
    FIELD(trail_stop, FIELD_NUMBER),
    FIELD(trail_stop_distance, FIELD_NUMBER),
    FIELD(max_bars, FIELD_COUNT),
    FIELD(probability, FIELD_PROBABILITY),
};
static const char *const tif_name[] = {"gtc", "day", "ioc", "bars"};

static struct box *in_bar(lua_State *lua, const char *what) {
    struct box *box = box_of(lua);
    if (!box->event) box_raise(lua, "orders.%s is for on_bar", what);
    return box;
}

/* ---- an order from a table --------------------------------------------------------------------------- */

static int word_of(lua_State *lua, const char *field, const char *const *word, size_t n) {
    const char *text = lua_type(lua, -1) == LUA_TSTRING ? lua_tolstring(lua, -1, NULL) : "";
    for (size_t i = 0; i < n; i++)
        if (strcmp(text, word[i]) == 0) return (int)i;
    char all[200] = "";
    for (size_t i = 0; i < n; i++) {
        if (i) strcat(all, ", ");
        strcat(all, word[i]);
    }
    return box_raise(lua, "%s must be one of %s", field, all);
}

static double number_of(lua_State *lua, const struct field *field) {
    char what[60];
    snprintf(what, sizeof what, "the order's %s", field->name);
    return box_number(lua, -1, what);
}

static uint64_t count_of(lua_State *lua, const struct field *field) {
    const double number = number_of(lua, field);
    if (!(number >= 0 && number < 1e15 && number == floor(number)))
        box_raise(lua, "the order's %s must be a whole number, 0 or more", field->name);
    return (uint64_t)number;
}

static uint32_t symbol_of(lua_State *lua, const struct box *box) {
    if (lua_type(lua, -1) != LUA_TSTRING) box_raise(lua, "the order's symbol must be a symbol's name");
    const char *name = lua_tolstring(lua, -1, NULL);
    for (size_t s = 0; s < box->setting.n_symbols; s++)
        if (strcmp(box->setting.symbol[s], name) == 0) return (uint32_t)s;
    return (uint32_t)box_raise(lua, "there is no symbol \"%.60s\"", name);
}

/* The field's value is on top. */
static void set_field(lua_State *lua, const struct box *box, const struct field *field, struct gw_order *order) {
    void *at = (char *)order + field->offset;
    switch (field->type) {
    case FIELD_NUMBER:
        *(double *)at = number_of(lua, field);
        if (!isfinite(*(double *)at)) box_raise(lua, "the order's %s is not a finite number", field->name);
        break;
    case FIELD_COUNT:
        *(size_t *)at = count_of(lua, field);
        break;
    case FIELD_ID:
        *(uint64_t *)at = count_of(lua, field);
        break;
    case FIELD_BOOL:
        if (lua_type(lua, -1) != LUA_TBOOLEAN) box_raise(lua, "the order's %s must be true or false", field->name);
        *(bool *)at = lua_toboolean(lua, -1);
        break;
    case FIELD_PROBABILITY:
        *(float *)at = (float)number_of(lua, field);
        break;
    case FIELD_KIND:
        *(enum gw_order_kind *)at =
            (enum gw_order_kind)word_of(lua, "the order's kind", gw_order_kind_name, GW_ORDER_CLOSE);
        break;
    case FIELD_TIF:
        *(enum gw_time_in_force *)at =
            (enum gw_time_in_force)word_of(lua, "the order's time_in_force", tif_name, COUNT_OF(tif_name));
        break;
    case FIELD_SYMBOL:
        *(uint32_t *)at = symbol_of(lua, box);
        break;
    }
}

static void check_known(lua_State *lua, int table, size_t n_read) {
    size_t n = 0;
    const char *known[COUNT_OF(fields)], *worst = NULL;
    for (lua_pushnil(lua); lua_next(lua, table); lua_settop(lua, -2)) {
        n++;
        if (lua_type(lua, -2) != LUA_TSTRING)
            box_raise(lua, "an order is told by names: orders.buy{size = 1, stop = 0.01}");
        const char *name = lua_tolstring(lua, -2, NULL);
        size_t k = 0;
        while (k < COUNT_OF(fields) && strcmp(fields[k].name, name) != 0) k++;
        if (k == COUNT_OF(fields) && (!worst || strcmp(name, worst) < 0)) worst = name; /* whatever the table's order */
    }
    if (n == n_read && !worst) return;
    for (size_t k = 0; k < COUNT_OF(fields); k++) known[k] = fields[k].name;
    const char *near = nearest_word(worst ? worst : "", known, COUNT_OF(fields));
    box_raise(lua, "an order has no \"%.60s\"%s%s%s", worst ? worst : "?", near ? "; did you mean \"" : "",
              near ? near : "", near ? "\"?" : "");
}

/* Absent fields keep what `order` holds. */
static void read_order(lua_State *lua, int table, const char *what, struct gw_order *order) {
    const struct box *box = in_bar(lua, what);
    size_t n_read = 0;
    if (lua_type(lua, table) == LUA_TNONE || lua_type(lua, table) == LUA_TNIL) return;
    if (lua_type(lua, table) != LUA_TTABLE)
        box_raise(lua, "orders.%s: a table such as {size = 1} is wanted, not %s", what,
                  lua_typename(lua, lua_type(lua, table)));
    for (size_t k = 0; k < COUNT_OF(fields); k++) {
        lua_pushstring(lua, fields[k].name);
        if (lua_rawget(lua, table) != LUA_TNIL) {
            n_read++;
            set_field(lua, box, &fields[k], order);
        }
        lua_settop(lua, -2);
    }
    check_known(lua, table, n_read);
}

/* ---- the functions --------------------------------------------------------------------------------------- */

static int put(lua_State *lua, enum gw_side side, const char *what) {
    struct box *box = in_bar(lua, what);
    struct gw_order order = {
        .symbol = box->event->symbol, .side = side, .size = NAN, .notional = NAN, .quantity = NAN, .probability = NAN};
    if (box->event->score) order.probability = box->event->score->p[side > 0 ? GW_GATE_LONG : GW_GATE_SHORT];
    read_order(lua, 1, what, &order);
    const bool sized = !isnan(order.size) || !isnan(order.notional) || !isnan(order.quantity) || order.reduce_only;
    if (isnan(order.size)) order.size = 0;
    if (isnan(order.notional)) order.notional = 0;
    if (isnan(order.quantity)) order.quantity = 0;
    if (!sized && !entry_size(box->config, box->event, &order)) {
        lua_pushnil(lua); /* worth nothing by trading.sizing */
        return 1;
    }
    const uint64_t id = gw_order_put(box->orders, &order);
    if (!id) return box_raise(lua, "%s", gw_error_message());
    lua_pushinteger(lua, (lua_Integer)id);
    return 1;
}

static int buy(lua_State *lua) { return put(lua, GW_SIDE_LONG, "buy"); }
static int sell(lua_State *lua) { return put(lua, GW_SIDE_SHORT, "sell"); }

static int close_held(lua_State *lua) {
    struct box *box = in_bar(lua, "close");
    struct gw_order order = {.symbol = box->event->symbol, .kind = GW_ORDER_CLOSE};
    if (lua_gettop(lua)) {
        lua_settop(lua, 1);
        order.symbol = symbol_of(lua, box);
    }
    const uint64_t id = gw_order_put(box->orders, &order);
    if (!id) return box_raise(lua, "%s", gw_error_message());
    lua_pushinteger(lua, (lua_Integer)id);
    return 1;
}

static const struct gw_order_record *record_of(lua_State *lua, const struct box *box, const char *what) {
    const double id = box_number(lua, 1, what);
    if (!(id >= 1 && id <= (double)box->event->n_orders && id == floor(id)))
        box_raise(lua, "%s: there was no order %.14g when this bar closed", what, id);
    return &box->event->order[(size_t)id - 1];
}

static int cancel(lua_State *lua) {
    struct box *box = in_bar(lua, "cancel");
    const double id = box_number(lua, 1, "orders.cancel");
    lua_pushboolean(lua, id >= 1 && id < 1e15 && gw_order_cancel(box->orders, (uint64_t)id));
    return 1;
}

static int replace(lua_State *lua) {
    struct box *box = in_bar(lua, "replace");
    const struct gw_order_record *old = record_of(lua, box, "orders.replace");
    struct gw_order order = {.symbol = old->symbol, .kind = old->kind, .side = old->side, .probability = NAN};
    if (old->kind == GW_ORDER_LIMIT) order.limit_price = old->price;
    if (old->kind == GW_ORDER_STOP) order.stop_price = old->price;
    order.quantity = old->quantity - old->filled;
    order.reduce_only = old->parent != 0;
    read_order(lua, 2, "replace", &order);
    if (!(order.quantity > 0) && !order.reduce_only && !(order.size > 0) && !(order.notional > 0))
        order.size = box->config->size;
    const uint64_t id = gw_order_replace(box->orders, old->id, &order);
    if (id)
        lua_pushinteger(lua, (lua_Integer)id);
    else
        lua_pushnil(lua); /* it waits no more */
    return 1;
}

static int get(lua_State *lua) {
    const struct box *box = in_bar(lua, "get");
    const struct gw_order_record *record = record_of(lua, box, "orders.get");
    lua_createtable(lua, 0, 8);
#define PUT(kind, name, value)                                                                                         \
    lua_push##kind(lua, value);                                                                                        \
    lua_setfield(lua, -2, name)
    PUT(string, "state", gw_order_state_name[record->state]);
    PUT(string, "reason", gw_order_reason_name[record->reason]);
    PUT(string, "kind", gw_order_kind_name[record->kind]);
    PUT(string, "side", record->side > 0 ? "buy" : "sell");
    PUT(number, "price", record->price);
    PUT(number, "quantity", record->quantity);
    PUT(number, "filled", record->filled);
    PUT(number, "average_price", record->average_price);
    PUT(integer, "parent", (lua_Integer)record->parent);
    return 1;
}

void box_put_orders(lua_State *lua) {
    static const struct {
        const char *name;
        lua_CFunction function;
    } functions[] = {{"buy", buy},       {"sell", sell},       {"close", close_held},
                     {"cancel", cancel}, {"replace", replace}, {"get", get}};
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        lua_pushcclosure(lua, functions[i].function, 0);
        lua_setfield(lua, -2, functions[i].name);
    }
}
