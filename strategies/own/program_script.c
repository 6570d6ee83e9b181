/* A script as a program: read, run once at its own level, and kept as it was then. */
#include <string.h>

#include "engine/base/base.h"
#include "script.h"
#include "strategies/strategies.h"

/* What it does at its own level is little: these limits are not the replay's. */
enum { READ_STEPS = 10 * 1000 * 1000, READ_MB = 64 };

static int get_on_bar(lua_State *lua) {
    lua_getglobal(lua, "on_bar");
    return 1;
}

static int take(struct program *program, struct box *box) {
    const char *spec[PROGRAM_FEATURES_MAX];
    for (size_t i = 0; i < box->n_features; i++) spec[i] = box->feature[i];
    if (box->n_features) TRY(gw_feature_set_parse(spec, box->n_features, &program->set));
    program->desc = box->needs_model ? &strategy_script_scored : &strategy_script;
    TRY(box_run(box, get_on_bar, 1));
    if (lua_type(box->lua, -1) != LUA_TFUNCTION)
        FAIL(GW_ERR_CONFIG, "%s: there is no function on_bar(bar, history, score, position, orders)", program->file);
    return GW_OK;
}

static int describe(struct program *program, struct given_param *given, size_t n_given, const char **bad) {
    struct box box = {.program = program, .given = given, .n_given = n_given};
    box.feature = mem_calloc(PROGRAM_FEATURES_MAX + 1, sizeof *box.feature);
    if (!box.feature) return GW_ERR_NOMEM;
    int rc = box_open(&box, program, READ_STEPS, (size_t)READ_MB << 20);
    if (rc == GW_OK) rc = take(program, &box);
    box_close(&box);
    return rc == GW_OK ? program_check_given(program, given, n_given, bad) : rc;
}

int program_of_script_text(const char *text, size_t length, const char *shown, struct given_param *given,
                           size_t n_given, const char **bad, struct program **out) {
    *bad = NULL;
    struct program *program = mem_calloc(1, sizeof *program);
    if (!program) return GW_ERR_NOMEM;
    program->kind = PROGRAM_SCRIPT;
    snprintf(program->file, sizeof program->file, "%s", shown);
    program->length = length;
    program->text = mem_calloc(length + 1, 1);
    int rc = program->text ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) {
        memcpy(program->text, text, length);
        rc = describe(program, given, n_given, bad);
    }
    if (rc < 0) {
        program_free(program);
        return rc;
    }
    program_hash(program, 0);
    *out = program;
    return GW_OK;
}

int program_of_script(const char *path, const char *shown, struct given_param *given, size_t n_given, const char **bad,
                      struct program **out) {
    char *text = NULL;
    size_t length = 0;
    *bad = NULL;
    TRY(file_read_all(path, SCRIPT_BYTES_MAX, GW_ERR_CONFIG, &text, &length));
    const int rc = program_of_script_text(text, length, shown, given, n_given, bad, out);
    mem_free(text);
    return rc;
}
