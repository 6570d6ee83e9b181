/* Bad input as a table: what is given, and what the program must say of it. */
#ifndef GATEWALK_TEST_BAD_CASES_H
#define GATEWALK_TEST_BAD_CASES_H

#include "program.h"

struct bad_case {
    const char *name;
    const char *args[MAX_ARGS];
    int exit;
    const char *says[3];
    /* The input, at most one of these. A '^' stands where the error line must point to and is taken out. */
    const char *row;            /* b.csv: a header, four good rows, this one, three more good ones */
    const char *file;           /* b.csv as a whole */
    const char *json;           /* j.json as a whole */
    const char *find, *replace; /* j.json: small.json with this text replaced */
    void (*make)(void);
    size_t place_line, place_column; /* instead of '^', where the mark cannot stand in the text */
};

#define RUN_DATA                                                                                                       \
    { "run", "small.json", "--data", "b.csv", "--out", "o" }
#define RUN_JSON_FILE                                                                                                  \
    { "run", "j.json", "--out", "o" }
#define RUN_SET(text)                                                                                                  \
    { "run", "small.json", "--out", "o", "--set", text }

#endif
