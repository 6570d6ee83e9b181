/* What the files metric_*.c share: the declaration that their descriptors answer. Private to engine/score. */
#ifndef GATEWALK_SCORE_METRIC_ROWS_H
#define GATEWALK_SCORE_METRIC_ROWS_H

#include "ranking.h"

#define METRIC(name) extern const struct gw_metric_desc metric_desc_##name;
#include "metrics.def"
#undef METRIC

#endif
