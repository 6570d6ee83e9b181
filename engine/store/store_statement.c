/* Statements: bound values in, rows out, failures in our words. */
#include <math.h>
#include <string.h>

#include "store_private.h"

int store_fail(struct store *store, const char *doing) {
    int code = store->db ? sqlite3_extended_errcode(store->db) : SQLITE_NOMEM;
    const char *why = store->db ? sqlite3_errmsg(store->db) : "no memory";
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        FAIL(GW_ERR_NOMEM, "%s: no memory to %s", store->path, doing);
    case SQLITE_INTERRUPT:
        FAIL(GW_ERR_INTERRUPTED, "interrupted");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        FAIL(GW_ERR_IO, "%s: cannot %s: another process has been writing for long; try again", store->path, doing);
    case SQLITE_FULL:
        FAIL(GW_ERR_IO, "%s: cannot %s: the disk is full", store->path, doing);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        FAIL(GW_ERR_IO, "%s: cannot %s: %s; see who may write there, or name another file in " STORE_VARIABLE,
             store->path, doing, why);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        FAIL(GW_ERR_IO, "%s: cannot %s: %s; move it away, or name another file in " STORE_VARIABLE, store->path, doing,
             why);
    default:
        FAIL(GW_ERR_IO, "%s: cannot %s: %s", store->path, doing, why);
    }
}

static int bind(sqlite3_stmt *statement, int at, const struct store_value *value) {
    switch (value->kind) {
    case STORE_INTEGER:
        return sqlite3_bind_int64(statement, at, value->integer);
    case STORE_REAL:
        return sqlite3_bind_double(statement, at, value->real);
    case STORE_TEXT:
        return sqlite3_bind_text(statement, at, value->text, -1, SQLITE_TRANSIENT);
    default:
        return sqlite3_bind_null(statement, at);
    }
}

static int make(struct store *store, const char *sql, const struct store_value *value, size_t n, sqlite3_stmt **out) {
    if (sqlite3_prepare_v2(store->db, sql, -1, out, NULL) != SQLITE_OK) return store_fail(store, "be asked");
    for (size_t i = 0; i < n; i++)
        if (bind(*out, (int)i + 1, &value[i]) != SQLITE_OK) {
            int rc = store_fail(store, "be asked");
            sqlite3_finalize(*out);
            return rc;
        }
    return GW_OK;
}

int store_do(struct store *store, const char *sql, const struct store_value *value, size_t n) {
    sqlite3_stmt *statement;
    TRY(make(store, sql, value, n, &statement));
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) continue;
    int rc = step == SQLITE_DONE ? GW_OK : store_fail(store, "be written");
    sqlite3_finalize(statement);
    return rc;
}

static enum store_kind kind_of(int type) {
    switch (type) {
    case SQLITE_NULL:
        return STORE_NULL;
    case SQLITE_INTEGER:
        return STORE_INTEGER;
    case SQLITE_FLOAT:
        return STORE_REAL;
    default:
        return STORE_TEXT;
    }
}

int store_walk_rows(struct store *store, sqlite3_stmt *statement, const struct store_reader *to) {
    const char *name[STORE_COLUMNS_MAX], *value[STORE_COLUMNS_MAX];
    enum store_kind kind[STORE_COLUMNS_MAX];
    char number[STORE_COLUMNS_MAX][32];
    const int n = sqlite3_column_count(statement);
    if (n > STORE_COLUMNS_MAX) FAIL(GW_ERR_USAGE, "the query has %d columns; ask for at most %d", n, STORE_COLUMNS_MAX);
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < n; i++) {
            name[i] = sqlite3_column_name(statement, i);
            kind[i] = kind_of(sqlite3_column_type(statement, i));
            const char *text = kind[i] == STORE_NULL ? "" : (const char *)sqlite3_column_text(statement, i);
            value[i] = kind[i] == STORE_REAL ? number_format(sqlite3_column_double(statement, i), number[i]) : text;
            if (!name[i] || !value[i]) FAIL(GW_ERR_NOMEM, "%s: no memory to be read", store->path);
        }
        TRY(to->on_row(to->context, &(struct store_row){(size_t)n, name, value, kind}));
    }
    return step == SQLITE_DONE ? GW_OK : store_fail(store, "be read");
}

int store_ask(struct store *store, const char *sql, const struct store_value *value, size_t n,
              const struct store_reader *to) {
    sqlite3_stmt *statement;
    TRY(make(store, sql, value, n, &statement));
    int rc = store_walk_rows(store, statement, to);
    sqlite3_finalize(statement);
    return rc;
}

int store_ask_int(struct store *store, const char *sql, const struct store_value *value, size_t n, int64_t otherwise,
                  int64_t *out) {
    sqlite3_stmt *statement;
    *out = otherwise;
    TRY(make(store, sql, value, n, &statement));
    int step = sqlite3_step(statement);
    if (step == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *out = sqlite3_column_int64(statement, 0);
    int rc = step == SQLITE_ROW || step == SQLITE_DONE ? GW_OK : store_fail(store, "be read");
    sqlite3_finalize(statement);
    return rc;
}
