/* JSON of many shapes: a list of objects or an object a line; an object of lists ({"t":[…],"o":[…]}) or of objects, as
 * pandas writes frames ("records", "split", "columns", "index", "table"); and any of these one level down
 * ({"symbol":…,"bars":[…]}). Names are those of CSV headers. No tree is built, fields are read where they stand. */
#include <string.h>

#include "engine/base/base.h"
#include "json_roles.h"

/* ---- a record a bar --------------------------------------------------------------------------------- */

/* The object at the scanner; learns the roles from the first one. `time`: its key, when that is its time. */
static int take_record(struct json_scan *scan, struct json_roles *roles, const struct field *time) {
    struct json_scan again = *scan;
    struct field key, value;
    if (!roles->n) {
        TRY(json_scan_open(&again, '{'));
        while (!json_scan_close(&again, '}')) {
            TRY(json_scan_key(&again, &key));
            json_roles_learn(roles, key);
            TRY(json_scan_skip(&again));
        }
        TRY(again.rc);
        TRY(json_roles_choose_extra(scan->reader, roles));
        TRY(json_roles_lay_out(scan->reader, roles, time != NULL));
    }
    struct import_row row = json_empty_row(scan);
    TRY(json_scan_open(scan, '{'));
    for (size_t i = 0; !json_scan_close(scan, '}'); i++) {
        TRY(json_scan_key(scan, &key));
        unsigned role = json_roles_find(roles, key, i);
        TRY(json_scan_scalar(scan, &value));
        if (role != COLUMN_SKIP) row.field[role] = value;
    }
    TRY(scan->rc);
    if (time) row.field[COLUMN_TIME] = *time;
    return import_row_accept(scan->reader, &row);
}

/* "[{…},{…}]", or objects one after the other. */
static int take_records(struct json_scan *scan) {
    struct json_roles roles = {.n = 0};
    if (json_scan_peek(scan) == '[') {
        TRY(json_scan_open(scan, '['));
        while (!json_scan_close(scan, ']')) TRY(take_record(scan, &roles, NULL));
        return scan->rc;
    }
    while (json_scan_peek(scan) == '{') {
        scan->first = false;
        TRY(take_record(scan, &roles, NULL));
        if (json_scan_peek(scan) == ',') scan->at++;
    }
    return GW_OK;
}

/* {"2020-01-01": {"open": …}, …} */
static int take_index(struct json_scan *scan) {
    struct json_roles roles = {.n = 0};
    struct field key;
    TRY(json_scan_open(scan, '{'));
    while (!json_scan_close(scan, '}')) {
        TRY(json_scan_key(scan, &key));
        TRY(take_record(scan, &roles, &key));
    }
    return scan->rc;
}

/* ---- a list a column -------------------------------------------------------------------------------- */

/* Values of one column, in their order; of an object also the keys. */
struct column {
    size_t n, capacity;
    struct field *value, *key;
};

static int push(struct column *column, struct field value, struct field key) {
    if (column->n == column->capacity) {
        size_t wider = 2 * column->capacity + 1024;
        struct field *values = mem_realloc(column->value, wider, sizeof *values);
        if (!values) return GW_ERR_NOMEM;
        column->value = values;
        struct field *keys = mem_realloc(column->key, wider, sizeof *keys);
        if (!keys) return GW_ERR_NOMEM;
        column->key = keys;
        column->capacity = wider;
    }
    column->value[column->n] = value;
    column->key[column->n++] = key;
    return GW_OK;
}

static int take_column(struct json_scan *scan, struct column *column) {
    char open = json_scan_peek(scan), close = open == '[' ? ']' : '}';
    struct field key = {scan->at, 0}, value;
    TRY(json_scan_open(scan, open));
    while (!json_scan_close(scan, close)) {
        if (open == '{') TRY(json_scan_key(scan, &key));
        TRY(json_scan_scalar(scan, &value));
        TRY(push(column, value, key));
    }
    return scan->rc;
}

static int make_rows(struct json_scan *scan, const struct json_roles *roles, struct column column[ROLES_MAX]) {
    size_t n = column[COLUMN_OPEN].n;
    bool own_time = roles->name[COLUMN_TIME].length > 0;
    TRY(json_roles_lay_out(scan->reader, roles, column[COLUMN_OPEN].n && column[COLUMN_OPEN].key[0].length));
    for (unsigned role = COLUMN_TIME; role < ROLES_MAX; role++)
        if (roles->name[role].length && column[role].n != n)
            return json_scan_fail(scan, "columns of different lengths");
    for (size_t i = 0; i < n; i++) {
        struct import_row row = json_empty_row(scan);
        for (unsigned role = COLUMN_TIME; role < ROLES_MAX; role++)
            if (roles->name[role].length) row.field[role] = column[role].value[i];
        if (!own_time) row.field[COLUMN_TIME] = column[COLUMN_OPEN].key[i];
        row.line = 0;
        TRY(import_row_accept(scan->reader, &row));
    }
    return GW_OK;
}

/* {"open": […], …} and {"open": {"2020-01-01": …}, …} */
static int take_columns(struct json_scan *scan) {
    struct column column[ROLES_MAX] = {{0}};
    struct json_roles roles = {.n = 0};
    struct json_scan again = *scan;
    struct field key;
    int rc = json_scan_open(&again, '{');
    while (rc == GW_OK && !json_scan_close(&again, '}')) {
        rc = json_scan_key(&again, &key);
        if (rc == GW_OK && strchr("[{", json_scan_peek(&again))) json_roles_learn(&roles, key);
        if (rc == GW_OK) rc = json_scan_skip(&again);
    }
    if (rc == GW_OK) rc = again.rc;
    if (rc == GW_OK) rc = json_roles_choose_extra(scan->reader, &roles);
    if (rc == GW_OK) rc = json_scan_open(scan, '{');
    while (rc == GW_OK && !json_scan_close(scan, '}')) {
        rc = json_scan_key(scan, &key);
        if (rc < 0) break;
        unsigned role = strchr("[{", json_scan_peek(scan)) ? json_roles_find(&roles, key, 0) : COLUMN_SKIP;
        rc = role == COLUMN_SKIP ? json_scan_skip(scan) : take_column(scan, &column[role]);
    }
    if (rc == GW_OK) rc = scan->rc;
    if (rc == GW_OK) rc = make_rows(scan, &roles, column);
    for (unsigned role = 0; role < ROLES_MAX; role++) {
        mem_free(column[role].value);
        mem_free(column[role].key);
    }
    return rc;
}

/* ---- pandas' "split" -------------------------------------------------------------------------------- */

/* {"columns": […], "index": […], "data": [[…], …]}, its members in this order or another. */
static int take_split(struct json_scan *scan, const struct json_scan *columns, const struct json_scan *index,
                      const struct json_scan *data) {
    struct json_roles roles = {.n = 0};
    struct json_scan names = *columns, times = *index, rows = *data;
    struct field value, time = {0};
    bool own_time;
    TRY(json_scan_open(&names, '['));
    while (!json_scan_close(&names, ']')) {
        TRY(json_scan_scalar(&names, &value));
        json_roles_learn(&roles, value);
    }
    TRY(names.rc);
    TRY(json_roles_choose_extra(scan->reader, &roles));
    own_time = roles.name[COLUMN_TIME].length > 0;
    TRY(json_roles_lay_out(scan->reader, &roles, times.at != NULL));
    TRY(json_scan_open(&rows, '['));
    if (!own_time) TRY(json_scan_open(&times, '['));
    while (!json_scan_close(&rows, ']')) {
        struct import_row row = json_empty_row(&rows);
        if (!own_time) {
            if (json_scan_close(&times, ']')) return json_scan_fail(&times, "more rows than times");
            TRY(json_scan_scalar(&times, &time));
        }
        TRY(json_scan_open(&rows, '['));
        for (size_t i = 0; !json_scan_close(&rows, ']'); i++) {
            TRY(json_scan_scalar(&rows, &value));
            if (i < roles.n && roles.member[i].role != COLUMN_SKIP) row.field[roles.member[i].role] = value;
        }
        TRY(rows.rc);
        if (!own_time) row.field[COLUMN_TIME] = time;
        TRY(import_row_accept(scan->reader, &row));
    }
    return rows.rc;
}

/* ---- which of them -------------------------------------------------------------------------------- */

static int take_any(struct json_scan *scan, int depth);

/* An object tells by its members what it is. */
static int take_object(struct json_scan *scan, int depth) {
    struct json_scan at = *scan, columns = {0}, index = {0}, data = {0}, inside = {0};
    struct json_roles plain = {.n = 0}, nested = {.n = 0};
    struct field key;
    TRY(json_scan_open(&at, '{'));
    for (size_t n = 0; n < IMPORT_COLUMNS_MAX && !json_scan_close(&at, '}'); n++) {
        TRY(json_scan_key(&at, &key));
        char kind = json_scan_peek(&at);
        bool container = kind == '[' || kind == '{';
        json_roles_learn(container ? &nested : &plain, key);
        if (kind == '[' && field_equals(key, "columns")) columns = at;
        if (kind == '[' && field_equals(key, "index")) index = at;
        if (kind == '[' && field_equals(key, "data")) data = at;
        if (container && !inside.at && !field_equals(key, "schema") && !field_equals(key, "meta data") &&
            !field_equals(key, "meta"))
            inside = at;
        TRY(json_scan_skip(&at));
    }
    TRY(at.rc);
    if (json_roles_have_prices(&plain)) return take_records(scan);
    if (json_roles_have_prices(&nested)) return take_columns(scan);
    if (columns.at && data.at) return take_split(scan, &columns, &index, &data);
    if (!inside.at || depth >= 2)
        FAIL(GW_ERR_DATA,
             "%s:1:1: no known layout of bars in this JSON; a list of objects with time, open, high, low, "
             "close and volume is one",
             scan->reader->path);
    if (json_scan_peek(&inside) == '{') { /* {"2020-01-01": {"open": …}}, or a wrapper */
        struct json_roles below = {.n = 0};
        struct json_scan first = inside;
        TRY(json_scan_open(&first, '{'));
        while (!json_scan_close(&first, '}')) {
            TRY(json_scan_key(&first, &key));
            if (!strchr("[{", json_scan_peek(&first))) json_roles_learn(&below, key);
            TRY(json_scan_skip(&first));
        }
        TRY(first.rc);
        if (json_roles_have_prices(&below)) return take_index(scan);
    }
    return take_any(&inside, depth + 1);
}

static int take_any(struct json_scan *scan, int depth) {
    if (json_scan_peek(scan) == '{') return take_object(scan, depth);
    struct json_scan at = *scan;
    TRY(json_scan_open(&at, '['));
    if (!json_scan_close(&at, ']') && json_scan_peek(&at) == '{') return take_records(scan);
    TRY(at.rc);
    FAIL(GW_ERR_DATA, "%s:%zu:1: rows without names here; only a file that is nothing but such rows is read",
         scan->reader->path, at.line);
}

static int read_json(struct import_reader *reader) {
    struct json_scan scan = {.reader = reader, .at = reader->text, .line_begin = reader->text, .line = 1};
    return take_any(&scan, 0);
}

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    const char *at = sample->text;
    bool list = false;
    for (; at < sample->end && (strchr(" \t\r\n", *at) || (*at == '[' && !list)); at++) list = list || *at == '[';
    if (at == sample->end || *at != '{') return 0;
    for (at++; at < sample->end && strchr(" \t\r\n", *at); at++) continue;
    layout->n_columns = 0; /* the first object will say */
    return at < sample->end && *at == '"';
}

const struct gw_import_format import_format_json_bars = {
    .name = "json",
    .help = "JSON objects with time, open, high, low, close: lists, lines, or frames as pandas writes them",
    .detect = detect,
    .read = read_json,
    .many = true,
};
