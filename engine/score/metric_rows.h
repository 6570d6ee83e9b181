/* What the files metric_*.c share: the declaration that their descriptors answer. Private to engine/score. */
#ifndef GATEWALK_SCORE_METRIC_ROWS_H
#define GATEWALK_SCORE_METRIC_ROWS_H

#include "ranking.h"

#define METRIC(name) extern const struct gw_metric_desc metric_desc_##name;
#include "metrics.def"
#undef METRIC

/* What cannot be ranked has no such number (NaN); what memory was refused for has one that is not known. */
static inline int only_memory(int rc) { return rc == GW_ERR_NOMEM ? rc : GW_OK; }

#endif
