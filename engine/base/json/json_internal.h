/* What the json_*.c files share. cJSON builds the tree; it neither knows positions nor is it strict, so a
 * scan of our own goes first: it judges the text and notes where every value begins. */
#ifndef GATEWALK_JSON_INTERNAL_H
#define GATEWALK_JSON_INTERNAL_H

#include <cjson/cJSON.h>

#include "engine/base/json.h"

enum { JSON_DEEPEST = 64 };

/* Where a value begins in the text, and where its key does (the value itself when it has none). */
struct json_place {
    uint32_t value, key;
};

/* In document order: cJSON's tree walked in order meets the same values. */
struct json_places {
    struct json_place *items;
    size_t n, capacity;
};

/* One --set: what the user typed. */
struct json_override {
    char *path, *text;
};

/* Every node's origin is kept in its valueint, which nothing else here uses (numbers are read from
 * valuedouble): i + 1 is places.items[i], -(i + 1) is overrides[i], 0 is unknown. */
struct json_document {
    char *path, *text;
    size_t length;
    cJSON *root;
    struct json_places places;
    struct json_override *overrides;
    size_t n_overrides;
};

struct json_mistake {
    size_t offset;
    char what[160];
};

/* Judges the text by RFC 8259 with the limits of json.h. GW_ERR_NOMEM, or GW_ERR_INTERNAL with *mistake filled. */
int json_scan(const char *text, size_t length, struct json_places *places, struct json_mistake *mistake) GW_MUST_USE;

/* "path:line:column: what", counting characters (not bytes) from 1. */
int json_fail_at(const char *path, const char *text, size_t offset, int code, const char *what);

#endif
