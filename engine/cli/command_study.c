/* gatewalk study: the reference study's order as one command. */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "engine/base/base.h"
#include "engine/study/outlook.h"
#include "engine/walk/walk.h"
#include "show_outlook.h"
#include "show_run.h"

enum { MAX_SETS = 128 };

static const struct command_option options[] = {
    {"seeds", 'n', "N", "seeds of the final comparison, at most 64", NULL},
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
    OPTION_JOBS,
    OPTION_KERNELS,
    OPTION_OUT,
    OPTION_FORCE,
    OPTION_NO_REPORT,
    OPTION_NO_HTML,
    OPTION_DRY_RUN,
    OPTION_QUIET,
};

static int look_ahead(const char *path, const struct gw_config_override *override, const struct gw_run_options *run) {
    struct study_outlook outlook;
    TRY(study_outlook(path, override, run, &outlook));
    printf("search: %zu stages, %zu variants on %zu folds: %zu fits; then the winners walk:\n", outlook.n_stages,
           outlook.n_variants, outlook.n_folds, outlook.n_fits);
    show_outlook(&outlook.walk);
    return GW_OK;
}

static int command(int argc, char **argv) {
    struct gw_config_override override = {0};
    struct gw_run_options run = {.on_begin = forget_report};
    const char *set[MAX_SETS], *kernels = "auto";
    struct show_options show = {0};
    bool dry_run = false;
    int c;
    while ((c = cli_option(&command_study, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'd') TRY(cli_text("--data", optarg, &override.data));
        if (c == 't') override.timerange = optarg;
        if (c == 'o') TRY(cli_text("--out", optarg, &run.out_dir));
        if (c == 'f') run.force = true;
        if (c == 'k') kernels = optarg;
        if (c == 'R') show.no_report = true;
        if (c == 'H') show.no_html = true;
        if (c == 'y') dry_run = true;
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
    if (dry_run) return look_ahead(argv[optind], &override, &run);
    char dir[1024];
    TRY(gw_run_study(argv[optind], &override, &run, dir));
    return show_run(dir, &show);
}

const struct command command_study = {
    .name = "study",
    .summary = "choose loss and attention stage by stage on validation, then compare the winners",
    .arguments = "STUDY.json",
    .about = "Fits every stage's variants (loss; bahdanau units; luong forms; heads x key_dim; dual "
             "stage; pooling controls), keeps the best on the validation slices, then walks the winners, "
             "the baseline and the floors forward over all seeds. The path taken is in study.json and in "
             "the report. An interrupted study continues with the same command.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk study strategies/study_planted.json --data planted.csv",
    .run = command,
};
