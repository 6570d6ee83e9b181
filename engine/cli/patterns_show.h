/* What `gatewalk patterns` prints: one category, and the most alike windows of the past. */
#ifndef GATEWALK_CLI_PATTERNS_SHOW_H
#define GATEWALK_CLI_PATTERNS_SHOW_H

#include "engine/patterns/library.h"

struct json_writer;

/* As text, or as members of an open JSON object. rate: [LIBRARY_SLICES][categories × gates]. */
int patterns_print_category(const struct library *library, size_t category, const struct library_rate *const *rate,
                            struct json_writer *w) GW_MUST_USE;

struct patterns_found {
    uint32_t query;    /* the window asked about */
    uint32_t *window;  /* [n] most alike first; they share at most half of their bars with each other */
    float *similarity; /* [n] cosine */
    size_t n;
};
/* Of windows whose horizon had passed when the one asked about closed, and that share no bar with it. The one asked about
 * ends with the last bar that had closed at that time. */
int patterns_find(const struct library *library, int64_t time_ns, size_t top, struct patterns_found *out) GW_MUST_USE;
void patterns_found_free(struct patterns_found *found);
int patterns_print_found(const struct library *library, const struct patterns_found *found,
                         struct json_writer *w) GW_MUST_USE;

#endif
