/* The axis of the equity page. */
#ifndef GATEWALK_EQUITY_H
#define GATEWALK_EQUITY_H

#include <stddef.h>

enum { LOG_TICKS_MAX = 9 };
/* Round numbers within [lo, hi] for a logarithmic axis, rising; returns how many. lo > 0. */
size_t equity_log_ticks(double lo, double hi, double tick[LOG_TICKS_MAX]);

#endif
