/* Reading rules, in three parts: words and steps (rule_words.c), names and calls (rule_names.c), operators (rule_parse.c). */
#ifndef GATEWALK_OWN_RULE_PARSER_H
#define GATEWALK_OWN_RULE_PARSER_H

#include "engine/base/base.h"
#include "rule.h"

/* MAYBE: what `c and x` of a number x comes to, a number or false; it takes two places on the stack. */
enum type { TRUTH, NUMBER, MAYBE };
enum { NESTING_MAX = 60 };
struct parser {
    struct rule_book *book;
    const char *text, *at;
    int depth, nesting; /* places taken on the stack; open brackets and operators */
    struct rule_step step[RULE_STEPS_MAX];
    size_t n;
};

/* "column 14: …" of the place. */
#define FAIL_AT(p, place, ...) return rule_fail_at((p), (place), __VA_ARGS__)
int rule_fail_at(const struct parser *p, const char *place, const char *format, ...) GW_PRINTF_LIKE(3, 4);

bool rule_is_word(char c);
void rule_skip_blanks(struct parser *p);
size_t rule_word_length(const char *at);
bool rule_take_word(struct parser *p, const char *word);
/* Not the beginning of a longer sign. */
bool rule_take_sign(struct parser *p, const char *sign);
int rule_take_bracket(struct parser *p) GW_MUST_USE; /* the closing one */

int rule_emit(struct parser *p, enum rule_step_kind what, size_t which, double number, int grows) GW_MUST_USE;
int rule_want(const struct parser *p, const char *place, enum type has, enum type wants, const char *of) GW_MUST_USE;

int rule_parse_name(struct parser *p, enum type *type) GW_MUST_USE; /* a variable, feature or call */
int rule_parse_or(struct parser *p, enum type *type) GW_MUST_USE;   /* a whole expression */

#endif
