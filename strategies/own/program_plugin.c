/* A shared object as a program: loaded, its descriptor checked, the floating-point state put back. */
#include <dlfcn.h>
#include <fenv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "plugin_host.h"
#include "strategies/strategies.h"

enum { PLUGIN_BYTES_MAX = 256 << 20 };
static const char symbol_name[] = "gw_plugin_descriptor";

/* An object linked with -ffast-math makes the processor flush small numbers to zero when it is loaded; that would change
 * everybody's results. */
static void *load(const char *path, const char **why) {
    fenv_t state;
    fegetenv(&state);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) *why = dlerror();
    fesetenv(&state);
    return library;
}

static void unload(void *library) {
    fenv_t state;
    fegetenv(&state);
    dlclose(library);
    fesetenv(&state);
}

/* ---- the descriptor -------------------------------------------------------------------------------------- */

static int check(const struct program *program, const struct gw_plugin *d) {
    if (d->abi != GW_PLUGIN_ABI)
        FAIL(GW_ERR_CONFIG, "%s: was built for version %u of gatewalk's plugins, this is version %d; build it again",
             program->file, d->abi, GW_PLUGIN_ABI);
    if (d->event_size != sizeof(struct gw_bar_event) || d->order_size != sizeof(struct gw_order))
        FAIL(
            GW_ERR_CONFIG,
            "%s: was built with headers of another gatewalk (bar event %u bytes, order %u; here %zu and %zu); build it "
            "again, with GW_PLUGIN_SIZES in its descriptor",
            program->file, d->event_size, d->order_size, sizeof(struct gw_bar_event), sizeof(struct gw_order));
    if (!d->on_bar) FAIL(GW_ERR_CONFIG, "%s: its descriptor has no on_bar", program->file);
    if (d->state_size > (size_t)1 << 30)
        FAIL(GW_ERR_CONFIG, "%s: wants %zu bytes of state a symbol; at most 2^30", program->file, d->state_size);
    if ((d->n_params && !d->param) || (d->n_features && !d->feature))
        FAIL(GW_ERR_CONFIG, "%s: its descriptor counts parameters or features that are not there", program->file);
    if (d->n_features > PROGRAM_FEATURES_MAX)
        FAIL(GW_ERR_CONFIG, "%s: %zu features; at most %d", program->file, d->n_features, PROGRAM_FEATURES_MAX);
    return GW_OK;
}

static int declare(struct program *program, const struct gw_plugin *d, struct given_param *given, size_t n_given) {
    for (size_t i = 0; i < d->n_params; i++) {
        const struct gw_plugin_param *from = &d->param[i];
        if (!from->name || strlen(from->name) >= PROGRAM_NAME_MAX)
            FAIL(GW_ERR_CONFIG, "%s: parameter %zu has no name, or one of more than %d bytes", program->file, i + 1,
                 PROGRAM_NAME_MAX - 1);
        struct program_param param = {
            .type = from->is_bool ? VALUE_BOOL
                    : from->whole ? VALUE_WHOLE
                                  : VALUE_NUMBER,
            .initial = from->initial,
            .low = from->low,
            .high = from->high,
        };
        double value;
        strcpy(param.name, from->name);
        snprintf(param.help, sizeof param.help, "%s", from->help ? from->help : "");
        const int rc = program_declare(program, &param, given, n_given, &value);
        if (rc < 0) return gw_error_prefix(rc, "%s", program->file);
    }
    return GW_OK;
}

static int take(struct program *program, const struct gw_plugin *d, struct given_param *given, size_t n_given) {
    TRY(check(program, d));
    TRY(declare(program, d, given, n_given));
    if (d->n_features) {
        const int rc = gw_feature_set_parse(d->feature, d->n_features, &program->set);
        if (rc < 0) return gw_error_prefix(rc, "%s", program->file);
    }
    program->descriptor = d;
    program->desc = d->needs_model ? &strategy_plugin_scored : &strategy_plugin;
    return GW_OK;
}

static int open_plugin(struct program *program, const char *path, struct given_param *given, size_t n_given) {
    const char *why = NULL;
    char *whole = realpath(path, NULL); /* a name without a slash would be looked for in the system's folders */
    if (!whole) FAIL(GW_ERR_CONFIG, "%s: there is no such file", program->file);
    snprintf(program->path, sizeof program->path, "%s", whole);
    free(whole);
    program->library = load(program->path, &why);
    if (!program->library)
        FAIL(GW_ERR_CONFIG, "%s: cannot be loaded: %s", program->file, why ? why : "no reason is given");
    const struct gw_plugin *d = dlsym(program->library, symbol_name);
    if (!d)
        FAIL(GW_ERR_CONFIG, "%s: has no %s; it is to export one with GW_PLUGIN_EXPORT (gatewalk/plugin.h)",
             program->file, symbol_name);
    return take(program, d, given, n_given);
}

int program_of_plugin(const char *path, const char *shown, struct given_param *given, size_t n_given, const char **bad,
                      struct program **out) {
    char *bytes = NULL;
    size_t length = 0;
    *bad = NULL;
    TRY(file_read_all(path, PLUGIN_BYTES_MAX, GW_ERR_CONFIG, &bytes, &length));
    const uint64_t hash = hash_bytes(bytes, length, 0);
    mem_free(bytes);
    struct program *program = mem_calloc(1, sizeof *program);
    if (!program) return GW_ERR_NOMEM;
    program->kind = PROGRAM_PLUGIN;
    snprintf(program->file, sizeof program->file, "%s", shown);
    int rc = open_plugin(program, path, given, n_given);
    if (rc == GW_OK) rc = program_check_given(program, given, n_given, bad);
    if (rc < 0) {
        program_free(program);
        return rc;
    }
    program_hash(program, hash);
    *out = program;
    return GW_OK;
}

int program_of_recorded_plugin(const char *shown, bool scored, struct program **out) {
    struct program *program = mem_calloc(1, sizeof *program);
    if (!program) return GW_ERR_NOMEM;
    program->kind = PROGRAM_PLUGIN;
    snprintf(program->file, sizeof program->file, "%s", shown);
    snprintf(program->path, sizeof program->path, "%s", shown);
    program->desc = scored ? &strategy_plugin_scored : &strategy_plugin;
    *out = program;
    return GW_OK;
}

void plugin_unload(struct program *program) {
    if (program->library) unload(program->library);
}
