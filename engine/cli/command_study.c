/* gatewalk study: the reference study's order as one command. */
#include <getopt.h>
#include <string.h>

#include "cli_experiment.h"
#include "engine/base/base.h"
#include "engine/study/outlook.h"
#include "engine/walk/walk.h"
#include "show_outlook.h"
#include "show_run.h"

static const struct command_option options[] = {
    {"seeds", 'n', "N", "seeds of the final comparison, at most 64", NULL},
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
    OPTION_JOBS,
    OPTION_KERNELS,
    OPTION_OUT,
    OPTION_FORCE,
    OPTION_EVENTS,
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
    struct cli_experiment x = {0};
    bool events = false;
    int c;
    while ((c = cli_option(&command_study, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'e') events = true;
        TRY(c == 'n' ? cli_seeds_option(&x) : cli_experiment_option(&command_study, c, &x));
    }
    TRY(cli_arguments(&command_study, argc, argv, 1, "STUDY.json"));
    TRY(gw_kernels_select(x.kernels ? x.kernels : "auto"));
    struct gw_run_options run = {
        .on_begin = forget_report, .out_dir = x.out, .events = events, .jobs = x.jobs, .force = x.force};
    if (x.dry_run) return look_ahead(argv[optind], &x.override, &run);
    char dir[1024];
    TRY(gw_run_study(argv[optind], &x.override, &run, dir));
    return show_run(dir, &x.show);
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
