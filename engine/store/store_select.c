/* A query of the user's own. */
#include <string.h>

#include "store_private.h"

/* Reading of tables and functions; nothing that writes, attaches a file or changes a setting. */
static int allow(void *context, int action, const char *a, const char *b, const char *c, const char *d) {
    (void)context, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION || action == SQLITE_RECURSIVE
               ? SQLITE_OK
               : SQLITE_DENY;
}

static int is_interrupted(void *context) {
    (void)context;
    return interrupt_requested();
}

static int refuse(struct store *store, int code) {
    if ((code & 0xff) == SQLITE_AUTH) FAIL(GW_ERR_USAGE, "--sql: only reading is allowed: one SELECT");
    FAIL(GW_ERR_USAGE, "--sql: %s; the tables are in %s, `SELECT sql FROM sqlite_master` shows them",
         sqlite3_errmsg(store->db), store->path);
}

static bool is_blank(const char *text) { return text[strspn(text, " \t\r\n;")] == '\0'; }

int store_select(struct store *store, const char *sql, const struct store_reader *to) {
    enum { STEPS_BETWEEN_LOOKS = 10000 };
    sqlite3_stmt *statement = NULL;
    const char *rest = "";
    sqlite3_set_authorizer(store->db, allow, NULL);
    sqlite3_progress_handler(store->db, STEPS_BETWEEN_LOOKS, is_interrupted, NULL);
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, &rest);
    int rc = code == SQLITE_OK ? GW_OK : refuse(store, code);
    if (rc == GW_OK && !statement) rc = gw_error_set(GW_ERR_USAGE, "--sql: the query is empty");
    if (rc == GW_OK && (!sqlite3_stmt_readonly(statement) || sqlite3_column_count(statement) == 0))
        rc = refuse(store, SQLITE_AUTH); /* VACUUM is stopped at its first step only */
    if (rc == GW_OK && !is_blank(rest))
        rc = gw_error_set(GW_ERR_USAGE, "--sql: more than one statement; give one SELECT");
    if (rc == GW_OK) rc = store_walk_rows(store, statement, to);
    sqlite3_finalize(statement);
    sqlite3_set_authorizer(store->db, NULL, NULL);
    sqlite3_progress_handler(store->db, 0, NULL, NULL);
    return rc;
}
