/* Errors: what failed, where in the INPUT, and how to mend it.
 *
 * Functions return GW_OK or a negative ERR_* code. The first failure stores one line of text per thread;
 * callers forward the code. Only main() turns it into an exit status. `assert` is for
 * programmer errors, never for input. */
#ifndef GATEWALK_ERROR_H
#define GATEWALK_ERROR_H

#include "decls.h"

GW_BEGIN_DECLS

enum {
    GW_OK = 0,
    GW_ERR_USAGE = -1,       /* command line: exit 2 */
    GW_ERR_CONFIG = -2,      /* experiment file: exit 2 */
    GW_ERR_DATA = -3,        /* market data: exit 3 */
    GW_ERR_IO = -4,          /* cannot read or write: exit 1 */
    GW_ERR_NOMEM = -5,       /* exit 1 */
    GW_ERR_INTERRUPTED = -6, /* Ctrl-C: exit 1, the run can be continued */
    GW_ERR_TOOL = -7,        /* an external program (gnuplot) is missing or failed: exit 1 */
    GW_ERR_INTERNAL = -8,    /* exit 1 */
};

#define GW_MUST_USE               __attribute__((warn_unused_result))
#define GW_PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Stores the message for this thread (at most 1 KiB; control characters and broken UTF-8 become '?') and returns `code`. */
int gw_error_set(int code, const char *format, ...) GW_PRINTF_LIKE(2, 3);

/* Puts "prefix: " before the stored message; returns `code` so that it can end a function. */
int gw_error_prefix(int code, const char *format, ...) GW_PRINTF_LIKE(2, 3);

/* The stored line without newline; "" when nothing failed. Valid until the next failure in this thread. */
const char *gw_error_message(void);

/* Copies a message stored by one thread into the calling one (results of a worker). */
void gw_error_adopt(const char *message);

/* 0, 1, 2 or 3 as documented beside each code. */
int gw_error_exit_code(int code);

GW_END_DECLS

#endif
