/* Values of parameters: defaults, ranges, text. */
#include "gatewalk/param.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"

const char *gw_param_type_name(const struct gw_param *param) {
    static const char *const name[] = {
        [GW_PARAM_SIZE] = "whole number",
        [GW_PARAM_NUMBER] = "number",
        [GW_PARAM_BOOL] = "true/false",
        [GW_PARAM_CHOICE] = "word",
        [GW_PARAM_TEXT] = "text",
        [GW_PARAM_NAME] = "name",
        [GW_PARAM_DURATION] = "duration",
        [GW_PARAM_SPAN] = "bars or duration",
        [GW_PARAM_NUMBERS] = "list of numbers",
    };
    return name[param->type];
}

static size_t size_of(const struct gw_param *param) {
    switch (param->type) {
    case GW_PARAM_SIZE:
        return sizeof(size_t);
    case GW_PARAM_NUMBER:
        return sizeof(double);
    case GW_PARAM_BOOL:
        return sizeof(bool);
    case GW_PARAM_CHOICE:
        return sizeof(int);
    case GW_PARAM_TEXT:
    case GW_PARAM_NAME:
        return param->capacity;
    case GW_PARAM_DURATION:
        return sizeof(int64_t);
    case GW_PARAM_SPAN:
        return sizeof(struct gw_span);
    case GW_PARAM_NUMBERS:
        return param->capacity * sizeof(double);
    }
    return 0;
}

static void *field_of(const struct gw_param *param, void *own) { return (char *)own + param->offset; }
static const void *field_in(const struct gw_param *param, const void *own) { return (const char *)own + param->offset; }

static int choice_in(const struct gw_param *param, const void *own) {
    int row;
    memcpy(&row, field_in(param, own), sizeof row);
    return row;
}

static void copy_value(const struct gw_param *param, const void *from, void *to) {
    memcpy(field_of(param, to), field_in(param, from), size_of(param));
    if (param->type == GW_PARAM_NUMBERS)
        memcpy((char *)to + param->beside, (const char *)from + param->beside, sizeof(size_t));
}

/* ---- defaults ---------------------------------------------------------------------------------------------- */

/* "1 5 10" */
static void put_numbers(const struct gw_param *param, const char *text, void *own) {
    double *value = field_of(param, own);
    size_t n = 0;
    for (char *end; n < param->capacity; text = end) {
        double number = strtod(text, &end);
        if (end == text) break;
        value[n++] = number;
    }
    memcpy((char *)own + param->beside, &n, sizeof n);
}

static void put_default(const struct gw_param *param, void *own) {
    void *field = field_of(param, own);
    const char *text = param->text ? param->text : "";
    memset(field, 0, size_of(param));
    switch (param->type) {
    case GW_PARAM_SIZE:
        *(size_t *)field = isnan(param->initial) ? SIZE_MAX : (size_t)param->initial;
        break;
    case GW_PARAM_NUMBER:
        *(double *)field = param->initial;
        break;
    case GW_PARAM_BOOL:
        *(bool *)field = param->initial != 0;
        break;
    case GW_PARAM_TEXT:
    case GW_PARAM_NAME:
        snprintf(field, param->capacity, "%s", text);
        break;
    case GW_PARAM_NUMBERS:
        put_numbers(param, text, own);
        break;
    case GW_PARAM_CHOICE: /* the first row */
    case GW_PARAM_DURATION:
    case GW_PARAM_SPAN:
        break;
    }
}

void gw_param_defaults(const struct gw_param_table *table, void *base) {
    for (size_t i = 0; i < table->n; i++) {
        const struct gw_param *param = &table->param[i];
        put_default(param, base);
        if (param->type != GW_PARAM_CHOICE || !param->beside) continue;
        struct gw_own_params *own = (struct gw_own_params *)(void *)((char *)base + param->beside);
        struct gw_choice row;
        for (size_t r = 0; (row = gw_choice_at(param->choices, r)).name; r++) {
            assert(r < GW_OWN_ROWS_MAX);
            memset(&own[r], 0, sizeof own[r]);
            for (size_t k = 0; k < row.own.n; k++) {
                assert(row.own.param[k].offset + size_of(&row.own.param[k]) <= GW_OWN_PARAMS_SIZE);
                put_default(&row.own.param[k], &own[r]);
            }
        }
    }
}

/* ---- from numbers and words --------------------------------------------------------------------------------- */

int gw_param_put_number(const struct gw_param *param, double number, void *own, char why[GW_PARAM_WHY]) {
    bool whole = param->type == GW_PARAM_SIZE || param->type == GW_PARAM_SPAN;
    if (whole && number != floor(number)) {
        snprintf(why, GW_PARAM_WHY, " must be a whole number");
        return GW_ERR_CONFIG;
    }
    if (!(number >= param->low && number <= param->high)) { /* also for NaN */
        snprintf(why, GW_PARAM_WHY, " is %.10g; it must lie between %.10g and %.10g", number, param->low, param->high);
        return GW_ERR_CONFIG;
    }
    if (param->type == GW_PARAM_SIZE)
        *(size_t *)field_of(param, own) = (size_t)number;
    else if (param->type == GW_PARAM_SPAN)
        *(struct gw_span *)field_of(param, own) = (struct gw_span){.bars = (size_t)number};
    else
        *(double *)field_of(param, own) = number;
    return GW_OK;
}

static int put_choice(const struct gw_param *param, const char *word, void *own, char why[GW_PARAM_WHY]) {
    enum { MOST = 64 };
    const char *known[MOST];
    char all[400] = "";
    size_t n = 0;
    struct gw_choice row;
    for (; n < MOST && (row = gw_choice_at(param->choices, n)).name; n++) {
        known[n] = row.name;
        if (strlen(all) + strlen(row.name) + 3 > sizeof all) continue;
        if (n > 0) strcat(all, ", ");
        strcat(all, row.name);
    }
    int found = gw_choice_find(param->choices, word);
    if (found >= 0) {
        memcpy(field_of(param, own), &found, sizeof found);
        return GW_OK;
    }
    const char *near = nearest_word(word, known, n);
    if (near)
        snprintf(why, GW_PARAM_WHY, ": unknown value \"%.60s\"; did you mean \"%s\"?", word, near);
    else
        snprintf(why, GW_PARAM_WHY, ": unknown value \"%.60s\"; use one of %s", word, all);
    return GW_ERR_CONFIG;
}

static int put_duration(const struct gw_param *param, const char *text, void *own, char why[GW_PARAM_WHY]) {
    int64_t ns = 0;
    if (duration_parse(text, &ns) < 0 || ns <= 0) {
        snprintf(why, GW_PARAM_WHY, ": \"%.60s\" is not a duration such as \"15m\", \"12h\" or \"180d\"%s", text,
                 param->type == GW_PARAM_SPAN ? " or a number of bars" : "");
        return GW_ERR_CONFIG;
    }
    if (param->type == GW_PARAM_SPAN)
        *(struct gw_span *)field_of(param, own) = (struct gw_span){.ns = ns};
    else
        *(int64_t *)field_of(param, own) = ns;
    return GW_OK;
}

static int put_word(const struct gw_param *param, const char *text, void *own, char why[GW_PARAM_WHY]) {
    if (strlen(text) >= param->capacity) {
        snprintf(why, GW_PARAM_WHY, " is longer than %zu bytes", param->capacity - 1);
        return GW_ERR_CONFIG;
    }
    if (param->type == GW_PARAM_NAME && !name_is_safe(text)) {
        snprintf(why, GW_PARAM_WHY,
                 " may hold only letters, digits, '_', '.', '-' and must start with a letter or digit");
        return GW_ERR_CONFIG;
    }
    strcpy(field_of(param, own), text);
    return GW_OK;
}

int gw_param_put_text(const struct gw_param *param, const char *text, void *own, char why[GW_PARAM_WHY]) {
    switch (param->type) {
    case GW_PARAM_CHOICE:
        return put_choice(param, text, own, why);
    case GW_PARAM_DURATION:
    case GW_PARAM_SPAN:
        return put_duration(param, text, own, why);
    case GW_PARAM_TEXT:
    case GW_PARAM_NAME:
        return put_word(param, text, own, why);
    case GW_PARAM_SIZE:
    case GW_PARAM_NUMBER:
    case GW_PARAM_BOOL:
    case GW_PARAM_NUMBERS:
        break;
    }
    snprintf(why, GW_PARAM_WHY, " must not be a string");
    return GW_ERR_CONFIG;
}

void gw_param_spread(const struct gw_param_key *key, void *base) {
    struct gw_choice row;
    if (!key->by) return;
    for (size_t r = 0; (row = gw_choice_at(key->by->choices, r)).name; r++)
        for (size_t k = 0; k < row.own.n; k++)
            if (strcmp(row.own.param[k].name, key->param->name) == 0) {
                struct gw_param_key other = {.param = &row.own.param[k], .by = key->by, .row = r};
                const void *from = gw_param_base_const(key, base);
                void *to = gw_param_base(&other, base);
                if (from != to) /* offsets may differ: every row has its own struct */
                    memcpy(field_of(other.param, to), field_in(key->param, from), size_of(key->param));
            }
}

static int put_plain(const struct gw_param *param, const char *text, void *own, char why[GW_PARAM_WHY]) {
    char *end;
    if (param->type == GW_PARAM_BOOL) {
        bool yes = strcmp(text, "true") == 0;
        snprintf(why, GW_PARAM_WHY, " must be true or false, not \"%.60s\"", text);
        if (!yes && strcmp(text, "false") != 0) return GW_ERR_CONFIG;
        *(bool *)field_of(param, own) = yes;
        return GW_OK;
    }
    double number = strtod(text, &end);
    if (*text && !*end && param->type != GW_PARAM_CHOICE && param->type != GW_PARAM_TEXT &&
        param->type != GW_PARAM_NAME)
        return gw_param_put_number(param, number, own, why);
    if (param->type != GW_PARAM_SIZE && param->type != GW_PARAM_NUMBER) return gw_param_put_text(param, text, own, why);
    snprintf(why, GW_PARAM_WHY, " must be a %s, not \"%.60s\"", gw_param_type_name(param), text);
    return GW_ERR_CONFIG;
}

int gw_param_set(const struct gw_param_table *table, void *base, const char *name, const char *text) {
    struct gw_param_key key;
    char why[GW_PARAM_WHY];
    if (!gw_param_find(table, name, &key)) FAIL(GW_ERR_CONFIG, "%s: unknown parameter", name);
    if (put_plain(key.param, text, gw_param_base(&key, base), why) < 0) FAIL(GW_ERR_CONFIG, "%s%s", name, why);
    gw_param_spread(&key, base);
    return GW_OK;
}

void gw_param_copy(const struct gw_param_key *key, const void *from, void *to) {
    copy_value(key->param, gw_param_base_const(key, from), gw_param_base(key, to));
    gw_param_spread(key, to);
}

/* ---- what is there ------------------------------------------------------------------------------------------ */

static int check_value(const struct gw_param *param, const char *section, const void *own) {
    const void *field = field_in(param, own);
    double number = param->low;
    if (param->type == GW_PARAM_SIZE) number = (double)*(const size_t *)field;
    if (param->type == GW_PARAM_NUMBER) number = *(const double *)field;
    if (param->type == GW_PARAM_CHOICE) {
        int row = choice_in(param, own);
        if (row < 0 || !gw_choice_at(param->choices, (size_t)row).name)
            FAIL(GW_ERR_CONFIG, "%s.%s: %d is no row of its table", section, param->name, row);
    }
    if (!(number >= param->low && number <= param->high))
        FAIL(GW_ERR_CONFIG, "%s.%s: %.10g is outside %.10g to %.10g", section, param->name, number, param->low,
             param->high);
    return GW_OK;
}

/* Row by row, without a walk over the keys: every replay begins with it, and there are hundreds of a contestant. */
int gw_param_check(const struct gw_param_table *table, const char *section, const void *base) {
    for (size_t i = 0; i < table->n; i++) {
        const struct gw_param *param = &table->param[i];
        if (param->name) TRY(check_value(param, section, base));
        if (param->type != GW_PARAM_CHOICE || !param->beside) continue;
        const int row = choice_in(param, base);
        if (row < 0) continue;
        const struct gw_choice chosen = gw_choice_at(param->choices, (size_t)row);
        const void *own = (const char *)base + param->beside + (size_t)row * sizeof(struct gw_own_params);
        for (size_t k = 0; chosen.name && k < chosen.own.n; k++) TRY(check_value(&chosen.own.param[k], section, own));
    }
    return GW_OK;
}

char *gw_param_show(const struct gw_param *param, const void *own, char out[GW_PARAM_SHOWN]) {
    const void *field = field_in(param, own);
    char text[40];
    out[0] = '\0';
    switch (param->type) {
    case GW_PARAM_SIZE:
        if (*(const size_t *)field != SIZE_MAX) snprintf(out, GW_PARAM_SHOWN, "%zu", *(const size_t *)field);
        break;
    case GW_PARAM_NUMBER:
        if (!isnan(*(const double *)field)) snprintf(out, GW_PARAM_SHOWN, "%g", *(const double *)field);
        break;
    case GW_PARAM_BOOL:
        snprintf(out, GW_PARAM_SHOWN, "%s", *(const bool *)field ? "true" : "false");
        break;
    case GW_PARAM_CHOICE: {
        int row = choice_in(param, own);
        const char *name = row >= 0 ? gw_choice_at(param->choices, (size_t)row).name : NULL;
        snprintf(out, GW_PARAM_SHOWN, "%s", name ? name : "");
        break;
    }
    case GW_PARAM_TEXT:
    case GW_PARAM_NAME:
        snprintf(out, GW_PARAM_SHOWN, "%s", (const char *)field);
        break;
    case GW_PARAM_DURATION:
        if (*(const int64_t *)field)
            snprintf(out, GW_PARAM_SHOWN, "%s", duration_format(*(const int64_t *)field, text));
        break;
    case GW_PARAM_SPAN: {
        const struct gw_span *span = field;
        if (span->ns) snprintf(out, GW_PARAM_SHOWN, "%s", duration_format(span->ns, text));
        if (span->bars) snprintf(out, GW_PARAM_SHOWN, "%zu", span->bars);
        break;
    }
    case GW_PARAM_NUMBERS: {
        size_t n, used = 0;
        memcpy(&n, (const char *)own + param->beside, sizeof n);
        for (size_t i = 0; i < n && used < GW_PARAM_SHOWN; i++)
            used +=
                (size_t)snprintf(out + used, GW_PARAM_SHOWN - used, "%s%g", i ? " " : "", ((const double *)field)[i]);
        break;
    }
    }
    return out;
}

const char *gw_param_word(const struct gw_param_table *table, const void *base, const char *name) {
    struct gw_param_key key;
    if (!gw_param_find(table, name, &key) || key.param->type != GW_PARAM_CHOICE) return "";
    int row = choice_in(key.param, gw_param_base_const(&key, base));
    const char *word = row >= 0 ? gw_choice_at(key.param->choices, (size_t)row).name : NULL;
    return word ? word : "";
}

uint64_t gw_param_hash(const struct gw_param_table *table, const void *base, uint64_t seed) {
    for (struct gw_param_key key = {0}; gw_param_next(table, &key);) {
        struct gw_param_key own = key;
        if (!gw_param_active(&own, base)) continue;
        const void *at = gw_param_base_const(&own, base), *field = field_in(own.param, at);
        size_t size = size_of(own.param);
        seed = hash_bytes(own.param->name, strlen(own.param->name) + 1, seed);
        if (own.param->type == GW_PARAM_CHOICE) { /* by name: rows may move */
            int row = choice_in(own.param, at);
            field = row >= 0 ? gw_choice_at(own.param->choices, (size_t)row).name : "";
        }
        if (own.param->type == GW_PARAM_CHOICE || own.param->type == GW_PARAM_TEXT || own.param->type == GW_PARAM_NAME)
            size = strlen(field) + 1; /* what lies behind a text's end is nobody's */
        if (own.param->type == GW_PARAM_NUMBERS) {
            memcpy(&size, (const char *)at + own.param->beside, sizeof size);
            size *= sizeof(double);
        }
        seed = hash_bytes(field, size, seed);
    }
    return seed;
}
