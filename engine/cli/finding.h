/* What `inspect` and `init` find in a data file. */
#ifndef GATEWALK_CLI_FINDING_H
#define GATEWALK_CLI_FINDING_H

#include "engine/market/survey/survey.h"
#include "gatewalk/import.h"
#include "gatewalk/labels.h"

struct finding {
    const struct gw_bars *bars; /* borrowed */
    struct gw_import_report report;
    struct calendar calendar;
    struct survey survey;
    struct gw_label_config labels; /* what prevalence is of */
    double prevalence[GW_N_GATES];
    size_t n_months; /* UTC months with labels */
    int64_t *month_ns;
    double *month[GW_N_GATES]; /* percent, NAN without a label */
    char refused[1024];        /* the words in which a run refuses the file, "" when it takes it */
};

/* calendar: NULL to infer it. */
int finding_make(const struct gw_bars *bars, const struct gw_import_report *report, const char *calendar,
                 struct finding *out) GW_MUST_USE;
void finding_free(struct finding *finding);
int finding_picture(const struct finding *finding, const char *file, const char *path) GW_MUST_USE;

#endif
