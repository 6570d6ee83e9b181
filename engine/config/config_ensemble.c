/* Contestants made of others: the mean of models' seeds ("ensemble_of"), and the strategy that follows what others hold
 * ("members"). */
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"

/* The i-th name of "a, b, c" among the contestants before `end`. */
static bool listed(const struct experiment *e, const char *at, size_t i, size_t end, size_t *member) {
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

bool config_averaged(const struct experiment *e, const struct strategy_spec *spec, size_t i, size_t end,
                     size_t *member) {
    return listed(e, spec->ensemble_of, i, end, member);
}

/* Each an earlier contestant with a model of its own; scores from outside stand alone, in their own scale. */
static int check_averaged(const struct json_document *doc, const json_value *of, const struct experiment *e,
                          const struct strategy_spec *spec) {
    size_t n = 0, s, n_outside = 0;
    for (; config_averaged(e, spec, n, e->n_strategies, &s); n++) {
        if (s == SIZE_MAX || !e->strategy[s].desc->needs_model || e->strategy[s].ensemble_of[0])
            return json_fail(doc, of, GW_ERR_CONFIG,
                             "ensemble_of must name a strategy with a model that stands before it");
        n_outside += strategy_is_outside(&e->strategy[s]);
    }
    if (n == 0)
        return json_fail(doc, of, GW_ERR_CONFIG, "ensemble_of must name a strategy with a model that stands before it");
    if (n_outside && (n > 1 || spec->weights != WEIGHTS_EQUAL))
        return json_fail(
            doc, of, GW_ERR_CONFIG,
            "scores from outside are averaged over their own seeds alone, equally; name models of this run");
    return GW_OK;
}

/* "ensemble_of" and "weights": the ensemble is the models it names, averaged over their seeds. */
int config_read_ensemble(const struct json_document *doc, const json_value *object, struct experiment *e,
                         struct strategy_spec *spec) {
    const json_value *of = json_get(object, "ensemble_of"), *weights = json_get(object, "weights");
    struct gw_param_key key;
    size_t first;
    if (weights && !of)
        return json_fail_key(doc, weights, GW_ERR_CONFIG, "weights belong to an ensemble; give \"ensemble_of\" too");
    if (!of) return GW_OK;
    if (json_kind(of) != JSON_STRING)
        return json_fail(doc, of, GW_ERR_CONFIG, "ensemble_of must name a strategy with a model that stands before it");
    if (!gw_param_find(&entry_params, "ensemble_of", &key)) return GW_ERR_INTERNAL;
    TRY(json_read_param(doc, of, "strategies", &key, spec));
    if (!gw_param_find(&entry_params, "weights", &key)) return GW_ERR_INTERNAL;
    if (weights) TRY(json_read_param(doc, weights, "strategies", &key, spec));
    TRY(check_averaged(doc, of, e, spec));
    if (json_get(object, "scores"))
        return json_fail(doc, of, GW_ERR_CONFIG, "an ensemble takes its scores from \"%.60s\"; leave out one of both",
                         spec->ensemble_of);
    if (!spec->desc->needs_model)
        return json_fail(doc, of, GW_ERR_CONFIG, "strategy \"%s\" uses no model and cannot be an ensemble",
                         spec->desc->name);
    if (json_get(object, "model") || json_get(object, "training"))
        return json_fail(doc, of, GW_ERR_CONFIG,
                         "an ensemble takes model and training from \"%.60s\"; leave them out here", spec->ensemble_of);
    if (!config_averaged(e, spec, 0, e->n_strategies, &first)) return GW_ERR_INTERNAL;
    spec->model = e->strategy[first].model;
    spec->train = e->strategy[first].train;
    return GW_OK;
}

/* ---- members ---------------------------------------------------------------------------------------------------------- */

bool config_member(const struct experiment *e, const struct strategy_spec *spec, size_t i, size_t end, size_t *member) {
    return listed(e, spec->members, i, end, member);
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
    for (size_t i = 0; config_averaged(e, spec, i, s, &member); i++)
        if (member != SIZE_MAX) wanted[member] = true;
    for (size_t i = 0; config_member(e, spec, i, s, &member); i++)
        if (member != SIZE_MAX) wanted[member] = true;
}
