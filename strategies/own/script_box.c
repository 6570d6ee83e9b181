/* The box: memory, steps, errors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "script.h"

enum { HOOK_STEPS = 1000, CHURN_BYTES_PER_STEP = 256 };
static const char OURS[] = "gatewalk"; /* the chunk of our own Lua code */

/* ---- limits ------------------------------------------------------------------------------------------- */

/* Where the script is: Lua says no line when memory ends. */
static int line_now(struct box *box) {
    lua_Debug at;
    for (int level = 0; box->lua && lua_getstack(box->lua, level, &at); level++)
        if (lua_getinfo(box->lua, "Sl", &at) && at.currentline > 0 && strcmp(at.short_src, OURS) != 0)
            return at.currentline;
    return 0;
}

static void *stop(struct box *box, enum script_stop why) {
    const int line = line_now(box); /* none while the stack is already being unwound */
    if (line) box->stop_line = line;
    box->stop = why;
    return NULL;
}

/* Lua's memory. It asks for texts by their type, so that they can be held short: comparing long ones takes long. */
static void *allocate(void *who, void *block, size_t old_size, size_t size) {
    struct box *box = who;
    const bool is_new = block == NULL;
    const size_t before = is_new ? 0 : old_size;
    if (size == 0) {
        free(block);
        box->bytes -= before;
        return NULL;
    }
    if (size > before) {
        if (is_new && old_size == LUA_TSTRING && size > SCRIPT_TEXT_MAX) return stop(box, STOP_TEXT);
        if (size - before > box->max_bytes - (box->bytes < box->max_bytes ? box->bytes : box->max_bytes))
            return stop(box, STOP_MEMORY);
        box->churn += size - before;
        if (box->churn / CHURN_BYTES_PER_STEP > box->max_steps) return stop(box, STOP_CHURN);
    }
    void *grown = realloc(block, size);
    if (!grown) return stop(box, STOP_REFUSED);
    box->bytes += size;
    box->bytes -= before;
    return grown;
}

static void check_steps(lua_State *lua, struct box *box) {
    if (box->steps > box->max_steps)
        box_raise(lua, "stopped after %zu steps; if it is to take so long, raise trading.max_steps", box->max_steps);
    const double now = clock_seconds();
    if (box->deadline == 0) box->deadline = now + SCRIPT_SECONDS_MAX;
    if (now > box->deadline) box_raise(lua, "stopped after %d seconds", SCRIPT_SECONDS_MAX);
}

static void on_hook(lua_State *lua, lua_Debug *at) {
    struct box *box = box_of(lua);
    (void)at;
    box->steps += HOOK_STEPS;
    check_steps(lua, box);
}

void box_charge(lua_State *lua, size_t n) {
    struct box *box = box_of(lua);
    box->steps += n;
    if (box->steps > box->max_steps) check_steps(lua, box);
}

/* ---- errors ------------------------------------------------------------------------------------------- */

/* "mine.lua:12: " of the innermost line that is the script's own; pushed. */
static void push_where(lua_State *lua) {
    lua_Debug at;
    for (int level = 0; lua_getstack(lua, level, &at); level++)
        if (lua_getinfo(lua, "Sl", &at) && at.currentline > 0 && strcmp(at.short_src, OURS) != 0) {
            lua_pushfstring(lua, "%s:%d: ", at.short_src, at.currentline);
            return;
        }
    lua_pushstring(lua, "");
}

int box_raise(lua_State *lua, const char *format, ...) {
    char text[700];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    push_where(lua);
    lua_pushfstring(lua, "%s%s", lua_tolstring(lua, -1, NULL), text);
    return lua_error(lua);
}

int box_handler(lua_State *lua) {
    const char *text = lua_type(lua, 1) == LUA_TSTRING ? lua_tolstring(lua, 1, NULL) : NULL;
    const size_t n = strlen(OURS);
    if (!text || strncmp(text, OURS, n) != 0 || text[n] != ':') return 1;
    text += n + 1;
    text += strspn(text, "0123456789");
    push_where(lua);
    lua_pushfstring(lua, "%s%s", lua_tolstring(lua, -1, NULL), *text == ':' ? text + 2 : text);
    return 1;
}

double box_number(lua_State *lua, int index, const char *of) {
    int is_number = 0;
    const double number = lua_type(lua, index) == LUA_TNUMBER ? lua_tonumberx(lua, index, &is_number) : 0;
    if (!is_number) box_raise(lua, "%s: a number is wanted, not %s", of, lua_typename(lua, lua_type(lua, index)));
    return number;
}

static const char *stop_text(const struct box *box, char text[160]) {
    switch (box->stop) {
    case STOP_MEMORY:
        snprintf(text, 160, "stopped: it holds more than %zu MB; raise trading.max_memory_mb if it is to",
                 box->max_bytes >> 20);
        break;
    case STOP_TEXT:
        snprintf(text, 160, "stopped: a text of more than %d KB", SCRIPT_TEXT_MAX >> 10);
        break;
    case STOP_CHURN:
        snprintf(text, 160, "stopped: one call made more than %zu MB; if it is to, raise trading.max_steps",
                 box->max_steps * CHURN_BYTES_PER_STEP >> 20);
        break;
    case STOP_REFUSED:
    case STOP_NONE:
        snprintf(text, 160, "out of memory");
        break;
    }
    return text;
}

/* "…:12: …"; a few of Lua's own errors, such as brackets too deep in one another, have none. */
static bool has_line(const char *text) {
    const char *colon = strchr(text, ':');
    return colon && colon[1] >= '0' && colon[1] <= '9' && colon[1 + strspn(colon + 1, "0123456789")] == ':';
}

/* The error value on top, as one line. */
static int tell(struct box *box, int status) {
    const char *file = box->of->file;
    if (status == LUA_ERRMEM && box->stop == STOP_REFUSED) FAIL(GW_ERR_NOMEM, "%s: out of memory", file);
    if (status == LUA_ERRMEM) {
        char text[160];
        FAIL(GW_ERR_CONFIG, "%s:%d: %s", file, box->stop_line, stop_text(box, text));
    }
    const char *text = lua_type(box->lua, -1) == LUA_TSTRING ? lua_tolstring(box->lua, -1, NULL) : NULL;
    if (text && *text == 'a' && strstr(text, "binary chunk")) /* said before there is a line */
        FAIL(GW_ERR_CONFIG, "%s: holds compiled code; give the script's text", file);
    if (text) FAIL(GW_ERR_CONFIG, "%s%s%.900s", has_line(text) ? "" : file, has_line(text) ? "" : ": ", text);
    FAIL(GW_ERR_CONFIG, "%s: error() was called with a %s, not with a text", file,
         lua_typename(box->lua, lua_type(box->lua, -1)));
}

int box_call(struct box *box, int n_arguments, int n_results, int handler) {
    box->steps = box->churn = 0;
    box->stop = STOP_NONE;
    box->deadline = 0; /* set when it takes long enough to be looked at */
    const int status = lua_pcallk(box->lua, n_arguments, n_results, handler, 0, NULL);
    if (status == LUA_OK) return GW_OK;
    const int rc = tell(box, status);
    lua_settop(box->lua, -2);
    return rc;
}

int box_run(struct box *box, lua_CFunction function, int n_results) {
    lua_pushcclosure(box->lua, function, 0);
    return box_call(box, 0, n_results, 0);
}

int box_wants_nothing(struct box *box, const char *of) {
    const char *type = lua_type(box->lua, -1) == LUA_TNIL ? NULL : lua_typename(box->lua, lua_type(box->lua, -1));
    lua_settop(box->lua, -2);
    if (!type) return GW_OK;
    FAIL(GW_ERR_CONFIG, "%s: %s returned a %s; it is to return nothing: orders are put by orders.buy and the others",
         box->of->file, of, type);
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static int put_everything(lua_State *lua) {
    box_put_language(lua);
    box_put_declare(lua);
    return 0;
}

int box_open(struct box *box, const struct program *program, size_t max_steps, size_t max_bytes) {
    TRY(lua_api_load());
    box->of = program;
    box->max_steps = max_steps;
    box->max_bytes = max_bytes;
    box->at_top = true;
    box->lua = lua_newstate(allocate, box);
    if (!box->lua) FAIL(GW_ERR_NOMEM, "%s: out of memory", program->file);
    *(struct box **)lua_getextraspace(box->lua) = box;
    TRY(box_run(box, put_everything, 0));
    char name[1100];
    snprintf(name, sizeof name, "@%s", program->file);
    lua_sethook(box->lua, on_hook, LUA_MASKCOUNT, HOOK_STEPS);
    const int status = luaL_loadbufferx(box->lua, program->text, program->length, name, "t");
    if (status != LUA_OK) return tell(box, status);
    TRY(box_call(box, 0, 1, 0));
    return box_wants_nothing(box, "its own level");
}

void box_close(struct box *box) {
    if (box->lua) lua_close(box->lua);
    box->lua = NULL;
    mem_free(box->feature);
    box->feature = NULL;
}
