/* Contestants made of others: the mean of a model's seeds ("ensemble_of"), and the strategy that follows what others hold
 * ("members"). */
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"

/* "ensemble_of" names an earlier contestant with a model of its own; the ensemble is that model, its seeds averaged. */
int config_read_ensemble(const struct json_document *doc, const json_value *object, struct experiment *e,
                         struct strategy_spec *spec) {
    const json_value *of = json_get(object, "ensemble_of");
    if (!of) return GW_OK;
    const char *name = json_string(of, "");
    size_t s = 0;
    while (s < e->n_strategies && strcmp(e->strategy[s].name, name) != 0) s++;
    if (json_kind(of) != JSON_STRING || s == e->n_strategies || !e->strategy[s].desc->needs_model ||
        e->strategy[s].ensemble_of[0])
        return json_fail(doc, of, GW_ERR_CONFIG, "ensemble_of must name a strategy with a model that stands before it");
    if (json_get(object, "scores"))
        return json_fail(doc, of, GW_ERR_CONFIG, "an ensemble takes its scores from \"%s\"; leave out one of both",
                         name);
    if (!spec->desc->needs_model)
        return json_fail(doc, of, GW_ERR_CONFIG, "strategy \"%s\" uses no model and cannot be an ensemble",
                         spec->desc->name);
    if (json_get(object, "model") || json_get(object, "training"))
        return json_fail(doc, of, GW_ERR_CONFIG,
                         "an ensemble takes model and training from \"%s\"; leave them out here", name);
    spec->model = e->strategy[s].model;
    spec->train = e->strategy[s].train;
    strcpy(spec->ensemble_of, name);
    return GW_OK;
}

/* ---- members ---------------------------------------------------------------------------------------------------------- */

bool config_member(const struct experiment *e, const struct strategy_spec *spec, size_t i, size_t end, size_t *member) {
    const char *at = spec->members;
    for (; i > 0 && *at; i--) {
        at += strcspn(at, ",");
        at += *at == ',';
    }
    at += strspn(at, " ");
    size_t length = strcspn(at, ",");
    if (!*at) return false;
    while (length > 0 && at[length - 1] == ' ') length--;
    for (*member = 0; *member < end; ++*member) {
        const char *name = e->strategy[*member].name;
        if (strlen(name) == length && memcmp(name, at, length) == 0) return true;
    }
    *member = SIZE_MAX;
    return true;
}

int config_read_members(const struct json_document *doc, const json_value *entry, struct experiment *e,
                        struct strategy_spec *spec) {
    const json_value *value = json_kind(entry) == JSON_OBJECT ? json_get(entry, "members") : NULL;
    const bool follows = strcmp(spec->desc->name, "ensemble") == 0;
    struct gw_param_key key;
    if (value && !follows)
        return json_fail(doc, value, GW_ERR_CONFIG, "members belong to the strategy \"ensemble\", not to \"%s\"",
                         spec->desc->name);
    if (!follows) return GW_OK;
    if (!value)
        return json_fail(doc, entry, GW_ERR_CONFIG,
                         "an ensemble needs \"members\": the names of earlier contestants, such as \"sma,rsi\"");
    if (!gw_param_find(&entry_params, "members", &key)) return GW_ERR_INTERNAL;
    TRY(json_read_param(doc, value, "strategies", &key, spec));
    size_t n = 0, s;
    spec->members_trained = false;
    for (; config_member(e, spec, n, e->n_strategies, &s); n++) {
        if (s == SIZE_MAX)
            return json_fail(doc, value, GW_ERR_CONFIG,
                             "member %zu of \"%.60s\" is no contestant that stands before this one", n + 1,
                             spec->members);
        spec->members_trained |= strategy_repeats(e, &e->strategy[s]) > 1 || strategy_trains(&e->strategy[s]);
    }
    if (n == 0) return json_fail(doc, value, GW_ERR_CONFIG, "members names no contestant");
    return GW_OK;
}

void config_bring_members(const struct experiment *e, size_t s, bool wanted[MAX_STRATEGIES]) {
    const struct strategy_spec *spec = &e->strategy[s];
    size_t member;
    for (size_t m = 0; m < s; m++)
        if (strcmp(e->strategy[m].name, spec->ensemble_of) == 0) wanted[m] = true;
    for (size_t i = 0; config_member(e, spec, i, s, &member); i++)
        if (member != SIZE_MAX) wanted[member] = true;
}
