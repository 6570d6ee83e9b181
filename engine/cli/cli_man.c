/* The man page, from the table of commands (groff_man(7)). */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "gatewalk/version.h"

/* Text as groff prints it: a backslash and a hyphen stand for themselves; no line begins with a request. */
static void put(const char *text) {
    if (*text == '.' || *text == '\'') printf("\\&");
    for (; *text; text++) {
        if (*text == '\\')
            printf("\\e");
        else if (*text == '-')
            printf("\\-");
        else
            printf("%c", *text);
    }
}

static void put_line(const char *text) {
    put(text);
    printf("\n");
}

static void option_entry(const struct command_option *option) {
    printf(".TP\n.B \\-\\-");
    put(option->name);
    if (option->argument) printf(" \\fI%s\\fR", option->argument);
    printf("\n");
    put(option->help);
    for (size_t i = 0; option->choice && option->choice(i); i++) {
        printf(i ? ", " : ": ");
        put(option->choice(i));
    }
    printf("\n");
}

static void command_section(const struct command *command) {
    printf(".SS gatewalk %s %s%s\n", command->name, command->arguments, command->n_options ? " [options]" : "");
    put_line(command->about);
    if (command->choice) {
        printf(".PP\n%.*s:", (int)strcspn(command->arguments, " "), command->arguments);
        for (size_t i = 0; command->choice(i); i++) {
            printf(" ");
            put(command->choice(i));
        }
        printf("\n");
    }
    for (size_t i = 0; i < command->n_options; i++) option_entry(&command->option[i]);
    printf(".PP\nExample:\n.PP\n.RS 4\n.nf\n");
    put_line(command->example);
    printf(".fi\n.RE\n");
}

void cli_man(void) {
    printf(".TH GATEWALK 1 \"\" \"gatewalk %s\" \"User Commands\"\n", GW_VERSION);
    printf(".SH NAME\ngatewalk \\- walk\\-forward comparison of gate models\n");
    printf(".SH SYNOPSIS\n.B gatewalk\n.I command\n.RI [ options ]\n");
    printf(
        ".SH DESCRIPTION\nReplays a market bar by bar, retrains every model of an experiment on rolling windows, lets "
        "strategies act on\ntheir probabilities, and says whether one model beat another.\n");
    printf(".SH COMMANDS\n");
    for (size_t i = 0; i < n_commands; i++)
        if (!command_table[i]->hidden) command_section(command_table[i]);
    printf(".SH \"EXIT STATUS\"\n0 fine, 2 usage or configuration, 3 data, 1 the rest.\n");
    printf(".SH ENVIRONMENT\n.TP\n.B GATEWALK_CACHE\nwhere parsed data files are kept, or \"off\"; else\n"
           ".IR $XDG_CACHE_HOME/gatewalk .\n.TP\n.B OMP_NUM_THREADS\nthreads, where \\-\\-jobs is not given.\n");
}
