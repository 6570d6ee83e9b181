/* JSON documents with the line and column of every value, so that a mistake can be pointed at.
 * A thin layer over cJSON; the only part of the project that includes it. */
#ifndef GATEWALK_JSON_H
#define GATEWALK_JSON_H

#include "base.h"
#include "gatewalk/param.h"

struct json_document;
struct cJSON;                    /* opaque to everyone else */
typedef struct cJSON json_value; /* cJSON's own name, kept opaque */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Parses text strictly: UTF-8 (a BOM is accepted), nothing after the value, no duplicate keys, depth
 * at most 64, no NaN. Errors read "path:line:column: what is wrong". `code` is their class. */
int json_parse(const char *path, const char *text, size_t length, int code, struct json_document **out) GW_MUST_USE;
int json_load(const char *path, int code, struct json_document **out) GW_MUST_USE; /* file of at most 16 MiB */
/* The same for a file that people write: from // outside a text to the end of the line is a comment. */
int json_load_commented(const char *path, int code, struct json_document **out) GW_MUST_USE;
void json_free(struct json_document *document);

const json_value *json_root(const struct json_document *document);
enum json_kind json_kind(const json_value *value);
const char *json_kind_name(const json_value *value);                   /* "a string", "an array" … */
size_t json_size(const json_value *value);                             /* members of an array or object */
const json_value *json_at(const json_value *value, size_t index);      /* member by position (arrays and objects) */
const char *json_key(const json_value *value);                         /* name of an object's member */
const json_value *json_get(const json_value *object, const char *key); /* NULL when absent or not an object */
double json_number(const json_value *value, double fallback);
const char *json_string(const json_value *value, const char *fallback);
bool json_bool(const json_value *value, bool fallback);

/* Fails with "file:line:column: message" for the place where `value` stands. */
int json_fail(const struct json_document *document, const json_value *value, int code, const char *format, ...)
    GW_PRINTF_LIKE(4, 5);
/* The same at the name of an object's member: for unknown keys. */
int json_fail_key(const struct json_document *document, const json_value *value, int code, const char *format, ...)
    GW_PRINTF_LIKE(4, 5);
/* Where it stands, for what is found out later; 0, 0: not in the file (--set, or nowhere). */
void json_place(const struct json_document *document, const json_value *value, size_t *line, size_t *column);
/* Sets `path` ("training.epochs") to the value that `text` means: JSON when it parses, else a string; text
 * that begins with {, [ or " and does not parse is an ERR_USAGE. Creates objects on the way; existing array
 * elements are addressed as "strategies.0.model". json_fail names such a value "--set path=text: …". */
int json_set_path(struct json_document *document, const char *path, const char *text) GW_MUST_USE;

/* Writing: a small streaming writer with indentation; numbers in shortest round-trip form, NaN as null.
 * Start from {.stream = …}, or from {0} to write into memory; `key` is NULL inside arrays and for the outermost value, which ends in a newline.
 * `compact` writes no line breaks; it may be switched between values, e.g. around a list of numbers. */
struct json_writer {
    FILE *stream;
    int depth;
    bool first[96], in_array[96], compact, failed;
    char *text; /* without a stream: what was written */
    size_t length, capacity;
};
/* The text written into memory, without the last line break; mem_free it. GW_ERR_NOMEM when any of it is missing. */
int json_take_text(struct json_writer *w, char **text, size_t *length) GW_MUST_USE;
void json_begin_object(struct json_writer *w, const char *key);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w, const char *key);
void json_end_array(struct json_writer *w);
void json_put_number(struct json_writer *w, const char *key, double value);
void json_put_int(struct json_writer *w, const char *key, int64_t value);
void json_put_string(struct json_writer *w, const char *key, const char *value); /* NULL value writes null */
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_value(struct json_writer *w, const char *key, const json_value *value); /* a parsed subtree */

/* One parameter into the settings at `base`; `where` is its section. Fails where `value` stands. */
int json_read_param(const struct json_document *document, const json_value *value, const char *where,
                    const struct gw_param_key *key, void *base) GW_MUST_USE;
void json_put_param(struct json_writer *w, const struct gw_param *param, const void *own);
/* The active keys of a table as members of the open object; `all`: those of every row that could be chosen too. */
void json_put_params(struct json_writer *w, const struct gw_param_table *table, const void *base, bool all);

#endif
