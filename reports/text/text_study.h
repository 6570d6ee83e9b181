/* The part of the text report that shows the path of a study. */
#ifndef GATEWALK_TEXT_STUDY_H
#define GATEWALK_TEXT_STUDY_H

#include "reports/data/run_view.h"

/* Nothing when the run is no study's. */
int text_study(struct run_view *run, FILE *stream, size_t width) GW_MUST_USE;

#endif
