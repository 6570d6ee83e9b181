#include "json_roles.h"

#include <string.h>

#include "engine/base/base.h"

/* "1. open" */
static unsigned role_of(struct field name, int *rank) {
    while (name.length && ((*name.text >= '0' && *name.text <= '9') || strchr(". ", *name.text)))
        name.text++, name.length--;
    return import_header_role(name, rank);
}

void json_roles_learn(struct json_roles *roles, struct field key) {
    int rank;
    unsigned role = role_of(key, &rank);
    if (roles->n == IMPORT_COLUMNS_MAX) return;
    if (role != COLUMN_SKIP && roles->name[role].length && roles->rank[role] <= rank) role = COLUMN_SKIP;
    for (size_t i = 0; i < roles->n && role != COLUMN_SKIP; i++)
        if (roles->member[i].role == role) roles->member[i].role = COLUMN_SKIP;
    roles->member[roles->n].key = key;
    roles->member[roles->n++].role = (uint8_t)role;
    if (role == COLUMN_SKIP) return;
    roles->rank[role] = rank;
    roles->name[role] = key;
}

static bool same(struct field a, struct field b) {
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

unsigned json_roles_find(const struct json_roles *roles, struct field key, size_t guess) {
    if (guess < roles->n && same(roles->member[guess].key, key)) return roles->member[guess].role;
    for (size_t i = 0; i < roles->n; i++)
        if (same(roles->member[i].key, key)) return roles->member[i].role;
    return COLUMN_SKIP;
}

bool json_roles_have_prices(const struct json_roles *roles) {
    for (unsigned role = COLUMN_OPEN; role <= COLUMN_CLOSE; role++)
        if (!roles->name[role].length) return false;
    return true;
}

static void tell(char *text, size_t size, struct field name) {
    size_t used = strlen(text);
    if (used + 48 < size)
        snprintf(text + used, size - used, "%s%.*s", used ? ", " : "", (int)(name.length < 40 ? name.length : 40),
                 name.text);
    text_clean(text);
}

int json_roles_choose_extra(struct import_reader *reader, struct json_roles *roles) {
    struct field name[IMPORT_COLUMNS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < roles->n; i++) name[i] = roles->member[i].key;
    for (size_t c = 0; c < reader->options.n_columns; c++) {
        const char *asked = reader->options.column[c];
        const int at = import_column_find(name, roles->n, asked);
        if (at == COLUMN_AMBIGUOUS)
            FAIL(GW_ERR_DATA, "%s:1:1: two members are called \"%s\"; rename one", reader->path, asked);
        if (at == COLUMN_NOT_FOUND) continue;
        const unsigned role = roles->member[at].role;
        if (role != COLUMN_SKIP && role < N_COLUMN_ROLES)
            FAIL(GW_ERR_CONFIG, "%s: the member \"%s\" is the bars' %s already; features of it need no col()",
                 reader->path, asked, import_role_name(role));
        if (role != COLUMN_SKIP)
            FAIL(GW_ERR_CONFIG, "columns \"%s\" and \"%s\" are one and the same of %s; write one of them",
                 reader->extra_name[role - N_COLUMN_ROLES], asked, reader->path);
        roles->member[at].role = (uint8_t)(N_COLUMN_ROLES + n);
        roles->name[N_COLUMN_ROLES + n] = roles->member[at].key;
        reader->extra_name[n++] = asked;
    }
    return GW_OK;
}

int json_roles_lay_out(struct import_reader *reader, const struct json_roles *roles, bool with_time) {
    struct gw_import_report *report = &reader->report;
    static const char *const names[] = {"time", "open", "high", "low", "close"};
    static const unsigned needed[] = {COLUMN_TIME, COLUMN_OPEN, COLUMN_HIGH, COLUMN_LOW, COLUMN_CLOSE};
    for (size_t i = 0; i < COUNT_OF(needed); i++)
        if (!roles->name[needed[i]].length && !(i == 0 && with_time))
            FAIL(GW_ERR_DATA, "%s:1:1: the objects have no \"%s\"; bars need time, open, high, low and close",
                 reader->path, names[i]);
    size_t n_extra = 0;
    while (n_extra < GW_COLUMNS_MAX && roles->name[N_COLUMN_ROLES + n_extra].length) n_extra++;
    reader->layout = (struct import_layout){
        .delimiter = ',', .n_columns = N_COLUMN_ROLES + n_extra, .n_extra = n_extra, .n_required = 1};
    reader->n_used = 0;
    for (unsigned role = COLUMN_TIME; role < N_COLUMN_ROLES + n_extra; role++) {
        if (!roles->name[role].length && !(role == COLUMN_TIME && with_time)) continue;
        reader->layout.column[role] = (uint8_t)role;
        reader->used[reader->n_used++] = (uint8_t)role;
    }
    for (size_t i = 0; i < roles->n; i++)
        tell(roles->member[i].role ? report->columns_used : report->columns_ignored, sizeof report->columns_used,
             roles->member[i].key);
    report->has_volume = roles->name[COLUMN_VOLUME].length > 0;
    if (roles->name[COLUMN_SYMBOL].length) TRY(import_symbols_open(reader));
    return import_rows_reserve(reader, 1024);
}

struct import_row json_empty_row(const struct json_scan *scan) {
    struct import_row row = {.n_fields = scan->reader->layout.n_columns,
                             .line = scan->line,
                             .begin = scan->at,
                             .end = scan->at,
                             .in_text = true};
    for (size_t i = 0; i < ROLES_MAX; i++) row.field[i] = (struct field){scan->at, 0};
    return row;
}
