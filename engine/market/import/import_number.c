/* Decimal text to double, rounded correctly (the same bits as strtod) but much faster for the numbers
 * that markets print, and strict: a field is a number from its first to its last byte. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

__extension__ typedef unsigned __int128 uint128;

enum { DIGITS_MAX = 19 }; /* always fit 64 bits */

static const double power_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c) { return (unsigned char)(c - '0') <= 9; }

static const char *skip_digits(const char *at, const char *end) {
    while (at < end && is_digit(*at)) at++;
    return at;
}

static uint64_t gather(const char *at, const char *end, uint64_t value) {
    for (; at < end; at++) value = value * 10 + (uint64_t)(*at - '0');
    return value;
}

/* Reads "e-12" up to the end of the field. */
static bool scan_exponent(const char *at, const char *end, int *exponent) {
    bool negative = at < end && *at == '-';
    int value = 0;
    if (at < end && (*at == '-' || *at == '+')) at++;
    if (at == end) return false;
    for (; at < end; at++) {
        if (!is_digit(*at)) return false;
        if (value < 100000) value = value * 10 + (*at - '0');
    }
    *exponent += negative ? -value : value;
    return true;
}

/* mantissa / 10^digits, rounded half to even from a 128-bit quotient and its remainder. False when the
 * quotient holds too few bits to decide (the caller then asks strtod). */
static bool divide_exactly(uint64_t mantissa, int digits, double *value) {
    static const uint64_t power[] = {1u,       10u,       100u,       1000u,       10000u,      100000u,
                                     1000000u, 10000000u, 100000000u, 1000000000u, 10000000000u};
    if (digits >= (int)COUNT_OF(power) || mantissa == 0) return false;
    uint128 scaled = (uint128)mantissa << 64;
    uint128 quotient = scaled / power[digits];
    bool sticky = quotient * power[digits] != scaled;
    uint64_t high = (uint64_t)(quotient >> 64), low = (uint64_t)quotient;
    int bits = high ? 128 - __builtin_clzll(high) : 64 - (low ? __builtin_clzll(low) : 64);
    int shift = bits - 53;
    if (shift < 2) return false;
    uint64_t kept = (uint64_t)(quotient >> shift);
    uint128 rest = quotient - ((uint128)kept << shift), half = (uint128)1 << (shift - 1);
    if (rest > half || (rest == half && (sticky || (kept & 1)))) kept++;
    *value = ldexp((double)kept, shift - 64);
    return true;
}

/* Long or extreme numbers: the C library, given a terminated copy. */
static bool slow_parse(struct field field, double *value) {
    char copy[IMPORT_FIELD_MAX];
    if (field.length >= sizeof copy) return false;
    memcpy(copy, field.text, field.length);
    copy[field.length] = '\0';
    *value = strtod(copy, NULL);
    return isfinite(*value);
}

bool number_parse(struct field field, double *value) {
    const char *at = field.text, *end = field.text + field.length;
    if (number_take(&at, end, value) && at == end) return true;
    at = field.text;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    const char *whole = at, *whole_end = skip_digits(at, end);
    const char *fraction = whole_end, *fraction_end = whole_end;
    at = whole_end;
    if (at < end && *at == '.') {
        fraction = at + 1;
        at = fraction_end = skip_digits(fraction, end);
    }
    if (whole == whole_end && fraction == fraction_end) return false;
    int exponent = 0;
    if (at < end) {
        if (*at != 'e' && *at != 'E') return false;
        if (!scan_exponent(at + 1, end, &exponent)) return false;
    }
    /* Prices padded to eight decimals would overflow 53 bits for nothing. */
    while (fraction_end > fraction && fraction_end[-1] == '0') fraction_end--;
    while (whole < whole_end && *whole == '0') whole++;
    if ((whole_end - whole) + (fraction_end - fraction) > DIGITS_MAX) return slow_parse(field, value);
    uint64_t mantissa = gather(fraction, fraction_end, gather(whole, whole_end, 0));
    exponent -= (int)(fraction_end - fraction);
    double magnitude;
    if (mantissa == 0)
        magnitude = 0;
    else if (mantissa <= (uint64_t)1 << 53 && exponent >= -22 && exponent <= 22) /* both exact: one rounding */
        magnitude =
            exponent < 0 ? (double)mantissa / power_of_ten[-exponent] : (double)mantissa * power_of_ten[exponent];
    else if (exponent > 0 || !divide_exactly(mantissa, -exponent, &magnitude))
        return slow_parse(field, value);
    *value = negative ? -magnitude : magnitude;
    return isfinite(magnitude);
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
