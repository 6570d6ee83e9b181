/* What bash, zsh and fish offer after TAB, from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* ---- what a word of the table asks for ------------------------------------------------------------------------- */

enum kind { ANY, CHOICE, FILES, FOLDERS, JSON_FILES };

/* By its name: FILE, RUN_DIR, EXPERIMENT.json. */
static enum kind kind_of(const char *argument, const char *(*choice)(size_t i)) {
    if (choice) return CHOICE;
    if (!argument) return ANY;
    size_t length = strcspn(argument, " ");
    if (length >= 5 && strncmp(argument + length - 5, ".json", 5) == 0) return JSON_FILES;
    if (length >= 3 && strncmp(argument + length - 3, "DIR", 3) == 0) return FOLDERS;
    return length == 4 && strncmp(argument, "FILE", 4) == 0 ? FILES : ANY;
}

static void put_words(const char *(*choice)(size_t i), const char *before, const char *between) {
    for (size_t i = 0; choice(i); i++) printf("%s%s", i ? between : before, choice(i));
}

/* Help inside single quotes: `escaped` get a backslash, a single quote the shell's own way. */
static void put_quoted(const char *text, const char *escaped, const char *quote) {
    for (; *text; text++) {
        if (*text == '\'') {
            printf("%s", quote);
            continue;
        }
        if (strchr(escaped, *text)) printf("\\");
        printf("%c", *text);
    }
}

/* ---- bash -------------------------------------------------------------------------------------------------------- */

static void bash_reply(enum kind kind, const char *(*choice)(size_t i)) {
    static const char *const reply[] = {
        [ANY] = "",
        [FILES] = "_gatewalk_reply -f",
        [FOLDERS] = "_gatewalk_reply -d",
        [JSON_FILES] = "_gatewalk_reply -f -X '!*.json'; _gatewalk_reply -d",
    };
    if (kind == CHOICE) {
        printf("_gatewalk_reply -W '");
        put_words(choice, "", " ");
        printf("'");
    } else {
        printf("%s", reply[kind]);
    }
}

static void bash_command(const struct command *command) {
    for (size_t i = 0; i < command->n_options; i++) {
        const struct command_option *option = &command->option[i];
        if (!option->argument) continue;
        printf("    %s:--%s) ", command->name, option->name);
        bash_reply(kind_of(option->argument, option->choice), option->choice);
        printf(" ;;\n");
    }
    printf("    %s:*) if [[ $cur == -* ]]; then _gatewalk_reply -W '", command->name);
    for (size_t i = 0; i < command->n_options; i++) printf("--%s ", command->option[i].name);
    printf("--help'; else ");
    enum kind kind = kind_of(command->arguments, command->choice);
    if (kind == ANY)
        printf(":");
    else
        bash_reply(kind, command->choice);
    printf("; fi ;;\n");
}

static void bash(void) {
    printf("# bash completion of gatewalk, made by `gatewalk help --completion bash`\n"
           "_gatewalk_reply() {\n"
           "    local word\n"
           "    while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen \"$@\" -- \"$cur\")\n"
           "}\n"
           "_gatewalk() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
           "    COMPREPLY=()\n"
           "    if ((COMP_CWORD == 1)); then\n"
           "        _gatewalk_reply -W '");
    for (size_t i = 0; i < n_commands; i++) printf("%s ", command_table[i]->name);
    printf("--help --version'\n"
           "        return\n"
           "    fi\n"
           "    case ${COMP_WORDS[1]}:$prev in\n");
    for (size_t i = 0; i < n_commands; i++) bash_command(command_table[i]);
    printf("    esac\n"
           "}\n"
           "complete -o filenames -F _gatewalk gatewalk\n");
}

/* ---- zsh ----------------------------------------------------------------------------------------------------------- */

static void zsh_action(const char *argument, const char *(*choice)(size_t i)) {
    static const char *const action[] = {
        [ANY] = "", [FILES] = "_files", [FOLDERS] = "_files -/", [JSON_FILES] = "_files -g \"*.json\""};
    enum kind kind = kind_of(argument, choice);
    printf(":%.*s:", (int)strcspn(argument, " "), argument);
    if (kind == CHOICE) {
        put_words(choice, "(", " ");
        printf(")");
    } else {
        printf("%s", action[kind]);
    }
}

static void zsh(void) {
    printf("#compdef gatewalk\n# made by `gatewalk help --completion zsh`\n"
           "local -a commands=(\n");
    for (size_t i = 0; i < n_commands; i++) {
        printf("    '%s:", command_table[i]->name);
        put_quoted(command_table[i]->summary, ":\\", "'\\''");
        printf("'\n");
    }
    printf(")\n"
           "if ((CURRENT == 2)); then\n"
           "    _describe command commands\n"
           "    return\n"
           "fi\n"
           "shift words\n"
           "((CURRENT--))\n"
           "case $words[1] in\n");
    for (size_t c = 0; c < n_commands; c++) {
        const struct command *command = command_table[c];
        printf("%s)\n    _arguments '--help[explain the command]'", command->name);
        for (size_t i = 0; i < command->n_options; i++) {
            const struct command_option *option = &command->option[i];
            printf(" \\\n        '*--%s[", option->name);
            put_quoted(option->help, "[]:\\", "'\\''");
            printf("]");
            if (option->argument) zsh_action(option->argument, option->choice);
            printf("'");
        }
        printf(" \\\n        '*");
        zsh_action(command->arguments, command->choice);
        printf("'\n    ;;\n");
    }
    printf("esac\n");
}

/* ---- fish ---------------------------------------------------------------------------------------------------------- */

static void fish_words(enum kind kind, const char *(*choice)(size_t i)) {
    static const char *const words[] = {[ANY] = "",
                                        [FILES] = " -F",
                                        [FOLDERS] = " -a '(__fish_complete_directories)'",
                                        [JSON_FILES] = " -k -a '(__fish_complete_suffix .json)'"};
    if (kind == CHOICE) {
        printf(" -a '");
        put_words(choice, "", " ");
        printf("'");
    } else {
        printf("%s", words[kind]);
    }
}

static void fish(void) {
    printf("# fish completion of gatewalk, made by `gatewalk help --completion fish`\n"
           "complete -c gatewalk -f\n");
    for (size_t c = 0; c < n_commands; c++) {
        const struct command *command = command_table[c];
        printf("complete -c gatewalk -n __fish_use_subcommand -a %s -d '", command->name);
        put_quoted(command->summary, "\\", "\\'");
        printf("'\n");
        enum kind kind = kind_of(command->arguments, command->choice);
        if (kind != ANY) {
            printf("complete -c gatewalk -n '__fish_seen_subcommand_from %s'", command->name);
            fish_words(kind, command->choice);
            printf("\n");
        }
        for (size_t i = 0; i < command->n_options; i++) {
            const struct command_option *option = &command->option[i];
            printf("complete -c gatewalk -n '__fish_seen_subcommand_from %s' -l %s%s", command->name, option->name,
                   option->argument ? " -r" : "");
            if (option->argument) fish_words(kind_of(option->argument, option->choice), option->choice);
            printf(" -d '");
            put_quoted(option->help, "\\", "\\'");
            printf("'\n");
        }
    }
}

/* ---- the shells ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    void (*print)(void);
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

const char *cli_shell(size_t i) { return i < COUNT_OF(shells) ? shells[i].name : NULL; }

int cli_completion(const char *shell) {
    for (size_t i = 0; i < COUNT_OF(shells); i++)
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].print();
            return GW_OK;
        }
    FAIL(GW_ERR_USAGE, "help --completion: unknown shell \"%s\"; there are bash, zsh and fish", shell);
}
