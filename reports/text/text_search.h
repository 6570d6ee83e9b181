/* The part of the text report that shows what a search found. */
#ifndef GATEWALK_TEXT_SEARCH_H
#define GATEWALK_TEXT_SEARCH_H

#include "reports/data/run_view.h"
#include "text_sink.h"

/* Nothing when the run is no search's. */
int text_search(struct run_view *run, struct text_sink *to) GW_MUST_USE;

#endif
