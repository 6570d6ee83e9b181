/* history: the bars up to the one that just closed. history.close(0) is the newest close, history.close(1) the one before;
 * nil where there is none. highest, lowest and mean are those of the newest n bars' highs, lows and closes. */
#include <math.h>

#include "engine/base/base.h"
#include "script.h"

enum column { COLUMN_OPEN, COLUMN_HIGH, COLUMN_LOW, COLUMN_CLOSE, COLUMN_VOLUME, COLUMN_TIME };

static const struct gw_history *history_of(lua_State *lua, const char *what) {
    const struct box *box = box_of(lua);
    if (!box->event) box_raise(lua, "history.%s is for on_bar", what);
    return &box->event->history;
}

static size_t whole_argument(lua_State *lua, const char *what, double least) {
    int is_whole = 1;
    const lua_Integer n = lua_gettop(lua) ? lua_tointegerx(lua, 1, &is_whole) : 0;
    if (!is_whole || (double)n < least)
        box_raise(lua, "history.%s: a whole number of bars from %g on is wanted", what, least);
    return (size_t)n;
}

static int push_column(lua_State *lua, const char *what, enum column column) {
    const struct gw_history *history = history_of(lua, what);
    const struct gw_bar *bar = gw_history_bar(history, whole_argument(lua, what, 0));
    if (!bar) {
        lua_pushnil(lua);
        return 1;
    }
    const double value = column == COLUMN_OPEN    ? bar->open
                         : column == COLUMN_HIGH  ? bar->high
                         : column == COLUMN_LOW   ? bar->low
                         : column == COLUMN_CLOSE ? bar->close
                         : column == COLUMN_VOLUME
                             ? bar->volume
                             : (double)(bar->open_ns + box_of(lua)->setting.interval_ns) / (double)NS_PER_SECOND;
    lua_pushnumber(lua, value);
    return 1;
}

static int bar_open(lua_State *lua) { return push_column(lua, "open", COLUMN_OPEN); }
static int bar_high(lua_State *lua) { return push_column(lua, "high", COLUMN_HIGH); }
static int bar_low(lua_State *lua) { return push_column(lua, "low", COLUMN_LOW); }
static int bar_close(lua_State *lua) { return push_column(lua, "close", COLUMN_CLOSE); }
static int bar_volume(lua_State *lua) { return push_column(lua, "volume", COLUMN_VOLUME); }
static int bar_time(lua_State *lua) { return push_column(lua, "time", COLUMN_TIME); }

/* Over the newest n bars, or nil when there are fewer; a step for every eight of them. */
static const struct gw_bar *newest(lua_State *lua, const char *what, size_t *n) {
    const struct gw_history *history = history_of(lua, what);
    *n = whole_argument(lua, what, 1);
    if (*n > history->n) {
        lua_pushnil(lua);
        return NULL;
    }
    box_charge(lua, *n / 8);
    return history->last;
}

static int highest(lua_State *lua) {
    size_t n;
    const struct gw_bar *last = newest(lua, "highest", &n);
    double best = last ? last->high : 0;
    for (size_t ago = 1; last && ago < n; ago++) best = fmax(best, (last - ago)->high);
    if (last) lua_pushnumber(lua, best);
    return 1;
}

static int lowest(lua_State *lua) {
    size_t n;
    const struct gw_bar *last = newest(lua, "lowest", &n);
    double best = last ? last->low : 0;
    for (size_t ago = 1; last && ago < n; ago++) best = fmin(best, (last - ago)->low);
    if (last) lua_pushnumber(lua, best);
    return 1;
}

static int mean(lua_State *lua) {
    size_t n;
    const struct gw_bar *last = newest(lua, "mean", &n);
    double sum = 0;
    for (size_t ago = n; last && ago-- > 0;) sum += (last - ago)->close;
    if (last) lua_pushnumber(lua, sum / (double)n);
    return 1;
}

void box_put_history(lua_State *lua) {
    static const struct {
        const char *name;
        lua_CFunction function;
    } functions[] = {{"open", bar_open},   {"high", bar_high},     {"low", bar_low},
                     {"close", bar_close}, {"volume", bar_volume}, {"time", bar_time},
                     {"highest", highest}, {"lowest", lowest},     {"mean", mean}};
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        lua_pushcclosure(lua, functions[i].function, 0);
        lua_setfield(lua, -2, functions[i].name);
    }
}
