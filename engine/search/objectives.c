/* What is made best: any metric of gates or portfolio, the loss, the size. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/metric_key.h"
#include "search_private.h"

static bool find_gate_metric(const char *name, struct objective *out) {
    const struct gw_metric_key key = gw_metric_key_read(name);
    for (size_t m = 0; m < gw_metric_count(); m++) {
        const struct gw_metric_desc *desc = gw_metric_at(m);
        if (strcmp(desc->name, key.name) != 0 || desc->per_k != !isnan(key.k)) continue;
        out->of = OF_GATES;
        out->metric = m;
        out->k = key.k;
        out->max = desc->higher_is_better;
        return true;
    }
    return false;
}

static bool find_portfolio_metric(const char *name, struct objective *out) {
    for (size_t m = 0; m < gw_portfolio_metric_count(); m++) {
        if (strcmp(gw_portfolio_metric_at(m)->name, name) != 0) continue;
        out->of = OF_PORTFOLIO;
        out->metric = m;
        out->max = gw_portfolio_metric_at(m)->column.best != GW_BEST_LOWEST;
        return true;
    }
    return false;
}

static int unknown(const struct json_document *doc, const json_value *value, const char *name) {
    enum { MOST = 160 };
    const char *known[MOST] = {"validation_loss", "parameters"};
    char with_k[40][GW_METRIC_KEY_MAX];
    size_t n = 2;
    for (size_t m = 0; m < gw_metric_count() && m < COUNT_OF(with_k); m++)
        known[n++] = gw_metric_key_write(with_k[m], gw_metric_at(m)->name, 1);
    for (size_t m = 0; m < gw_portfolio_metric_count() && n < MOST; m++) known[n++] = gw_portfolio_metric_at(m)->name;
    const char *near = nearest_word(name, known, n);
    return json_fail(doc, value, GW_ERR_CONFIG, "unknown objective \"%s\"%s%s%s", name,
                     near ? "; did you mean \""
                          : "; `gatewalk list metrics` shows all, a K stands for _at_k: precision_at_1",
                     near ? near : "", near ? "\"?" : "");
}

static int read_one(const struct json_document *doc, const json_value *value, const struct experiment *e,
                    const struct strategy_spec *contestant, struct objective *out) {
    const json_value *text = value, *max = json_get(value, "max"), *min = json_get(value, "min");
    if (json_kind(value) == JSON_OBJECT && json_size(value) == 1) text = max ? max : min;
    if (!text || json_kind(text) != JSON_STRING || strlen(json_string(text, "")) >= sizeof out->name)
        return json_fail(doc, value, GW_ERR_CONFIG,
                         "an objective is a metric's name, or {\"max\": name} or {\"min\": name}");
    strcpy(out->name, json_string(text, ""));
    if (strcmp(out->name, "validation_loss") == 0)
        out->of = OF_TRAINING_LOSS;
    else if (strcmp(out->name, "parameters") == 0)
        out->of = OF_PARAMETERS;
    else if (!find_gate_metric(out->name, out) && !find_portfolio_metric(out->name, out))
        return unknown(doc, text, out->name);
    if (max || min) out->max = max != NULL;
    if (out->of != OF_PORTFOLIO && !contestant->desc->needs_model)
        return json_fail(doc, text, GW_ERR_CONFIG,
                         "\"%s\" is of a model, and \"%s\" has none; take one of the portfolio's metrics", out->name,
                         contestant->name);
    bool among = out->of != OF_GATES || isnan(out->k);
    for (size_t k = 0; k < e->signals.n_k; k++) among |= e->signals.k[k] == out->k;
    if (!among)
        return json_fail(doc, text, GW_ERR_CONFIG, "\"%s\": %g is not in the experiment's signals.k; add it there",
                         out->name, out->k);
    return GW_OK;
}

int objectives_read(const struct json_document *doc, const json_value *value, const struct experiment *e,
                    const struct strategy_spec *contestant, struct objective *out, size_t *n) {
    *n = 0;
    if (!value) {
        *n = 1;
        if (contestant->desc->needs_model)
            snprintf(out[0].name, sizeof out[0].name, "average_precision");
        else
            snprintf(out[0].name, sizeof out[0].name, "sharpe");
        return find_gate_metric(out[0].name, out) || find_portfolio_metric(out[0].name, out) ? GW_OK : GW_ERR_INTERNAL;
    }
    const bool list = json_kind(value) == JSON_ARRAY;
    const size_t count = list ? json_size(value) : 1;
    if (count == 0 || count > OBJECTIVES_MAX)
        return json_fail(doc, value, GW_ERR_CONFIG, "objective must be one, or an array of 1 to %d", OBJECTIVES_MAX);
    for (size_t i = 0; i < count; i++) {
        const json_value *item = list ? json_at(value, i) : value;
        TRY(read_one(doc, item, e, contestant, &out[i]));
        for (size_t j = 0; j < i; j++)
            if (strcmp(out[j].name, out[i].name) == 0)
                return json_fail(doc, item, GW_ERR_CONFIG, "objective \"%s\" stands there twice", out[i].name);
        *n = i + 1;
    }
    return GW_OK;
}
