/* What is left of Lua's library in the box, and what takes the place of the rest. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "script.h"

/* In Lua itself, so that every step of it is counted. Tables have no metatables, so # and indexing are what they seem. */
static const char prelude[] =
    "local error, select, unpack, tostring, type = error, select, table.unpack, tostring, type\n"
    "local function list(t, name) if type(t) ~= 'table' then error(name .. ': a table is wanted, not ' .. type(t), 3) "
    "end end\n"
    "function table.insert(t, at, value, ...)\n"
    "  list(t, 'table.insert')\n"
    "  local n = #t\n"
    "  if select('#', ...) > 0 then error('table.insert: too many values', 2) end\n"
    "  if value == nil then t[n + 1] = at return end\n"
    "  if type(at) ~= 'number' or at < 1 or at > n + 1 or at % 1 ~= 0 then error('table.insert: no such place', 2) "
    "end\n"
    "  for i = n, at, -1 do t[i + 1] = t[i] end\n"
    "  t[at] = value\n"
    "end\n"
    "function table.remove(t, at)\n"
    "  list(t, 'table.remove')\n"
    "  local n = #t\n"
    "  at = at or n\n"
    "  local value = t[at]\n"
    "  for i = at, n do t[i] = t[i + 1] end\n"
    "  return value\n"
    "end\n"
    "function table.pack(...) return {n = select('#', ...), ...} end\n"
    "function table.concat(t, between, from, to)\n"
    "  list(t, 'table.concat')\n"
    "  local text = ''\n"
    "  between, from, to = between or '', from or 1, to or #t\n"
    "  for i = from, to do text = text .. tostring(t[i]) .. (i < to and between or '') end\n"
    "  return text\n"
    "end\n"
    "local function less(a, b) return a < b end\n"
    "function table.sort(t, before)\n" /* merging from the bottom up: stable */
    "  list(t, 'table.sort')\n"
    "  before = before or less\n"
    "  local n, width, from, to = #t, 1, t, {}\n"
    "  while width < n do\n"
    "    for low = 1, n, 2 * width do\n"
    "      local i, middle, high = low, low + width, low + 2 * width\n"
    "      if middle > n + 1 then middle = n + 1 end\n"
    "      if high > n + 1 then high = n + 1 end\n"
    "      local j = middle\n"
    "      for k = low, high - 1 do\n"
    "        if i < middle and (j >= high or not before(from[j], from[i])) then\n"
    "          to[k] = from[i] i = i + 1\n"
    "        else\n"
    "          to[k] = from[j] j = j + 1\n"
    "        end\n"
    "      end\n"
    "    end\n"
    "    from, to = to, from\n"
    "    width = 2 * width\n"
    "  end\n"
    "  if from ~= t then for i = 1, n do t[i] = from[i] end end\n"
    "end\n";

/* ---- tostring, unpack, random --------------------------------------------------------------------------- */

static int to_string(lua_State *lua) {
    switch (lua_type(lua, 1)) {
    case LUA_TSTRING:
    case LUA_TNUMBER:
        lua_settop(lua, 1);
        lua_tolstring(lua, 1, NULL);
        return 1;
    case LUA_TBOOLEAN:
        lua_pushstring(lua, lua_toboolean(lua, 1) ? "true" : "false");
        return 1;
    case LUA_TNIL:
        lua_pushstring(lua, "nil");
        return 1;
    default:
        return box_raise(lua, "tostring: a %s has no text of its own", lua_typename(lua, lua_type(lua, 1)));
    }
}

enum { UNPACK_MAX = 200 };
static int unpack(lua_State *lua) {
    if (lua_type(lua, 1) != LUA_TTABLE) return box_raise(lua, "table.unpack: a table is wanted");
    const double from = lua_gettop(lua) > 1 ? box_number(lua, 2, "table.unpack") : 1;
    const double to = lua_gettop(lua) > 2 ? box_number(lua, 3, "table.unpack") : (double)lua_rawlen(lua, 1);
    if (!(to - from < UNPACK_MAX) || !(fabs(from) < 1e15))
        return box_raise(lua, "table.unpack: more than %d values", UNPACK_MAX);
    const int n = to >= from ? (int)(to - from) + 1 : 0;
    lua_checkstack(lua, n + 1);
    for (int i = 0; i < n; i++) lua_rawgeti(lua, 1, (lua_Integer)from + i);
    return n;
}

/* The same for every bar of every symbol, whatever was drawn before. */
static int draw(lua_State *lua) {
    struct box *box = box_of(lua);
    if (!box->event) return box_raise(lua, "random() is for on_bar");
    if (!box->rng_keyed)
        gw_rng_key(&box->rng, box->config->seed, "script", box->event->symbol, box->event->history.n, 0);
    box->rng_keyed = true;
    lua_pushnumber(lua, gw_rng_uniform(&box->rng));
    return 1;
}

/* ---- pairs -------------------------------------------------------------------------------------------- */

/* One key of a table. Numbers come first, by value; then texts, by bytes; then false and true. */
struct key {
    int type;
    double number;
    const char *text;
    size_t length;
    lua_Integer whole;
    bool is_whole;
};

static int by_order(const void *a, const void *b) {
    static const int rank[] = {[LUA_TNUMBER] = 0, [LUA_TSTRING] = 1, [LUA_TBOOLEAN] = 2};
    const struct key *x = a, *y = b;
    if (x->type != y->type) return rank[x->type] - rank[y->type];
    if (x->type == LUA_TNUMBER && x->is_whole && y->is_whole) return (x->whole > y->whole) - (x->whole < y->whole);
    if (x->type != LUA_TSTRING) return (x->number > y->number) - (x->number < y->number);
    const size_t shorter = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->text, y->text, shorter);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static void push_key(lua_State *lua, int index, struct key *key) {
    *key = (struct key){.type = lua_type(lua, index)};
    if (key->type == LUA_TNUMBER) {
        key->number = lua_tonumberx(lua, index, NULL);
        key->is_whole = lua_isinteger(lua, index);
        key->whole = lua_tointegerx(lua, index, NULL);
    } else if (key->type == LUA_TSTRING) {
        key->text = lua_tolstring(lua, index, &key->length);
    } else if (key->type == LUA_TBOOLEAN) {
        key->number = lua_toboolean(lua, index);
    } else {
        box_raise(lua, "pairs: keys must be numbers, texts or truth values, not %s, which have no order",
                  lua_typename(lua, key->type));
    }
}

/* The keys in order as a list, on top of the stack. The room comes from Lua, so that an error leaves nothing behind. */
static int sorted_keys(lua_State *lua, int table) {
    size_t n = 0, i = 0;
    lua_pushnil(lua);
    while (lua_next(lua, table)) {
        n++;
        lua_settop(lua, -2);
    }
    box_charge(lua, 16 * n);
    struct key *key = lua_newuserdatauv(lua, (n + 1) * sizeof *key, 0);
    lua_pushnil(lua);
    while (i < n && lua_next(lua, table)) {
        lua_settop(lua, -2);
        push_key(lua, -1, &key[i++]);
    }
    if (i == n && n) lua_settop(lua, -2); /* the last key */
    if (n) qsort(key, n, sizeof *key, by_order);
    lua_createtable(lua, (int)(n < 1 << 24 ? n : 1 << 24), 0);
    for (i = 0; i < n; i++) {
        if (key[i].type == LUA_TSTRING) /* interned or held by the table: this makes no second one of short ones */
            lua_pushlstring(lua, key[i].text, key[i].length);
        else if (key[i].type == LUA_TBOOLEAN)
            lua_pushboolean(lua, key[i].number != 0);
        else if (key[i].is_whole)
            lua_pushinteger(lua, key[i].whole);
        else
            lua_pushnumber(lua, key[i].number);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    lua_rotate(lua, -2, 1);
    lua_settop(lua, -2); /* the room */
    return (int)n;
}

/* Upvalues: the list of keys, how far it has been gone through. */
static int next_pair(lua_State *lua) {
    lua_settop(lua, 1);
    for (;;) {
        const lua_Integer i = lua_tointegerx(lua, lua_upvalueindex(2), NULL) + 1;
        lua_pushinteger(lua, i);
        lua_copy(lua, -1, lua_upvalueindex(2));
        lua_settop(lua, 1);
        if (lua_rawgeti(lua, lua_upvalueindex(1), i) == LUA_TNIL) return 1;
        lua_pushvalue(lua, -1);
        if (lua_rawget(lua, 1) != LUA_TNIL) return 2; /* it may have been taken away in the meantime */
        box_charge(lua, 1);
    }
}

static int pairs(lua_State *lua) {
    if (lua_type(lua, 1) != LUA_TTABLE)
        return box_raise(lua, "pairs: a table is wanted, not %s", lua_typename(lua, lua_type(lua, 1)));
    lua_settop(lua, 1);
    sorted_keys(lua, 1);
    lua_pushinteger(lua, 0);
    lua_pushcclosure(lua, next_pair, 2);
    lua_pushvalue(lua, 1);
    lua_pushnil(lua);
    return 3;
}

/* ---- the globals ---------------------------------------------------------------------------------------- */

/* Names of the table on top that may stay, copied into a new one that takes its place. */
static void keep_only(lua_State *lua, const char *const *name, size_t n) {
    lua_createtable(lua, 0, (int)n);
    for (size_t i = 0; i < n; i++) {
        lua_getfield(lua, -2, name[i]);
        lua_setfield(lua, -2, name[i]);
    }
    lua_rotate(lua, -2, 1);
    lua_settop(lua, -2);
}

void box_put_language(lua_State *lua) {
    static const char *const base[] = {"assert", "error", "ipairs", "select", "tonumber", "type", "_VERSION"};
    static const char *const math[] = {"abs",        "acos",       "asin", "atan", "ceil", "cos", "deg",
                                       "exp",        "floor",      "fmod", "huge", "log",  "max", "min",
                                       "maxinteger", "mininteger", "modf", "pi",   "rad",  "sin", "sqrt",
                                       "tan",        "tointeger",  "type", "ult"};
    lua_pushcclosure(lua, luaopen_base, 0);
    lua_callk(lua, 0, 1, 0, NULL);
    keep_only(lua, base, COUNT_OF(base));
    lua_pushcclosure(lua, luaopen_math, 0);
    lua_callk(lua, 0, 1, 0, NULL);
    keep_only(lua, math, COUNT_OF(math));
    lua_pushcclosure(lua, draw, 0);
    lua_setfield(lua, -2, "random");
    lua_setfield(lua, -2, "math");
    lua_createtable(lua, 0, 8);
    lua_pushcclosure(lua, unpack, 0);
    lua_setfield(lua, -2, "unpack");
    lua_setfield(lua, -2, "table");
    lua_pushcclosure(lua, to_string, 0);
    lua_setfield(lua, -2, "tostring");
    lua_pushcclosure(lua, pairs, 0);
    lua_setfield(lua, -2, "pairs");
    lua_pushcclosure(lua, draw, 0);
    lua_setfield(lua, -2, "random");
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -2, "_G");
    lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS); /* what was there before is nowhere any more */
    if (luaL_loadbufferx(lua, prelude, sizeof prelude - 1, "=gatewalk", "t") != LUA_OK) lua_error(lua);
    lua_callk(lua, 0, 0, 0, NULL);
}
