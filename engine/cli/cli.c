/* The command table and what commands share. */
#include "cli.h"
#include "engine/base/base.h"
#include "engine/cluster/cluster.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "gatewalk/model.h"

enum { MAX_OPTIONS = 32 };

const struct command *const command_table[] = {
#define COMMAND(name) &command_##name,
#include "commands.def"
#undef COMMAND
};
const size_t n_commands = COUNT_OF(command_table);

const struct command *cli_find(const char *name) {
    for (size_t i = 0; i < n_commands; i++)
        if (strcmp(command_table[i]->name, name) == 0) return command_table[i];
    return NULL;
}

int cli_unknown(const char *name) {
    const char *names[64];
    size_t n = 0;
    for (; n < n_commands && n < COUNT_OF(names); n++) names[n] = command_table[n]->name;
    const char *near = nearest_word(name, names, n);
    if (near) FAIL(GW_ERR_USAGE, "unknown command \"%s\"; did you mean \"%s\"?", name, near);
    FAIL(GW_ERR_USAGE, "unknown command \"%s\"; `gatewalk --help` lists them", name);
}

/* getopt has stepped past a long option, but not always past a cluster of letters. */
static bool is_long(const char *given) { return strncmp(given, "--", 2) == 0; }

static bool is_value_of_some(const struct option *options, int value) {
    for (; options->name; options++)
        if (options->val == value) return true;
    return false;
}

static int reject_letter(const struct command *command, int letter) {
    FAIL(GW_ERR_USAGE, "%s: unknown option \"-%c\"; `gatewalk %s --help` shows all", command->name, letter,
         command->name);
}

/* An option that is unknown, ambiguous, or was given a value it does not take; the nearest one to a mistyped one. */
static int reject_option(const struct command *command, const char *given, const struct option *options) {
    const char *names[64], *fits[2] = {NULL, NULL};
    size_t n = 0, n_fits = 0;
    char word[64];
    if (!is_long(given) || (optopt && !is_value_of_some(options, optopt))) return reject_letter(command, optopt);
    snprintf(word, sizeof word, "%.*s", (int)strcspn(given + 2, "="), given + 2);
    if (optopt)
        FAIL(GW_ERR_USAGE, "%s: option \"--%s\" takes no value; leave \"%s\" out", command->name, word,
             strchr(given, '=') ? strchr(given, '=') : "");
    for (; options[n].name && n < COUNT_OF(names); n++) {
        names[n] = options[n].name;
        if (strncmp(word, names[n], strlen(word)) == 0 && n_fits++ < 2) fits[n_fits - 1] = names[n];
    }
    if (n_fits > 1)
        FAIL(GW_ERR_USAGE, "%s: option \"--%s\" is short for \"--%s\" and for \"--%s\"; write it out", command->name,
             word, fits[0], fits[1]);
    const char *near = nearest_word(word, names, n);
    if (near) FAIL(GW_ERR_USAGE, "%s: unknown option \"--%s\"; did you mean \"--%s\"?", command->name, word, near);
    FAIL(GW_ERR_USAGE, "%s: unknown option \"--%s\"; `gatewalk %s --help` shows all", command->name, word,
         command->name);
}

/* The table as getopt wants it, --help behind it. */
static void long_options(const struct command *command, struct option *out) {
    size_t n = command->n_options;
    for (size_t i = 0; i < n; i++)
        out[i] = (struct option){.name = command->option[i].name,
                                 .has_arg = command->option[i].argument ? required_argument : no_argument,
                                 .val = command->option[i].value};
    out[n] = (struct option){.name = "help", .has_arg = no_argument, .val = 'h'};
    out[n + 1] = (struct option){0};
}

int cli_option(const struct command *command, int argc, char **argv) {
    struct option options[MAX_OPTIONS + 2];
    assert(command->n_options <= MAX_OPTIONS);
    long_options(command, options);
    opterr = 0;
    int c = getopt_long(argc, argv, ":h", options, NULL);
    if (c == -1) return CLI_END;
    if (c == 'h') {
        cli_usage(command);
        return CLI_HELP;
    }
    if (c == ':')
        FAIL(GW_ERR_USAGE, "%s: option \"%s\" needs a value; see `gatewalk %s --help`", command->name, argv[optind - 1],
             command->name);
    if (c == '?') return reject_option(command, argv[optind - 1], options);
    return c;
}

int cli_run(const struct command *command, int argc, char **argv) {
    if (!command->ranks) TRY(cluster_check_alone(command->name));
    return command->run(argc, argv);
}

int cli_spare(const char *out, const char *input) {
    if (file_is_same(out, input))
        FAIL(GW_ERR_USAGE, "%s would be written over, and it is read here; choose another --out", out);
    return GW_OK;
}

int cli_text(const char *option, const char *text, const char **out) {
    if (!*text) FAIL(GW_ERR_USAGE, "%s: the value is empty; give one or leave the option out", option);
    *out = text;
    return GW_OK;
}

int cli_count(const char *option, const char *text, size_t min, size_t max, size_t *out) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < min || value > max)
        FAIL(GW_ERR_USAGE, "%s %s: must be a whole number from %zu to %zu", option, text, min, max);
    *out = (size_t)value;
    return GW_OK;
}

int cli_number(const char *option, const char *text, double min, double max, double *out) {
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end || !(value >= min && value <= max))
        FAIL(GW_ERR_USAGE, "%s %s: must be a number from %g to %g", option, text, min, max);
    *out = value;
    return GW_OK;
}

int cli_arguments(const struct command *command, int argc, char **argv, int n, const char *what) {
    if (argc - optind < n)
        FAIL(GW_ERR_USAGE, "%s: %s is missing; see `gatewalk %s --help`", command->name, what, command->name);
    if (argc - optind > n)
        FAIL(GW_ERR_USAGE, "%s: too many arguments (\"%s\"); it takes %s", command->name, argv[optind + n],
             n ? what : "none");
    for (int i = 0; i < n; i++)
        if (!*argv[optind + i])
            FAIL(GW_ERR_USAGE, "%s: %s is empty; see `gatewalk %s --help`", command->name, what, command->name);
    return GW_OK;
}

char *cli_shown(const char *text, char buffer[1100]) {
    snprintf(buffer, 1100, "%s", text);
    return text_clean(buffer);
}

const char *cli_kernels_choice(size_t i) { return i == 0 ? "auto" : gw_kernels_name(i - 1); }
