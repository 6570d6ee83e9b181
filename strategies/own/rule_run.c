/* Running rules: steps on a stack of numbers, truth values being 0 and 1. */
#include <math.h>

#include "engine/base/base.h"
#include "rule.h"

/* Lua's math.max and math.min: the first argument stands unless the second is beyond it. */
static double larger(double a, double b) { return a < b ? b : a; }
static double smaller(double a, double b) { return b < a ? b : a; }

const struct rule_function rule_function[] = {
    {"abs", 1, fabs, NULL}, {"ceil", 1, ceil, NULL}, {"exp", 1, exp, NULL},    {"floor", 1, floor, NULL},
    {"log", 1, log, NULL},  {"sqrt", 1, sqrt, NULL}, {"max", 2, NULL, larger}, {"min", 2, NULL, smaller},
};
const size_t rule_n_functions = COUNT_OF(rule_function);

/* Lua's: the result has the divisor's sign. */
static double modulo(double a, double b) {
    double m = fmod(a, b);
    if (m * b < 0) m += b;
    return m;
}

double rule_run(const struct rule_book *book, struct rule_code code, const struct rule_scene *scene) {
    double stack[RULE_STACK_MAX + 4], *top = stack; /* top: the newest value; the parser has counted the depth */
    *top = 0;
    for (size_t i = 0; i < code.n; i++) {
        const struct rule_step *step = &book->step[code.first + i];
        switch ((enum rule_step_kind)step->what) {
        case STEP_NUMBER:
            *++top = step->number;
            break;
        case STEP_VARIABLE:
            *++top = scene->variable[step->which];
            break;
        case STEP_FEATURE:
            *++top = (double)scene->feature[step->which];
            break;
        case STEP_TAP:
            *++top = scene->tapped[step->which];
            break;
#define BINARY(name, expression)                                                                                       \
    case name: {                                                                                                       \
        const double b = *top--, a = *top;                                                                             \
        *top = (expression);                                                                                           \
        break;                                                                                                         \
    }
            BINARY(STEP_ADD, a + b)
            BINARY(STEP_SUBTRACT, a - b)
            BINARY(STEP_MULTIPLY, a * b)
            BINARY(STEP_DIVIDE, a / b)
            BINARY(STEP_FLOOR_DIVIDE, floor(a / b))
            BINARY(STEP_MODULO, modulo(a, b))
            BINARY(STEP_POWER, pow(a, b))
            BINARY(STEP_LESS, a < b)
            BINARY(STEP_LESS_EQUAL, a <= b)
            BINARY(STEP_GREATER, a > b)
            BINARY(STEP_GREATER_EQUAL, a >= b)
            BINARY(STEP_EQUAL, a == b)
            BINARY(STEP_NOT_EQUAL, a != b)
            BINARY(STEP_AND, a != 0 && b != 0)
            BINARY(STEP_OR, a != 0 || b != 0)
            BINARY(STEP_FUNCTION_2, rule_function[step->which].two(a, b))
        case STEP_NEGATE:
            *top = -*top;
            break;
        case STEP_NOT:
            *top = *top == 0;
            break;
        case STEP_FUNCTION_1:
            *top = rule_function[step->which].one(*top);
            break;
        case STEP_CHOOSE:
            top -= 2;
            top[0] = top[0] != 0 ? top[1] : top[2];
            break;
        case STEP_CHOOSE_MAYBE:
            top -= 2;
            if (top[-1] == 0) top[0] = top[2];
            top[-1] = top[-1] != 0 || top[1] != 0;
            break;
        }
    }
    return *top;
}

bool rule_reads_position(const struct rule_book *book, struct rule_code code) {
    for (size_t i = 0; i < code.n; i++) {
        const struct rule_step *step = &book->step[code.first + i];
        if (step->what == STEP_VARIABLE && step->which >= VAR_POSITION && step->which <= VAR_PENDING) return true;
    }
    return false;
}

/* ---- taps --------------------------------------------------------------------------------------------- */

/* Of the newest `length` values; NaN until there are as many, and where one of them is. */
static double look_back(const struct rule_tap *tap, const double *ring, size_t n_seen) {
    if (tap->kind == TAP_AGO) return n_seen > tap->length ? ring[(n_seen - 1 - tap->length) % tap->room] : NAN;
    if (n_seen < tap->length) return NAN;
    double best = ring[0], sum = 0;
    for (size_t i = 0; i < tap->length; i++) {
        if (isnan(ring[i])) return NAN;
        sum += ring[i];
        if (tap->kind == TAP_HIGHEST ? ring[i] > best : ring[i] < best) best = ring[i];
    }
    return tap->kind == TAP_MEAN ? sum / (double)tap->length : best;
}

/* A tap's argument may hold taps that were read before it, so they go in that order. */
void rule_run_taps(const struct rule_book *book, struct rule_scene *scene) {
    const size_t n = scene->n_tapped++;
    for (size_t k = 0; k < book->n_taps; k++) {
        const struct rule_tap *tap = &book->tap[k];
        double *ring = scene->ring + tap->offset;
        ring[n % tap->room] = rule_run(book, tap->code, scene);
        scene->tapped[k] = look_back(tap, ring, n + 1);
    }
}
