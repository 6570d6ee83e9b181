/* Parameters from and to JSON. */
#include <string.h>

#include "engine/base/json.h"

static const char *wanted(const struct gw_param *param) {
    switch (param->type) {
    case GW_PARAM_SIZE:
        return "a whole number";
    case GW_PARAM_NUMBER:
        return "a number";
    case GW_PARAM_BOOL:
        return "true or false";
    case GW_PARAM_CHOICE:
    case GW_PARAM_TEXT:
    case GW_PARAM_NAME:
        return "a string";
    case GW_PARAM_DURATION:
        return "a duration such as \"15m\" or \"1d\"";
    case GW_PARAM_SPAN:
        return "a number of bars or a duration such as \"180d\"";
    case GW_PARAM_NUMBERS:
        break;
    }
    return "an array";
}

static int read_numbers(const struct json_document *document, const json_value *value, const char *what,
                        const struct gw_param *param, void *own) {
    double number[32];
    size_t n = json_kind(value) == JSON_ARRAY ? json_size(value) : 0;
    if (n == 0 || n > param->capacity || n > COUNT_OF(number))
        return json_fail(document, value, GW_ERR_CONFIG, "%s must be an array of 1 to %zu numbers", what,
                         param->capacity);
    for (size_t i = 0; i < n; i++) {
        const json_value *item = json_at(value, i);
        number[i] = json_kind(item) == JSON_NUMBER ? json_number(item, 0) : param->low - 1;
        if (!(number[i] >= param->low && number[i] <= param->high))
            return json_fail(document, item, GW_ERR_CONFIG, "%s: each must be a number between %g and %g", what,
                             param->low, param->high);
        if (i > 0 && number[i] <= number[i - 1])
            return json_fail(document, item, GW_ERR_CONFIG, "%s: the numbers must ascend", what);
    }
    memcpy((char *)own + param->offset, number, n * sizeof *number);
    memcpy((char *)own + param->beside, &n, sizeof n);
    return GW_OK;
}

int json_read_param(const struct json_document *document, const json_value *value, const char *where,
                    const struct gw_param_key *key, void *base) {
    const struct gw_param *param = key->param;
    void *own = gw_param_base(key, base);
    char what[128], why[GW_PARAM_WHY] = "";
    int rc = GW_ERR_CONFIG;
    snprintf(what, sizeof what, "%s%s%s", where, *where ? "." : "", param->name);
    if (param->type == GW_PARAM_NUMBERS) {
        TRY(read_numbers(document, value, what, param, own));
        return GW_OK;
    }
    bool numeric = param->type == GW_PARAM_SIZE || param->type == GW_PARAM_NUMBER, span = param->type == GW_PARAM_SPAN;
    if (json_kind(value) == JSON_NUMBER && (numeric || span)) {
        rc = gw_param_put_number(param, json_number(value, 0), own, why);
    } else if (json_kind(value) == JSON_STRING && !numeric && param->type != GW_PARAM_BOOL) {
        rc = gw_param_put_text(param, json_string(value, ""), own, why);
    } else if (json_kind(value) == JSON_BOOL && param->type == GW_PARAM_BOOL) {
        *(bool *)(void *)((char *)own + param->offset) = json_bool(value, false);
        rc = GW_OK;
    } else {
        snprintf(why, sizeof why, " must be %s, not %s", wanted(param), json_kind_name(value));
    }
    if (rc < 0) return json_fail(document, value, GW_ERR_CONFIG, "%s%s", what, why);
    gw_param_spread(key, base);
    return GW_OK;
}

void json_put_param(struct json_writer *w, const struct gw_param *param, const void *own) {
    const void *field = (const char *)own + param->offset;
    char text[GW_PARAM_SHOWN];
    switch (param->type) {
    case GW_PARAM_SIZE:
        json_put_int(w, param->name, (int64_t) * (const size_t *)field);
        break;
    case GW_PARAM_NUMBER:
        json_put_number(w, param->name, *(const double *)field);
        break;
    case GW_PARAM_BOOL:
        json_put_bool(w, param->name, *(const bool *)field);
        break;
    case GW_PARAM_TEXT:
    case GW_PARAM_NAME:
        json_put_string(w, param->name, field);
        break;
    case GW_PARAM_CHOICE:
    case GW_PARAM_DURATION:
        json_put_string(w, param->name, gw_param_show(param, own, text));
        break;
    case GW_PARAM_SPAN: {
        const struct gw_span *span = field;
        if (span->ns)
            json_put_string(w, param->name, gw_param_show(param, own, text));
        else
            json_put_int(w, param->name, (int64_t)span->bars);
        break;
    }
    case GW_PARAM_NUMBERS: {
        size_t n;
        memcpy(&n, (const char *)own + param->beside, sizeof n);
        json_begin_array(w, param->name);
        for (size_t i = 0; i < n; i++) json_put_number(w, NULL, ((const double *)field)[i]);
        json_end_array(w);
        break;
    }
    }
}

void json_put_params(struct json_writer *w, const struct gw_param_table *table, const void *base, bool all) {
    for (struct gw_param_key key = {0}; gw_param_next(table, &key);) {
        struct gw_param_key own = key;
        char text[GW_PARAM_SHOWN]; /* an empty duration could not be read again: it is the one that is not given */
        if (key.param->type == GW_PARAM_DURATION && !*gw_param_show(own.param, gw_param_base_const(&own, base), text))
            continue;
        if (gw_param_active(&own, base) || all) json_put_param(w, own.param, gw_param_base_const(&own, base));
    }
}
