/* gatewalk runs: what was run, from the trial ledger. */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "show_rows.h"

static const char *word_choice(size_t i) {
    static const char *const word[] = {"show", "diff", "tag", "note", "forget"};
    return i < COUNT_OF(word) ? word[i] : NULL;
}

static const struct command_option options[] = {
    {"data", 'd', "WHICH", "only runs on this symbol, or on data whose fingerprint begins so", NULL},
    {"tag", 't', "TAG", "only runs with this tag", NULL},
    {"sort", 's', "KEY", "what comes first", store_sort_key},
    {"limit", 'n', "N", "at most so many", NULL},
    {"all", 'a', NULL, "forgotten runs too", NULL},
    {"sql", 'q', "SELECT", "a query of your own; `SELECT sql FROM sqlite_master` shows the tables", NULL},
    {"json", 'j', NULL, "JSON instead of a table", NULL},
    {"csv", 'c', NULL, "the list, or what --sql asks for, as CSV with all its columns", NULL},
    {"store", 'S', "FILE", "the ledger (default: GATEWALK_STORE, else reports/out/trials.sqlite)", NULL},
};

struct runs_arguments {
    struct store_filter filter;
    const char *sql, *store;
    bool json, csv;
};

static int take_option(struct runs_arguments *a, int c) {
    switch (c) {
    case 'd':
        return cli_text("--data", optarg, &a->filter.data);
    case 't':
        return cli_text("--tag", optarg, &a->filter.tag);
    case 's':
        a->filter.sort = optarg;
        break;
    case 'n':
        return cli_count("--limit", optarg, 1, 1000000, &a->filter.limit);
    case 'a':
        a->filter.forgotten = true;
        break;
    case 'q':
        return cli_text("--sql", optarg, &a->sql);
    case 'j':
        a->json = true;
        break;
    case 'c':
        a->csv = true;
        break;
    case 'S':
        return cli_text("--store", optarg, &a->store);
    default:
        break;
    }
    return GW_OK;
}

/* ---- what is shown -------------------------------------------------------------------------------------------- */

static const struct shown_column list_columns[] = {
    {"run_id", "run", 0, 1, 0, 0},        {"name", "name", 0, 0, -1, 24},
    {"status", "status", 0, 0, -1, 0},    {"started", "started", 2, 0, -1, 16},
    {"symbols", "symbols", 3, 0, -1, 21}, {"folder", "folder", 5, 0, -1, 24},
    {"trials", "trials", 4, 1, 0, 0},     {"ap", "AP", 0, 1, 3, 0},
    {"sharpe", "Sharpe", 0, 1, 2, 0},     {"return", "return %", 1, 100, 1, 0},
    {"tags", "tags", 6, 0, -1, 24},       {"note", "note", 7, 0, -1, 32},
};
static const struct shown_column contestant_columns[] = {
    {"strategy", "strategy", 0, 0, -1, 0},    {"attention", "attention", 3, 0, -1, 0},
    {"parameters", "parameters", 4, 1, 0, 0}, {"ap_long", "AP long", 0, 1, 3, 0},
    {"ap_short", "AP short", 0, 1, 3, 0},     {"sharpe", "Sharpe", 0, 1, 2, 0},
    {"return", "return %", 1, 100, 1, 0},     {"max_drawdown", "max DD %", 2, 100, 1, 0},
    {"trades", "trades", 2, 1, 0, 0},         {"trial", "trial", 5, 0, -1, 0},
};

static int list(struct store *store, const struct runs_arguments *a) {
    struct json_writer w = {.stream = stdout};
    struct shown_rows rows;
    rows_begin(&rows, list_columns, COUNT_OF(list_columns), a->json ? &w : NULL, NULL);
    rows.csv = a->csv;
    const struct store_reader to = rows_reader(&rows);
    TRY(rows_end(&rows, store_list(store, &a->filter, &to), "no such runs"));
    if (!a->json && !a->csv && rows.n_rows)
        printf("AP, Sharpe and return: the best of the run's trials, means over seeds\n");
    return GW_OK;
}

static int query(struct store *store, const struct runs_arguments *a) {
    struct json_writer w = {.stream = stdout};
    struct shown_rows rows;
    rows_begin(&rows, NULL, 0, a->json ? &w : NULL, NULL);
    rows.csv = a->csv;
    const struct store_reader to = rows_reader(&rows);
    return rows_end(&rows, store_select(store, a->sql, &to), "no rows");
}

static int print_members(void *context, const struct store_row *row) {
    (void)context;
    for (size_t i = 0; i < row->n; i++)
        if (*row->value[i]) printf("%-16s%s\n", CLI_SHOWN(row->name[i]), CLI_SHOWN(row->value[i]));
    return GW_OK;
}
static int put_members(void *context, const struct store_row *row) {
    rows_put_members(context, row);
    return GW_OK;
}

static int show(struct store *store, int64_t run, bool json) {
    struct json_writer w = {.stream = stdout};
    struct shown_rows rows;
    if (json) json_begin_object(&w, NULL);
    TRY(store_show_run(store, run, &(struct store_reader){json ? put_members : print_members, &w}));
    rows_begin(&rows, NULL, 0, json ? &w : NULL, "data");
    struct store_reader to = rows_reader(&rows);
    if (!json) printf("\n");
    TRY(rows_end(&rows, store_show_data(store, run, &to), "no data"));
    rows_begin(&rows, contestant_columns, COUNT_OF(contestant_columns), json ? &w : NULL, "contestants");
    to = rows_reader(&rows);
    if (!json) printf("\n");
    TRY(rows_end(&rows, store_show_contestants(store, run, &to), "no contestant has been scored"));
    if (json) json_end_object(&w);
    return GW_OK;
}

static int diff(struct store *store, const int64_t run[2], bool json) {
    char heading[2][32];
    struct json_writer w = {.stream = stdout};
    struct shown_rows rows;
    for (int i = 0; i < 2; i++) snprintf(heading[i], sizeof heading[i], "run %lld", (long long)run[i]);
    const struct shown_column config[] = {
        {"key", "configuration", 0, 0, -1, 40}, {"a", heading[0], 0, 0, -1, 24}, {"b", heading[1], 0, 0, -1, 24}};
    const struct shown_column metric[] = {{"strategy", "strategy", 0, 0, -1, 16},
                                          {"gate", "gate", 0, 0, -1, 0},
                                          {"metric", "metric", 0, 0, -1, 24},
                                          {"a", heading[0], 0, 1, 4, 0},
                                          {"b", heading[1], 0, 1, 4, 0}};
    if (json) json_begin_object(&w, NULL);
    rows_begin(&rows, config, COUNT_OF(config), json ? &w : NULL, "config");
    struct store_reader to = rows_reader(&rows);
    TRY(rows_end(&rows, store_diff_config(store, run[0], run[1], &to), "the configurations are the same"));
    if (!json) printf("\n");
    rows_begin(&rows, metric, COUNT_OF(metric), json ? &w : NULL, "metrics");
    to = rows_reader(&rows);
    TRY(rows_end(&rows, store_diff_metrics(store, run[0], run[1], &to), "no metric of a strategy of both differs"));
    if (json) json_end_object(&w);
    return GW_OK;
}

/* ---- what is said ---------------------------------------------------------------------------------------------- */

/* Which words there are, how many arguments each takes beside itself, and what they are. */
static const struct {
    const char *word, *arguments;
    int least, most;
} words[] = {{"show", "RUN", 1, 1},
             {"diff", "RUN RUN", 2, 2},
             {"tag", "RUN TAG...", 2, 1000},
             {"note", "RUN TEXT", 2, 2},
             {"forget", "RUN", 1, 1}};

static int word_of(int argc, char **argv, size_t *out) {
    const char *given = argv[optind], *names[COUNT_OF(words)];
    for (*out = 0; *out < COUNT_OF(words); (*out)++) {
        names[*out] = words[*out].word;
        if (strcmp(given, names[*out]) != 0) continue;
        int n = argc - optind - 1;
        if (n < words[*out].least || n > words[*out].most)
            FAIL(GW_ERR_USAGE, "runs: `%s` takes %s; see `gatewalk runs --help`", given, words[*out].arguments);
        return GW_OK;
    }
    const char *near = nearest_word(given, names, COUNT_OF(words));
    if (near) FAIL(GW_ERR_USAGE, "runs: unknown word \"%s\"; did you mean \"%s\"?", given, near);
    FAIL(GW_ERR_USAGE, "runs: unknown word \"%s\"; see `gatewalk runs --help`", given);
}

static int write_word(struct store *store, char word, int64_t run, char **argv, int n) {
    int rc = store_begin(store);
    for (int i = 0; rc == GW_OK && word == 't' && i < n; i++) rc = store_tag(store, run, argv[i]);
    if (rc == GW_OK && word == 'n') rc = store_note(store, run, argv[0]);
    if (rc == GW_OK && word == 'f') rc = store_forget(store, run);
    return rc == GW_OK ? store_commit(store) : rc;
}

static int do_word(struct store *store, size_t which, const struct runs_arguments *a, int argc, char **argv) {
    const char *word = words[which].word;
    int64_t run[2] = {0, 0};
    TRY(store_find(store, argv[optind + 1], &run[0], NULL));
    if (strcmp(word, "show") == 0) return show(store, run[0], a->json);
    if (strcmp(word, "diff") == 0) {
        TRY(store_find(store, argv[optind + 2], &run[1], NULL));
        return diff(store, run, a->json);
    }
    return write_word(store, *word, run[0], argv + optind + 2, argc - optind - 2);
}

/* Runs that died are seen where the ledger can be written; else they stay as they were left. */
static void sweep(const char *path) {
    struct store *store;
    if (access(path, W_OK) != 0 || store_open(path, STORE_WRITE, &store) < 0) return;
    if (store_begin(store) < 0 || store_sweep(store) < 0 || store_commit(store) < 0) { /* not worth a word */
    }
    store_close(store);
}

static int command(int argc, char **argv) {
    struct runs_arguments a = {.sql = NULL};
    char path[1024];
    size_t which = COUNT_OF(words);
    int c;
    while ((c = cli_option(&command_runs, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(take_option(&a, c));
    }
    if (optind < argc) TRY(word_of(argc, argv, &which));
    if (a.sql && optind < argc) FAIL(GW_ERR_USAGE, "runs: --sql and `%s` do not go together", words[which].word);
    if (a.csv && a.json) FAIL(GW_ERR_USAGE, "runs: --csv and --json do not go together");
    if (a.csv && optind < argc)
        FAIL(GW_ERR_USAGE, "runs: --csv is for the list and for --sql; `%s` takes --json", words[which].word);
    if (a.store)
        snprintf(path, sizeof path, "%s", a.store);
    else
        TRY(store_place(NULL, path));
    if (!path[0]) FAIL(GW_ERR_USAGE, "runs: " STORE_VARIABLE " is off; give --store FILE");
    sweep(path);
    struct store *store;
    bool writes = which < COUNT_OF(words) && strchr("tnf", words[which].word[0]);
    if (writes && !file_exists(path)) writes = false; /* says that it is not there, and makes none */
    TRY(store_open(path, writes ? STORE_WRITE : STORE_READ, &store));
    int rc = which < COUNT_OF(words) ? do_word(store, which, &a, argc, argv)
             : a.sql                 ? query(store, &a)
                                     : list(store, &a);
    store_close(store);
    return rc;
}

const struct command command_runs = {
    .name = "runs",
    .summary = "every run on record: list, sort, look up, compare, tag",
    .arguments = "[show|forget RUN | diff RUN RUN | tag RUN TAG... | note RUN TEXT]",
    .about =
        "Lists the runs of the trial ledger, which every run writes beside its directory. A RUN is its number, its "
        "folder or its name, which means the newest finished one. A forgotten run is hidden here; its trials count all "
        "the same.",
    .choice = word_choice,
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk runs --sort sharpe --limit 10",
    .run = command,
};
