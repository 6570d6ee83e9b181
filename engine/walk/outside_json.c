/* Records of JSON lines: one object a line, its members the columns, all lines with the first one's. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "outside_private.h"

enum { NUMBER_MAX = 40 };

/* A line's own text for the cells that are numbers. */
struct numbers {
    char text[OUTSIDE_COLUMNS][NUMBER_MAX];
};

static int set_cell(struct record *record, size_t column, const json_value *value, char number[NUMBER_MAX]) {
    record->value[column] = value;
    record->cell[column] = (struct field){"", 0};
    if (!value || json_kind(value) == JSON_NULL) return GW_OK;
    if (json_kind(value) == JSON_STRING) {
        const char *text = json_string(value, "");
        record->cell[column] = field_trim(text, text + strlen(text));
        return GW_OK;
    }
    if (json_kind(value) != JSON_NUMBER)
        return record_fail(record, column, "must be a text or a number, not %s", json_kind_name(value));
    double x = json_number(value, NAN);
    if (x == floor(x) && fabs(x) < 9e18)
        snprintf(number, NUMBER_MAX, "%.0f", x); /* a time has no exponent */
    else
        number_format(x, number);
    record->cell[column] = (struct field){number, strlen(number)};
    return GW_OK;
}

/* The first line's members, kept for the lines that follow. */
static int read_names(struct reading *r, struct record *record, char ***name) {
    const json_value *root = json_root(record->document);
    record->n = json_size(root);
    if (record->n > OUTSIDE_COLUMNS)
        return record_fail(record, SIZE_MAX, "more than %d members; leave out those that are not needed",
                           OUTSIDE_COLUMNS);
    *name = mem_calloc(record->n + 1, sizeof **name);
    if (!*name) return GW_ERR_NOMEM;
    for (size_t i = 0; i < record->n; i++) {
        const json_value *member = json_at(root, i);
        if (!((*name)[i] = mem_strdup(json_key(member)))) return GW_ERR_NOMEM;
        record->value[i] = member;
        record->cell[i] = (struct field){(*name)[i], strlen((*name)[i])};
    }
    return outside_columns(r, record);
}

/* A member that the first line has not would be lost without a word. */
static int check_members(const struct reading *r, const struct record *record, char *const *name) {
    const json_value *root = json_root(record->document);
    for (size_t i = 0; i < json_size(root); i++) {
        const json_value *member = json_at(root, i);
        size_t k = 0;
        while (k < record->n && strcmp(name[k], json_key(member)) != 0) k++;
        if (k < record->n) continue;
        struct record here = *record;
        here.value[0] = member;
        return record_fail(&here, 0, "\"%s\" is not among the first line's members; give all lines the same ones",
                           json_key(member));
    }
    (void)r;
    return GW_OK;
}

static int read_line(struct reading *r, struct record *record, char ***name, struct numbers *numbers) {
    const json_value *root = json_root(record->document);
    if (json_kind(root) != JSON_OBJECT)
        return record_fail(record, SIZE_MAX, "a line must be an object { … }, not %s; write one object a line",
                           json_kind_name(root));
    if (!*name) TRY(read_names(r, record, name));
    TRY(check_members(r, record, *name));
    for (size_t i = 0; i < record->n; i++) record->value[i] = json_get(root, (*name)[i]);
    for (size_t i = 0; i < record->n; i++)
        if (r->columns.role[i] != ROLE_NONE) TRY(set_cell(record, i, record->value[i], numbers->text[i]));
    return outside_row(r, record);
}

/* json_parse says "path:1:…": the line is the file's. */
static int parse_line(struct record *record, const char *begin, const char *end, struct json_document **document) {
    int rc = json_parse(record->path, begin, (size_t)(end - begin), GW_ERR_DATA, document);
    if (rc != GW_ERR_DATA) return rc;
    char said[1024];
    snprintf(said, sizeof said, "%s", gw_error_message() + strlen(record->path) + strlen(":1:"));
    FAIL(GW_ERR_DATA, "%s:%zu:%s", record->path, record->line, said);
}

int outside_read_json(struct reading *r, const char *path, const char *text, const char *end) {
    int rc = GW_OK;
    char **name = NULL;
    struct record *record = mem_calloc(1, sizeof *record);
    struct numbers *numbers = mem_calloc(1, sizeof *numbers);
    if (!record || !numbers) rc = GW_ERR_NOMEM;
    if (record) *record = (struct record){.path = path};
    for (const char *at = text; rc == GW_OK && at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)), *begin = at;
        if (!stop) stop = end;
        at = stop + 1;
        record->line++;
        if (field_trim(begin, stop).length == 0) continue;
        struct json_document *document = NULL;
        rc = parse_line(record, begin, stop, &document);
        record->document = document;
        if (rc == GW_OK) rc = read_line(r, record, &name, numbers);
        json_free(document);
    }
    for (size_t i = 0; name && i < record->n; i++) mem_free(name[i]);
    mem_free(name);
    mem_free(record);
    mem_free(numbers);
    return rc;
}
