/* Commands of the command line: a file and a row in commands.def each. Only this room prints to stdout. */
#ifndef GATEWALK_CLI_H
#define GATEWALK_CLI_H

#include "engine/base/base.h"

/* One option of a command. --help, getopt's table, the man page and the completions of the shells are made of these rows. */
struct command_option {
    const char *name;
    int value;                       /* what cli_option returns for it */
    const char *argument;            /* NULL: takes none. FILE and DIR are completed as what they say */
    const char *help;                /* one sentence without full stop */
    const char *(*choice)(size_t i); /* words it may take, NULL past the last; NULL: any */
};

struct command {
    const char *name;
    const char *summary;             /* one line in `gatewalk --help` */
    const char *arguments;           /* after the name in its usage line; FILE, DIR and *.json are completed as such */
    const char *about;               /* a paragraph, wrapped where it is shown */
    const char *(*choice)(size_t i); /* words the first argument may be, NULL past the last; NULL: any */
    const struct command_option *option;
    size_t n_options;
    const char *example;
    bool hidden;                       /* not in `gatewalk --help` */
    bool ranks;                        /* the processes of an MPI job may run it together */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns GW_OK or ERR_* */
};
/* Each command's own descriptor, named by its file. */
#define COMMAND(name) extern const struct command command_##name;
#include "commands.def"
#undef COMMAND
extern const struct command *const command_table[];
extern const size_t n_commands;
const struct command *cli_find(const char *name); /* NULL when there is none */
int cli_run(const struct command *command, int argc, char **argv) GW_MUST_USE;
int cli_unknown(const char *name) GW_MUST_USE; /* GW_ERR_USAGE, with the nearest one there is */

/* What every command does with its options: getopt_long that prints --help itself, and errors that name the option.
 * Returns the option's value, CLI_END after the last, CLI_HELP after help was printed, or GW_ERR_USAGE (which is -1, what
 * getopt says at the end: hence a code of our own). */
enum { CLI_HELP = -100, CLI_END = -101 };
int cli_option(const struct command *command, int argc, char **argv);
/* What is written must not take the place of what is read: GW_ERR_USAGE when both are one file. */
int cli_spare(const char *out, const char *input) GW_MUST_USE;
int cli_text(const char *option, const char *text, const char **out) GW_MUST_USE; /* a path or name: not empty */
int cli_count(const char *option, const char *text, size_t min, size_t max, size_t *out) GW_MUST_USE;
int cli_number(const char *option, const char *text, double min, double max, double *out) GW_MUST_USE;
/* Exactly `n` positional arguments remain and none is empty, else GW_ERR_USAGE naming `what`. */
int cli_arguments(const struct command *command, int argc, char **argv, int n, const char *what) GW_MUST_USE;

/* What is made of the table: the overview of all commands, a command's --help, the man page, a shell's completion. */
void cli_overview(FILE *stream);
void cli_usage(const struct command *command);
void cli_man(void);
int cli_completion(const char *shell) GW_MUST_USE; /* GW_ERR_USAGE for a shell we do not know */
const char *cli_shell(size_t i);                   /* bash …, NULL past the last */

/* Rows and words that several commands share. */
const char *cli_kernels_choice(size_t i);
/* clang-format off */
#define OPTION_SET       {"set", 's', "KEY=VALUE", "override a configuration key (repeatable); `gatewalk list keys` shows all", NULL}
#define OPTION_DATA      {"data", 'd', "FILE", "bars to use instead of the experiment's file; SYMBOL=FILE names them, else the file does", NULL}
#define OPTION_TIMERANGE {"timerange", 't', "FROM-TO", "e.g. 20200101-20221231; either side may be empty", NULL}
#define OPTION_JOBS      {"jobs", 'j', "N", "threads (default: all cores); results do not depend on it", NULL}
#define OPTION_KERNELS   {"kernels", 'k', "NAME", "instruction set to compute with", cli_kernels_choice}
#define OPTION_OUT       {"out", 'o', "DIR", "run directory (default reports/out/NAME, then NAME-2 … beside runs of other configurations)", NULL}
#define OPTION_FORCE     {"force", 'f', NULL, "replace the run of another configuration in the run directory", NULL}
#define OPTION_EVENTS                                                                                                  \
    {"events", 'e', NULL, "write events.jsonl too: every bar, order, fill, retraining and end of a fold", NULL}
#define OPTION_NO_REPORT {"no-report", 'R', NULL, "files and table only", NULL}
#define OPTION_NO_HTML   {"no-html", 'H', NULL, "report.pdf and pictures, but no report.html", NULL}
#define OPTION_STRATEGY  {"strategy", 'S', "NAME", "whose model; may be left out when the run has only one", NULL}
#define OPTION_SEED      {"seed", 's', "N", "the fit of this seed (default: the run's first)", NULL}
#define OPTION_FOLD      {"fold", 'F', "N", "the fit of this fold (default: the last)", NULL}
#define OPTION_DRY_RUN   {"dry-run", 'y', NULL, "check everything, say what would be done and how long it would take, and do nothing", NULL}
#define OPTION_QUIET     {"quiet", 'q', NULL, "no progress on stderr", NULL}
/* clang-format on */

/* The value of OPTION_STRATEGY, OPTION_SEED, OPTION_FOLD or OPTION_KERNELS; any other option is left alone. */
struct live_choice;
int cli_live_option(int option, struct live_choice *choice) GW_MUST_USE;

/* A path or another text from outside, fit for a terminal: the filled buffer. CLI_SHOWN gives it one of the block. */
char *cli_shown(const char *text, char buffer[1100]);
#define CLI_SHOWN(text) cli_shown((text), (char[1100]){0})

#endif
