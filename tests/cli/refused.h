/* What a run must do with a malformed file, for tests of one kind of file after another: '^' in a text marks the place that
 * the line must point to; one line, nothing on stdout, nothing left behind. */
#ifndef GATEWALK_TESTS_CLI_REFUSED_H
#define GATEWALK_TESTS_CLI_REFUSED_H

#include <ctype.h>

#include "program.h"

/* Takes the '^' out of `text` into "line:column"; `place` stays as it is without one. */
static inline void put_marked(const char *name, const char *text, char place[40]) {
    char *copy = strdup(text), *mark;
    if (!copy) abort();
    if ((mark = strchr(copy, '^'))) {
        size_t line = 1, column = 1;
        for (const char *at = copy; at < mark; at++) *at == '\n' ? line++, column = 1 : column++;
        snprintf(place, 40, "%zu:%zu", line, column);
        memmove(mark, mark + 1, strlen(mark));
    }
    put_text(name, copy);
    free(copy);
}

/* `run f.json`: that status, one line that begins with `want` and says all of `says` (up to NULL). */
static inline void must_refuse(int status, const char *want, const char *const *says, size_t n_says) {
    char *before = list_tree(work_dir, true);
    struct run run;
    run_program(&run, "run", "f.json", "--out", "o");
    char *after = list_tree(work_dir, true);
    const char *line = last_line(run.err);
    if (run.status != status) fail_msg("exit %d, not %d: %s%s", run.status, status, run.out, run.err);
    if (count_lines(run.err) != 1) fail_msg("more than one line: %s", run.err);
    if (strncmp(line, want, strlen(want)) != 0) fail_msg("does not begin with \"%s\": %s", want, line);
    for (const unsigned char *at = (const unsigned char *)line; *at; at++)
        if (iscntrl(*at)) fail_msg("control character %d in the line: %s", *at, line);
    for (size_t i = 0; i < n_says && says[i]; i++)
        if (!strstr(line, says[i])) fail_msg("does not say \"%s\": %s", says[i], line);
    if (run.n_out) fail_msg("on stdout: %s", run.out);
    if (strcmp(before, after) != 0) fail_msg("files before:\n%s\nand after:\n%s", before, after);
    free(before);
    free(after);
    run_free(&run);
}

/* Bars to have it beside: rw.csv; and a folder where a file should be. */
static inline int refused_setup(void **state) {
    if (program_setup(state) != 0) return -1;
    struct run run;
    run_fine(&run, "synth", "random-walk", "--bars", "300", "--seed", "3", "--out", "rw.csv");
    run_free(&run);
    return mkdir(work("rw.d"), 0700);
}

#endif
