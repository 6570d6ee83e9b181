/* Parts of the text report that read the verdict of summary.json and the times of run.json. */
#ifndef GATEWALK_TEXT_VERDICT_H
#define GATEWALK_TEXT_VERDICT_H

#include "reports/data/run_view.h"
#include "text_sink.h"

/* One candidate: its differences, criteria and conclusion. */
int text_verdict(struct run_view *run, const json_value *verdict, struct text_sink *to) GW_MUST_USE;
/* What the best traded strategy is worth as the best of all trials. */
int text_selection(struct run_view *run, struct text_sink *to) GW_MUST_USE;
/* Strategies whose training was probably cut short. */
int text_unfinished(struct run_view *run, struct text_sink *to) GW_MUST_USE;
/* Seconds of training by strategy, when run.json has them. */
int text_training_time(struct run_view *run, struct text_sink *to) GW_MUST_USE;

#endif
