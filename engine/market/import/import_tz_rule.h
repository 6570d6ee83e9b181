/* The rule by which a zone's clocks change in years that its file does not list (POSIX TZ, as RFC 8536 has it). */
#ifndef GATEWALK_MARKET_IMPORT_TZ_RULE_H
#define GATEWALK_MARKET_IMPORT_TZ_RULE_H

#include <stdbool.h>
#include <stdint.h>

struct tz_change {
    char kind; /* 'M': month, week, weekday; 'J': day of the year without February 29, from 1; 'D': with it, from 0 */
    int month, week, day;
    int32_t time_s; /* of day, on the clock of before */
};
struct tz_rule {
    int32_t standard_s, summer_s; /* seconds east of UTC */
    bool has_summer;
    struct tz_change to_summer, to_standard;
};

bool tz_rule_parse(const char *text, const char *end, struct tz_rule *out); /* "CET-1CEST,M3.5.0,M10.5.0/3" */
int32_t tz_rule_offset(const struct tz_rule *rule, int64_t utc_s, int64_t *begin_s, int64_t *end_s);

#endif
