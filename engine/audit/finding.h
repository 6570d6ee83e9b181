/* What an audit has compared, and the first thing that was not the same. */
#ifndef GATEWALK_AUDIT_FINDING_H
#define GATEWALK_AUDIT_FINDING_H

#include "poison.h"

/* The way data goes: the first stage that differs is where a leak is. */
enum audit_stage {
    STAGE_PLAN,        /* folds: slices, samples, purge */
    STAGE_FOLDS,       /* their own proof that no label of one slice reaches the next */
    STAGE_FEATURES,    /* of bars that have closed */
    STAGE_LABELS,      /* whose horizon is over */
    STAGE_MIN_MOVE,    /* the label rule's move */
    STAGE_FITTED,      /* features that are fitted per fold: what they have learnt, and what they then say */
    STAGE_SCALER,      /* of folds whose training slice is over */
    STAGE_TRAINING,    /* weights after training without a validation slice */
    STAGE_WEIGHTS,     /* of fits done again, calibration included */
    STAGE_LOG,         /* their epochs and losses */
    STAGE_THRESHOLD,   /* tau from validation */
    STAGE_PROBABILITY, /* what the models say */
    STAGE_ATTENTION,   /* what they look at */
    STAGE_SCORES,      /* what is delivered: probabilities and the thresholds in force */
    STAGE_ISOLATED,    /* every bar as a trade of its own */
    STAGE_ORDERS,      /* what strategies put */
    STAGE_TRADES,
    STAGE_FILLS,
    STAGE_EQUITY,
    N_STAGES
};
extern const char *const stage_id[N_STAGES];

struct audit_difference {
    bool found;
    int64_t time_ns; /* close of the bar that differs; INT64_MIN, INT64_MAX: of no bar, such as a weight */
    char symbol[GW_SYMBOL_MAX], strategy[48]; /* "": of none */
    size_t fold;                              /* from 1; 0: of none */
    char value[96];                           /* which: "rsi(14)", "p_long", "lstm0.W[3,1]" */
    double clean, dirty;
    int64_t cut_ns;
    enum poison poison;
};

struct audit {
    int64_t cut_ns; /* of the comparison at hand */
    enum poison poison;
    size_t n_compared[N_STAGES]; /* values: an audit that looks at nothing proves nothing */
    struct audit_difference first[N_STAGES];
};

/* Where a value belongs. */
struct audit_place {
    int64_t time_ns;
    const char *symbol, *strategy; /* may be NULL */
    size_t fold;
};
/* Counts a comparison; keeps the earliest difference of the stage. Values are equal when their bits are. */
void audit_value(struct audit *audit, enum audit_stage stage, const struct audit_place *place, const char *value,
                 double clean, double dirty);
void audit_note(struct audit *audit, enum audit_stage stage, const struct audit_place *place, double clean,
                double dirty, const char *format, ...) GW_PRINTF_LIKE(6, 7);
/* A step that worked in the clean market and failed in the poisoned one has seen the poison: a difference, whose value is the
 * error line, unless another future shows a number. No memory and Ctrl-C stay what they are. */
int audit_failure(struct audit *audit, enum audit_stage stage, const char *strategy, size_t fold, int rc) GW_MUST_USE;
void audit_merge(struct audit *into, const struct audit *from);
/* The first stage with a difference; N_STAGES: none. */
enum audit_stage audit_first(const struct audit *audit);

#endif
