/* gatewalk study: the reference study's order as one command. */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "engine/base/base.h"
#include "engine/walk/walk.h"
#include "show_run.h"

enum { MAX_SETS = 128 };

static const struct option options[] = {
    {"data", required_argument, NULL, 'd'},
    {"set", required_argument, NULL, 's'},
    {"timerange", required_argument, NULL, 't'},
    {"seeds", required_argument, NULL, 'n'},
    {"jobs", required_argument, NULL, 'j'},
    {"out", required_argument, NULL, 'o'},
    {"kernels", required_argument, NULL, 'k'},
    {"no-report", no_argument, NULL, 'R'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int command(int argc, char **argv) {
    struct gw_config_override override = {0};
    struct gw_run_options run = {.on_begin = forget_report};
    const char *set[MAX_SETS], *kernels = "auto";
    bool no_report = false;
    int c;
    while ((c = cli_option(&command_study, argc, argv, ":h", options)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'd') TRY(cli_text("--data", optarg, &override.data));
        if (c == 't') override.timerange = optarg;
        if (c == 'o') TRY(cli_text("--out", optarg, &run.out_dir));
        if (c == 'k') kernels = optarg;
        if (c == 'R') no_report = true;
        if (c == 'q') progress_quiet(true);
        if (c == 'n') TRY(cli_count("--seeds", optarg, 1, MAX_SEEDS, &override.n_seeds));
        if (c == 'j') TRY(cli_count("--jobs", optarg, 1, 1024, &run.jobs));
        if (c == 's') {
            if (override.n_set == MAX_SETS) FAIL(GW_ERR_USAGE, "study: more than %d --set", MAX_SETS);
            set[override.n_set++] = optarg;
        }
    }
    TRY(cli_arguments(&command_study, argc, argv, 1, "STUDY.json"));
    TRY(gw_kernels_select(kernels));
    override.set = set;
    char dir[1024];
    TRY(gw_run_study(argv[optind], &override, &run, dir));
    return show_run(dir, no_report);
}

const struct command command_study = {
    .name = "study",
    .summary = "choose loss and attention stage by stage on validation, then compare the winners",
    .usage = "usage: gatewalk study STUDY.json [options]\n"
             "\n"
             "Fits every stage's variants (loss; bahdanau units; luong forms; heads x key_dim; dual stage; pooling "
             "controls), keeps\n"
             "the best on the validation slices, then walks the winners, the baseline and the floors forward over all "
             "seeds. The\n"
             "path taken is in study.json and in the report. An interrupted study continues with the same command.\n"
             "\n"
             "  --seeds N            seeds of the final comparison\n"
             "  --data FILE, --set KEY=VALUE, --timerange FROM-TO   as for `run`, on the study's experiment\n"
             "  --jobs N, --kernels NAME, --out DIR, --no-report, --quiet   as for `run`\n"
             "\n"
             "example: gatewalk study strategies/study_planted.json --data planted.csv\n",
    .run = command,
};
