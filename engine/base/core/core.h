/* Small tools everything stands on: failing, memory, time, numbers, text. */
#ifndef GATEWALK_BASE_CORE_H
#define GATEWALK_BASE_CORE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gatewalk/error.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- failing: for our own code; what others see is gatewalk/error.h --------------------------- */

#define FAIL(code, ...) return gw_error_set((code), __VA_ARGS__)

#define TRY(expression)                                                                                                \
    do {                                                                                                               \
        int try_result_ = (expression);                                                                                \
        if (try_result_ < 0) return try_result_;                                                                       \
    } while (0)

/* The class in which a failure of `rc` is told: `code` for what the user can mend, but memory is nobody's mistake. */
static inline int error_class(int rc, int code) { return rc == GW_ERR_NOMEM ? rc : code; }

/* For functions that release things at a label: needs `int rc` in scope. */
#define TRY_GOTO(expression, label)                                                                                    \
    do {                                                                                                               \
        rc = (expression);                                                                                             \
        if (rc < 0) goto label;                                                                                        \
    } while (0)

/* ---- memory ------------------------------------------------------------------------------- */

/* 64-byte aligned zeroed memory; NULL and a stored GW_ERR_NOMEM message on failure (also on overflow
 * of count*size). Release with mem_free. Peak of the sum of live bytes is recorded. */
void *mem_calloc(size_t count, size_t size) GW_MUST_USE;
void *mem_realloc(void *block, size_t count, size_t size) GW_MUST_USE; /* keeps old bytes; new bytes unset */
char *mem_strdup(const char *text) GW_MUST_USE;
void mem_free(void *block);
/* Large blocks that are read now and then can lie in nameless files of a folder, from `least_bytes` on, so that memory need not keep
 * them. NULL: they stay where they are, as at first. For the whole process. */
void mem_park_in(const char *dir, size_t least_bytes);
/* The block there, at another address and only to be read; itself where there is no folder, no disk or no right to it, which is
 * no failure. mem_free() takes either. */
void *mem_park(void *block) GW_MUST_USE;
/* What is parked leaves memory until it is asked for again. */
void mem_rest(void);
size_t mem_peak_bytes(void);      /* peak resident set of the process */
size_t mem_live_bytes(void);      /* sum of the blocks not yet freed */
size_t mem_peak_live_bytes(void); /* the largest that sum has been */

/* Bump allocator for things that die together: a run, a fold, a step. */
struct arena {
    struct arena_block *head;
    size_t used, peak;
};
void *arena_alloc(struct arena *arena, size_t count, size_t size) GW_MUST_USE; /* zeroed, 64-byte aligned */
char *arena_strdup(struct arena *arena, const char *text) GW_MUST_USE;
void arena_free(struct arena *arena);

/* ---- threads ------------------------------------------------------------------------------ */

/* How many threads of `wanted` this process may have at the same time, the caller among them; at least one. Tries it;
 * says once when it is fewer. Ask before a parallel region: libgomp ends the program where a thread cannot be had. */
size_t threads_startable(size_t wanted);

/* Processor time of one piece of work, of all threads that do a part of it between cpu_enter and cpu_leave; a part within a
 * part counts once. What a thread is working for when it asks others to help: cpu_current, NULL: nothing that is counted. */
struct cpu_time {
    _Atomic uint64_t ns;
};
struct cpu_span {
    bool counts;
    struct cpu_time *outer;
    uint64_t begun;
};
struct cpu_time *cpu_current(void);
struct cpu_span cpu_enter(struct cpu_time *work);
void cpu_leave(struct cpu_span span);
double cpu_seconds(struct cpu_time *work); /* of the parts that have ended */

/* ---- time --------------------------------------------------------------------------------- */

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define NS_PER_HOUR   (60 * NS_PER_MINUTE)
#define NS_PER_DAY    (24 * NS_PER_HOUR)

/* UTC, proleptic Gregorian. Formats "2021-11-10T14:15:00Z" (date only when time is 00:00 and
 * `date_only` allows); buffer of at least 40 bytes is filled and returned. */
char *time_format(int64_t time_ns, char buffer[40]); /* 2021-11-10T14:15:00Z, with .nnn when not whole */
/* "20200101", "2020-01-01", "2020-01-01 10:00[:00[.123]]", with 'T' or ' ', optional Z or +hh:mm.
 * Years 1678 to 2261; anything else, also behind it, is an GW_ERR_DATA (gw_error_prefix may change the class). */
int time_parse(const char *text, int64_t *time_ns) GW_MUST_USE;
int64_t time_from_civil(int year, int month, int day); /* midnight UTC, ns */
void time_to_civil(int64_t time_ns, int *year, int *month, int *day, int *second_of_day,
                   int *weekday); /* weekday 0 = Sunday */
/* "15m", "4h", "1d", "2w", "90s" (also ms, us, ns) to ns, never 0; else ERR_CONFIG. */
int duration_parse(const char *text, int64_t *ns) GW_MUST_USE;
char *duration_format(int64_t ns, char buffer[40]); /* shortest exact unit: "15m" */
double clock_seconds(void);                         /* monotonic wall clock */

/* ---- numbers and text ------------------------------------------------------------------------ */

/* Shortest decimal that reads back to the same double; "nan" / empty is the caller's choice. */
char *number_format(double value, char buffer[32]);

uint64_t hash_bytes(const void *data, size_t length, uint64_t seed); /* xxh3-64 */

/* SHA-256 (FIPS 180-4), of bytes that come in pieces. */
struct sha256 {
    uint32_t state[8];
    unsigned char block[64];
    uint64_t length; /* bytes so far */
};
void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t length);
void sha256_end(struct sha256 *hash, unsigned char digest[32]);

/* The candidate closest to `word` by edit distance (case ignored, swapped neighbours count once), NULL when
 * none is near enough to suggest: one slip in three letters. */
const char *nearest_word(const char *word, const char *const *candidates, size_t n);
bool utf8_valid(const char *text, size_t length, size_t *bad_offset);
/* Makes text fit for a terminal or a log, in place: control characters and broken UTF-8 become '?'. */
char *text_clean(char *text);
bool name_is_safe(const char *text); /* non-empty [A-Za-z0-9_.-]+, not starting with '-' or '.' */

#endif
