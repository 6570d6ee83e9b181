/* A study file, from text to stages. Without "stages" it takes the reference study's order. */
#include <string.h>

#include "engine/base/base.h"
#include "study_private.h"

/* "search": fewer seeds, folds and epochs than the final walk has. 0: as many as the experiment. */
#define SEARCH(key, field, unit_, most, what)                                                                          \
    {                                                                                                                  \
        .name = key, .type = GW_PARAM_SIZE, .offset = offsetof(struct study, field), .unit = unit_, .low = 1,          \
        .high = most, .help = what                                                                                     \
    }
static const struct gw_param search_rows[] = {
    SEARCH("seeds", search_seeds, "seeds", MAX_SEEDS, "default: the experiment's"),
    SEARCH("folds", search_folds, "folds", 100000, "default: 1"),
    SEARCH("epochs", search_epochs, "epochs", 100000, "default: the training's"),
    SEARCH("patience", search_patience, "epochs", 100000, "default: the training's"),
};
static const struct gw_param_table search_params = GW_PARAM_TABLE(search_rows);

static int read_search(const struct json_document *doc, const json_value *search, struct study *study) {
    if (json_kind(search) != JSON_OBJECT)
        return json_fail(doc, search, GW_ERR_CONFIG, "search must be an object { … }");
    for (size_t i = 0; i < json_size(search); i++) {
        const json_value *value = json_at(search, i);
        struct gw_param_key key;
        if (!gw_param_find(&search_params, json_key(value), &key))
            return config_unknown_param(doc, value, &search_params, "search");
        TRY(json_read_param(doc, value, "search", &key, study));
    }
    return GW_OK;
}

static int flag_field(const struct json_document *doc, const json_value *object, const char *key, bool *out) {
    const json_value *value = json_get(object, key);
    if (!value) return GW_OK;
    if (json_kind(value) != JSON_BOOL) return json_fail(doc, value, GW_ERR_CONFIG, "%s must be true or false", key);
    *out = json_bool(value, false);
    return GW_OK;
}

static uint64_t own_training(const json_value *training) {
    uint64_t own = 0;
    size_t k = 0;
    for (struct gw_param_key key = {0}; gw_param_next(&gw_train_params, &key); k++)
        if (json_get(training, key.param->name)) own |= UINT64_C(1) << k;
    return own;
}

/* Variants are compared by what their models do on validation: each needs one of its own. */
static int check_variant(const struct json_document *doc, const json_value *item, const struct study_stage *stage) {
    const struct strategy_spec *spec = &stage->variant[stage->n_variants].spec;
    const json_value *ensemble = json_get(item, "ensemble_of");
    if (ensemble)
        return json_fail_key(doc, ensemble, GW_ERR_CONFIG, "a variant cannot be an ensemble; it must train a model");
    if (json_get(item, "scores"))
        return json_fail_key(doc, json_get(item, "scores"), GW_ERR_CONFIG,
                             "a variant cannot have scores from outside; it must train a model");
    if (!spec->desc->needs_model)
        return json_fail(doc, json_get(item, "strategy"), GW_ERR_CONFIG, "a variant needs a model, \"%s\" has none",
                         spec->desc->name);
    for (size_t j = 0; j < stage->n_variants; j++)
        if (strcmp(stage->variant[j].spec.name, spec->name) == 0)
            return json_fail(doc, json_get(item, "name"), GW_ERR_CONFIG,
                             "two variants of stage \"%s\" are called \"%s\"; rename one", stage->name, spec->name);
    return GW_OK;
}

static int read_variants(const struct json_document *doc, const json_value *list, const struct experiment *e,
                         struct study_stage *stage, bool reference) {
    if (!list || json_kind(list) != JSON_ARRAY || json_size(list) == 0 || json_size(list) > MAX_VARIANTS)
        return json_fail(doc, list, GW_ERR_CONFIG, "a stage needs \"variants\": an array of 1 to %d", MAX_VARIANTS);
    for (size_t i = 0; i < json_size(list); i++) {
        const json_value *item = json_at(list, i);
        struct study_variant *variant = &stage->variant[stage->n_variants];
        variant->spec = e->common;
        variant->spec.model.n_features = e->n_features;
        if (json_kind(item) != JSON_OBJECT) return json_fail(doc, item, GW_ERR_CONFIG, "a variant must be an object");
        TRY(config_read_strategy(doc, item, gw_strategy_find("gate"), &variant->spec));
        TRY(check_variant(doc, item, stage));
        if (reference && study_goes_without(stage, &variant->spec)) continue;
        TRY(experiment_check_strategy(doc, item, e, &variant->spec));
        variant->own_training = own_training(json_get(item, "training"));
        variant->own_unroll = json_get(json_get(item, "model"), "unroll") != NULL;
        stage->n_variants++;
    }
    return GW_OK;
}

static int read_stages(const struct json_document *doc, const json_value *list, struct study *study, bool reference) {
    static const char *const known[] = {"name", "carry", "final", "variants"};
    if (json_kind(list) != JSON_ARRAY || json_size(list) == 0 || json_size(list) > MAX_STAGES)
        return json_fail(doc, list, GW_ERR_CONFIG, "stages must be an array of 1 to %d", MAX_STAGES);
    for (size_t i = 0; i < json_size(list); i++) {
        const json_value *item = json_at(list, i);
        struct study_stage *stage = &study->stage[study->n_stages];
        if (json_kind(item) != JSON_OBJECT || !json_get(item, "name"))
            return json_fail(doc, item, GW_ERR_CONFIG, "a stage must be an object with a \"name\"");
        TRY(config_known_keys(doc, item, known, COUNT_OF(known), "a stage"));
        TRY(config_text_field(doc, item, "name", true, stage->name, sizeof stage->name));
        for (size_t j = 0; j < study->n_stages; j++)
            if (strcmp(study->stage[j].name, stage->name) == 0)
                return json_fail(doc, json_get(item, "name"), GW_ERR_CONFIG, "two stages are called \"%s\"; rename one",
                                 stage->name);
        TRY(flag_field(doc, item, "carry", &stage->carry));
        stage->final = !stage->carry;
        TRY(flag_field(doc, item, "final", &stage->final));
        TRY(read_variants(doc, json_get(item, "variants"), study->experiment, stage, reference));
        study->n_stages += stage->n_variants > 0;
    }
    return GW_OK;
}

static int read_reference(struct study *study) {
    struct json_document *doc;
    TRY(json_parse("reference study", study_reference_order, strlen(study_reference_order), GW_ERR_INTERNAL, &doc));
    int rc = read_stages(doc, json_get(json_root(doc), "stages"), study, true);
    json_free(doc);
    return rc;
}

/* The experiment's own strategies that are no gate models of the study walk along: buy and hold, logistic, scores from
 * outside … */
static void keep_floors(struct study *study) {
    const struct experiment *e = study->experiment;
    for (size_t s = 0; s < e->n_strategies && study->n_extra < MAX_VARIANTS; s++)
        if (!e->strategy[s].desc->needs_model || strategy_is_outside(&e->strategy[s]) ||
            !gw_model_takes_windows(&e->strategy[s].model))
            study->extra[study->n_extra++] = e->strategy[s];
}

static int taken(const char *path, const char *name) {
    FAIL(GW_ERR_CONFIG, "%s: the final walk could hold two strategies called \"%s\"; rename one", path, name);
}

/* Known before the search, not after it: whichever variants win, the final walk must hold each name once. */
static int check_final(const struct study *study, const char *path) {
    const char *name[MAX_STAGES * MAX_VARIANTS + MAX_VARIANTS + 1];
    size_t n = 0, most = 1 + study->n_extra;
    name[n++] = STUDY_BASELINE;
    for (size_t x = 0; x < study->n_extra; x++) {
        if (strcmp(study->extra[x].name, STUDY_BASELINE) == 0) return taken(path, STUDY_BASELINE);
        name[n++] = study->extra[x].name;
    }
    for (size_t i = 0; i < study->n_stages; i++) {
        const struct study_stage *stage = &study->stage[i];
        size_t before = n;
        if (!stage->final) continue;
        most++;
        for (size_t v = 0; v < stage->n_variants; v++) {
            const char *own = stage->variant[v].spec.name;
            for (size_t k = 0; k < before; k++)
                if (strcmp(name[k], own) == 0) return taken(path, own);
            name[n++] = own;
        }
    }
    if (most > MAX_STRATEGIES)
        FAIL(GW_ERR_CONFIG, "%s: the final walk would hold %zu strategies, at most %d are possible; give fewer stages",
             path, most, MAX_STRATEGIES);
    return GW_OK;
}

/* Whatever is carried, every later variant can take it; or it says for itself whether it streams. */
static int check_carried(const struct study *study, const char *path) {
    for (size_t i = 0; i < study->n_stages; i++)
        for (size_t c = 0; study->stage[i].carry && c < study->stage[i].n_variants; c++)
            for (size_t k = i + 1; k < study->n_stages; k++)
                for (size_t v = 0; v < study->stage[k].n_variants; v++) {
                    const struct strategy_spec *from = &study->stage[i].variant[c].spec;
                    struct study_variant to = study->stage[k].variant[v];
                    study_take_over(from, &to);
                    if (gw_model_config_check(&to.spec.model, &to.spec.train, NULL) < 0)
                        FAIL(GW_ERR_CONFIG, "%s: stage \"%s\": \"%s\" cannot take over what \"%s\" carries: %s", path,
                             study->stage[k].name, to.spec.name, from->name, gw_error_message());
                }
    return GW_OK;
}

static int load_experiment(const struct json_document *doc, const json_value *root, const char *path,
                           const struct gw_config_override *override, struct study *study) {
    char file[900] = "", full[2048];
    TRY(config_text_field(doc, root, "experiment", false, file, sizeof file));
    if (!*file)
        return json_fail(doc, root, GW_ERR_CONFIG, "\"experiment\" is missing: the file with data, features and folds");
    const char *slash = file[0] == '/' ? NULL : strrchr(path, '/');
    snprintf(full, sizeof full, "%.*s%s", slash ? (int)(slash - path) + 1 : 0, path, file);
    return experiment_load(full, override, &study->experiment);
}

static int read_study(const struct json_document *doc, const char *path, const struct gw_config_override *override,
                      struct study *study) {
    static const char *const known[] = {"$schema", "name", "title", "experiment", "search", "stages"};
    const json_value *root = json_root(doc);
    if (json_kind(root) != JSON_OBJECT) return json_fail(doc, root, GW_ERR_CONFIG, "a study must be an object { … }");
    const json_value *strategies = json_get(root, "strategies");
    if (strategies)
        return json_fail_key(doc, strategies, GW_ERR_CONFIG,
                             "this is an experiment, not a study; use `gatewalk run %s`", path);
    TRY(config_known_keys(doc, root, known, COUNT_OF(known), "the study"));
    TRY(load_experiment(doc, root, path, override, study));
    snprintf(study->name, sizeof study->name, "%s", study->experiment->name);
    TRY(config_text_field(doc, root, "name", true, study->name, sizeof study->name));
    /* An experiment without a title of its own has its name for one: then the study's name says more. */
    bool titled = strcmp(study->experiment->title, study->experiment->name) != 0;
    snprintf(study->title, sizeof study->title, "%s", titled ? study->experiment->title : study->name);
    TRY(config_text_field(doc, root, "title", false, study->title, sizeof study->title));
    study->search_folds = 1;
    const json_value *search = json_get(root, "search");
    if (search) TRY(read_search(doc, search, study));
    const json_value *stages = json_get(root, "stages");
    TRY(stages ? read_stages(doc, stages, study, false) : read_reference(study));
    TRY(check_carried(study, path));
    keep_floors(study);
    return check_final(study, path);
}

int study_load(const char *path, const struct gw_config_override *override, struct study **out) {
    struct json_document *doc;
    TRY(json_load_commented(path, GW_ERR_CONFIG, &doc));
    struct study *study = mem_calloc(1, sizeof *study);
    if (study) study->path = path;
    int rc = study ? read_study(doc, path, override, study) : GW_ERR_NOMEM;
    json_free(doc);
    if (rc < 0) {
        study_free(study);
        return rc;
    }
    *out = study;
    return GW_OK;
}

void study_free(struct study *study) {
    if (!study) return;
    experiment_free(study->experiment);
    mem_free(study);
}
