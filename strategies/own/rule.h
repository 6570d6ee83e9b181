/* Rules: expressions over bars, features, scores and the position, in Lua's syntax with Lua's precedence and meaning.
 *
 *   p_long >= tau_long and rsi(14) < 30 and position == 0
 *
 * Values are numbers and truth values, told apart when a rule is read: `and`, `or` and `not` want truth values, but for
 * Lua's `c and x or y`. A rule is a list of steps on a stack; it has no loops, so it always ends, and reads nothing but
 * what it is handed. ago, highest, lowest and mean look back over values of the bars before: each is a tap, whose argument
 * is reckoned at every bar, asked for or not. */
#ifndef GATEWALK_OWN_RULE_H
#define GATEWALK_OWN_RULE_H

#include "program.h"

enum rule {
    RULE_ENTER_LONG,
    RULE_EXIT_LONG,
    RULE_ENTER_SHORT,
    RULE_EXIT_SHORT,
    RULE_SIZE,
    RULE_STOP,
    RULE_TARGET,
    RULE_TRAIL,
    RULE_LIMIT,
    RULE_TRIGGER,
    RULE_GOOD_BARS,
    RULE_MAX_BARS,
    N_RULES
};
enum { N_CONDITIONS = RULE_EXIT_SHORT + 1, RULE_TEXT_MAX = 1000, RULE_STACK_MAX = 64, RULE_STEPS_MAX = 2000 };
extern const char *const rule_name[N_RULES];
extern const char *const rule_help[N_RULES];

struct rule_text {
    char text[N_RULES][RULE_TEXT_MAX]; /* "": not given */
};

/* What an expression may name. */
enum rule_variable {
    VAR_OPEN,
    VAR_HIGH,
    VAR_LOW,
    VAR_CLOSE,
    VAR_VOLUME,
    VAR_BAR,
    VAR_HOUR,
    VAR_WEEKDAY,
    VAR_P_LONG,
    VAR_P_SHORT,
    VAR_TAU_LONG,
    VAR_TAU_SHORT,
    VAR_POSITION,
    VAR_ENTRY_PRICE,
    VAR_BARS_HELD,
    VAR_PENDING,
    VAR_MIN_MOVE,
    N_RULE_VARIABLES
};
extern const char *const rule_variable_name[N_RULE_VARIABLES];

struct rule_step {
    uint16_t what, which;
    double number;
};
enum rule_step_kind {
    STEP_NUMBER,
    STEP_VARIABLE,
    STEP_FEATURE,
    STEP_TAP,
    STEP_ADD,
    STEP_SUBTRACT,
    STEP_MULTIPLY,
    STEP_DIVIDE,
    STEP_FLOOR_DIVIDE,
    STEP_MODULO,
    STEP_POWER,
    STEP_NEGATE,
    STEP_LESS,
    STEP_LESS_EQUAL,
    STEP_GREATER,
    STEP_GREATER_EQUAL,
    STEP_EQUAL,
    STEP_NOT_EQUAL,
    STEP_AND,
    STEP_OR,
    STEP_NOT,
    STEP_CHOOSE,       /* c, x, y: c and x or y */
    STEP_CHOOSE_MAYBE, /* c, x, d, y: whether anything is chosen, and what */
    STEP_FUNCTION_1,
    STEP_FUNCTION_2,
};
struct rule_code {
    size_t first, n; /* of the book's steps */
};
enum tap_kind { TAP_AGO, TAP_HIGHEST, TAP_LOWEST, TAP_MEAN };
struct rule_tap {
    enum tap_kind kind;
    struct rule_code code;
    size_t length; /* bars back, or bars looked at */
    size_t room;   /* of its ring */
    size_t offset; /* of its ring among all */
};
enum { RULE_TAPS_MAX = 64, RULE_TAP_LENGTH_MAX = 20000 };
struct rule_book {
    struct rule_step step[RULE_STEPS_MAX];
    size_t n_steps;
    struct rule_code rule[N_RULES]; /* n 0: not given */
    struct rule_tap tap[RULE_TAPS_MAX];
    size_t n_taps, ring_size;
    char feature[PROGRAM_FEATURES_MAX][GW_FEATURE_NAME_MAX];
    size_t n_features;
    bool used[N_RULE_VARIABLES];
    bool has_scores_names; /* p_long and the like stand in it */
};

/* Reads one expression into the book. GW_ERR_CONFIG: "column 14: …"; `wants_truth`: else a number. */
int rule_parse(struct rule_book *book, const char *text, bool wants_truth, struct rule_code *out) GW_MUST_USE;
/* All that is given. On failure *which is the rule that is wrong. */
int program_of_rules(const struct rule_text *text, enum rule *which, struct program **out) GW_MUST_USE;

/* ---- running ------------------------------------------------------------------------------------------ */

/* How a function of numbers is named and reckoned. */
struct rule_function {
    const char *name;
    int n_arguments; /* 1 or 2 */
    double (*one)(double);
    double (*two)(double, double);
};
extern const struct rule_function rule_function[];
extern const size_t rule_n_functions;

/* What expressions see. */
struct rule_scene {
    double variable[N_RULE_VARIABLES];
    const float *feature;
    double *ring;    /* of all taps */
    double *tapped;  /* [n_taps] their values at this bar */
    size_t n_tapped; /* bars that the rings have seen */
};
double rule_run(const struct rule_book *book, struct rule_code code, const struct rule_scene *scene);
/* Whether it names the position: its own words, not those it looks back over. */
bool rule_reads_position(const struct rule_book *book, struct rule_code code);
/* Once a bar, before any rule. */
void rule_run_taps(const struct rule_book *book, struct rule_scene *scene);

#endif
