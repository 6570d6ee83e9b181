/* What people ask the ledger. */
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/* ---- the list ------------------------------------------------------------------------------------------------- */

/* The last part of its path: what is cut off the right of it is all but slashes. */
#define FOLDER "replace(r.dir, rtrim(r.dir, replace(r.dir, '/', '')), '')"

/* The best of a run's trials by one metric: the mean over seeds and gates of each, then the largest. */
#define BEST_OF(gate_is, metric_is)                                                                                    \
    "(SELECT max(v) FROM (SELECT avg(m.value) v FROM metrics m JOIN contestants c USING (run_id, contestant) WHERE "   \
    "m.run_id = r.run_id AND m.fold = 0 AND m.gate " gate_is " AND m.metric = '" metric_is                             \
    "' AND c.trial IS NOT NULL GROUP BY m.contestant))"

static const char list_sql[] =
    "SELECT r.run_id, r.name, " FOLDER " AS folder, r.status, r.started, r.symbols,"
    " (SELECT count(*) FROM contestants c WHERE c.run_id = r.run_id AND c.trial IS NOT NULL) AS trials,"
    " " BEST_OF(
        "<> 'portfolio'",
        "average_precision") " AS ap,"
                             " " BEST_OF(
                                 "= 'portfolio'",
                                 "sharpe") " AS sharpe,"
                                           " " BEST_OF(
                                               "= 'portfolio'",
                                               "total_return") " AS return,"
                                                               " (SELECT group_concat(tag, ' ') FROM tags t WHERE "
                                                               "t.run_id = r.run_id) AS tags, r.note, r.data_hash, "
                                                               "r.dir FROM runs r WHERE (?1 IS NULL OR "
                                                               "substr(r.data_hash, 1, length(?1)) = ?1 OR EXISTS "
                                                               "(SELECT 1 FROM run_data d  WHERE d.run_id = r.run_id "
                                                               "AND (d.symbol = ?1 OR substr(d.fingerprint, 1, "
                                                               "length(?1)) = ?1))) AND (?2 IS NULL OR EXISTS (SELECT "
                                                               "1 FROM tags t WHERE t.run_id = r.run_id AND t.tag = "
                                                               "?2)) AND (?3 OR NOT r.forgotten) ORDER BY %s LIMIT ?4";

/* What --sort takes, and how it reads in SQL. What has no number comes last. */
static const struct {
    const char *key, *order;
} sort[] = {
    {"newest", "r.run_id DESC"},
    {"oldest", "r.run_id"},
    {"name", "r.name, r.run_id"},
    {"status", "r.status, r.run_id DESC"},
    {"symbol", "r.symbols, r.run_id DESC"},
    {"trials", "trials DESC, r.run_id DESC"},
    {"ap", "ap IS NULL, ap DESC, r.run_id DESC"},
    {"sharpe", "sharpe IS NULL, sharpe DESC, r.run_id DESC"},
    {"return", "return IS NULL, return DESC, r.run_id DESC"},
};

const char *store_sort_key(size_t i) { return i < COUNT_OF(sort) ? sort[i].key : NULL; }

int store_list(struct store *store, const struct store_filter *filter, const struct store_reader *to) {
    size_t by = 0;
    while (filter->sort && by < COUNT_OF(sort) && strcmp(filter->sort, sort[by].key) != 0) by++;
    if (by == COUNT_OF(sort))
        FAIL(GW_ERR_USAGE, "--sort: unknown key \"%s\"; `gatewalk runs --help` shows all", filter->sort);
    const char *hole = strstr(list_sql, "%s");
    char sql[2560];
    snprintf(sql, sizeof sql, "%.*s%s%s", (int)(hole - list_sql), list_sql, sort[by].order, hole + 2);
    return store_ask(store, sql,
                     BOUND(BIND_TEXT(filter->data), BIND_TEXT(filter->tag), BIND_INT(filter->forgotten),
                           BIND_INT(filter->limit ? (int64_t)filter->limit : -1)),
                     to);
}

/* ---- one run --------------------------------------------------------------------------------------------------- */

int store_show_run(struct store *store, int64_t run, const struct store_reader *to) {
    return store_ask(store,
                     "SELECT run_id, name, title, status, error, command, dir, started, finished, symbols, interval,"
                     " n_folds, test_begin, test_end, seeds, version, build, kernels, config_hash, data_hash,"
                     " (SELECT count(*) FROM trials t WHERE t.data_hash = r.data_hash) AS trials_on_data,"
                     " (SELECT group_concat(tag, ' ') FROM tags t WHERE t.run_id = r.run_id) AS tags, note, forgotten"
                     " FROM runs r WHERE run_id = ?1",
                     BOUND(BIND_INT(run)), to);
}

int store_show_contestants(struct store *store, int64_t run, const struct store_reader *to) {
#define MEAN(gate, metric)                                                                                             \
    "(SELECT avg(value) FROM metrics m WHERE m.run_id = c.run_id AND m.fold = 0 AND m.contestant = c.contestant AND"   \
    " m.gate = '" gate "' AND m.metric = '" metric "')"
    return store_ask(
        store,
        "SELECT name AS strategy, attention, parameters, " MEAN("long", "average_precision") " AS ap_long, " MEAN(
            "short",
            "average_precision") " AS ap_short, " MEAN("portfolio",
                                                       "sharpe") " AS sharpe, " MEAN("portfolio",
                                                                                     "total_return") " AS "
                                                                                                     "return, " MEAN(
                                                                                                         "portfolio",
                                                                                                         "max_drawdow"
                                                                                                         "n") " AS "
                                                                                                              ""
                                                                                                              "max_"
                                                                                                              "drawdown"
                                                                                                              ", " MEAN(
                                                                                                                  ""
                                                                                                                  "port"
                                                                                                                  "foli"
                                                                                                                  "o",
                                                                                                                  "n_"
                                                                                                                  "trad"
                                                                                                                  "es") " AS trades, trial"
                                                                                                                        " FROM contestants c WHERE run_id = ?1 ORDER BY contestant",
        BOUND(BIND_INT(run)), to);
#undef MEAN
}

int store_show_data(struct store *store, int64_t run, const struct store_reader *to) {
    return store_ask(store, "SELECT symbol, fingerprint, bars, file FROM run_data WHERE run_id = ?1 ORDER BY position",
                     BOUND(BIND_INT(run)), to);
}

/* ---- two runs -------------------------------------------------------------------------------------------------- */

int store_diff_config(struct store *store, int64_t a, int64_t b, const struct store_reader *to) {
    return store_ask(store,
                     "WITH leaf AS (SELECT run_id, substr(t.fullkey, 3) AS key, t.atom AS value FROM runs,"
                     "  json_tree(runs.config) t WHERE run_id IN (?1, ?2) AND t.type NOT IN ('object', 'array')),"
                     " key AS (SELECT DISTINCT key FROM leaf)"
                     " SELECT key.key AS key, x.value AS a, y.value AS b FROM key"
                     " LEFT JOIN leaf x ON x.key = key.key AND x.run_id = ?1"
                     " LEFT JOIN leaf y ON y.key = key.key AND y.run_id = ?2 WHERE x.value IS NOT y.value ORDER BY 1",
                     BOUND(BIND_INT(a), BIND_INT(b)), to);
}

int store_diff_metrics(struct store *store, int64_t a, int64_t b, const struct store_reader *to) {
    return store_ask(store,
                     "WITH mean AS (SELECT m.run_id, c.name AS strategy, m.gate, m.metric, avg(m.value) AS value"
                     "  FROM metrics m JOIN contestants c USING (run_id, contestant) WHERE m.fold = 0 AND"
                     "  m.run_id IN (?1, ?2) GROUP BY m.run_id, m.contestant, m.gate, m.metric)"
                     " SELECT x.strategy, x.gate, x.metric, x.value AS a, y.value AS b FROM mean x JOIN mean y"
                     " ON y.strategy = x.strategy AND y.gate = x.gate AND y.metric = x.metric"
                     " WHERE x.run_id = ?1 AND y.run_id = ?2 AND x.value <> y.value ORDER BY 1, 2, 3",
                     BOUND(BIND_INT(a), BIND_INT(b)), to);
}

/* ---- by number or name ---------------------------------------------------------------------------------------------- */

struct found {
    int64_t run;
    char *dir;
};

static int take(void *context, const struct store_row *row) {
    struct found *found = context;
    found->run = strtoll(row->value[0], NULL, 10);
    if (found->dir && snprintf(found->dir, 1024, "%s", row->value[1]) >= 1024)
        FAIL(GW_ERR_USAGE, "run %s: its path is too long", row->value[0]);
    return GW_OK;
}

int store_find(struct store *store, const char *id_or_name, int64_t *run, char dir[1024]) {
    struct found found = {.run = 0, .dir = dir};
    const struct store_reader to = {take, &found};
    size_t digits = strspn(id_or_name, "0123456789");
    if (digits > 0 && digits < 18 && !id_or_name[digits])
        TRY(store_ask(store, "SELECT run_id, dir FROM runs WHERE run_id = ?1",
                      BOUND(BIND_INT(strtoll(id_or_name, NULL, 10))), &to));
    if (!found.run)
        TRY(store_ask(store,
                      "SELECT run_id, dir FROM runs r WHERE (name = ?1 OR " FOLDER " = ?1) AND NOT forgotten"
                      " ORDER BY " FOLDER " = ?1 DESC, status = 'finished' DESC, run_id DESC LIMIT 1",
                      BOUND(BIND_TEXT(id_or_name)), &to));
    *run = found.run;
    if (found.run) return GW_OK;
    FAIL(GW_ERR_USAGE, "%s: no run of this number or name in %s; `gatewalk runs` lists them", id_or_name, store->path);
}
