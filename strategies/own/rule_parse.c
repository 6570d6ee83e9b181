/* Reading rules: recursive descent over Lua's expressions, straight to steps. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rule_parser.h"

/* ---- operators, the loosest first --------------------------------------------------------------------- */

static int parse_plain_number(struct parser *p) {
    char *end;
    const char *place = p->at;
    const double number = strtod(place, &end);
    if (end == place || rule_is_word(*end) || *end == '.' || strpbrk(place, "xX") == place + 1 || !isfinite(number))
        FAIL_AT(p, place, "\"%.*s\" is not a number", (int)(strcspn(place, " \t()<>=~,*/+") % 40), place);
    p->at = end;
    return rule_emit(p, STEP_NUMBER, 0, number, 1);
}

static int parse_atom(struct parser *p, enum type *type) {
    rule_skip_blanks(p);
    const char *place = p->at;
    *type = NUMBER;
    if (isdigit((unsigned char)*place) || (*place == '.' && isdigit((unsigned char)place[1])))
        return parse_plain_number(p);
    if (rule_take_sign(p, "(")) {
        TRY(rule_parse_or(p, type));
        return rule_take_bracket(p);
    }
    const bool yes = rule_take_word(p, "true");
    if (yes || rule_take_word(p, "false")) {
        *type = TRUTH;
        return rule_emit(p, STEP_NUMBER, 0, yes, 1);
    }
    if (rule_word_length(place)) return rule_parse_name(p, type);
    if (!*place) FAIL_AT(p, place, "something is missing at the end");
    if (*place == '"' || *place == '\'') FAIL_AT(p, place, "rules have no texts");
    FAIL_AT(p, place, "a value is expected here, not '%c'",
            (unsigned char)*place >= ' ' && (unsigned char)*place < 127 ? *place : '?');
}

static int parse_unary(struct parser *p, enum type *type);

/* x ^ y: binds more than a sign before it, less than one behind it, and from the right. */
static int parse_power(struct parser *p, enum type *type) {
    rule_skip_blanks(p);
    const char *place = p->at;
    TRY(parse_atom(p, type));
    if (!rule_take_sign(p, "^")) return GW_OK;
    TRY(rule_want(p, place, *type, NUMBER, "^"));
    rule_skip_blanks(p);
    place = p->at;
    TRY(parse_unary(p, type));
    TRY(rule_want(p, place, *type, NUMBER, "^"));
    return rule_emit(p, STEP_POWER, 0, 0, -1);
}

static int parse_signed(struct parser *p, enum type *type) {
    rule_skip_blanks(p);
    const char *place = p->at;
    if (strncmp(place, "--", 2) == 0) FAIL_AT(p, place, "\"--\" begins a comment in Lua; write - (-x) with brackets");
    const bool is_not = rule_take_word(p, "not"), is_minus = !is_not && rule_take_sign(p, "-");
    if (!is_not && !is_minus) return parse_power(p, type);
    rule_skip_blanks(p);
    place = p->at;
    TRY(parse_unary(p, type));
    TRY(rule_want(p, place, *type, is_not ? TRUTH : NUMBER, is_not ? "not" : "-"));
    return rule_emit(p, is_not ? STEP_NOT : STEP_NEGATE, 0, 0, 0);
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
        if (signs[i].level == level && rule_take_sign(p, signs[i].text)) return &signs[i];
    return NULL;
}

static int parse_level(struct parser *p, int level, enum type *type) {
    rule_skip_blanks(p);
    const char *place = p->at;
    if (level < 0) return parse_unary(p, type);
    TRY(parse_level(p, level - 1, type));
    const struct sign *sign;
    while ((sign = next_sign(p, level))) {
        const bool any = sign->step == STEP_EQUAL || sign->step == STEP_NOT_EQUAL;
        enum type right;
        if (!any || *type == MAYBE) TRY(rule_want(p, place, *type, NUMBER, sign->text));
        rule_skip_blanks(p);
        const char *after = p->at;
        TRY(parse_level(p, level - 1, &right));
        TRY(rule_want(p, after, right, *type, sign->text));
        TRY(rule_emit(p, sign->step, 0, 0, -1));
        *type = level == 2 ? TRUTH : NUMBER;
    }
    return GW_OK;
}

static int parse_and(struct parser *p, enum type *type) {
    rule_skip_blanks(p);
    const char *place = p->at;
    TRY(parse_level(p, 2, type));
    while (rule_take_word(p, "and")) {
        enum type right;
        TRY(rule_want(p, place, *type, TRUTH, "and"));
        rule_skip_blanks(p);
        const char *after = p->at;
        TRY(parse_level(p, 2, &right));
        if (right == MAYBE) FAIL_AT(p, after, "leave out the brackets, or put an \"or\" behind them");
        if (right == NUMBER)
            *type = MAYBE;
        else
            TRY(rule_emit(p, STEP_AND, 0, 0, -1));
    }
    return GW_OK;
}

int rule_parse_or(struct parser *p, enum type *type) {
    rule_skip_blanks(p);
    const char *place = p->at;
    TRY(parse_and(p, type));
    while (rule_take_word(p, "or")) {
        enum type right;
        if (*type != MAYBE) TRY(rule_want(p, place, *type, TRUTH, "or"));
        rule_skip_blanks(p);
        const char *after = p->at;
        TRY(parse_and(p, &right));
        if (*type == TRUTH) {
            TRY(rule_want(p, after, right, TRUTH, "or"));
            TRY(rule_emit(p, STEP_OR, 0, 0, -1));
        } else if (right == TRUTH) {
            FAIL_AT(p, after, "the value before \"or\" is a number, so this must be one too");
        } else {
            TRY(rule_emit(p, right == MAYBE ? STEP_CHOOSE_MAYBE : STEP_CHOOSE, 0, 0, -2));
            *type = right;
        }
    }
    return GW_OK;
}

/* ---- a rule --------------------------------------------------------------------------------------------- */

static int parse_whole(struct parser *p, bool wants_truth, struct rule_code *out) {
    static const char *const of[] = {"this rule", "this rule"};
    enum type type;
    TRY(rule_parse_or(p, &type));
    rule_skip_blanks(p);
    if (*p->at == '=') FAIL_AT(p, p->at, "a comparison for equality is \"==\"");
    if (*p->at == '!') FAIL_AT(p, p->at, "\"not equal\" is \"~=\"");
    if (*p->at == '&' || *p->at == '|') FAIL_AT(p, p->at, "write \"and\" or \"or\"");
    if (*p->at) FAIL_AT(p, p->at, "the rule should have ended here, or a sign such as \"and\" is missing");
    if (type == MAYBE) FAIL_AT(p, p->text, "this is a number or false; say with \"or\" which number it is otherwise");
    TRY(rule_want(p, p->text, type, wants_truth ? TRUTH : NUMBER, of[wants_truth]));
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
