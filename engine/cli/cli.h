/* Commands of the command line: a file and a row in commands.def each. Only this room prints to stdout. */
#ifndef GATEWALK_CLI_H
#define GATEWALK_CLI_H

#include "engine/base/base.h"

struct command {
    const char *name;
    const char *summary;               /* one line in `gatewalk --help` */
    const char *usage;                 /* full text of --help, with an example */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns GW_OK or ERR_* */
};
/* Each command's own descriptor, named by its file. */
#define COMMAND(name) extern const struct command command_##name;
#include "commands.def"
#undef COMMAND
extern const struct command *const command_table[];
extern const size_t n_commands;

/* What every command does with its options: getopt_long that prints --help itself, and errors that name the option.
 * Returns the option's value, CLI_END after the last, CLI_HELP after help was printed, or GW_ERR_USAGE (which is -1, what
 * getopt says at the end: hence a code of our own). */
struct option;
enum { CLI_HELP = -100, CLI_END = -101 };
int cli_option(const struct command *command, int argc, char **argv, const char *letters, const struct option *options);
int cli_text(const char *option, const char *text, const char **out) GW_MUST_USE; /* a path or name: not empty */
int cli_count(const char *option, const char *text, size_t min, size_t max, size_t *out) GW_MUST_USE;
/* Exactly `n` positional arguments remain and none is empty, else GW_ERR_USAGE naming `what`. */
int cli_arguments(const struct command *command, int argc, char **argv, int n, const char *what) GW_MUST_USE;

/* A path or another text from outside, fit for a terminal: the filled buffer. CLI_SHOWN gives it one of the block. */
char *cli_shown(const char *text, char buffer[1100]);
#define CLI_SHOWN(text) cli_shown((text), (char[1100]){0})

#endif
