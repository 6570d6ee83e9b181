/* Options of the commands that read an experiment: what is changed in it, and how it is done. */
#ifndef GATEWALK_CLI_EXPERIMENT_H
#define GATEWALK_CLI_EXPERIMENT_H

#include "cli.h"
#include "engine/config/config.h"
#include "show_run.h"

enum { CLI_SETS_MAX = 128 };

/* Of the rows that a command has, the others stay as they were. Not to be copied: override points into it. */
struct cli_experiment {
    struct gw_config_override override;
    const char *set[CLI_SETS_MAX];
    const char *kernels, *out; /* NULL: not given */
    size_t jobs;               /* 0: all cores */
    bool force, dry_run;
    struct show_options show;
};

#define OPTION_STRATEGIES                                                                                              \
    { "strategies", 'S', "A,B", "only these contestants, by name", NULL }
#define OPTION_SEEDS                                                                                                   \
    { "seeds", 'n', "N", "repeat every fit with seeds 1..N, at most 64", NULL }

/* The value of OPTION_DATA, OPTION_SET, OPTION_TIMERANGE, OPTION_STRATEGIES, OPTION_JOBS, OPTION_KERNELS, OPTION_OUT,
 * OPTION_FORCE, OPTION_DRY_RUN, OPTION_NO_REPORT, OPTION_NO_HTML or OPTION_QUIET; any other option is left alone. */
int cli_experiment_option(const struct command *command, int option, struct cli_experiment *out) GW_MUST_USE;
int cli_seeds_option(struct cli_experiment *out) GW_MUST_USE; /* the value of OPTION_SEEDS */

#endif
