/* The overview of all commands, and one command's --help, from the table. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { WIDTH = 110 };

void cli_overview(FILE *stream) {
    fprintf(stream, "usage: gatewalk COMMAND [options]\n\n");
    for (size_t i = 0; i < n_commands; i++)
        if (!command_table[i]->hidden)
            fprintf(stream, "  %-8s  %s\n", command_table[i]->name, command_table[i]->summary);
    fprintf(stream,
            "\n`gatewalk COMMAND --help` explains one, with an example. `gatewalk --version` names the build.\n");
}

/* Words from column `at` on, broken before WIDTH; what follows the first line is indented by `indent`. */
static void print_wrapped(const char *text, size_t at, size_t indent) {
    for (bool first = true; *text; first = false) {
        size_t length = strcspn(text, " ");
        bool fits = first || at + 1 + length <= WIDTH;
        if (!fits) printf("\n%*s", (int)indent, "");
        if (fits && !first) printf(" ");
        printf("%.*s", (int)length, text);
        at = fits ? at + !first + length : indent + length;
        text += length + strspn(text + length, " ");
    }
    printf("\n");
}

/* "SUBJECT: strategies models …" */
static void print_choices(const struct command *command) {
    printf("%.*s:", (int)strcspn(command->arguments, " "), command->arguments);
    for (size_t i = 0; command->choice(i); i++) printf(" %s", command->choice(i));
    printf("\n\n");
}

/* The help, and the words that the option may take. */
static void print_option(const struct command_option *option, size_t width) {
    char text[512];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", option->help);
    for (size_t i = 0; option->choice && option->choice(i) && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? ", " : ": ", option->choice(i));
    printf("  --%s %-*s  ", option->name, (int)(width - strlen(option->name) - 1),
           option->argument ? option->argument : "");
    print_wrapped(text, width + 6, width + 6);
}

void cli_usage(const struct command *command) {
    size_t width = 0;
    for (size_t i = 0; i < command->n_options; i++) {
        const struct command_option *option = &command->option[i];
        size_t length = strlen(option->name) + 1 + (option->argument ? strlen(option->argument) : 0);
        if (length > width) width = length;
    }
    printf("usage: gatewalk %s %s%s\n\n", command->name, command->arguments, command->n_options ? " [options]" : "");
    print_wrapped(command->about, 0, 0);
    printf("\n");
    if (command->choice) print_choices(command);
    for (size_t i = 0; i < command->n_options; i++) print_option(&command->option[i], width);
    printf("%sexample: %s\n", command->n_options ? "\n" : "", command->example);
}
