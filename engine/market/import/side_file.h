/* Tables of further columns: a time, and from it the time at which the row was known. Bars get the row that was known last at
 * their close, never a later one. */
#ifndef GATEWALK_MARKET_SIDE_FILE_H
#define GATEWALK_MARKET_SIDE_FILE_H

#include "gatewalk/bars.h"

struct side_source {
    char file[1024];      /* CSV with a header, plain or packed: time, columns; known_at, symbol if there are such */
    char known_after[40]; /* a duration, "0s" among them; "": the file's column known_at says when */
    int64_t stale_ns;     /* a value older than this is missing; 0: it holds until the next */
};

/* What became of a file. */
struct side_account {
    size_t n_rows;                 /* of the symbol */
    size_t n_before, n_stale;      /* bars before the first known row; bars whose row was too old */
    uint64_t fingerprint;          /* of the file's bytes */
    char used[512], ignored[1024]; /* names, parted by line ends */
};

/* "1h", "0s". ERR_CONFIG. */
int side_known_after(const char *text, int64_t *ns) GW_MUST_USE;
/* Adds those of the asked columns that the file holds to the bars. Of rows with a symbol only those of the bars' count. A
 * column that the bars have already is GW_ERR_CONFIG, or passed over when `first_wins`; what is wrong in the file is
 * GW_ERR_DATA "path:line:column: …". */
int side_file_join(const struct side_source *source, const char *const *asked, size_t n, bool first_wins,
                   struct gw_bars *bars, struct side_account *account) GW_MUST_USE;

#endif
