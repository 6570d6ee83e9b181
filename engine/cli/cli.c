/* The command table and what commands share. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

const struct command *const command_table[] = {
#define COMMAND(name) &command_##name,
#include "commands.def"
#undef COMMAND
};
const size_t n_commands = COUNT_OF(command_table);

static const char *unknown_option(char **argv) {
    /* getopt leaves the culprit either in optopt (a letter) or just before optind. */
    return argv[optind - 1];
}

/* The nearest long option to a mistyped one. */
static int reject_option(const struct command *command, char **argv, const struct option *options) {
    const char *names[64];
    size_t n = 0;
    for (; options[n].name && n < COUNT_OF(names); n++) names[n] = options[n].name;
    const char *given = unknown_option(argv);
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(given + strspn(given, "-"), "="), given + strspn(given, "-"));
    const char *near = nearest_word(word, names, n);
    if (near && strcmp(near, word) != 0)
        FAIL(ERR_USAGE, "%s: unknown option \"%s\"; did you mean \"--%s\"?", command->name, given, near);
    FAIL(ERR_USAGE, "%s: unknown option \"%s\"; `gatewalk %s --help` shows all", command->name, given, command->name);
}

int cli_option(const struct command *command, int argc, char **argv, const char *letters,
               const struct option *options) {
    opterr = 0;
    int c = getopt_long(argc, argv, letters, options, NULL);
    if (c == 'h') {
        printf("%s", command->usage);
        return CLI_HELP;
    }
    if (c == ':')
        FAIL(ERR_USAGE, "%s: option \"%s\" needs a value; see `gatewalk %s --help`", command->name, argv[optind - 1],
             command->name);
    if (c == '?') return reject_option(command, argv, options);
    return c;
}

int cli_count(const char *option, const char *text, size_t min, size_t max, size_t *out) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < min || value > max)
        FAIL(ERR_USAGE, "%s %s: must be a whole number from %zu to %zu", option, text, min, max);
    *out = (size_t)value;
    return OK;
}

int cli_arguments(const struct command *command, int argc, int n, const char *what) {
    if (argc - optind < n)
        FAIL(ERR_USAGE, "%s: %s is missing; see `gatewalk %s --help`", command->name, what, command->name);
    if (argc - optind > n) FAIL(ERR_USAGE, "%s: too many arguments; it takes %s", command->name, n ? what : "none");
    return OK;
}
