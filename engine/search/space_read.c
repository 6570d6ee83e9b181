/* "space" of a search file. A key is one of an experiment; those that a contestant's entry may have are its own there. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "space.h"

/* Whose key is it? The rest of it behind the dot, or NULL. */
static const char *behind(const char *key, const char *name) {
    const size_t n = strlen(name);
    return strncmp(key, name, n) == 0 && key[n] == '.' ? key + n + 1 : NULL;
}

static int unknown_key(const struct json_document *doc, const json_value *value) {
    enum { MOST = 640, NAME = 96 };
    static _Thread_local char name[MOST][NAME];
    const char *known[MOST];
    size_t n = 0;
    for (size_t s = 0; s < config_n_sections; s++)
        for (struct gw_param_key key = {0}; n < MOST && gw_param_next(config_section[s].table, &key);)
            snprintf(name[n++], NAME, "%s.%s", config_section[s].name, key.param->name);
    static const char *const whole[] = {"data", "features", "timerange", "strategy"};
    for (size_t i = 0; i < COUNT_OF(whole) && n < MOST; i++) snprintf(name[n++], NAME, "%s", whole[i]);
    for (size_t i = 0; i < n; i++) known[i] = name[i];
    return config_unknown_key(doc, value, known, n, "space");
}

static int find_key(const struct json_document *doc, const json_value *value, size_t strategy, struct dimension *dim) {
    static const char *const whole[] = {"data", "features", "timerange"};
    const char *key = json_key(value);
    struct gw_param_key found;
    bool known = false;
    if (strlen(key) >= sizeof dim->key)
        return json_fail_key(doc, value, GW_ERR_CONFIG, "a key of the space has at most %zu bytes",
                             sizeof dim->key - 1);
    strcpy(dim->key, key);
    for (size_t i = 0; i < COUNT_OF(whole); i++) known |= strcmp(key, whole[i]) == 0;
    dim->own = strcmp(key, "strategy") == 0 || behind(key, "parameters") ||
               gw_param_find(&own_params, key, &found); /* a rule, its parameters, or who trades */
    for (size_t s = 0; s < config_n_sections && !known && !dim->own; s++) {
        const char *rest = behind(key, config_section[s].name);
        if (!rest) continue;
        if (!gw_param_find(config_section[s].table, rest, &found)) return unknown_key(doc, value);
        known = true;
        dim->own = config_section[s].per_strategy;
    }
    if (!known && !dim->own) return unknown_key(doc, value);
    if (strcmp(key, "folds.skip") == 0)
        return json_fail_key(doc, value, GW_ERR_CONFIG, "folds.skip is the search's own; leave it out");
    if (dim->own)
        snprintf(dim->path, sizeof dim->path, "strategies.%zu.%s", strategy, key);
    else
        strcpy(dim->path, key);
    return GW_OK;
}

static int read_choices(const struct json_document *doc, const json_value *list, struct dimension *dim) {
    if (json_kind(list) != JSON_ARRAY || json_size(list) == 0 || json_size(list) > CHOICES_MAX)
        return json_fail(doc, list, GW_ERR_CONFIG, "%s: \"choice\" must be an array of 1 to %d values", dim->key,
                         CHOICES_MAX);
    for (size_t i = 0; i < json_size(list); i++) {
        struct json_writer w = {.compact = true};
        json_put_value(&w, NULL, json_at(list, i));
        TRY(json_take_text(&w, &dim->choice[dim->n_choices], NULL));
        dim->n_choices++;
        for (size_t j = 0; j < i; j++)
            if (strcmp(dim->choice[j], dim->choice[i]) == 0)
                return json_fail(doc, json_at(list, i), GW_ERR_CONFIG, "%s: %.60s stands there twice", dim->key,
                                 dim->choice[i]);
    }
    return GW_OK;
}

static int read_bounds(const struct json_document *doc, const json_value *list, struct dimension *dim) {
    const bool whole = dim->kind == SPACE_INT || dim->kind == SPACE_LOG_INT;
    if (json_kind(list) != JSON_ARRAY || json_size(list) != 2)
        return json_fail(doc, list, GW_ERR_CONFIG, "%s: \"%s\" must be an array of two numbers, [lowest, highest]",
                         dim->key, space_kind_name[dim->kind]);
    for (size_t i = 0; i < 2; i++) {
        const json_value *item = json_at(list, i);
        const double value = json_kind(item) == JSON_NUMBER ? json_number(item, NAN) : (double)NAN;
        if (!isfinite(value) || (whole && (value != floor(value) || fabs(value) > 1e9)))
            return json_fail(doc, item, GW_ERR_CONFIG, "%s: a bound must be a %s", dim->key,
                             whole ? "whole number of at most 1e9" : "number");
        *(i ? &dim->high : &dim->low) = value;
    }
    dim->low_place = json_at(list, 0);
    if (dim->low > dim->high)
        return json_fail(doc, list, GW_ERR_CONFIG, "%s: the lowest value is above the highest; exchange them",
                         dim->key);
    if ((dim->kind == SPACE_LOG || dim->kind == SPACE_LOG_INT) && !(dim->low > 0))
        return json_fail(doc, json_at(list, 0), GW_ERR_CONFIG, "%s: on a logarithm's scale the bounds must be above 0",
                         dim->key);
    return GW_OK;
}

/* "when": { key of a choice that stands before: value or array of values } */
static int read_when(const struct json_document *doc, const json_value *when, const struct space *space,
                     struct dimension *dim) {
    const char *known[SPACE_MAX];
    size_t n = 0;
    for (size_t d = 0; d < space->n; d++)
        if (space->dim[d].kind == SPACE_CHOICE) known[n++] = space->dim[d].key;
    if (json_kind(when) != JSON_OBJECT || json_size(when) != 1)
        return json_fail(doc, when, GW_ERR_CONFIG,
                         "%s: \"when\" must be an object with one key of the space and its value or values", dim->key);
    const json_value *condition = json_at(when, 0);
    for (dim->parent = 0; dim->parent < space->n; dim->parent++)
        if (space->dim[dim->parent].kind == SPACE_CHOICE &&
            strcmp(space->dim[dim->parent].key, json_key(condition)) == 0)
            break;
    if (dim->parent == space->n) {
        const char *near = nearest_word(json_key(condition), known, n);
        return json_fail_key(doc, condition, GW_ERR_CONFIG, "%s: \"%s\" is no choice that stands before it%s%s%s",
                             dim->key, json_key(condition), near ? "; did you mean \"" : "", near ? near : "",
                             near ? "\"?" : "");
    }
    const struct dimension *parent = &space->dim[dim->parent];
    const bool list = json_kind(condition) == JSON_ARRAY;
    for (size_t i = 0; i < (list ? json_size(condition) : 1); i++) {
        const json_value *item = list ? json_at(condition, i) : condition;
        struct json_writer w = {.compact = true};
        char *text;
        size_t c = 0;
        json_put_value(&w, NULL, item);
        TRY(json_take_text(&w, &text, NULL));
        while (c < parent->n_choices && strcmp(parent->choice[c], text) != 0) c++;
        mem_free(text);
        if (c == parent->n_choices)
            return json_fail(doc, item, GW_ERR_CONFIG, "%s: that is none of the choices of %s", dim->key, parent->key);
        dim->when[c] = true;
    }
    return GW_OK;
}

static int read_points(const struct json_document *doc, const json_value *value, struct dimension *dim) {
    const double n = json_kind(value) == JSON_NUMBER ? json_number(value, 0) : 0;
    if (dim->kind == SPACE_CHOICE || !(n >= 2 && n <= 10000 && n == floor(n)))
        return json_fail(doc, value, GW_ERR_CONFIG,
                         "%s: \"points\" is how many of a range's numbers a grid has, 2 to 10000", dim->key);
    dim->points = (size_t)n;
    return GW_OK;
}

static int read_dimension(const struct json_document *doc, const json_value *value, const struct space *space,
                          struct dimension *dim) {
    static const char *const known[] = {"choice", "int", "float", "log", "log_int", "points", "when"};
    const json_value *range = NULL;
    if (json_kind(value) != JSON_OBJECT)
        return json_fail(doc, value, GW_ERR_CONFIG,
                         "%s must be an object such as {\"log\": [1e-4, 1e-2]} or {\"choice\": [16, 32]}", dim->key);
    TRY(config_known_keys(doc, value, known, COUNT_OF(known), dim->key));
    for (int kind = 0; kind < N_SPACE_KINDS; kind++) {
        const json_value *found = json_get(value, space_kind_name[kind]);
        if (!found) continue;
        if (range)
            return json_fail_key(doc, found, GW_ERR_CONFIG, "%s: one of \"%s\" and \"%s\" is enough", dim->key,
                                 space_kind_name[dim->kind], space_kind_name[kind]);
        range = found;
        dim->kind = (enum space_kind)kind;
    }
    if (!range)
        return json_fail(doc, value, GW_ERR_CONFIG,
                         "%s: give \"choice\": [values], or \"int\", \"float\", \"log\" or \"log_int\": [lowest, "
                         "highest]",
                         dim->key);
    TRY(dim->kind == SPACE_CHOICE ? read_choices(doc, range, dim) : read_bounds(doc, range, dim));
    if (json_get(value, "points")) TRY(read_points(doc, json_get(value, "points"), dim));
    if (json_get(value, "when")) TRY(read_when(doc, json_get(value, "when"), space, dim));
    return GW_OK;
}

int space_read(const struct json_document *doc, const json_value *value, size_t strategy, struct space *out) {
    if (!value || json_kind(value) != JSON_OBJECT || json_size(value) == 0 || json_size(value) > SPACE_MAX)
        return json_fail(doc, value ? value : json_root(doc), GW_ERR_CONFIG,
                         "\"space\" must be an object of 1 to %d keys, each with what it may be", SPACE_MAX);
    for (size_t i = 0; i < json_size(value); i++) {
        struct dimension *dim = &out->dim[i];
        dim->parent = SIZE_MAX;
        dim->place = json_at(value, i);
        TRY(find_key(doc, dim->place, strategy, dim));
        const int rc = read_dimension(doc, dim->place, out, dim);
        out->n = i + 1; /* what it holds is freed with the space */
        TRY(rc);
    }
    return GW_OK;
}
