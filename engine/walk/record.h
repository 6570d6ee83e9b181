/* What a walk leaves in the trial ledger. A ledger that cannot be written costs one warning and the run's place in it, never
 * the run. */
#ifndef GATEWALK_WALK_RECORD_H
#define GATEWALK_WALK_RECORD_H

#include "engine/results/results.h"

struct record {
    char path[1024]; /* of the ledger; "": none, or no more */
    int64_t run;     /* its row; 0: none yet */
    bool asked;      /* where the ledger is: once, so that one that failed stays away */
};
/* A row that says "running", once the run directory is ours. Called again it is brought up to date: a study knows only after
 * its search what walks. */
void record_begin(struct record *record, const struct experiment *e, const struct prepared *p, const char *dir,
                  const char *command);
/* The test slices were scored: these are trials now. What all trials on the data come to is put into r->selection. */
void record_trials(struct record *record, const struct experiment *e, const struct prepared *p, struct results *r);
void record_finished(struct record *record, const struct experiment *e, const struct results *r, size_t n_folds);
/* What was tried on validation before this walk; they are trials on the same data, too. */
struct store_trial;
void record_searched(struct record *record, const struct store_trial *trial, size_t n);
/* The run ended with the error `rc`, whose message is kept. */
void record_failed(struct record *record, int rc);

#endif
