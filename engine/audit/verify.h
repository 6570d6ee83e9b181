/* A finished run, recomputed from its own files and data: stored models → scores → replays → metrics → verdict, written
 * beside it and compared file by file. */
#ifndef GATEWALK_AUDIT_VERIFY_H
#define GATEWALK_AUDIT_VERIFY_H

#include "engine/results/results.h"

enum { VERIFY_FILES_MAX = 64, VERIFY_TEXT = 400 };

/* One file of the run and what verify makes of it. */
struct verified_file {
    char name[256]; /* below the run directory */
    bool same;
    size_t line;            /* of the first difference, from 1; 0: not of a line */
    char where[64];         /* its column or place */
    char says[64], is[64];  /* what stands there, what it should be */
    char text[VERIFY_TEXT]; /* why it could not be compared, when nothing else is said; else "" */
};
struct verify_report {
    char dir[1024];
    bool other_sources;         /* made by a program of other sources: differences may be theirs */
    struct verified_file *file; /* owned, in the order in which data go */
    size_t n, n_models, n_refits;
};
struct verify_options {
    size_t n_refits; /* fits to do again, spread over the run; SIZE_MAX: all */
    size_t jobs;     /* threads; 0: all cores */
};
/* A difference is a result, not an error. GW_ERR_DATA: a folder that holds no finished run, or data that are gone. */
int verify_run(const char *dir, const struct verify_options *options, struct verify_report *out) GW_MUST_USE;
void verify_report_free(struct verify_report *report);
/* All that happened in a finished run's replays (events.h) into the file `path`; of one contestant, or NULL: of all. */
int verify_events(const char *dir, const char *path, const char *strategy) GW_MUST_USE;

/* ---- inside ------------------------------------------------------------------------------------------------------- */

/* verify_files.c */
int verify_note(struct verify_report *report, const char *name, struct verified_file **out) GW_MUST_USE;
/* The run's file against the one in `scratch`, byte by byte. */
int verify_file(struct verify_report *report, const char *name, const char *scratch) GW_MUST_USE;
/* A folder of our own for what is written anew, empty; the same for every verification of one run directory, so that one that
 * was killed leaves nothing for good. */
int verify_scratch(const char *dir, char scratch[1024], int *lock) GW_MUST_USE;
void verify_scratch_remove(const char *scratch, int *lock);

/* verify_fits.c: loads every stored model, scores with it, stores it again and compares. The models stay in `fits`. */
struct verify_source {
    char hash[80]; /* of the sources that the run was made by: part of its fits' keys */
};
int verify_fits(const struct experiment *e, const struct prepared *p, const struct verify_source *source,
                const char *scratch, struct fit_list *fits, struct verify_report *report) GW_MUST_USE;
int verify_refits(const struct experiment *e, const struct prepared *p, const struct verify_options *options,
                  const char *scratch, struct fit_list *fits, struct verify_report *report) GW_MUST_USE;

#endif
