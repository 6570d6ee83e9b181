#include "gatewalk/metric_key.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char place[] = "_at_k";

/* The "_at_k" that ends a name or a word of it; NULL when it has none. */
static const char *find_place(const char *name) {
    const char *at = strstr(name, place);
    while (at && at[sizeof place - 1] != '_' && at[sizeof place - 1] != '\0') at = strstr(at + 1, place);
    return at;
}

char *gw_metric_key_write(char key[GW_METRIC_KEY_MAX], const char *name, double k) {
    const char *at = find_place(name);
    if (at)
        snprintf(key, GW_METRIC_KEY_MAX, "%.*s_at_%g%s", (int)(at - name), name, k, at + sizeof place - 1);
    else
        snprintf(key, GW_METRIC_KEY_MAX, "%s", name);
    return key;
}

struct gw_metric_key gw_metric_key_read(const char *key) {
    struct gw_metric_key parts;
    char again[GW_METRIC_KEY_MAX], *end;
    for (const char *at = key; (at = strstr(at, "_at_")); at++) {
        const char *number = at + strlen("_at_");
        parts.k = strtod(number, &end);
        snprintf(parts.name, sizeof parts.name, "%.*sk%s", (int)(number - key), key, end);
        if (end > number && strcmp(gw_metric_key_write(again, parts.name, parts.k), key) == 0) return parts;
    }
    parts.k = NAN;
    snprintf(parts.name, sizeof parts.name, "%s", key);
    return parts;
}
