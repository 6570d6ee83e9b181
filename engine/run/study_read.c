/* A study file, from text to stages. Without "stages" it takes the reference study's order. */
#include <string.h>

#include "study_private.h"

/* Loss, additive units, multiplicative forms, heads, dual stage; then controls that ask whether it is attention at all. */
static const char reference_order[] =
    "{\"stages\": ["
    "{\"name\": \"loss\", \"carry\": true, \"variants\": ["
    "{\"name\": \"bce\"},"
    "{\"name\": \"bce_weighted\", \"training\": {\"pos_weight\": 3}},"
    "{\"name\": \"focal\", \"training\": {\"loss\": \"focal\"}},"
    "{\"name\": \"bootstrap_soft\", \"training\": {\"loss\": \"bootstrap_soft\"}},"
    "{\"name\": \"bootstrap_hard\", \"training\": {\"loss\": \"bootstrap_hard\"}},"
    "{\"name\": \"self_paced_linear\", \"training\": {\"loss\": \"self_paced_linear\"}}]},"
    "{\"name\": \"bahdanau\", \"variants\": ["
    "{\"name\": \"bahdanau_32\", \"model\": {\"attention\": \"bahdanau\", \"attention_units\": 32}},"
    "{\"name\": \"bahdanau_64\", \"model\": {\"attention\": \"bahdanau\", \"attention_units\": 64}},"
    "{\"name\": \"bahdanau_128\", \"model\": {\"attention\": \"bahdanau\", \"attention_units\": 128}}]},"
    "{\"name\": \"luong\", \"variants\": ["
    "{\"name\": \"luong_dot\", \"model\": {\"attention\": \"luong_dot\"}},"
    "{\"name\": \"luong_general\", \"model\": {\"attention\": \"luong_general\"}},"
    "{\"name\": \"luong_concat\", \"model\": {\"attention\": \"luong_concat\"}},"
    "{\"name\": \"luong_general_combine\", \"model\": {\"attention\": \"luong_general\", \"luong_combine\": true}}]},"
    "{\"name\": \"multihead\", \"variants\": ["
    "{\"name\": \"multihead_2x16\", \"model\": {\"attention\": \"multihead\", \"heads\": 2, \"key_dim\": 16}},"
    "{\"name\": \"multihead_2x32\", \"model\": {\"attention\": \"multihead\", \"heads\": 2, \"key_dim\": 32}},"
    "{\"name\": \"multihead_4x16\", \"model\": {\"attention\": \"multihead\", \"heads\": 4, \"key_dim\": 16}},"
    "{\"name\": \"multihead_4x32\", \"model\": {\"attention\": \"multihead\", \"heads\": 4, \"key_dim\": 32}},"
    "{\"name\": \"multihead_8x16_h128\", \"model\": {\"attention\": \"multihead\", \"heads\": 8, \"key_dim\": 16, "
    "\"hidden\": 128}}]},"
    "{\"name\": \"dual_stage\", \"variants\": ["
    "{\"name\": \"dual_stage\", \"model\": {\"attention\": \"dual_stage\"}}]},"
    "{\"name\": \"control\", \"variants\": ["
    "{\"name\": \"mean_pool\", \"model\": {\"attention\": \"mean_pool\"}},"
    "{\"name\": \"max_pool\", \"model\": {\"attention\": \"max_pool\"}},"
    "{\"name\": \"lstm_h128\", \"model\": {\"hidden\": 128}}]}]}";

static int count_field(const struct json_document *doc, const json_value *object, const char *key, size_t min,
                       size_t max, size_t *out) {
    const json_value *value = json_get(object, key);
    if (!value) return OK;
    double number = json_kind(value) == JSON_NUMBER ? json_number(value, -1) : -1;
    if (!(number >= (double)min && number <= (double)max && number == (double)(size_t)number))
        return json_fail(doc, value, ERR_CONFIG, "%s must be a whole number from %zu to %zu", key, min, max);
    *out = (size_t)number;
    return OK;
}

static int string_field(const struct json_document *doc, const json_value *object, const char *key, bool safe,
                        char *out, size_t size) {
    const json_value *value = json_get(object, key);
    if (!value) return OK;
    const char *text = json_kind(value) == JSON_STRING ? json_string(value, "") : NULL;
    if (!text || strlen(text) >= size || (safe && !name_is_safe(text)))
        return json_fail(doc, value, ERR_CONFIG, "%s must be a string of at most %zu bytes%s", key, size - 1,
                         safe ? " (letters, digits, '_', '.', '-')" : "");
    strcpy(out, text);
    return OK;
}

static int known_keys(const struct json_document *doc, const json_value *object, const char *const *known, size_t n,
                      const char *where) {
    for (size_t i = 0; i < json_size(object); i++) {
        const json_value *value = json_at(object, i);
        size_t k = 0;
        while (k < n && strcmp(known[k], json_key(value)) != 0) k++;
        if (k == n) return config_unknown_key(doc, value, known, n, where);
    }
    return OK;
}

static int read_variants(const struct json_document *doc, const json_value *list, const struct experiment *e,
                         struct study_stage *stage) {
    if (!list || json_kind(list) != JSON_ARRAY || json_size(list) == 0 || json_size(list) > MAX_VARIANTS)
        return json_fail(doc, list, ERR_CONFIG, "a stage needs \"variants\": an array of 1 to %d", MAX_VARIANTS);
    for (size_t i = 0; i < json_size(list); i++) {
        struct strategy_spec *spec = &stage->variant[i].spec;
        *spec = e->common;
        if (json_kind(json_at(list, i)) != JSON_OBJECT)
            return json_fail(doc, json_at(list, i), ERR_CONFIG, "a variant must be an object");
        TRY(config_read_strategy(doc, json_at(list, i), strategy_find("gate"), spec));
        TRY(experiment_check_strategy(doc, e, spec));
        stage->n_variants = i + 1;
    }
    return OK;
}

static int read_stages(const struct json_document *doc, const json_value *list, struct study *study) {
    static const char *const known[] = {"name", "carry", "final", "variants"};
    if (json_kind(list) != JSON_ARRAY || json_size(list) == 0 || json_size(list) > MAX_STAGES)
        return json_fail(doc, list, ERR_CONFIG, "stages must be an array of 1 to %d", MAX_STAGES);
    for (size_t i = 0; i < json_size(list); i++) {
        const json_value *item = json_at(list, i);
        struct study_stage *stage = &study->stage[i];
        if (json_kind(item) != JSON_OBJECT || !json_get(item, "name"))
            return json_fail(doc, item, ERR_CONFIG, "a stage must be an object with a \"name\"");
        TRY(known_keys(doc, item, known, COUNT_OF(known), "a stage"));
        TRY(string_field(doc, item, "name", true, stage->name, sizeof stage->name));
        stage->carry = json_bool(json_get(item, "carry"), false);
        stage->final = json_bool(json_get(item, "final"), !stage->carry);
        TRY(read_variants(doc, json_get(item, "variants"), study->experiment, stage));
        study->n_stages = i + 1;
    }
    return OK;
}

static int read_reference(struct study *study) {
    struct json_document *doc;
    TRY(json_parse("reference study", reference_order, sizeof reference_order - 1, ERR_INTERNAL, &doc));
    int rc = read_stages(doc, json_get(json_root(doc), "stages"), study);
    json_free(doc);
    return rc;
}

/* The experiment's own strategies that are no gate models of the study walk along: buy and hold, logistic … */
static void keep_floors(struct study *study) {
    const struct experiment *e = study->experiment;
    for (size_t s = 0; s < e->n_strategies && study->n_extra < MAX_VARIANTS; s++)
        if (!e->strategy[s].desc->needs_model || strcmp(e->strategy[s].model.encoder, "lstm") != 0)
            study->extra[study->n_extra++] = e->strategy[s];
}

static int load_experiment(const struct json_document *doc, const json_value *root, const char *path,
                           const struct config_override *override, struct study *study) {
    char file[900] = "", full[2048];
    TRY(string_field(doc, root, "experiment", false, file, sizeof file));
    if (!*file)
        return json_fail(doc, root, ERR_CONFIG, "\"experiment\" is missing: the file with data, features and folds");
    const char *slash = file[0] == '/' ? NULL : strrchr(path, '/');
    snprintf(full, sizeof full, "%.*s%s", slash ? (int)(slash - path) + 1 : 0, path, file);
    return experiment_load(full, override, &study->experiment);
}

static int read_study(const struct json_document *doc, const char *path, const struct config_override *override,
                      struct study *study) {
    static const char *const known[] = {"name", "title", "experiment", "search", "stages"};
    static const char *const search_known[] = {"seeds", "folds", "epochs", "patience"};
    const json_value *root = json_root(doc);
    if (json_kind(root) != JSON_OBJECT) return json_fail(doc, root, ERR_CONFIG, "a study must be an object { … }");
    const json_value *strategies = json_get(root, "strategies");
    if (strategies)
        return json_fail_key(doc, strategies, ERR_CONFIG, "this is an experiment, not a study; use `gatewalk run %s`",
                             path);
    TRY(known_keys(doc, root, known, COUNT_OF(known), "the study"));
    TRY(load_experiment(doc, root, path, override, study));
    snprintf(study->name, sizeof study->name, "%s", study->experiment->name);
    snprintf(study->title, sizeof study->title, "%s", study->experiment->title);
    TRY(string_field(doc, root, "name", true, study->name, sizeof study->name));
    TRY(string_field(doc, root, "title", false, study->title, sizeof study->title));
    study->search_folds = 1;
    const json_value *search = json_get(root, "search");
    if (search) {
        if (json_kind(search) != JSON_OBJECT)
            return json_fail(doc, search, ERR_CONFIG, "search must be an object { … }");
        TRY(known_keys(doc, search, search_known, COUNT_OF(search_known), "search"));
        TRY(count_field(doc, search, "seeds", 1, MAX_SEEDS, &study->search_seeds));
        TRY(count_field(doc, search, "folds", 1, 100000, &study->search_folds));
        TRY(count_field(doc, search, "epochs", 1, 100000, &study->search_epochs));
        TRY(count_field(doc, search, "patience", 1, 100000, &study->search_patience));
    }
    const json_value *stages = json_get(root, "stages");
    TRY(stages ? read_stages(doc, stages, study) : read_reference(study));
    keep_floors(study);
    return OK;
}

int study_load(const char *path, const struct config_override *override, struct study **out) {
    struct json_document *doc;
    TRY(json_load(path, ERR_CONFIG, &doc));
    struct study *study = mem_calloc(1, sizeof *study);
    int rc = study ? read_study(doc, path, override, study) : ERR_NOMEM;
    json_free(doc);
    if (rc < 0) {
        study_free(study);
        return rc;
    }
    *out = study;
    return OK;
}

void study_free(struct study *study) {
    if (!study) return;
    experiment_free(study->experiment);
    mem_free(study);
}
