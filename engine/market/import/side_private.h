/* What side_file.c (reading) and side_join.c (joining) share. */
#ifndef GATEWALK_MARKET_SIDE_PRIVATE_H
#define GATEWALK_MARKET_SIDE_PRIVATE_H

#include "side_file.h"

/* One symbol's rows, in the order of their times. */
struct side_rows {
    size_t n, capacity, n_columns;
    int64_t *time_ns, *known_ns;   /* [n] */
    double *value[GW_COLUMNS_MAX]; /* [n] each */
    const char *name[GW_COLUMNS_MAX];
};
int side_rows_read(const struct side_source *source, const char *const *asked, size_t n_asked, const char *symbol,
                   struct side_rows *rows, struct side_account *account) GW_MUST_USE;
void side_rows_free(struct side_rows *rows);

#endif
