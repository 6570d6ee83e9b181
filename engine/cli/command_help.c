/* gatewalk help: the overview, one command's help, and what an installation makes of the table of commands. */
#include <getopt.h>

#include "cli.h"

static const struct command_option options[] = {
    {"man", 'm', NULL, "print the man page", NULL},
    {"completion", 'c', "SHELL", "print the completion script of a shell", cli_shell},
};

static const char *command_choice(size_t i) { return i < n_commands ? command_table[i]->name : NULL; }

static int command(int argc, char **argv) {
    int c;
    while ((c = cli_option(&command_help, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'c') return cli_completion(optarg);
        if (c == 'm') {
            cli_man();
            return GW_OK;
        }
    }
    if (argc == optind) {
        cli_overview(stdout);
        return GW_OK;
    }
    TRY(cli_arguments(&command_help, argc, argv, 1, "a command"));
    const struct command *asked = cli_find(argv[optind]);
    if (!asked) return cli_unknown(argv[optind]);
    cli_usage(asked);
    return GW_OK;
}

const struct command command_help = {
    .name = "help",
    .summary = "this overview, or one command's help",
    .arguments = "[COMMAND]",
    .about = "Says what --help says. The man page and the completions are made of the same tables; `make install` puts "
             "them where the system looks for them.",
    .choice = command_choice,
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk help run",
    .hidden = true,
    .run = command,
};
