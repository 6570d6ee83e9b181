/* SQLite, as the rest of this room uses it. */
#ifndef GATEWALK_STORE_PRIVATE_H
#define GATEWALK_STORE_PRIVATE_H

#include <sqlite3.h>

#include "store.h"

struct store {
    sqlite3 *db;
    char path[1024];
};

/* What is bound to a statement's ?1, ?2 … */
struct store_value {
    enum store_kind kind;
    int64_t integer;
    double real;
    const char *text;
};
#define BIND_INT(x)  ((struct store_value){.kind = STORE_INTEGER, .integer = (int64_t)(x)})
#define BIND_REAL(x) ((struct store_value){.kind = STORE_REAL, .real = (x)}) /* NaN becomes NULL */
#define BIND_TEXT(x) ((struct store_value){.kind = STORE_TEXT, .text = (x)}) /* NULL becomes NULL */
#define BOUND(...)                                                                                                     \
    (const struct store_value[]){__VA_ARGS__},                                                                         \
        sizeof((const struct store_value[]){__VA_ARGS__}) / sizeof(struct store_value)

/* A failure of SQLite's as ours: GW_ERR_IO with the file, what is wrong and what to do; GW_ERR_NOMEM; GW_ERR_INTERRUPTED. */
int store_fail(struct store *store, const char *doing);
/* A statement without rows. */
int store_do(struct store *store, const char *sql, const struct store_value *value, size_t n) GW_MUST_USE;
/* A statement with rows, each handed to `to`. */
int store_ask(struct store *store, const char *sql, const struct store_value *value, size_t n,
              const struct store_reader *to) GW_MUST_USE;
/* The first column of the first row as a number; `otherwise` when there is no row or it is NULL. */
int store_ask_int(struct store *store, const char *sql, const struct store_value *value, size_t n, int64_t otherwise,
                  int64_t *out) GW_MUST_USE;
int store_walk_rows(struct store *store, sqlite3_stmt *statement, const struct store_reader *to) GW_MUST_USE;

/* The scripts that bring a ledger from version i to i + 1. */
extern const char *const store_version[];
extern const size_t store_n_versions;
/* Applies those that are missing, in one transaction. A newer ledger than the last is an error that says so. */
int store_migrate(struct store *store, const char *const *version, size_t n) GW_MUST_USE;
/* The same without changing anything: is it ours, and of the last version? */
int store_check(struct store *store, size_t n) GW_MUST_USE;

/* Who runs: this process, told from a later one of the same number. */
struct store_owner {
    char host[256];
    int64_t pid, started;
};
void store_owner_self(struct store_owner *out);
bool store_owner_is_gone(const struct store_owner *owner);

#endif
