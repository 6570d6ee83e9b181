/* The contestants of an experiment, and the relations between keys that one key alone cannot show. */
#include <math.h>
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"
#include "engine/market/features/feature_set.h"
#include "gatewalk/verdict.h"

void config_use_strategy(struct strategy_spec *spec, const struct gw_strategy_desc *desc) {
    spec->desc = desc;
    spec->trading.strategy = desc ? gw_strategy_row(desc) : -1;
}

static int strategy_type(const struct json_document *doc, const json_value *value, struct strategy_spec *spec) {
    const char *name = json_string(value, "");
    config_use_strategy(spec, gw_strategy_find(name));
    if (spec->desc) return GW_OK;
    const char *known[64];
    size_t n = 0;
    for (; n < gw_strategy_count() && n < COUNT_OF(known); n++) known[n] = gw_strategy_at(n)->name;
    const char *near = nearest_word(name, known, n);
    if (near) return json_fail(doc, value, GW_ERR_CONFIG, "unknown strategy \"%s\"; did you mean \"%s\"?", name, near);
    return json_fail(doc, value, GW_ERR_CONFIG, "unknown strategy \"%s\"; `gatewalk list strategies` shows all", name);
}

/* Read by somebody else than the loop over the sections. */
static bool is_plain_key(const char *key) {
    struct gw_param_key found;
    return strcmp(key, "strategy") == 0 || strcmp(key, "scores") == 0 || gw_param_find(&entry_params, key, &found) ||
           config_is_own_key(key);
}

static bool is_entry_key(const char *key) {
    const struct key_section *section = config_find_section(key);
    return is_plain_key(key) || (section && section->per_strategy);
}

static int unknown_entry_key(const struct json_document *doc, const json_value *value) {
    const char *known[64] = {"strategy", "model", "training", "trading", "costs", "scores", "parameters"};
    size_t n = 7;
    for (struct gw_param_key key = {0}; gw_param_next(&entry_params, &key);) known[n++] = key.param->name;
    for (struct gw_param_key key = {0}; gw_param_next(&own_params, &key);) known[n++] = key.param->name;
    return config_unknown_key(doc, value, known, n, "a strategy");
}

int config_read_strategy(const struct json_document *doc, const json_value *object,
                         const struct gw_strategy_desc *fallback, struct strategy_spec *spec) {
    const json_value *type = json_get(object, "strategy"), *name = json_get(object, "name");
    const enum program_kind own = config_own_kind(object);
    if (own) fallback = gw_strategy_find(program_kind_name[own]);
    config_use_strategy(spec, fallback);
    if (!type && !fallback) /* a slip in the key that would have said what it is */
        for (size_t i = 0; i < json_size(object); i++)
            if (!is_entry_key(json_key(json_at(object, i)))) return unknown_entry_key(doc, json_at(object, i));
    if ((type || !fallback) && (!type || json_kind(type) != JSON_STRING))
        return json_fail(doc, type ? type : object, GW_ERR_CONFIG,
                         "a strategy needs \"strategy\": one of `gatewalk list strategies`");
    if (!type && !name) return json_fail(doc, object, GW_ERR_CONFIG, "a \"name\" is missing");
    if (type) TRY(strategy_type(doc, type, spec));
    struct gw_param_key name_key;
    if (!gw_param_find(&entry_params, "name", &name_key)) return GW_ERR_INTERNAL;
    TRY(json_read_param(doc, name ? name : type, "strategies", &name_key, spec));
    struct gw_param_key models_key;
    const json_value *models = json_get(object, "models");
    if (models && !gw_param_find(&entry_params, "models", &models_key)) return GW_ERR_INTERNAL;
    if (models) TRY(json_read_param(doc, models, "strategies", &models_key, spec));
    for (size_t i = 0; i < json_size(object); i++) {
        const json_value *value = json_at(object, i);
        const char *key = json_key(value);
        if (is_plain_key(key)) continue;
        const struct key_section *section = config_find_section(key);
        if (!section || !section->per_strategy) return unknown_entry_key(doc, value);
        char *base = (char *)spec + section->common_offset;
        TRY(config_read_section(doc, value, section, base));
        TRY(config_check_used(doc, value, section, base));
    }
    return GW_OK;
}

int config_read_strategies(const struct json_document *doc, const json_value *list, struct experiment *e) {
    if (json_kind(list) != JSON_ARRAY || json_size(list) == 0 || json_size(list) > MAX_STRATEGIES)
        return json_fail(doc, list, GW_ERR_CONFIG, "strategies must be an array of 1 to %d contestants",
                         MAX_STRATEGIES);
    for (size_t i = 0; i < json_size(list); i++) {
        const json_value *value = json_at(list, i);
        struct strategy_spec *spec = &e->strategy[i];
        *spec = e->common;
        if (json_kind(value) == JSON_STRING) {
            TRY(strategy_type(doc, value, spec));
            strcpy(spec->name, spec->desc->name);
            TRY(config_read_own(doc, value, e, spec));
            TRY(config_read_members(doc, value, e, spec));
        } else if (json_kind(value) == JSON_OBJECT) {
            TRY(config_read_strategy(doc, value, NULL, spec));
            TRY(config_read_own(doc, value, e, spec));
            TRY(config_read_scores(doc, value, e->path, spec));
            TRY(config_read_ensemble(doc, value, e, spec));
            TRY(config_read_members(doc, value, e, spec));
        } else {
            return json_fail(doc, value, GW_ERR_CONFIG, "a strategy must be a name or an object, not %s",
                             json_kind_name(value));
        }
        for (size_t j = 0; j < i; j++)
            if (strcmp(e->strategy[j].name, spec->name) == 0)
                return json_fail(doc, value, GW_ERR_CONFIG,
                                 "two strategies are called \"%s\"; give one another \"name\"", spec->name);
        e->n_strategies = i + 1;
    }
    return GW_OK;
}

/* --strategies a,b keeps the named ones, in the file's order. */
static int keep_strategies(struct experiment *e, const char *keep) {
    bool wanted[MAX_STRATEGIES] = {false};
    for (const char *at = keep; *at;) {
        size_t length = strcspn(at, ",");
        size_t s = 0;
        while (s < e->n_strategies &&
               !(strlen(e->strategy[s].name) == length && memcmp(e->strategy[s].name, at, length) == 0))
            s++;
        if (s == e->n_strategies) {
            const char *known[MAX_STRATEGIES];
            for (size_t i = 0; i < e->n_strategies; i++) known[i] = e->strategy[i].name;
            char word[64];
            snprintf(word, sizeof word, "%.*s", (int)(length < 60 ? length : 60), at);
            const char *near = nearest_word(word, known, e->n_strategies);
            FAIL(GW_ERR_USAGE, "--strategies: %s has no strategy \"%s\"%s%s%s", e->path, word,
                 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        }
        wanted[s] = true;
        at += length + (at[length] == ',');
    }
    for (size_t s = e->n_strategies; s-- > 0;)
        if (wanted[s]) config_bring_members(e, s, wanted);
    size_t n = 0;
    for (size_t s = 0; s < e->n_strategies; s++)
        if (wanted[s]) e->strategy[n++] = e->strategy[s];
    if (n == 0) FAIL(GW_ERR_USAGE, "--strategies: no name given");
    e->n_strategies = n;
    return GW_OK;
}

/* Where a key of a section stands; NULL when it has its default. */
static const json_value *place_of(const json_value *object, const char *section, const char *key) {
    return json_get(json_get(object, section), key);
}

/* The entry of "strategies" that a contestant was read from. */
static const json_value *entry_of(const struct json_document *doc, const char *name) {
    const json_value *list = json_get(json_root(doc), "strategies");
    for (size_t i = 0; i < json_size(list); i++) {
        const json_value *entry = json_at(list, i), *own = json_get(entry, "name");
        const char *text = json_string(own ? own : json_get(entry, "strategy"), json_string(entry, ""));
        if (strcmp(text, name) == 0) return entry;
    }
    return NULL;
}

/* Where a key stands that a check complains of ("layers" in "model", or "model.layers"): in the contestant's entry,
 * else among the common ones. NULL when it has its default. */
static const json_value *place_of_key(const struct json_document *doc, const json_value *entry, const char *section,
                                      const char *key) {
    char name[32];
    const char *dot = strchr(key, '.');
    snprintf(name, sizeof name, "%.*s", dot ? (int)(dot - key) : 31, dot ? key : section);
    const json_value *own = place_of(entry, name, dot ? dot + 1 : key);
    return own ? own : place_of(json_root(doc), name, dot ? dot + 1 : key);
}

/* Points at the first of the keys that the file gives, else at the contestant. */
static int fail_keys(const struct json_document *doc, const json_value *entry, const struct strategy_spec *spec,
                     const char *section, const char *const *key, size_t n) {
    char why[512];
    const json_value *place = NULL;
    snprintf(why, sizeof why, "%s", gw_error_message());
    for (size_t k = 0; k < n && key[k] && !place; k++) place = place_of_key(doc, entry, section, key[k]);
    return json_fail(doc, place ? place : entry, GW_ERR_CONFIG, "strategy \"%s\": %s", spec->name, why);
}

/* What the second sequence shows of its bars: the features @interval, or all of them. prepare() says when there are none. */
static void count_cross_features(const struct experiment *e, struct strategy_spec *spec) {
    struct gw_feature_set *set;
    spec->model.cross_features = 0;
    if (spec->model.cross == GW_CROSS_NONE) return;
    if (gw_feature_set_parse((const char *const *)e->feature, e->n_features, &set) < 0)
        return; /* said with its place where all features are read */
    spec->model.cross_features = feature_set_of_interval(set, gw_model_cross_interval(&spec->model), NULL);
    gw_feature_set_free(set);
}

int experiment_check_strategy(const struct json_document *doc, const json_value *entry, const struct experiment *e,
                              struct strategy_spec *spec) {
    spec->model.n_features = e->n_features;
    gw_strategy_config_resolve(&spec->trading, &e->labels, e->n_data);
    if (!spec->desc) return GW_OK; /* the common defaults: what comes of them is checked in each strategy */
    const char *key[GW_STRATEGY_KEYS_MAX];
    struct gw_model_report report;
    if (gw_strategy_config_check(spec->desc, &spec->trading, key) < 0)
        return fail_keys(doc, entry, spec, "trading", key, COUNT_OF(key));
    if (!spec->desc->needs_model || strategy_is_outside(spec)) return GW_OK;
    if (gw_model_config_check(&spec->model, &spec->train, &report) < 0)
        return fail_keys(doc, entry, spec, "model", report.key, COUNT_OF(report.key));
    count_cross_features(e, spec);
    if (*report.advice) message("warning: strategy \"%s\": %s", spec->name, report.advice);
    return GW_OK;
}

/* Models of its own for every symbol or group need such, and somebody who trains. */
static int check_models(const struct json_document *doc, const json_value *entry, const struct experiment *e,
                        const struct strategy_spec *spec) {
    const json_value *place = json_get(entry, "models");
    if (!place) place = entry;
    if (spec->models == MODELS_POOLED) return GW_OK;
    if (!strategy_trains(spec))
        return json_fail(doc, place, GW_ERR_CONFIG,
                         "strategy \"%s\": models says whose bars a model is trained on, and this one trains none",
                         spec->name);
    for (size_t i = 0; spec->models == MODELS_PER_GROUP && i < e->n_data; i++)
        if (!*e->data[i].group)
            return json_fail(doc, place, GW_ERR_CONFIG,
                             "strategy \"%s\": models is per_group, but %s has no group; give its entry in \"data\" a "
                             "\"group\"",
                             spec->name, *e->data[i].symbol ? e->data[i].symbol : e->data[i].file);
    return GW_OK;
}

static void pick_baseline(struct experiment *e) {
    if (e->verdict.baseline[0]) return;
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_spec *spec = &e->strategy[s];
        if (!strategy_trains(spec) || !gw_model_is_baseline(&spec->model)) continue;
        strcpy(e->verdict.baseline, spec->name);
        return;
    }
}

/* Also with an act_on that is a default: then the place of k says where to look. */
static int check_act_on(const struct json_document *doc, const struct experiment *e) {
    const json_value *act_on = place_of(json_root(doc), "signals", "act_on");
    char ks[128] = "", number[32];
    for (size_t i = 0; i < e->signals.n_k; i++) {
        if (e->signals.k[i] == e->signals.act_on) return GW_OK;
        snprintf(number, sizeof number, "%s%g", i ? ", " : "", e->signals.k[i]);
        strcat(ks, number);
    }
    return json_fail(doc, act_on ? act_on : place_of(json_root(doc), "signals", "k"), GW_ERR_CONFIG,
                     "signals.act_on is %g%s, which is not in signals.k (%s); choose one of these or add it there",
                     e->signals.act_on, act_on ? "" : " by default", ks);
}

/* With --strategies the baseline may have been left out on purpose; another one is picked then. */
static int check_baseline(const struct json_document *doc, struct experiment *e, bool narrowed) {
    const json_value *value = place_of(json_root(doc), "verdict", "baseline");
    const char *known[MAX_STRATEGIES], *name = e->verdict.baseline;
    size_t s = 0;
    for (; s < e->n_strategies && strcmp(e->strategy[s].name, name) != 0; s++) known[s] = e->strategy[s].name;
    if (!*name || (s < e->n_strategies && e->strategy[s].desc->needs_model)) return GW_OK;
    if (s < e->n_strategies)
        return json_fail(doc, value, GW_ERR_CONFIG,
                         "verdict.baseline \"%s\" has no model to compare with; name a strategy that has one", name);
    if (!narrowed) {
        const char *near = nearest_word(name, known, s);
        return json_fail(doc, value, GW_ERR_CONFIG, "verdict.baseline \"%s\" is not one of the strategies%s%s%s", name,
                         near ? "; did you mean \"" : "; name one of them", near ? near : "", near ? "\"?" : "");
    }
    e->verdict.baseline[0] = '\0';
    return GW_OK;
}

static int check_confidence(const struct json_document *doc, const struct experiment *e) {
    size_t needed = gw_verdict_replicates_needed(e->verdict.confidence);
    if (e->verdict.bootstrap >= needed) return GW_OK;
    const json_value *root = json_root(doc), *verdict = json_get(root, "verdict");
    const json_value *value = json_get(verdict, "confidence");
    if (!value) value = json_get(verdict, "bootstrap");
    return json_fail(
        doc, value ? value : root, GW_ERR_CONFIG,
        "verdict.confidence is %g, which takes at least %zu replicates, but verdict.bootstrap is %zu; raise "
        "bootstrap or lower confidence",
        e->verdict.confidence, needed, e->verdict.bootstrap);
}

int experiment_check(const struct json_document *doc, struct experiment *e, const char *keep) {
    if (keep) TRY(keep_strategies(e, keep));
    TRY(check_act_on(doc, e));
    TRY(check_confidence(doc, e));
    for (size_t s = 0; s < e->n_strategies; s++)
        TRY(experiment_check_strategy(doc, entry_of(doc, e->strategy[s].name), e, &e->strategy[s]));
    for (size_t s = 0; s < e->n_strategies; s++)
        TRY(check_models(doc, entry_of(doc, e->strategy[s].name), e, &e->strategy[s]));
    TRY(experiment_check_strategy(doc, NULL, e, &e->common));
    TRY(check_baseline(doc, e, keep != NULL));
    pick_baseline(e);
    struct gw_feature_set *set;
    char why[512];
    int rc = gw_feature_set_parse((const char *const *)e->feature, e->n_features, &set);
    if (rc < 0) {
        snprintf(why, sizeof why, "%s", gw_error_message());
        return json_fail(doc, json_get(json_root(doc), "features"), error_class(rc, GW_ERR_CONFIG), "%s", why);
    }
    gw_feature_set_free(set);
    return GW_OK;
}
