/* study.json as the reports see it: the stages of a study and the numbers that every choice was made on. */
#ifndef GATEWALK_STUDY_VIEW_H
#define GATEWALK_STUDY_VIEW_H

#include "run_view.h"

enum { STUDY_STAGES_MAX = 24, STUDY_VARIANTS_MAX = 24 }; /* more than a study can hold; the rest is not shown */

struct study_variant_view {
    const char *name, *attention, *loss;
    double parameters, fits, average_precision; /* on validation; NAN when nothing was fitted */
    bool chosen;
};
struct study_stage_view {
    const char *name;
    bool carried, final; /* the winner's training settings hold from here on; it walks in the final comparison */
    size_t n;
    struct study_variant_view variant[STUDY_VARIANTS_MAX];
};
struct study_view {
    size_t n;
    double search_seeds, search_folds; /* per variant; NAN when unknown */
    double baseline;                   /* average precision of the last carried winner, NAN without one */
    const char *final;                 /* "lstm, bahdanau_64, …" */
    struct study_stage_view stage[STUDY_STAGES_MAX];
};

/* *study lives in the run's arena; NULL when the run is no study's. Texts are safe to show. GW_ERR_DATA, ERR_NOMEM. */
int study_view_read(struct run_view *run, const struct study_view **study) GW_MUST_USE;

/* How far the choice can be trusted, in a sentence. */
const char *study_caveat(void);

#endif
