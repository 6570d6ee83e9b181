/* Pieces of a JSON Schema: what a key's row in its table comes to. */
#ifndef GATEWALK_CONFIG_SCHEMA_PARTS_H
#define GATEWALK_CONFIG_SCHEMA_PARTS_H

#include "config_private.h"

#define DURATION "[0-9]+(ns|us|ms|s|m|h|d|w)"

void schema_put_range(struct json_writer *w, double low, double high);
/* What it means, its unit, and which rows have it. */
void schema_put_description(struct json_writer *w, const struct gw_param_key *key);
/* The keys of a table with type, bounds, default and meaning; `size` is that of what the table describes. */
int schema_put_properties(struct json_writer *w, const struct gw_param_table *table, size_t size) GW_MUST_USE;
/* An object that takes the keys which follow, and no others. */
void schema_begin_keys(struct json_writer *w, const char *name, const char *help);
void schema_put_required(struct json_writer *w, const char *const *name, size_t n);
/* To what $defs calls `to`. */
void schema_put_reference(struct json_writer *w, const char *key, const char *to);
void schema_put_reference_item(struct json_writer *w, const char *to);
/* A name alone, or an object: alternatives follow. */
void schema_begin_text_or(struct json_writer *w, const char *name);

#endif
