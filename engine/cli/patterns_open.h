/* A library of patterns with all that it stands on: of a fold of a run, or of what `gatewalk patterns train` has made. */
#ifndef GATEWALK_CLI_PATTERNS_OPEN_H
#define GATEWALK_CLI_PATTERNS_OPEN_H

#include "engine/live/live.h"
#include "engine/patterns/library.h"
#include "engine/walk/walk.h"

/* In the output directory of `patterns train`. */
#define PATTERNS_SOURCE "library.json"
#define PATTERNS_MODEL  "model.safetensors"
#define PATTERNS_KEY                                                                                                   \
    "gatewalk.fit_key" /* in the model's metadata and as "key" of the source: both are of one training */

struct patterns_opened {
    struct experiment *experiment; /* of a run, as is prepared; else NULL */
    struct prepared *prepared;
    struct gw_market market; /* of a trained directory, as are labels */
    struct gw_labels labels;
    struct gw_gate_model *model;
    char name[128];
    struct library library;
};
/* all: every window of the data in the first slice, whatever the fold (for `find`). */
int patterns_open(const char *dir, const struct live_choice *choice, bool all, struct patterns_opened *out) GW_MUST_USE;
void patterns_close(struct patterns_opened *opened);
/* Runs work(context) with all threads of the machine, or `jobs`: its tasks are theirs. */
int patterns_parallel(size_t jobs, int (*work)(void *context), void *context) GW_MUST_USE;

#endif
