/* The table of classification metrics. */
#include "engine/base/base.h"
#include "metric_rows.h"

static const struct gw_metric_desc *const table[] = {
#define METRIC(name) &metric_desc_##name,
#include "metrics.def"
#undef METRIC
};

size_t gw_metric_count(void) { return COUNT_OF(table); }

const struct gw_metric_desc *gw_metric_at(size_t i) { return i < COUNT_OF(table) ? table[i] : NULL; }
