/* Strategies of the user's own: the keys of an entry that hold rules, or name a script or a plugin. */
#include <stdio.h>
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"

static const char parameters_key[] = "parameters";

bool config_is_own_key(const char *key) {
    struct gw_param_key found;
    return strcmp(key, parameters_key) == 0 || gw_param_find(&own_params, key, &found);
}

/* Which kind of strategy a key belongs to. */
static enum program_kind kind_of_key(const char *key) {
    if (strcmp(key, program_kind_name[PROGRAM_SCRIPT]) == 0) return PROGRAM_SCRIPT;
    if (strcmp(key, program_kind_name[PROGRAM_PLUGIN]) == 0) return PROGRAM_PLUGIN;
    return strcmp(key, parameters_key) == 0 || !config_is_own_key(key) ? PROGRAM_NONE : PROGRAM_RULES;
}

/* A script or plugin is more than a rule beside it, which is then told to do nothing. */
enum program_kind config_own_kind(const json_value *entry) {
    enum program_kind kind = PROGRAM_NONE;
    for (size_t i = 0; i < json_size(entry) && json_kind(entry) == JSON_OBJECT; i++) {
        const enum program_kind of_key = kind_of_key(json_key(json_at(entry, i)));
        if (of_key > kind) kind = of_key;
    }
    return kind;
}

static enum program_kind kind_of_strategy(const struct gw_strategy_desc *desc) {
    enum program_kind kind = PROGRAM_PLUGIN;
    while (kind > PROGRAM_NONE && strcmp(desc->name, program_kind_name[kind]) != 0) kind--;
    return kind;
}

/* A rule may be written as the number or truth value that it is. */
static int read_key(const struct json_document *doc, const json_value *value, const struct gw_param_key *key,
                    struct own_keys *keys) {
    char text[40], why[GW_PARAM_WHY];
    const enum json_kind kind = json_kind(value);
    if (!own_key_is_rule(key->param) || (kind != JSON_NUMBER && kind != JSON_BOOL)) {
        TRY(json_read_param(doc, value, "", key, keys));
        if (!*json_string(value, ""))
            return json_fail(doc, value, GW_ERR_CONFIG, "%s is empty; leave it out", key->param->name);
        return GW_OK;
    }
    if (kind == JSON_BOOL)
        strcpy(text, json_bool(value, false) ? "true" : "false");
    else
        number_format(json_number(value, 0), text);
    return gw_param_put_text(key->param, text, keys, why);
}

static int keep(struct experiment *e, struct strategy_spec *spec, struct program *program) {
    e->program[e->n_programs++] = program;
    config_use_strategy(spec, program->desc);
    spec->trading.program = program;
    return GW_OK;
}

static int read_rules(const struct json_document *doc, const json_value *entry, const struct own_keys *keys,
                      struct experiment *e, struct strategy_spec *spec) {
    enum rule which;
    char why[512];
    struct program *program = NULL;
    const int rc = program_of_rules(&keys->rules, &which, &program);
    if (rc == GW_OK) return keep(e, spec, program);
    if (rc == GW_ERR_NOMEM) return rc;
    const json_value *place = json_get(entry, rule_name[which]);
    snprintf(why, sizeof why, "%s", gw_error_message());
    return json_fail(doc, place ? place : entry, GW_ERR_CONFIG, "%s%s%s", place ? rule_name[which] : "",
                     place ? ": " : "", why);
}

/* ---- scripts and plugins ------------------------------------------------------------------------------------- */

static int read_given(const struct json_document *doc, const json_value *object, struct given_param *given, size_t *n) {
    *n = 0;
    if (!object) return GW_OK;
    if (json_kind(object) != JSON_OBJECT)
        return json_fail(doc, object, GW_ERR_CONFIG, "parameters must be an object { … }, not %s",
                         json_kind_name(object));
    if (json_size(object) > PROGRAM_PARAMS_MAX)
        return json_fail(doc, object, GW_ERR_CONFIG, "parameters: more than %d", PROGRAM_PARAMS_MAX);
    for (size_t i = 0; i < json_size(object); i++) {
        const json_value *value = json_at(object, i);
        const bool is_bool = json_kind(value) == JSON_BOOL;
        if (!is_bool && json_kind(value) != JSON_NUMBER)
            return json_fail(doc, value, GW_ERR_CONFIG, "parameters.%s must be a number, true or false, not %s",
                             json_key(value), json_kind_name(value));
        if (strlen(json_key(value)) >= PROGRAM_NAME_MAX)
            return json_fail_key(doc, value, GW_ERR_CONFIG, "parameters: the name is longer than %d bytes",
                                 PROGRAM_NAME_MAX - 1);
        struct given_param *one = &given[(*n)++];
        *one = (struct given_param){.value = is_bool ? json_bool(value, false) : json_number(value, 0),
                                    .is_bool = is_bool};
        strcpy(one->name, json_key(value));
    }
    return GW_OK;
}

/* A recorded plugin's entry has a model's keys when it asked for scores. */
static bool recorded_scores(const json_value *entry) {
    return json_get(entry, "model") || json_get(entry, "scores") || json_get(entry, "ensemble_of");
}

static int make_program(enum program_kind kind, const json_value *entry, const char *file, const struct experiment *e,
                        struct given_param *given, size_t n_given, const char *path, const char **bad,
                        struct program **out) {
    if (kind == PROGRAM_SCRIPT) return program_of_script(path, file, given, n_given, bad, out);
    if (e->is_record) return program_of_recorded_plugin(file, recorded_scores(entry), out);
    return program_of_plugin(path, file, given, n_given, bad, out);
}

static int read_code(const struct json_document *doc, const json_value *entry, enum program_kind kind, const char *file,
                     struct experiment *e, struct strategy_spec *spec) {
    struct given_param given[PROGRAM_PARAMS_MAX];
    size_t n_given;
    char path[1024], why[1024];
    const char *bad = NULL, *what = program_kind_name[kind];
    struct program *program = NULL;
    const json_value *place = json_get(entry, what), *parameters = json_get(entry, parameters_key);
    if (!place) return json_fail(doc, entry, GW_ERR_CONFIG, "strategy \"%s\" needs \"%s\": a file", what, what);
    TRY(read_given(doc, parameters, given, &n_given));
    strcpy(path, file);
    TRY(config_resolve_path(doc, place, e->path, what, path));
    const int rc = make_program(kind, entry, file, e, given, n_given, path, &bad, &program);
    if (rc == GW_OK) return keep(e, spec, program);
    if (rc != GW_ERR_CONFIG) return rc;
    snprintf(why, sizeof why, "%s", gw_error_message());
    if (bad) return json_fail_key(doc, json_get(parameters, bad), GW_ERR_CONFIG, "%s", why);
    return json_fail(doc, place, GW_ERR_CONFIG, "%s", why);
}

/* ---- an entry -------------------------------------------------------------------------------------------------- */

/* What only gates have does nothing in a strategy that asks no model. */
static int check_model_keys(const struct json_document *doc, const json_value *entry,
                            const struct strategy_spec *spec) {
    static const char *const of_models[] = {"model", "training", "scores", "ensemble_of"};
    for (size_t i = 0; !spec->desc->needs_model && i < COUNT_OF(of_models); i++) {
        const json_value *value = json_get(entry, of_models[i]);
        if (value)
            return json_fail_key(doc, value, GW_ERR_CONFIG, "\"%s\" does nothing here: \"%s\" asks for no scores; %s",
                                 of_models[i], spec->name,
                                 strategy_program(spec)->kind == PROGRAM_RULES
                                     ? "no rule has p_long, p_short, tau_long or tau_short in it"
                                 : strategy_program(spec)->kind == PROGRAM_SCRIPT
                                     ? "a script asks with use_scores()"
                                     : "a plugin asks with needs_model in its descriptor");
    }
    return GW_OK;
}

static int read_keys(const struct json_document *doc, const json_value *entry, enum program_kind kind,
                     const struct strategy_spec *spec, struct own_keys *keys) {
    for (size_t i = 0; i < json_size(entry); i++) {
        const json_value *value = json_at(entry, i);
        const enum program_kind of_key = kind_of_key(json_key(value));
        struct gw_param_key key;
        const bool idle = config_is_own_key(json_key(value)) && (of_key ? of_key != kind : kind < PROGRAM_SCRIPT);
        if (idle)
            return json_fail_key(doc, value, GW_ERR_CONFIG, "\"%s\" does nothing in strategy \"%s\"; it belongs to %s",
                                 json_key(value), spec->desc->name,
                                 of_key ? program_kind_name[of_key] : "scripts and plugins");
        if (gw_param_find(&own_params, json_key(value), &key)) TRY(read_key(doc, value, &key, keys));
    }
    return GW_OK;
}

int config_read_own(const struct json_document *doc, const json_value *entry, struct experiment *e,
                    struct strategy_spec *spec) {
    const enum program_kind kind = kind_of_strategy(spec->desc);
    if (kind == PROGRAM_NONE && config_own_kind(entry) == PROGRAM_NONE && !json_get(entry, parameters_key))
        return GW_OK;
    struct own_keys *keys = mem_calloc(1, sizeof *keys);
    if (!keys) return GW_ERR_NOMEM;
    int rc = read_keys(doc, entry, kind, spec, keys);
    if (rc == GW_OK && kind == PROGRAM_RULES) rc = read_rules(doc, entry, keys, e, spec);
    if (rc == GW_OK && kind == PROGRAM_SCRIPT) rc = read_code(doc, entry, kind, keys->script, e, spec);
    if (rc == GW_OK && kind == PROGRAM_PLUGIN) rc = read_code(doc, entry, kind, keys->plugin, e, spec);
    mem_free(keys);
    return rc == GW_OK ? check_model_keys(doc, entry, spec) : rc;
}

/* A script is named as its copy in the run directory, so that the record is an experiment of its own. */
void config_script_name(const struct strategy_spec *spec, char name[SCRIPT_NAME_MAX]) {
    snprintf(name, SCRIPT_NAME_MAX, "%s.lua", spec->name);
}

static void write_parameters(struct json_writer *w, const struct program *program) {
    if (!program->n_params) return;
    json_begin_object(w, parameters_key);
    for (size_t i = 0; i < program->n_params; i++) {
        const struct program_param *param = &program->param[i];
        if (param->type == VALUE_BOOL)
            json_put_bool(w, param->name, param->value != 0);
        else
            json_put_number(w, param->name, param->value);
    }
    json_end_object(w);
}

void config_write_own(struct json_writer *w, const struct strategy_spec *spec) {
    const struct program *program = strategy_program(spec);
    char name[SCRIPT_NAME_MAX];
    if (!program) return;
    for (int r = 0; program->rule_text && r < N_RULES; r++)
        if (*program->rule_text->text[r]) json_put_string(w, rule_name[r], program->rule_text->text[r]);
    config_script_name(spec, name);
    if (program->kind == PROGRAM_SCRIPT) json_put_string(w, "script", name);
    if (program->kind == PROGRAM_PLUGIN) json_put_string(w, "plugin", program->path);
    write_parameters(w, program);
}
