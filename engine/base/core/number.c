/* Numbers as text that reads back to the very same double. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

enum { NUMBER_SIZE = 32 };

/* Below 2^53 every whole number is exact and at most 16 digits: an exponent would only hide it. */
static bool is_plain_integer(double value) { return fabs(value) < 0x1p53 && value == floor(value); }

/* Most numbers of a table have few decimals: a whole number / 10^k, both exact, whose quotient rounds to `value` reads back to
 * it (Clinger 1990). k leaves 15 digits, so what needs no more of them is found, and fewer follow from dropping zeros.
 * False: *digits is how many it may have at least. */
static bool short_decimal(double value, char *buffer, int *digits) {
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                   1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    const double size = fabs(value);
    int decimals = COUNT_OF(power) - 1;
    *digits = 15;
    if (!(size >= 1e-4 && size < 1e14)) return false; /* others have an exponent */
    while (decimals > 1 && size * power[decimals] >= 1e15) decimals--;
    const double whole = nearbyint(size * power[decimals]);
    if (whole >= 1e15) return false;
    *digits = 16;
    if (whole / power[decimals] != size) return false;
    uint64_t rest = (uint64_t)whole;
    for (; decimals > 1 && rest % 10 == 0; decimals--) rest /= 10;
    char text[NUMBER_SIZE], *at = text + sizeof text;
    *--at = '\0';
    for (int i = 0; i <= decimals || rest; i++, rest /= 10) {
        if (i == decimals) *--at = '.';
        *--at = (char)('0' + rest % 10);
    }
    if (value < 0) *--at = '-';
    strcpy(buffer, at);
    return true;
}

char *number_format(double value, char buffer[32]) {
    if (isnan(value)) return strcpy(buffer, "nan");
    if (isinf(value)) return strcpy(buffer, value > 0 ? "inf" : "-inf");
    if (is_plain_integer(value)) {
        snprintf(buffer, NUMBER_SIZE, "%.0f", value);
        return buffer;
    }
    /* 15 digits always suffice where they can (DBL_DIG), so %g's dropping of zeros gives the shortest;
     * subnormals carry fewer digits and must be tried from one. */
    char text[48]; /* at most 24 are used, which the compiler cannot know */
    int digits;
    if (short_decimal(value, buffer, &digits)) return buffer;
    if (fabs(value) < 0x1p-1022) digits = 1;
    do snprintf(text, sizeof text, "%.*g", digits, value);
    while (digits++ < 17 && strtod(text, NULL) != value); /* 17 always do */
    return strcpy(buffer, text);
}
