/* A study: stages that each fit variants and keep the best on validation, then one final walk of the winners. */
#ifndef GATEWALK_RUN_STUDY_PRIVATE_H
#define GATEWALK_RUN_STUDY_PRIVATE_H

#include "engine/config/config_private.h"
#include "engine/walk/fits.h"

enum { MAX_STAGES = 16, MAX_VARIANTS = 16 };

struct study_variant {
    struct strategy_spec spec;
    uint64_t own_training;  /* bit k: it sets key k of gw_train_params itself */
    bool own_unroll;        /* it says itself whether it streams */
    double validation_ap;   /* mean over gates, folds and search seeds of AP at the best epoch, on validation */
    double validation_loss; /* the same of the loss; not comparable between losses */
    double seconds;         /* training time, all fits */
    size_t n_fits;
};

struct study_stage {
    char name[48];
    bool carry; /* its winner's training settings, and whether it streams, hold for every later stage */
    bool final; /* its winner walks in the final comparison */
    struct study_variant variant[MAX_VARIANTS];
    size_t n_variants, chosen;
};

struct study {
    const char *path; /* the caller's */
    char name[64], title[256];
    struct experiment *experiment; /* data, features, folds and defaults */
    size_t search_folds;           /* first folds of the walk; the final comparison starts with the last of them */
    size_t search_seeds, search_epochs, search_patience; /* 0: as the experiment says */
    struct study_stage stage[MAX_STAGES];
    size_t n_stages;
    struct strategy_spec extra[MAX_VARIANTS]; /* walk in the final comparison beside the winners */
    size_t n_extra;
};

/* The final comparison's baseline: the experiment's common model, trained as the carried winners say. */
#define STUDY_BASELINE "lstm"

/* What a carried winner's says of training and unroll becomes `to`'s, but for what that variant sets itself. */
void study_take_over(const struct strategy_spec *winner, struct study_variant *to);
/* study_reference.c: the reference study's order of stages, {"stages": […]}. */
extern const char study_reference_order[];
/* Whether the reference order goes without a variant that was refused, and says so: its library is not here, or the experiment's
 * gates stream and this one cannot. */
bool study_goes_without(const struct study_stage *stage, const struct strategy_spec *spec);

int study_load(const char *path, const struct gw_config_override *override, struct study **out) GW_MUST_USE;
void study_free(struct study *study);
/* study.json in the run directory: every stage, every variant, what was chosen and why. */
int study_write(const struct study *study, const char *dir) GW_MUST_USE;

#endif
