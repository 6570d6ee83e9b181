/* How the files of a run spell a metric: by its name (metrics.def), and where that holds the "k" of "_at_k", with the K in
 * its place, a percentage of bars: "precision_at_k" at 5 is "precision_at_5", "pnl_mean_at_k_1x" at 0.5 "pnl_mean_at_0.5_1x". */
#ifndef GATEWALK_METRIC_KEY_H
#define GATEWALK_METRIC_KEY_H

#include "decls.h"

GW_BEGIN_DECLS

enum { GW_METRIC_KEY_MAX = 64 };
struct gw_metric_key {
    char name[GW_METRIC_KEY_MAX]; /* as in metrics.def */
    double k;                     /* NAN for a metric without K */
};

/* Fills and returns `key`; k is not looked at where the name has none. */
char *gw_metric_key_write(char key[GW_METRIC_KEY_MAX], const char *name, double k);
/* The inverse. Whatever gw_metric_key_write would not write is taken as a name without K. */
struct gw_metric_key gw_metric_key_read(const char *key);

GW_END_DECLS

#endif
