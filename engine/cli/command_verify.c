/* gatewalk verify: a finished run, recomputed from its own files and data. */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "engine/audit/verify.h"

static const struct command_option options[] = {
    {"refit", 'r', "N|all", "fit so many of the models again, to the same bytes (default 0)", NULL},
    OPTION_JOBS,
    OPTION_QUIET,
};

static void describe(const struct verified_file *file, char *text, size_t size) {
    char line[32] = "";
    if (file->line) snprintf(line, sizeof line, ":%zu", file->line);
    if (file->text[0])
        snprintf(text, size, "%s", file->text);
    else if (file->says[0] || file->is[0])
        snprintf(text, size, "%s%s: %s%s%s in the run, %s recomputed", file->name, line, file->where,
                 file->where[0] ? ": " : "", file->says, file->is);
    else
        snprintf(text, size, "%s%s: differs at %s", file->name, line, file->where);
}

static const struct verified_file *first_difference(const struct verify_report *r) {
    for (size_t i = 0; i < r->n; i++)
        if (!r->file[i].same) return &r->file[i];
    return NULL;
}

/* Models stand in one line while they are the same: there may be thousands. */
static void show(const struct verify_report *r) {
    char text[700];
    size_t models = 0;
    for (size_t i = 0; i < r->n; i++) models += strncmp(r->file[i].name, "models/", 7) == 0 && r->file[i].same;
    for (size_t i = 0; i < r->n; i++) {
        const struct verified_file *file = &r->file[i];
        const bool model = strncmp(file->name, "models/", 7) == 0;
        if (model && file->same) continue;
        if (!file->same) {
            describe(file, text, sizeof text);
            printf("  %-20s DIFFERS  %s\n", model ? "models" : file->name, text);
        } else
            printf("  %-20s %s\n", file->name,
                   strcmp(file->name, "run.json") == 0 ? "same configuration, data and scores from outside"
                                                       : "same bytes");
    }
    if (models) printf("  %-20s same bytes: %zu files", "models", r->n_models);
    if (models && r->n_refits) printf(", %zu fitted again", r->n_refits);
    if (models) printf("\n");
}

static int conclude(const struct verify_report *r) {
    char text[700];
    const struct verified_file *first = first_difference(r);
    if (!first) {
        printf("\nverified: %s\n", CLI_SHOWN(r->dir));
        return GW_OK;
    }
    describe(first, text, sizeof text);
    FAIL(GW_ERR_INTERNAL, "verify: %s%s", text,
         r->other_sources ? " (the run was made by a gatewalk of other sources, which may be why)" : "");
}

static int command(int argc, char **argv) {
    struct verify_options choice = {0};
    struct verify_report report;
    int c;
    while ((c = cli_option(&command_verify, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'r' && strcmp(optarg, "all") == 0)
            choice.n_refits = SIZE_MAX;
        else if (c == 'r')
            TRY(cli_count("--refit", optarg, 0, 1000000, &choice.n_refits));
        if (c == 'j') TRY(cli_count("--jobs", optarg, 1, 1024, &choice.jobs));
        if (c == 'q') progress_quiet(true);
    }
    TRY(cli_arguments(&command_verify, argc, argv, 1, "RUN_DIR"));
    TRY(verify_run(argv[optind], &choice, &report));
    show(&report);
    int rc = conclude(&report);
    verify_report_free(&report);
    return rc;
}

const struct command command_verify = {
    .name = "verify",
    .summary = "recompute a finished run from its own files and data",
    .arguments = "RUN_DIR",
    .about =
        "Reads the run's configuration, imports its bars, loads its models, scores, replays, measures and judges "
        "again, and compares every file of the run byte by byte. The first file, line, column and value that differ "
        "are named and the exit status is 1. Times, other runs' trials and pictures are not checked. With --refit so "
        "many models, spread over strategies, seeds and folds, are trained again.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk verify reports/out/demo --refit 4",
    .run = command,
};
