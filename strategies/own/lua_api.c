/* Finding Lua. */
#define LUA_API_BARE
#include "lua_api.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "engine/base/base.h"

struct lua_api lua_api;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool found;
static char why[200];

static bool take(void *library) {
    void *symbol;
#define LUA_API_FIND(name)                                                                                             \
    if (!(symbol = dlsym(library, #name))) return false;                                                               \
    memcpy(&lua_api.name##_, &symbol, sizeof symbol);
    LUA_API_FUNCTIONS(LUA_API_FIND)
    return true;
}

static void load(void) {
    static const char *const usual[] = {"liblua5.4.so.0", "liblua5.4.so", "liblua.so.5.4"};
    for (size_t i = 0; i < COUNT_OF(usual) && !found; i++) {
        void *library = dlopen(usual[i], RTLD_NOW | RTLD_LOCAL);
        const char *said = library ? NULL : dlerror();
        if (said && !*why) snprintf(why, sizeof why, "%s", said);
        found = library && take(library);
        if (library && !found) dlclose(library);
    }
}

int lua_api_load(void) {
    pthread_once(&once, load);
    if (!found) FAIL(GW_ERR_TOOL, "scripts need Lua 5.4, which is not here (%s): apt-get install liblua5.4-0", why);
    return GW_OK;
}
