/* What a study would do, without doing it. */
#ifndef GATEWALK_STUDY_OUTLOOK_H
#define GATEWALK_STUDY_OUTLOOK_H

#include "engine/walk/walk.h"

struct study_outlook {
    size_t n_stages, n_variants, n_folds, n_fits; /* of the search */
    struct walk_outlook walk;                     /* of the experiment as it stands, before the search has chosen */
};
int study_outlook(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
                  struct study_outlook *out) GW_MUST_USE;

#endif
