/* What a name in a rule is: a variable, a feature, a function, a look back. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rule_parser.h"

const char *const rule_variable_name[N_RULE_VARIABLES] = {
    "open",    "high",     "low",       "close",    "volume",      "bar",       "hour",    "weekday", "p_long",
    "p_short", "tau_long", "tau_short", "position", "entry_price", "bars_held", "pending", "min_move"};

/* ---- looking back ------------------------------------------------------------------------------------- */

/* The steps from `from` on become a tap's, and what it says takes their place. */
static int add_tap(struct parser *p, enum tap_kind kind, const struct rule_step *step, size_t n, size_t length,
                   size_t *which) {
    struct rule_book *book = p->book;
    if (book->n_taps == RULE_TAPS_MAX) FAIL_AT(p, p->at, "more than %d looks back", RULE_TAPS_MAX);
    if (book->n_steps + n > RULE_STEPS_MAX) FAIL_AT(p, p->at, "the rules are too long");
    memcpy(book->step + book->n_steps, step, n * sizeof *step);
    const size_t room = length + (kind == TAP_AGO);
    book->tap[book->n_taps] = (struct rule_tap){kind, {book->n_steps, n}, length, room, book->ring_size};
    book->ring_size += room;
    book->n_steps += n;
    *which = book->n_taps++;
    return GW_OK;
}

static int parse_length(struct parser *p, const char *name, size_t *length) {
    char *end;
    rule_skip_blanks(p);
    const char *place = p->at;
    const double number = isdigit((unsigned char)*place) ? strtod(place, &end) : NAN;
    if (!(number >= 1 && number <= RULE_TAP_LENGTH_MAX && number == floor(number)))
        FAIL_AT(p, place, "%s: the number of bars must be a whole number from 1 to %d", name, RULE_TAP_LENGTH_MAX);
    p->at = end;
    *length = (size_t)number;
    return GW_OK;
}

static int comma(struct parser *p, const char *name) {
    if (!rule_take_sign(p, ",")) FAIL_AT(p, p->at, "%s: a comma is missing; it takes two arguments", name);
    return GW_OK;
}

static int parse_number_argument(struct parser *p, const char *name) {
    enum type type;
    rule_skip_blanks(p);
    const char *place = p->at;
    TRY(rule_parse_or(p, &type));
    return rule_want(p, place, type, NUMBER, name);
}

/* ago(x, 3), highest(x, 20) … behind the opening bracket. */
static int parse_tap(struct parser *p, const char *name, enum tap_kind kind) {
    const size_t from = p->n;
    size_t length = 0, which;
    TRY(parse_number_argument(p, name));
    TRY(comma(p, name));
    TRY(parse_length(p, name, &length));
    TRY(rule_take_bracket(p));
    TRY(add_tap(p, kind, p->step + from, p->n - from, length, &which));
    p->n = from;
    return rule_emit(p, STEP_TAP, which, 0, 0);
}

/* crosses_above(x, y): above now, and not so a bar ago. */
static int parse_cross(struct parser *p, const char *name, bool above) {
    size_t before_x, before_y;
    const size_t x = p->n;
    TRY(parse_number_argument(p, name));
    const size_t y = p->n;
    TRY(comma(p, name));
    TRY(parse_number_argument(p, name));
    TRY(rule_take_bracket(p));
    TRY(add_tap(p, TAP_AGO, p->step + x, y - x, 1, &before_x));
    TRY(add_tap(p, TAP_AGO, p->step + y, p->n - y, 1, &before_y));
    TRY(rule_emit(p, above ? STEP_GREATER : STEP_LESS, 0, 0, -1));
    TRY(rule_emit(p, STEP_TAP, before_x, 0, 1));
    TRY(rule_emit(p, STEP_TAP, before_y, 0, 1));
    TRY(rule_emit(p, above ? STEP_LESS_EQUAL : STEP_GREATER_EQUAL, 0, 0, -1));
    return rule_emit(p, STEP_AND, 0, 0, -1);
}

/* ---- names -------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum tap_kind kind;
} tap_function[] = {{"ago", TAP_AGO}, {"highest", TAP_HIGHEST}, {"lowest", TAP_LOWEST}, {"mean", TAP_MEAN}};

static int unknown_name(const struct parser *p, const char *place, const char *name) {
    const char *known[256];
    size_t n = 0;
    for (size_t i = 0; i < N_RULE_VARIABLES; i++) known[n++] = rule_variable_name[i];
    for (size_t i = 0; i < rule_n_functions; i++) known[n++] = rule_function[i].name;
    for (size_t i = 0; i < COUNT_OF(tap_function); i++) known[n++] = tap_function[i].name;
    known[n++] = "crosses_above", known[n++] = "crosses_below";
    for (size_t i = 0; i < gw_feature_count() && n < COUNT_OF(known); i++) known[n++] = gw_feature_at(i)->name;
    const char *near = nearest_word(name, known, n);
    FAIL_AT(p, place, "unknown name \"%.60s\"%s%s%s", name,
            near ? "; did you mean \"" : "; rules know bars, features, scores and the position", near ? near : "",
            near ? "\"?" : "");
}

/* "rsi(14)@1h", as an experiment's features are written. */
static int parse_feature(struct parser *p, const char *place) {
    const char *end = p->at, *after = end + strspn(end, " \t");
    char spec[GW_FEATURE_NAME_MAX * 2], why[400];
    if (*after == '(') {
        end = strchr(after, ')');
        if (!end) FAIL_AT(p, after, "this '(' is not closed");
        end++;
    }
    after = end + strspn(end, " \t");
    if (*after == '@') {
        end = after + 1 + strspn(after + 1, " \t");
        while (isalnum((unsigned char)*end)) end++;
    }
    const size_t length = (size_t)(end - place);
    if (length >= sizeof spec) FAIL_AT(p, place, "the feature is longer than %zu characters", sizeof spec - 1);
    memcpy(spec, place, length);
    spec[length] = '\0';
    struct gw_feature_set *set;
    const char *one = spec;
    const int rc = gw_feature_set_parse(&one, 1, &set);
    if (rc == GW_ERR_NOMEM) return rc;
    if (rc < 0) {
        snprintf(why, sizeof why, "%s", gw_error_message());
        FAIL_AT(p, place, "%s; a feature's arguments are numbers as they stand", why);
    }
    p->at = end;
    struct rule_book *book = p->book;
    const char *name = gw_feature_set_name(set, 0);
    size_t k = 0;
    while (k < book->n_features && strcmp(book->feature[k], name) != 0) k++;
    if (k == book->n_features && k < PROGRAM_FEATURES_MAX)
        snprintf(book->feature[book->n_features++], GW_FEATURE_NAME_MAX, "%s", name);
    gw_feature_set_free(set);
    if (k == PROGRAM_FEATURES_MAX) FAIL_AT(p, place, "more than %d features", PROGRAM_FEATURES_MAX);
    return rule_emit(p, STEP_FEATURE, k, 0, 1);
}

static int parse_function(struct parser *p, const struct rule_function *function, size_t which) {
    TRY(parse_number_argument(p, function->name));
    if (function->n_arguments == 1) {
        TRY(rule_take_bracket(p));
        return rule_emit(p, STEP_FUNCTION_1, which, 0, 0);
    }
    do { /* max and min take any number, two at least */
        TRY(comma(p, function->name));
        TRY(parse_number_argument(p, function->name));
        TRY(rule_emit(p, STEP_FUNCTION_2, which, 0, -1));
        rule_skip_blanks(p);
    } while (*p->at == ',');
    return rule_take_bracket(p);
}

static int parse_call(struct parser *p, const char *place, const char *name, enum type *type, bool *found) {
    *found = true;
    *type = NUMBER;
    const char *after = p->at;
    const bool called = rule_take_sign(p, "(");
    for (size_t i = 0; i < rule_n_functions; i++) {
        if (strcmp(rule_function[i].name, name) != 0) continue;
        if (!called) FAIL_AT(p, place, "%s is a function; its arguments are missing", name);
        return parse_function(p, &rule_function[i], i);
    }
    for (size_t i = 0; i < COUNT_OF(tap_function); i++) {
        if (strcmp(tap_function[i].name, name) != 0) continue;
        if (!called) FAIL_AT(p, place, "%s is a function; write %s(x, bars)", name, name);
        return parse_tap(p, name, tap_function[i].kind);
    }
    const bool above = strcmp(name, "crosses_above") == 0;
    if (above || strcmp(name, "crosses_below") == 0) {
        *type = TRUTH;
        if (!called) FAIL_AT(p, place, "%s is a function; write %s(x, y)", name, name);
        return parse_cross(p, name, above);
    }
    p->at = after;
    *found = false;
    return GW_OK;
}

static int parse_variable(struct parser *p, const char *place, const char *name, enum type *type, bool *found) {
    for (size_t i = 0; i < N_RULE_VARIABLES; i++) {
        if (strcmp(rule_variable_name[i], name) != 0) continue;
        *found = true;
        rule_skip_blanks(p);
        if (*p->at == '(' || *p->at == '[')
            FAIL_AT(p, place, "%s is a value; %s of the bar before is ago(%s, 1)", name, name, name);
        *type = i == VAR_PENDING ? TRUTH : NUMBER;
        p->book->used[i] = true;
        if (i >= VAR_P_LONG && i <= VAR_TAU_SHORT) p->book->has_scores_names = true;
        return rule_emit(p, STEP_VARIABLE, i, 0, 1);
    }
    *found = false;
    return GW_OK;
}

int rule_parse_name(struct parser *p, enum type *type) {
    const char *place = p->at;
    char name[64];
    bool found;
    if (strncmp(p->at, "math.", 5) == 0) p->at += 5; /* as a script would say it */
    const size_t length = rule_word_length(p->at);
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), p->at);
    p->at += length;
    TRY(parse_call(p, place, name, type, &found));
    if (found || place + 5 <= p->at - length) return found ? GW_OK : unknown_name(p, place, name);
    TRY(parse_variable(p, place, name, type, &found));
    if (found) return GW_OK;
    if (!gw_feature_find(name)) return unknown_name(p, place, name);
    *type = NUMBER;
    return parse_feature(p, place);
}
