/* gatewalk compare: finished runs side by side. */
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "engine/base/base.h"
#include "engine/store/store.h"
#include "gatewalk/report.h"
#include "show_run.h"

enum { RUNS_MAX = 256 };

static const struct command_option options[] = {
    {"picture", 'p', "FILE", "draw them side by side as well, into a .pdf or .png: findings, table, verdicts, equity",
     NULL},
};

/* A directory, or the number or name of a run on record, whose directory is copied to `room`. */
static int find_run(const char *given, char room[1024], const char **dir) {
    char path[1024];
    struct stat status;
    struct store *store;
    int64_t run;
    *dir = given;
    if (stat(given, &status) == 0 || strchr(given, '/')) return GW_OK;
    TRY(store_place(NULL, path));
    if (!path[0] || !file_exists(path)) return GW_OK; /* no ledger: it is a directory that is not there */
    TRY(store_open(path, STORE_READ, &store));
    int rc = store_find(store, given, &run, room);
    store_close(store);
    *dir = room;
    if (rc == GW_ERR_USAGE)
        FAIL(rc, "compare: %s: neither a folder nor a run of this number or name in %s; `gatewalk runs` lists them",
             given, path);
    return rc;
}

static int compare(char **given, size_t n, const char *picture) {
    const char *dir[RUNS_MAX];
    struct arena arena = {0};
    int rc = GW_OK;
    if (n > RUNS_MAX) FAIL(GW_ERR_USAGE, "compare: more than %d runs", (int)RUNS_MAX);
    for (size_t i = 0; rc == GW_OK && i < n; i++) {
        char *room = arena_alloc(&arena, 1024, 1);
        rc = room ? find_run(given[i], room, &dir[i]) : GW_ERR_NOMEM;
    }
    if (rc == GW_OK) rc = gw_report_compare(dir, n, stdout, terminal_width(80));
    if (rc == GW_OK && picture) {
        rc = gw_report_compare_pages(dir, n, picture);
        if (rc == GW_OK) printf("\npicture: %s\n", CLI_SHOWN(picture));
    }
    arena_free(&arena);
    return rc;
}

static int command(int argc, char **argv) {
    const char *picture = NULL;
    int c;
    while ((c = cli_option(&command_compare, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'p') picture = optarg;
    }
    if (argc == optind) FAIL(GW_ERR_USAGE, "compare: RUN is missing; see `gatewalk compare --help`");
    return compare(&argv[optind], (size_t)(argc - optind), picture);
}

const struct command command_compare = {
    .name = "compare",
    .summary = "finished runs side by side",
    .arguments = "RUN [RUN ...]",
    .about = "Prints one table with the strategies of all given runs: run directories, or numbers or names that "
             "`gatewalk runs` lists. On a narrow terminal, and where there is none, the table is folded.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk compare reports/out/demo reports/out/try --picture both.pdf",
    .run = command,
};
