/* Lengths of time as people write them: "15m", "4h", "1d". Months and years have no fixed length and no unit. */
#include <string.h>

#include "core.h"

static const struct unit {
    const char *name;
    int64_t ns;
} units[] = {
    {"w", 7 * NS_PER_DAY}, {"d", NS_PER_DAY}, {"h", NS_PER_HOUR}, {"m", NS_PER_MINUTE},
    {"s", NS_PER_SECOND},  {"ms", 1000000},   {"us", 1000},       {"ns", 1},
};

int duration_parse(const char *text, int64_t *ns) {
    int64_t count = 0;
    const char *at = text;
    bool overflow = false;
    for (; *at >= '0' && *at <= '9'; at++)
        overflow |= __builtin_mul_overflow(count, 10, &count) || __builtin_add_overflow(count, *at - '0', &count);
    for (size_t i = 0; at > text && i < COUNT_OF(units); i++) {
        if (strcmp(at, units[i].name) != 0) continue;
        if (overflow || __builtin_mul_overflow(count, units[i].ns, &count))
            FAIL(GW_ERR_CONFIG, "duration \"%.40s\" is longer than 292 years", text);
        if (count == 0) FAIL(GW_ERR_CONFIG, "duration \"%.40s\" must be longer than nothing", text);
        *ns = count;
        return GW_OK;
    }
    FAIL(GW_ERR_CONFIG, "\"%.40s\" is not a duration: write a whole number and a unit, as in 90s, 15m, 4h, 1d or 2w",
         text);
}

char *duration_format(int64_t ns, char buffer[40]) {
    size_t i = ns == 0 ? 4 : 0; /* nothing is "0s" */
    while (ns % units[i].ns != 0) i++;
    snprintf(buffer, 40, "%lld%s", (long long)(ns / units[i].ns), units[i].name);
    return buffer;
}
