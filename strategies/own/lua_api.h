/* Lua 5.4, found when a script asks for it: a gatewalk without scripts starts and runs without the library. Included instead
 * of lua.h; the names below then call what was found. */
#ifndef GATEWALK_OWN_LUA_API_H
#define GATEWALK_OWN_LUA_API_H

#include <lua5.4/lua.h>

#include <lua5.4/lauxlib.h>
#include <lua5.4/lualib.h>

// clang-format off
#define LUA_API_FUNCTIONS(X) \
    X(luaL_loadbufferx) X(luaL_where) X(luaopen_base) X(luaopen_math) X(lua_atpanic) X(lua_checkstack) \
    X(lua_close) X(lua_compare) X(lua_createtable) X(lua_error) X(lua_getfield) X(lua_getinfo) X(lua_getglobal) \
    X(lua_getstack) X(lua_gettop) X(lua_isinteger) X(lua_newstate) X(lua_next) X(lua_pcallk) X(lua_pushboolean) \
    X(lua_pushcclosure) X(lua_pushfstring) X(lua_pushinteger) X(lua_pushnil) X(lua_pushnumber) \
    X(lua_pushstring) X(lua_pushvalue) X(lua_callk) X(lua_rawequal) X(lua_rawget) X(lua_rawgeti) X(lua_rawlen) \
    X(lua_rawset) X(lua_rawseti) X(lua_rotate) X(lua_setfield) X(lua_setglobal) X(lua_sethook) X(lua_settop) \
    X(lua_toboolean) X(lua_tointegerx) X(lua_tolstring) X(lua_tonumberx) X(lua_type) X(lua_typename) \
    X(lua_isnumber) X(lua_newuserdatauv) X(lua_pushlstring) X(lua_copy)
// clang-format on

#define LUA_API_POINTER(name) __typeof__(&name) name##_;
struct lua_api {
    LUA_API_FUNCTIONS(LUA_API_POINTER)
};
extern struct lua_api lua_api;

/* Once a process, before anything else: GW_ERR_CONFIG when there is no Lua here. */
int lua_api_load(void);

#ifndef LUA_API_BARE
#define luaL_loadbufferx  lua_api.luaL_loadbufferx_
#define luaL_where        lua_api.luaL_where_
#define luaopen_base      lua_api.luaopen_base_
#define luaopen_math      lua_api.luaopen_math_
#define lua_atpanic       lua_api.lua_atpanic_
#define lua_callk         lua_api.lua_callk_
#define lua_checkstack    lua_api.lua_checkstack_
#define lua_close         lua_api.lua_close_
#define lua_compare       lua_api.lua_compare_
#define lua_createtable   lua_api.lua_createtable_
#define lua_error         lua_api.lua_error_
#define lua_getfield      lua_api.lua_getfield_
#define lua_getglobal     lua_api.lua_getglobal_
#define lua_getinfo       lua_api.lua_getinfo_
#define lua_getstack      lua_api.lua_getstack_
#define lua_gettop        lua_api.lua_gettop_
#define lua_isinteger     lua_api.lua_isinteger_
#define lua_isnumber      lua_api.lua_isnumber_
#define lua_newstate      lua_api.lua_newstate_
#define lua_next          lua_api.lua_next_
#define lua_pcallk        lua_api.lua_pcallk_
#define lua_pushboolean   lua_api.lua_pushboolean_
#define lua_pushcclosure  lua_api.lua_pushcclosure_
#define lua_pushfstring   lua_api.lua_pushfstring_
#define lua_pushinteger   lua_api.lua_pushinteger_
#define lua_pushnil       lua_api.lua_pushnil_
#define lua_pushnumber    lua_api.lua_pushnumber_
#define lua_pushstring    lua_api.lua_pushstring_
#define lua_pushvalue     lua_api.lua_pushvalue_
#define lua_rawequal      lua_api.lua_rawequal_
#define lua_rawget        lua_api.lua_rawget_
#define lua_rawgeti       lua_api.lua_rawgeti_
#define lua_rawlen        lua_api.lua_rawlen_
#define lua_rawset        lua_api.lua_rawset_
#define lua_rawseti       lua_api.lua_rawseti_
#define lua_rotate        lua_api.lua_rotate_
#define lua_setfield      lua_api.lua_setfield_
#define lua_setglobal     lua_api.lua_setglobal_
#define lua_sethook       lua_api.lua_sethook_
#define lua_settop        lua_api.lua_settop_
#define lua_toboolean     lua_api.lua_toboolean_
#define lua_tointegerx    lua_api.lua_tointegerx_
#define lua_tolstring     lua_api.lua_tolstring_
#define lua_tonumberx     lua_api.lua_tonumberx_
#define lua_type          lua_api.lua_type_
#define lua_typename      lua_api.lua_typename_
#define lua_newuserdatauv lua_api.lua_newuserdatauv_
#define lua_pushlstring   lua_api.lua_pushlstring_
#define lua_copy          lua_api.lua_copy_
#endif

#endif
