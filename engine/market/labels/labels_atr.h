/* The average true range by which labels and paths measure moves. */
#ifndef GATEWALK_MARKET_LABELS_ATR_H
#define GATEWALK_MARKET_LABELS_ATR_H

#include "gatewalk/labels.h"

/* out [n]: the ATR of every bar as a fraction of its close; NaN before it exists. */
int labels_atr(const struct gw_bars *bars, size_t length, double *out) GW_MUST_USE;

#endif
