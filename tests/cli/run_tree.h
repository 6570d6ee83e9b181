/* Comparing whole run directories. */
#ifndef GATEWALK_TEST_RUN_TREE_H
#define GATEWALK_TEST_RUN_TREE_H

#include "program.h"

static inline bool has_gnuplot(void) { return system("command -v gnuplot >/dev/null 2>&1") == 0; }

/* Names, sizes and hashes of a run directory without run.json, which holds times, and without pictures. free() it. */
static inline char *run_tree(const char *name) {
    char *all = list_tree(work(name), true), *kept = calloc(strlen(all) + 1, 1), *to = kept;
    if (!kept) abort();
    for (char *line = strtok(all, "\n"); line; line = strtok(NULL, "\n"))
        if (!strstr(line, "/run.json ") && !strstr(line, "/plots") && !strstr(line, "/report."))
            to += sprintf(to, "%s\n", line);
    free(all);
    return kept;
}

static inline void assert_same_runs(const char *a, const char *b) {
    char *left = run_tree(a), *right = run_tree(b);
    if (!strstr(left, "/summary.json ")) fail_msg("%s is not a finished run:\n%s", a, left);
    if (strcmp(left, right) != 0) fail_msg("%s holds\n%s\nand %s\n%s", a, left, b, right);
    free(left);
    free(right);
}

#endif
