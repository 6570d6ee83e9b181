/* What a script says of itself at its own level, outside of functions:
 *
 *   local fast = parameter("fast", 20, 1, 500, "bars of the fast mean")   -- its value: the default, or the experiment's
 *   local rsi = feature("rsi(14)@1h")                                     -- a function that gives it at this bar
 *   use_scores()                                                          -- asks for a model's p_long, tau_long … */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "script.h"

static struct box *at_top(lua_State *lua, const char *what) {
    struct box *box = box_of(lua);
    if (!box->at_top)
        box_raise(lua, "%s() belongs at the script's own level, not into a function that runs later", what);
    return box;
}

static void copy_text(lua_State *lua, int index, const char *what, char *out, size_t size) {
    const char *text = lua_type(lua, index) == LUA_TSTRING ? lua_tolstring(lua, index, NULL) : NULL;
    if (!text) box_raise(lua, "%s: a text is wanted, not %s", what, lua_typename(lua, lua_type(lua, index)));
    if (strlen(text) >= size) box_raise(lua, "%s: \"%.40s…\" is longer than %zu bytes", what, text, size - 1);
    strcpy(out, text);
}

static void push_value(lua_State *lua, enum value_type type, double value) {
    if (type == VALUE_BOOL)
        lua_pushboolean(lua, value != 0);
    else if (type == VALUE_WHOLE)
        lua_pushinteger(lua, (lua_Integer)value);
    else
        lua_pushnumber(lua, value);
}

/* parameter(name, default, lowest, highest, help) */
static int parameter(lua_State *lua) {
    struct box *box = at_top(lua, "parameter");
    struct program_param param = {.low = -1e15, .high = 1e15};
    const int top = lua_gettop(lua);
    double value;
    copy_text(lua, 1, "parameter: its name", param.name, sizeof param.name);
    if (lua_type(lua, 2) == LUA_TBOOLEAN) {
        param.type = VALUE_BOOL;
        param.initial = lua_toboolean(lua, 2);
    } else {
        param.type = lua_isinteger(lua, 2) ? VALUE_WHOLE : VALUE_NUMBER;
        param.initial = box_number(lua, 2, "parameter: its default");
    }
    if (top >= 3 && lua_type(lua, 3) == LUA_TNUMBER) param.low = box_number(lua, 3, "parameter: its lowest value");
    if (top >= 4 && lua_type(lua, 4) == LUA_TNUMBER) param.high = box_number(lua, 4, "parameter: its highest value");
    if (top >= 3 && lua_type(lua, top) == LUA_TSTRING)
        copy_text(lua, top, "parameter: its help", param.help, sizeof param.help);
    if (box->program) {
        if (program_declare(box->program, &param, box->given, box->n_given, &value) < 0)
            return box_raise(lua, "%s", gw_error_message());
    } else {
        if (box->next_param == box->of->n_params || strcmp(box->of->param[box->next_param].name, param.name) != 0)
            return box_raise(lua, "parameter %s was not declared when the script was read first", param.name);
        value = box->of->param[box->next_param++].value;
    }
    push_value(lua, param.type, value);
    return 1;
}

/* A feature's value at the newest bar; NaN while it has none. Upvalue: its number. */
static int feature_value(lua_State *lua) {
    const struct box *box = box_of(lua);
    const size_t k = (size_t)lua_tointegerx(lua, lua_upvalueindex(1), NULL);
    if (!box->event) return box_raise(lua, "a feature has its value in on_bar");
    lua_pushnumber(lua, (lua_Number)box->inputs[box->event->symbol].row[k]);
    return 1;
}

static int feature(lua_State *lua) {
    struct box *box = at_top(lua, "feature");
    char spec[GW_FEATURE_NAME_MAX * 2];
    copy_text(lua, 1, "feature", spec, sizeof spec);
    struct gw_feature_set *set;
    const char *one = spec;
    if (gw_feature_set_parse(&one, 1, &set) < 0) return box_raise(lua, "%s", gw_error_message());
    snprintf(spec, sizeof spec, "%s", gw_feature_set_name(set, 0));
    gw_feature_set_free(set);
    size_t k = 0;
    while (k < box->n_features && strcmp(box->feature[k], spec) != 0) k++;
    if (k == PROGRAM_FEATURES_MAX) return box_raise(lua, "more than %d features", PROGRAM_FEATURES_MAX);
    if (k == box->n_features) {
        if (!box->program && (!box->of->set || k >= gw_feature_set_size(box->of->set) ||
                              strcmp(gw_feature_set_name(box->of->set, k), spec) != 0))
            return box_raise(lua, "feature %s was not declared when the script was read first", spec);
        snprintf(box->feature[box->n_features++], GW_FEATURE_NAME_MAX, "%.*s", GW_FEATURE_NAME_MAX - 1, spec);
    }
    lua_pushinteger(lua, (lua_Integer)k);
    lua_pushcclosure(lua, feature_value, 1);
    return 1;
}

static int use_scores(lua_State *lua) {
    at_top(lua, "use_scores")->needs_model = true;
    return 0;
}

void box_put_declare(lua_State *lua) {
    lua_pushcclosure(lua, parameter, 0);
    lua_setglobal(lua, "parameter");
    lua_pushcclosure(lua, feature, 0);
    lua_setglobal(lua, "feature");
    lua_pushcclosure(lua, use_scores, 0);
    lua_setglobal(lua, "use_scores");
}
