/* Finding XGBoost. */
#include "xgboost_api.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"

static struct xgboost_api api;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool found;
static char why[200];

static bool take(void *library, const char *name, void *out) {
    void *symbol = dlsym(library, name);
    if (symbol) memcpy(out, &symbol, sizeof symbol);
    return symbol != NULL;
}

static bool take_all(void *library) {
#define XGBOOST_FIND(name, arguments)                                                                                  \
    if (!take(library, #name, &api.name)) return false;
    XGBOOST_FUNCTIONS(XGBOOST_FIND)
#undef XGBOOST_FIND
    return take(library, "XGBGetLastError", &api.XGBGetLastError) &&
           take(library, "XGBoostVersion", &api.XGBoostVersion);
}

static void load(void) {
    static const char *const usual[] = {"libxgboost.so.0", "libxgboost.so"};
    const char *named = getenv("GATEWALK_XGBOOST");
    for (size_t i = 0; i < COUNT_OF(usual) && !found; i++) {
        void *library = dlopen(named ? named : usual[i], RTLD_NOW | RTLD_LOCAL);
        const char *said = library ? NULL : dlerror();
        if (said && !*why) snprintf(why, sizeof why, "%s", said);
        found = library && take_all(library);
        if (library && !found) dlclose(library);
        if (library && !found && !*why) snprintf(why, sizeof why, "%s is too old", named ? named : usual[i]);
        if (named) break;
    }
    if (!found) return;
    int major = 0, minor = 0, patch = 0;
    api.XGBoostVersion(&major, &minor, &patch);
    snprintf(api.version, sizeof api.version, "xgboost %d.%d.%d", major, minor, patch);
}

int xgboost_api_load(const struct xgboost_api **out) {
    pthread_once(&once, load);
    if (!found)
        FAIL(GW_ERR_TOOL,
             "encoder \"xgboost\" needs XGBoost's C library, which is not here (%s): apt-get install libxgboost0", why);
    *out = &api;
    return GW_OK;
}
