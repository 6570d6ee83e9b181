/* Reading rules: recursive descent over Lua's expressions, straight to steps. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "rule.h"

const char *const rule_variable_name[N_RULE_VARIABLES] = {
    "open",    "high",     "low",       "close",    "volume",      "bar",       "hour",    "weekday", "p_long",
    "p_short", "tau_long", "tau_short", "position", "entry_price", "bars_held", "pending", "min_move"};

/* MAYBE: what `c and x` of a number x comes to, a number or false; it takes two places on the stack. */
enum type { TRUTH, NUMBER, MAYBE };
static const char *const type_name[] = {"a truth value", "a number", "a number or false"};

enum { NESTING_MAX = 60 };
struct parser {
    struct rule_book *book;
    const char *text, *at;
    int depth, nesting; /* places taken on the stack; open brackets and operators */
    struct rule_step step[RULE_STEPS_MAX];
    size_t n;
};

static int column(const struct parser *p, const char *at) { return (int)(at - p->text) + 1; }
#define FAIL_AT(p, place, ...) return fail_at((p), (place), __VA_ARGS__)
static int fail_at(const struct parser *p, const char *place, const char *format, ...) GW_PRINTF_LIKE(3, 4);
static int fail_at(const struct parser *p, const char *place, const char *format, ...) {
    char why[400];
    va_list list;
    va_start(list, format);
    vsnprintf(why, sizeof why, format, list);
    va_end(list);
    FAIL(GW_ERR_CONFIG, "column %d: %s", column(p, place), why);
}

/* ---- words -------------------------------------------------------------------------------------------- */

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static void skip_blanks(struct parser *p) { p->at += strspn(p->at, " \t\r\n"); }

static size_t word_length(const char *at) {
    size_t n = 0;
    if (isalpha((unsigned char)*at) || *at == '_')
        while (is_word(at[n])) n++;
    return n;
}

static bool take_word(struct parser *p, const char *word) {
    skip_blanks(p);
    const size_t n = strlen(word);
    if (word_length(p->at) != n || memcmp(p->at, word, n) != 0) return false;
    p->at += n;
    return true;
}

/* Not the beginning of a longer sign. */
static bool take_sign(struct parser *p, const char *sign) {
    static const char *const longer[] = {"<=", ">=", "==", "~=", "//", "--", "<<", ">>", "..", "::"};
    skip_blanks(p);
    const size_t n = strlen(sign);
    if (strncmp(p->at, sign, n) != 0) return false;
    for (size_t i = 0; n == 1 && i < COUNT_OF(longer); i++)
        if (strncmp(p->at, longer[i], 2) == 0) return false;
    p->at += n;
    return true;
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static int emit(struct parser *p, enum rule_step_kind what, size_t which, double number, int grows) {
    if (p->n == RULE_STEPS_MAX) FAIL_AT(p, p->at, "the rule is too long");
    p->step[p->n++] = (struct rule_step){(uint16_t)what, (uint16_t)which, number};
    p->depth += grows;
    if (p->depth > RULE_STACK_MAX) FAIL_AT(p, p->at, "the rule is too deep; simplify it");
    return GW_OK;
}

static int want(const struct parser *p, const char *place, enum type has, enum type wants, const char *of) {
    if (has == wants) return GW_OK;
    if (wants == TRUTH && has == NUMBER)
        FAIL_AT(p, place, "%s wants a truth value, but this is a number; compare it with something", of);
    FAIL_AT(p, place, "%s wants %s, but this is %s", of, type_name[wants], type_name[has]);
}

static int parse_or(struct parser *p, enum type *type);

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
    skip_blanks(p);
    const char *place = p->at;
    const double number = isdigit((unsigned char)*place) ? strtod(place, &end) : NAN;
    if (!(number >= 1 && number <= RULE_TAP_LENGTH_MAX && number == floor(number)))
        FAIL_AT(p, place, "%s: the number of bars must be a whole number from 1 to %d", name, RULE_TAP_LENGTH_MAX);
    p->at = end;
    *length = (size_t)number;
    return GW_OK;
}

static int comma(struct parser *p, const char *name) {
    if (!take_sign(p, ",")) FAIL_AT(p, p->at, "%s: a comma is missing; it takes two arguments", name);
    return GW_OK;
}

static int bracket(struct parser *p) {
    if (!take_sign(p, ")")) FAIL_AT(p, p->at, "a ')' is missing here");
    return GW_OK;
}

static int parse_number_argument(struct parser *p, const char *name) {
    enum type type;
    skip_blanks(p);
    const char *place = p->at;
    TRY(parse_or(p, &type));
    return want(p, place, type, NUMBER, name);
}

/* ago(x, 3), highest(x, 20) … behind the opening bracket. */
static int parse_tap(struct parser *p, const char *name, enum tap_kind kind) {
    const size_t from = p->n;
    size_t length = 0, which;
    TRY(parse_number_argument(p, name));
    TRY(comma(p, name));
    TRY(parse_length(p, name, &length));
    TRY(bracket(p));
    TRY(add_tap(p, kind, p->step + from, p->n - from, length, &which));
    p->n = from;
    return emit(p, STEP_TAP, which, 0, 0);
}

/* crosses_above(x, y): above now, and not so a bar ago. */
static int parse_cross(struct parser *p, const char *name, bool above) {
    size_t before_x, before_y;
    const size_t x = p->n;
    TRY(parse_number_argument(p, name));
    const size_t y = p->n;
    TRY(comma(p, name));
    TRY(parse_number_argument(p, name));
    TRY(bracket(p));
    TRY(add_tap(p, TAP_AGO, p->step + x, y - x, 1, &before_x));
    TRY(add_tap(p, TAP_AGO, p->step + y, p->n - y, 1, &before_y));
    TRY(emit(p, above ? STEP_GREATER : STEP_LESS, 0, 0, -1));
    TRY(emit(p, STEP_TAP, before_x, 0, 1));
    TRY(emit(p, STEP_TAP, before_y, 0, 1));
    TRY(emit(p, above ? STEP_LESS_EQUAL : STEP_GREATER_EQUAL, 0, 0, -1));
    return emit(p, STEP_AND, 0, 0, -1);
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
    return emit(p, STEP_FEATURE, k, 0, 1);
}

static int parse_function(struct parser *p, const struct rule_function *function, size_t which) {
    TRY(parse_number_argument(p, function->name));
    if (function->n_arguments == 1) {
        TRY(bracket(p));
        return emit(p, STEP_FUNCTION_1, which, 0, 0);
    }
    do { /* max and min take any number, two at least */
        TRY(comma(p, function->name));
        TRY(parse_number_argument(p, function->name));
        TRY(emit(p, STEP_FUNCTION_2, which, 0, -1));
        skip_blanks(p);
    } while (*p->at == ',');
    return bracket(p);
}

static int parse_call(struct parser *p, const char *place, const char *name, enum type *type, bool *found) {
    *found = true;
    *type = NUMBER;
    const char *after = p->at;
    const bool called = take_sign(p, "(");
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
        skip_blanks(p);
        if (*p->at == '(' || *p->at == '[')
            FAIL_AT(p, place, "%s is a value; %s of the bar before is ago(%s, 1)", name, name, name);
        *type = i == VAR_PENDING ? TRUTH : NUMBER;
        p->book->used[i] = true;
        if (i >= VAR_P_LONG && i <= VAR_TAU_SHORT) p->book->has_scores_names = true;
        return emit(p, STEP_VARIABLE, i, 0, 1);
    }
    *found = false;
    return GW_OK;
}

static int parse_name(struct parser *p, enum type *type) {
    const char *place = p->at;
    char name[64];
    bool found;
    if (strncmp(p->at, "math.", 5) == 0) p->at += 5; /* as a script would say it */
    const size_t length = word_length(p->at);
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

/* ---- operators, the loosest first --------------------------------------------------------------------- */

static int parse_plain_number(struct parser *p) {
    char *end;
    const char *place = p->at;
    const double number = strtod(place, &end);
    if (end == place || is_word(*end) || *end == '.' || strpbrk(place, "xX") == place + 1 || !isfinite(number))
        FAIL_AT(p, place, "\"%.*s\" is not a number", (int)(strcspn(place, " \t()<>=~,*/+") % 40), place);
    p->at = end;
    return emit(p, STEP_NUMBER, 0, number, 1);
}

static int parse_atom(struct parser *p, enum type *type) {
    skip_blanks(p);
    const char *place = p->at;
    *type = NUMBER;
    if (isdigit((unsigned char)*place) || (*place == '.' && isdigit((unsigned char)place[1])))
        return parse_plain_number(p);
    if (take_sign(p, "(")) {
        TRY(parse_or(p, type));
        return bracket(p);
    }
    const bool yes = take_word(p, "true");
    if (yes || take_word(p, "false")) {
        *type = TRUTH;
        return emit(p, STEP_NUMBER, 0, yes, 1);
    }
    if (word_length(place)) return parse_name(p, type);
    if (!*place) FAIL_AT(p, place, "something is missing at the end");
    if (*place == '"' || *place == '\'') FAIL_AT(p, place, "rules have no texts");
    FAIL_AT(p, place, "a value is expected here, not '%c'",
            (unsigned char)*place >= ' ' && (unsigned char)*place < 127 ? *place : '?');
}

static int parse_unary(struct parser *p, enum type *type);

/* x ^ y: binds more than a sign before it, less than one behind it, and from the right. */
static int parse_power(struct parser *p, enum type *type) {
    skip_blanks(p);
    const char *place = p->at;
    TRY(parse_atom(p, type));
    if (!take_sign(p, "^")) return GW_OK;
    TRY(want(p, place, *type, NUMBER, "^"));
    skip_blanks(p);
    place = p->at;
    TRY(parse_unary(p, type));
    TRY(want(p, place, *type, NUMBER, "^"));
    return emit(p, STEP_POWER, 0, 0, -1);
}

static int parse_signed(struct parser *p, enum type *type) {
    skip_blanks(p);
    const char *place = p->at;
    if (strncmp(place, "--", 2) == 0) FAIL_AT(p, place, "\"--\" begins a comment in Lua; write - (-x) with brackets");
    const bool is_not = take_word(p, "not"), is_minus = !is_not && take_sign(p, "-");
    if (!is_not && !is_minus) return parse_power(p, type);
    skip_blanks(p);
    place = p->at;
    TRY(parse_unary(p, type));
    TRY(want(p, place, *type, is_not ? TRUTH : NUMBER, is_not ? "not" : "-"));
    return emit(p, is_not ? STEP_NOT : STEP_NEGATE, 0, 0, 0);
}

/* Whatever is inside of something else comes by here. */
static int parse_unary(struct parser *p, enum type *type) {
    if (++p->nesting > NESTING_MAX)
        FAIL_AT(p, p->at, "more than %d brackets and signs inside one another", NESTING_MAX);
    TRY(parse_signed(p, type));
    p->nesting--;
    return GW_OK;
}

struct sign {
    const char *text;
    enum rule_step_kind step;
    int level;
};
static const struct sign signs[] = {
    {"*", STEP_MULTIPLY, 0}, {"//", STEP_FLOOR_DIVIDE, 0}, {"/", STEP_DIVIDE, 0},      {"%", STEP_MODULO, 0},
    {"+", STEP_ADD, 1},      {"-", STEP_SUBTRACT, 1},      {"<=", STEP_LESS_EQUAL, 2}, {">=", STEP_GREATER_EQUAL, 2},
    {"<", STEP_LESS, 2},     {">", STEP_GREATER, 2},       {"==", STEP_EQUAL, 2},      {"~=", STEP_NOT_EQUAL, 2},
};

static const struct sign *next_sign(struct parser *p, int level) {
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (signs[i].level == level && take_sign(p, signs[i].text)) return &signs[i];
    return NULL;
}

static int parse_level(struct parser *p, int level, enum type *type) {
    skip_blanks(p);
    const char *place = p->at;
    if (level < 0) return parse_unary(p, type);
    TRY(parse_level(p, level - 1, type));
    const struct sign *sign;
    while ((sign = next_sign(p, level))) {
        const bool any = sign->step == STEP_EQUAL || sign->step == STEP_NOT_EQUAL;
        enum type right;
        if (!any || *type == MAYBE) TRY(want(p, place, *type, NUMBER, sign->text));
        skip_blanks(p);
        const char *after = p->at;
        TRY(parse_level(p, level - 1, &right));
        TRY(want(p, after, right, *type, sign->text));
        TRY(emit(p, sign->step, 0, 0, -1));
        *type = level == 2 ? TRUTH : NUMBER;
    }
    return GW_OK;
}

static int parse_and(struct parser *p, enum type *type) {
    skip_blanks(p);
    const char *place = p->at;
    TRY(parse_level(p, 2, type));
    while (take_word(p, "and")) {
        enum type right;
        TRY(want(p, place, *type, TRUTH, "and"));
        skip_blanks(p);
        const char *after = p->at;
        TRY(parse_level(p, 2, &right));
        if (right == MAYBE) FAIL_AT(p, after, "leave out the brackets, or put an \"or\" behind them");
        if (right == NUMBER)
            *type = MAYBE;
        else
            TRY(emit(p, STEP_AND, 0, 0, -1));
    }
    return GW_OK;
}

static int parse_or(struct parser *p, enum type *type) {
    skip_blanks(p);
    const char *place = p->at;
    TRY(parse_and(p, type));
    while (take_word(p, "or")) {
        enum type right;
        if (*type != MAYBE) TRY(want(p, place, *type, TRUTH, "or"));
        skip_blanks(p);
        const char *after = p->at;
        TRY(parse_and(p, &right));
        if (*type == TRUTH) {
            TRY(want(p, after, right, TRUTH, "or"));
            TRY(emit(p, STEP_OR, 0, 0, -1));
        } else if (right == TRUTH) {
            FAIL_AT(p, after, "the value before \"or\" is a number, so this must be one too");
        } else {
            TRY(emit(p, right == MAYBE ? STEP_CHOOSE_MAYBE : STEP_CHOOSE, 0, 0, -2));
            *type = right;
        }
    }
    return GW_OK;
}

/* ---- a rule --------------------------------------------------------------------------------------------- */

static int parse_whole(struct parser *p, bool wants_truth, struct rule_code *out) {
    static const char *const of[] = {"this rule", "this rule"};
    enum type type;
    TRY(parse_or(p, &type));
    skip_blanks(p);
    if (*p->at == '=') FAIL_AT(p, p->at, "a comparison for equality is \"==\"");
    if (*p->at == '!') FAIL_AT(p, p->at, "\"not equal\" is \"~=\"");
    if (*p->at == '&' || *p->at == '|') FAIL_AT(p, p->at, "write \"and\" or \"or\"");
    if (*p->at) FAIL_AT(p, p->at, "the rule should have ended here, or a sign such as \"and\" is missing");
    if (type == MAYBE) FAIL_AT(p, p->text, "this is a number or false; say with \"or\" which number it is otherwise");
    TRY(want(p, p->text, type, wants_truth ? TRUTH : NUMBER, of[wants_truth]));
    struct rule_book *book = p->book;
    if (book->n_steps + p->n > RULE_STEPS_MAX) FAIL_AT(p, p->text, "the rules are too long");
    memcpy(book->step + book->n_steps, p->step, p->n * sizeof *p->step);
    *out = (struct rule_code){book->n_steps, p->n};
    book->n_steps += p->n;
    return GW_OK;
}

int rule_parse(struct rule_book *book, const char *text, bool wants_truth, struct rule_code *out) {
    struct parser *p = mem_calloc(1, sizeof *p);
    if (!p) return GW_ERR_NOMEM;
    p->book = book;
    p->text = p->at = text;
    const int rc = parse_whole(p, wants_truth, out);
    mem_free(p);
    return rc;
}
