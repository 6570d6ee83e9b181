/* Small tools everything stands on: memory, time, files, progress, interruption. */
#ifndef GATEWALK_BASE_H
#define GATEWALK_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gatewalk/error.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- memory ------------------------------------------------------------------------------- */

/* 64-byte aligned zeroed memory; NULL and a stored GW_ERR_NOMEM message on failure (also on overflow
 * of count*size). Release with mem_free. Peak of the sum of live bytes is recorded. */
void *mem_calloc(size_t count, size_t size) GW_MUST_USE;
void *mem_realloc(void *block, size_t count, size_t size) GW_MUST_USE; /* keeps old bytes; new bytes unset */
char *mem_strdup(const char *text) GW_MUST_USE;
void mem_free(void *block);
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
void arena_reset(struct arena *arena); /* keeps the memory for reuse */
void arena_free(struct arena *arena);

/* ---- time --------------------------------------------------------------------------------- */

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define NS_PER_HOUR   (60 * NS_PER_MINUTE)
#define NS_PER_DAY    (24 * NS_PER_HOUR)

/* UTC, proleptic Gregorian. Formats "2021-11-10T14:15:00Z" (date only when time is 00:00 and
 * `date_only` allows); buffer of at least 40 bytes is filled and returned. */
char *time_format(int64_t time_ns, char buffer[40]);      /* 2021-11-10T14:15:00Z, with .nnn when not whole */
char *time_format_date(int64_t time_ns, char buffer[40]); /* 2021-11-10 */
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

/* ---- files -------------------------------------------------------------------------------- */

/* Whole file (at most max_bytes) into memory with a terminating NUL; caller mem_free()s. Errors say
 * missing / directory / unreadable / too large. `code` is the error class (GW_ERR_CONFIG, GW_ERR_DATA …). */
int file_read_all(const char *path, size_t max_bytes, int code, char **text, size_t *length) GW_MUST_USE;
bool file_exists(const char *path);
int dir_make(const char *path) GW_MUST_USE; /* mkdir -p */
/* One process at a time in a folder: GW_ERR_IO names the process that has it. The lock ends with its process at the latest
 * and leaves nothing behind. *lock is -1 before; it stays so, which is no error, where there is no such folder or its
 * file system knows no locks. With *lock set already nothing happens. */
int dir_lock(const char *dir, int *lock) GW_MUST_USE;
void dir_unlock(int *lock);
/* Joins with '/', checks length. */
int path_join(char *out, size_t size, const char *dir, const char *name) GW_MUST_USE;

/* A file that appears complete or not at all: written beside its target under a temporary name,
 * fsynced, renamed, directory fsynced. Errors are sticky and reported by commit. A device or pipe that is
 * already there (/dev/stdout) is written to directly. */
struct out_file {
    FILE *stream;
    char path[1024], temp[1056];
};
int out_open(struct out_file *file, const char *path) GW_MUST_USE;
int out_commit(struct out_file *file) GW_MUST_USE; /* closes; on failure removes the temporary */
void out_abort(struct out_file *file);             /* safe after commit and on a zeroed struct */

/* Shortest decimal that reads back to the same double; "nan" / empty is the caller's choice. */
char *number_format(double value, char buffer[32]);

/* One CSV file that gatewalk wrote itself (no quotes, no embedded commas), as columns of text. */
struct table {
    size_t n_rows, n_columns;
    char **header; /* [n_columns] */
    char **cell;   /* [n_rows × n_columns], pointers into text */
    char *text;
    char *path; /* for error lines */
};
int table_read(const char *path, struct table *table) GW_MUST_USE;
int table_column(const struct table *table, const char *name, size_t *column) GW_MUST_USE;
double table_number(const struct table *table, size_t row, size_t column); /* NAN when empty or no number */
/* The same with GW_ERR_DATA "path:line: column …" when the cell is neither empty nor a number. */
int table_get_number(const struct table *table, size_t row, size_t column, double *value) GW_MUST_USE;
void table_free(struct table *table);

/* .npy (version 1.0): little-endian array files that numpy opens. dtype such as "<f4". */
int npy_write(const char *path, const char *dtype, size_t item_size, const size_t *shape, size_t n_dims,
              const void *data) GW_MUST_USE;

uint64_t hash_bytes(const void *data, size_t length, uint64_t seed); /* xxh3-64 */

/* ---- text --------------------------------------------------------------------------------- */

/* The candidate closest to `word` by edit distance (case ignored, swapped neighbours count once), NULL when
 * none is near enough to suggest: one slip in three letters. */
const char *nearest_word(const char *word, const char *const *candidates, size_t n);
bool utf8_valid(const char *text, size_t length, size_t *bad_offset);
/* Makes text fit for a terminal or a log, in place: control characters and broken UTF-8 become '?'. */
char *text_clean(char *text);
bool name_is_safe(const char *text); /* non-empty [A-Za-z0-9_.-]+, not starting with '-' or '.' */

/* ---- progress and interruption -------------------------------------------------------------- */

/* Progress goes to stderr: one live line on a terminal, plain lines (at most one per interval)
 * otherwise. Thread-safe. NULL is a silent progress.
 * "import 7/18 bars 39% | note | 12,431 bars/s | ETA 01:20": without a total no percent and no ETA, without
 * a unit (NULL) no rate, for work whose rate is counted in something else and stands in the note. */
struct progress;
int progress_begin(struct progress **progress, const char *what, size_t total, const char *unit) GW_MUST_USE;
void progress_note(struct progress *progress, const char *format, ...) GW_PRINTF_LIKE(2, 3); /* tail of the line */
void progress_add(struct progress *progress, size_t done);                                   /* rate and ETA follow */
/* For work of which parts may end before their share of the total: `worked` units were really done, about `left` are
 * still to do. Rate and ETA follow these from now on; done, total and percent do not. */
void progress_expect(struct progress *progress, size_t worked, double left);
void progress_end(struct progress *progress);
void progress_quiet(bool quiet);
void progress_interval(double seconds); /* of the plain lines; default 5 */
/* A line on stderr that does not tear the live line. */
void message(const char *format, ...) GW_PRINTF_LIKE(1, 2);
/* The same for what is only said of the work's progress: nothing when quiet. */
void progress_message(const char *format, ...) GW_PRINTF_LIKE(1, 2);

void interrupt_install(void); /* SIGINT/SIGTERM set a flag; a second one ends the process */
bool interrupt_requested(void);
int interrupt_check(void) GW_MUST_USE; /* GW_ERR_INTERRUPTED when asked to stop */

#endif
