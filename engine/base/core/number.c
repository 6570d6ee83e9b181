/* Numbers as text that reads back to the very same double. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

enum { NUMBER_SIZE = 32 };

/* Below 2^53 every whole number is exact and at most 16 digits: an exponent would only hide it. */
static bool is_plain_integer(double value) { return fabs(value) < 0x1p53 && value == floor(value); }

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
    int digits = fabs(value) < 0x1p-1022 ? 1 : 15;
    do snprintf(text, sizeof text, "%.*g", digits, value);
    while (strtod(text, NULL) != value && digits++ < 17);
    return strcpy(buffer, text);
}
