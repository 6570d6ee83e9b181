/* Where the ledger is, opening it, and its versions. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store_private.h"

enum {
    BUSY_MS = 10000,            /* a writer is done within milliseconds; a disk may stall */
    APPLICATION_ID = 0x47574c31 /* marks the file as ours, as PRAGMA application_id says it */
};

extern const char script_schema_1[];
const char *const store_version[] = {script_schema_1};
const size_t store_n_versions = COUNT_OF(store_version);

/* ---- where ---------------------------------------------------------------------------------------------------- */

/* In a folder of runs, where somebody else may have put a link to a database of ours or of his: what lies elsewhere is
 * nobody's ledger that the user has not named himself. */
static int own_place(char path[1024], const char *folder) {
    struct stat status;
    TRY(path_join(path, 1024, folder, STORE_FILE));
    if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
        FAIL(GW_ERR_IO,
             "%s: is a symbolic link, and no ledger is kept through it; remove it, or name a file in " STORE_VARIABLE,
             path);
    return GW_OK;
}

int store_place(const char *run_dir, char path[1024]) {
    const char *given = getenv(STORE_VARIABLE);
    path[0] = '\0';
    if (given && strcmp(given, "off") == 0) return GW_OK;
    if (given && *given) {
        if (snprintf(path, 1024, "%s", given) >= 1000) FAIL(GW_ERR_USAGE, STORE_VARIABLE ": the path is too long");
        return GW_OK;
    }
    if (!run_dir) return own_place(path, "reports/out");
    char *whole = realpath(run_dir, NULL); /* "." and "x/.." have a parent that their text does not show */
    if (!whole) FAIL(GW_ERR_IO, "%s: has no path", run_dir);
    char *slash = strrchr(whole, '/');
    if (slash == whole) slash++;
    *slash = '\0';
    int rc = own_place(path, whole);
    free(whole);
    return rc;
}

/* ---- versions ------------------------------------------------------------------------------------------------- */

/* All three at one moment: another process may be making the file. */
static int read_mark(struct store *store, int64_t *version, int64_t *id, int64_t *tables) {
    TRY(store_do(store, "SAVEPOINT look", NULL, 0));
    int rc = store_ask_int(store, "SELECT count(*) FROM sqlite_master", NULL, 0, 0, tables);
    if (rc == GW_OK) rc = store_ask_int(store, "PRAGMA application_id", NULL, 0, 0, id);
    if (rc == GW_OK) rc = store_ask_int(store, "PRAGMA user_version", NULL, 0, 0, version);
    if (rc == GW_OK) return store_do(store, "RELEASE look", NULL, 0);
    sqlite3_exec(store->db, "RELEASE look", NULL, NULL, NULL);
    return rc;
}

static int read_version(struct store *store, size_t n, int64_t *version) {
    int64_t id, tables;
    TRY(read_mark(store, version, &id, &tables));
    if (id != APPLICATION_ID && (tables || *version))
        FAIL(GW_ERR_IO, "%s: is a database, but no ledger of gatewalk's; name another file in " STORE_VARIABLE,
             store->path);
    if (*version > (int64_t)n || *version < 0)
        FAIL(GW_ERR_IO,
             "%s: written by a newer gatewalk (version %" PRId64
             " of the ledger; this one knows up to %zu): update gatewalk, or name another file in " STORE_VARIABLE,
             store->path, *version, n);
    return GW_OK;
}

int store_check(struct store *store, size_t n) {
    int64_t version;
    TRY(read_version(store, n, &version));
    if (version == (int64_t)n) return GW_OK;
    FAIL(GW_ERR_IO,
         "%s: is of version %" PRId64 " and cannot be brought to %zu here; it needs the right to write to it",
         store->path, version, n);
}

static int run_script(struct store *store, const char *script) {
    if (sqlite3_exec(store->db, script, NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(store, "be brought up to date");
    return GW_OK;
}

int store_migrate(struct store *store, const char *const *version, size_t n) {
    int64_t at;
    char text[64];
    TRY(read_version(store, n, &at));
    if (at == (int64_t)n) return GW_OK;
    TRY(store_begin(store)); /* another process may have been faster: what it is now is read within */
    int rc = read_version(store, n, &at);
    for (; rc == GW_OK && at < (int64_t)n; at++) rc = run_script(store, version[at]);
    snprintf(text, sizeof text, "PRAGMA application_id=%d; PRAGMA user_version=%zu", (int)APPLICATION_ID, n);
    if (rc == GW_OK) rc = run_script(store, text);
    if (rc == GW_OK) return store_commit(store);
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

/* ---- opening -------------------------------------------------------------------------------------------------- */

/* Nothing that stands in a file from elsewhere may do more than be read. */
static void distrust(sqlite3 *db) {
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
}

/* SQLite does not wait for others when it goes over to WAL: two that make the file at once would meet here. */
static int use_wal(struct store *store) {
    for (int i = 0;; i++) {
        int code = sqlite3_exec(store->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
        if (code == SQLITE_OK) return GW_OK;
        if ((code & 0xff) != SQLITE_BUSY || i == BUSY_MS / 10) return store_fail(store, "be opened");
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}

static int open_to_write(struct store *store) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK) return store_fail(store, "be opened");
    distrust(store->db);
    int64_t version;
    TRY(read_version(store, store_n_versions, &version)); /* before a byte of it is changed */
    TRY(use_wal(store));
    TRY(run_script(store, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"));
    return store_migrate(store, store_version, store_n_versions);
}

static int open_readable(struct store *store, const char *name, int flags) {
    if (sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return store_fail(store, "be opened");
    distrust(store->db);
    return store_check(store, store_n_versions);
}

/* As a URI whose path holds nothing that means something there. */
static void immutable_uri(const char *path, char out[3200]) {
    size_t used = (size_t)snprintf(out, 3200, "file:");
    for (; *path && used < 3100; path++)
        used += (size_t)snprintf(out + used, 3200 - used, strchr("%?#", *path) ? "%%%02X" : "%c", (unsigned char)*path);
    snprintf(out + used, 3200 - used, "?immutable=1");
}

/* In a folder that cannot be written to, a WAL file can only be read as one that nobody changes. */
static int open_to_read(struct store *store) {
    char log[1040], uri[3200];
    if (!file_exists(store->path))
        FAIL(GW_ERR_IO, "%s: is not there: no run was recorded here yet; " STORE_VARIABLE " names another",
             store->path);
    int rc = open_readable(store, store->path, 0);
    snprintf(log, sizeof log, "%s-wal", store->path);
    if (rc != GW_ERR_IO || (sqlite3_errcode(store->db) & 0xff) != SQLITE_CANTOPEN || file_exists(log)) return rc;
    sqlite3_close(store->db);
    immutable_uri(store->path, uri);
    return open_readable(store, uri, SQLITE_OPEN_URI);
}

int store_open(const char *path, enum store_access access, struct store **out) {
    struct store *store = mem_calloc(1, sizeof *store);
    if (!store) return GW_ERR_NOMEM;
    snprintf(store->path, sizeof store->path, "%s", path);
    int rc = access == STORE_WRITE ? open_to_write(store) : open_to_read(store);
    if (rc < 0) {
        store_close(store);
        return rc;
    }
    *out = store;
    return GW_OK;
}

void store_close(struct store *store) {
    if (!store) return;
    sqlite3_close(store->db); /* the last one out folds the log into the file */
    mem_free(store);
}

int store_begin(struct store *store) { return store_do(store, "BEGIN IMMEDIATE", NULL, 0); }
int store_commit(struct store *store) { return store_do(store, "COMMIT", NULL, 0); }
