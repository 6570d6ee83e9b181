/* The words and signs of rules, and the steps that they become. */
#include <ctype.h>
#include <string.h>

#include "rule_parser.h"

static const char *const type_name[] = {"a truth value", "a number", "a number or false"};

static int column(const struct parser *p, const char *at) { return (int)(at - p->text) + 1; }
int rule_fail_at(const struct parser *p, const char *place, const char *format, ...) {
    char why[400];
    va_list list;
    va_start(list, format);
    vsnprintf(why, sizeof why, format, list);
    va_end(list);
    FAIL(GW_ERR_CONFIG, "column %d: %s", column(p, place), why);
}

/* ---- words -------------------------------------------------------------------------------------------- */

bool rule_is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

void rule_skip_blanks(struct parser *p) { p->at += strspn(p->at, " \t\r\n"); }

size_t rule_word_length(const char *at) {
    size_t n = 0;
    if (isalpha((unsigned char)*at) || *at == '_')
        while (rule_is_word(at[n])) n++;
    return n;
}

bool rule_take_word(struct parser *p, const char *word) {
    rule_skip_blanks(p);
    const size_t n = strlen(word);
    if (rule_word_length(p->at) != n || memcmp(p->at, word, n) != 0) return false;
    p->at += n;
    return true;
}

bool rule_take_sign(struct parser *p, const char *sign) {
    static const char *const longer[] = {"<=", ">=", "==", "~=", "//", "--", "<<", ">>", "..", "::"};
    rule_skip_blanks(p);
    const size_t n = strlen(sign);
    if (strncmp(p->at, sign, n) != 0) return false;
    for (size_t i = 0; n == 1 && i < COUNT_OF(longer); i++)
        if (strncmp(p->at, longer[i], 2) == 0) return false;
    p->at += n;
    return true;
}

/* ---- steps -------------------------------------------------------------------------------------------- */

int rule_emit(struct parser *p, enum rule_step_kind what, size_t which, double number, int grows) {
    if (p->n == RULE_STEPS_MAX) FAIL_AT(p, p->at, "the rule is too long");
    p->step[p->n++] = (struct rule_step){(uint16_t)what, (uint16_t)which, number};
    p->depth += grows;
    if (p->depth > RULE_STACK_MAX) FAIL_AT(p, p->at, "the rule is too deep; simplify it");
    return GW_OK;
}

int rule_want(const struct parser *p, const char *place, enum type has, enum type wants, const char *of) {
    if (has == wants) return GW_OK;
    if (wants == TRUTH && has == NUMBER)
        FAIL_AT(p, place, "%s wants a truth value, but this is a number; compare it with something", of);
    FAIL_AT(p, place, "%s wants %s, but this is %s", of, type_name[wants], type_name[has]);
}

int rule_take_bracket(struct parser *p) {
    if (!rule_take_sign(p, ")")) FAIL_AT(p, p->at, "a ')' is missing here");
    return GW_OK;
}
