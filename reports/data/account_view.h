/* The accounts of a run, as equity.csv has them: by day, and the deepest drawdowns. */
#ifndef GATEWALK_ACCOUNT_VIEW_H
#define GATEWALK_ACCOUNT_VIEW_H

#include "run_view.h"

enum { DRAWDOWNS_KEPT = 5 };

/* From the last point at the peak to the first one that reaches it again. Times in seconds since 1970. */
struct drawdown {
    double peak, low, recovered; /* recovered: NAN while it has not */
    double depth;                /* > 0, fraction of the peak */
};

/* One strategy and seed. A day's equity is its last point; a point at midnight closes the day before. Days without a point
 * are no days. */
struct account {
    size_t strategy;
    char seed[24];
    size_t n_days, capacity;
    double *day;                           /* [n_days] begin of the day, seconds since 1970 */
    double *equity, *low;                  /* [n_days] low: worst drawdown of the day, <= 0 */
    double initial;                        /* what the account began with */
    double begin, end;                     /* first and last point */
    struct drawdown worst[DRAWDOWNS_KEPT]; /* deepest first */
    size_t n_worst;
    struct drawdown open; /* the one being read; depth 0: none */
};
struct accounts {
    size_t n, capacity;
    struct account *account;
};

/* In the order of the file. Released by accounts_free() also after a failure; n is 0 when the run has no equity. */
int accounts_read(const struct run_view *run, struct accounts *accounts) GW_MUST_USE;
void accounts_free(struct accounts *accounts);

/* The return of day i, NAN after ruin. */
double account_day_return(const struct account *account, size_t i);
/* How many of its days make a year. NAN with less than two. */
double account_days_per_year(const struct account *account);
/* The strategy's seed whose deepest drawdown is the median of all its seeds' (the lower one of two); NULL without any. */
const struct account *account_median(const struct accounts *accounts, size_t strategy);

#endif
