/* Decimal text to double, strict: a field is a number from its first to its last byte. number_take() reads what markets
 * print; the rest is checked here and left to strtod. With strtod alone an import takes 5 times as long (bench import);
 * what number_take() hands on, the quote volumes of 17 digits of a Binance file, costs it 5 % there and nothing
 * elsewhere, which no second parser is worth. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

static bool is_digit(char c) { return (unsigned char)(c - '0') <= 9; }

static const char *skip_digits(const char *at, const char *end) {
    while (at < end && is_digit(*at)) at++;
    return at;
}

/* "e-12" up to the end of the field. */
static bool is_exponent(const char *at, const char *end) {
    if (at < end && (*at == '-' || *at == '+')) at++;
    return at < end && skip_digits(at, end) == end;
}

/* What strtod takes, but for hexadecimal, "inf", "nan" and what stands around a number. */
static bool is_decimal(const char *at, const char *end) {
    if (at < end && (*at == '-' || *at == '+')) at++;
    const char *whole_end = skip_digits(at, end), *rest = whole_end;
    size_t digits = (size_t)(whole_end - at);
    if (rest < end && *rest == '.') {
        rest = skip_digits(whole_end + 1, end);
        digits += (size_t)(rest - whole_end - 1);
    }
    return digits > 0 && (rest == end || ((*rest == 'e' || *rest == 'E') && is_exponent(rest + 1, end)));
}

bool number_parse(struct field field, double *value) {
    const char *at = field.text, *end = field.text + field.length;
    char copy[IMPORT_FIELD_MAX];
    if (number_take(&at, end, value) && at == end) return true;
    if (field.length >= sizeof copy || !is_decimal(field.text, end)) return false;
    memcpy(copy, field.text, field.length);
    copy[field.length] = '\0';
    *value = strtod(copy, NULL);
    return isfinite(*value);
}

static double unit_of(char c) {
    switch (c) {
    case 'K':
    case 'k':
        return 1e3;
    case 'M':
    case 'm':
        return 1e6;
    case 'B':
    case 'b':
        return 1e9;
    case 'T':
    case 't':
        return 1e12;
    default:
        return 0;
    }
}

bool number_parse_decorated(struct field field, double *value) {
    char plain[IMPORT_FIELD_MAX];
    size_t n = 0, begin = 0, end = field.length;
    if (field.length == 1 && field.text[0] == '-') {
        *value = 0;
        return true;
    }
    if (end >= sizeof plain) return false;
    if (begin < end && field.text[begin] == '$') begin++;
    double unit = end > begin ? unit_of(field.text[end - 1]) : 0;
    if (unit > 0) end--;
    for (size_t i = begin; i < end; i++) {
        char c = field.text[i];
        /* A comma must part a group of three digits. */
        if (c == ',') {
            bool group = i > begin && end - i > 3 && is_digit(field.text[i - 1]) && is_digit(field.text[i + 1]) &&
                         is_digit(field.text[i + 2]) && is_digit(field.text[i + 3]) &&
                         (end - i == 4 || !is_digit(field.text[i + 4]));
            if (!group) return false;
            continue;
        }
        plain[n++] = c;
    }
    if (!number_parse((struct field){plain, n}, value)) return false;
    if (unit > 0) {
        /* "105.76K" is 105760 exactly; multiplying doubles would add an error that was never printed. */
        if (memchr(plain, 'e', n) || memchr(plain, 'E', n) || n + 4 >= sizeof plain) return false;
        n += (size_t)snprintf(plain + n, sizeof plain - n, "e%d", (int)lround(log10(unit)));
        return number_parse((struct field){plain, n}, value);
    }
    return true;
}

const char *number_complaint(struct field field) {
    const char *at = field.text, *end = field.text + field.length;
    if (at == end) return "is empty";
    if (field.length >= IMPORT_FIELD_MAX) return "is too long for a number";
    if (*at == '-' || *at == '+') at++;
    size_t rest = (size_t)(end - at);
    if (rest >= 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
        return "is hexadecimal, a decimal number is needed";
    if (rest >= 3 && strncasecmp(at, "nan", 3) == 0) return "is not a number";
    if (rest >= 3 && strncasecmp(at, "inf", 3) == 0) return "is infinite";
    double value;
    if (number_parse_decorated(field, &value))
        return "has a unit or thousands commas, a plain decimal number is needed";
    const char *digits_end = skip_digits(at, end);
    if (digits_end == at && (at == end || *at != '.')) return "is no number";
    if (digits_end < end && *digits_end == ',') return "has a decimal comma, a decimal point is needed";
    for (; at < end; at++)
        if (!is_digit(*at) && !strchr(".eE+-", *at)) return "has something behind the number";
    return "is no number or too large for a double";
}
