/* The part of the text report that shows the path of a study. */
#ifndef GATEWALK_TEXT_STUDY_H
#define GATEWALK_TEXT_STUDY_H

#include "reports/data/run_view.h"
#include "text_sink.h"

/* Nothing when the run is no study's. */
int text_study(struct run_view *run, struct text_sink *to) GW_MUST_USE;

#endif
