/* What all programs of a user have: features, declared parameters, a hash of everything that decides what they do. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/market/features/feature_set.h"
#include "program.h"

const char *const program_kind_name[4] = {"", "rules", "script", "plugin"};

int program_check_bars(const struct program *program, const struct gw_bars *bars) {
    struct gw_feature_stream *stream;
    if (!program->set) return GW_OK;
    for (size_t i = 0; i < gw_feature_set_size(program->set); i++)
        if (gw_feature_set_fitted(program->set, i))
            FAIL(GW_ERR_CONFIG,
                 "\"%s\" is fitted anew for every fold, on its training slice, and a program has no folds: such "
                 "features are for models (\"features\")",
                 gw_feature_set_name(program->set, i));
    TRY(feature_set_check_columns(program->set, bars));
    TRY(gw_feature_stream_open(program->set, bars->interval_ns, &stream));
    gw_feature_stream_close(stream);
    return GW_OK;
}

void program_hash(struct program *program, uint64_t hash) {
    hash = hash_bytes(&program->kind, sizeof program->kind, hash);
    if (program->text) hash = hash_bytes(program->text, program->length, hash);
    for (size_t i = 0; i < program->n_params; i++) {
        const struct program_param *param = &program->param[i];
        hash = hash_bytes(param->name, strlen(param->name) + 1, hash);
        hash = hash_bytes(&param->value, sizeof param->value, hash);
    }
    program->hash = hash;
}

int program_check_given(const struct program *program, struct given_param *given, size_t n, const char **name) {
    const char *known[PROGRAM_PARAMS_MAX];
    for (size_t i = 0; i < program->n_params; i++) known[i] = program->param[i].name;
    for (size_t i = 0; i < n; i++) {
        if (given[i].used) continue;
        *name = given[i].name;
        const char *near = nearest_word(given[i].name, known, program->n_params);
        FAIL(GW_ERR_CONFIG, "%s declares no parameter \"%s\"%s%s%s", program->file, given[i].name,
             near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    return GW_OK;
}

static int check_value(const struct program_param *p) {
    if (p->type == VALUE_BOOL) return GW_OK;
    if (p->type == VALUE_WHOLE && p->value != floor(p->value))
        FAIL(GW_ERR_CONFIG, "parameter %s must be a whole number, not %.10g", p->name, p->value);
    if (!(p->value >= p->low && p->value <= p->high))
        FAIL(GW_ERR_CONFIG, "parameter %s is %.10g; it must lie between %.10g and %.10g", p->name, p->value, p->low,
             p->high);
    return GW_OK;
}

int program_declare(struct program *program, const struct program_param *declared, struct given_param *given, size_t n,
                    double *value) {
    struct program_param param = *declared;
    if (!name_is_safe(param.name))
        FAIL(GW_ERR_CONFIG, "a parameter may be called by letters, digits, '_', '-' and '.' only");
    for (size_t i = 0; i < program->n_params; i++)
        if (strcmp(program->param[i].name, param.name) == 0)
            FAIL(GW_ERR_CONFIG, "parameter %s is declared twice", param.name);
    if (program->n_params == PROGRAM_PARAMS_MAX)
        FAIL(GW_ERR_CONFIG, "more than %d parameters are declared", PROGRAM_PARAMS_MAX);
    param.value = param.initial;
    TRY(check_value(&param));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(given[i].name, param.name) != 0) continue;
        given[i].used = true;
        if (given[i].is_bool != (param.type == VALUE_BOOL))
            FAIL(GW_ERR_CONFIG, "parameter %s must be %s", param.name,
                 param.type == VALUE_BOOL ? "true or false" : "a number");
        param.value = given[i].value;
    }
    TRY(check_value(&param));
    if (!program->param) program->param = mem_calloc(PROGRAM_PARAMS_MAX, sizeof *program->param);
    if (!program->param) return GW_ERR_NOMEM;
    *value = param.value;
    program->param[program->n_params++] = param;
    return GW_OK;
}
