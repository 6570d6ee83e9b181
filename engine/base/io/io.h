/* Files, tables, progress and interruption. */
#ifndef GATEWALK_BASE_IO_H
#define GATEWALK_BASE_IO_H

#include "engine/base/core/core.h"

/* ---- files -------------------------------------------------------------------------------- */

/* Whole file (at most max_bytes) into memory with a terminating NUL; caller mem_free()s. Errors say
 * missing / directory / unreadable / too large. `code` is the error class (GW_ERR_CONFIG, GW_ERR_DATA …) of all that is
 * about the file; a refusal (no permission, a disk that fails, too many open files) is GW_ERR_IO, no memory GW_ERR_NOMEM. */
int file_read_all(const char *path, size_t max_bytes, int code, char **text, size_t *length) GW_MUST_USE;
/* The same of what gatewalk keeps itself: a pipe in its place is an error, where others are waited for until somebody writes. */
int file_read_own(const char *path, size_t max_bytes, int code, char **text, size_t *length) GW_MUST_USE;
/* Opens a file for reading, a folder or pipe not; the same errors. */
int file_open(const char *path, int code, FILE **stream) GW_MUST_USE;
bool file_exists(const char *path);              /* false only when there is none for sure */
bool file_is_same(const char *a, const char *b); /* two names of one file that is there */
int dir_make(const char *path) GW_MUST_USE;      /* mkdir -p */
/* One process at a time in a folder: GW_ERR_IO names the process that has it. The lock ends with its process at the latest
 * and leaves nothing behind. *lock is -1 before; it stays so, which is no error, where there is no such folder. Where the
 * file system knows no locks, or none between machines, a file stands for one (lock_file.h), which a killed process leaves
 * until the next one. With *lock set already nothing happens. */
int dir_lock(const char *dir, int *lock) GW_MUST_USE;
void dir_unlock(int *lock);
/* Is `dir` still the folder that was locked, and neither another nor a link to one that somebody put in its place? GW_ERR_IO
 * when not. True for -1, of which nothing is known. */
int dir_lock_holds(const char *dir, int lock) GW_MUST_USE;
/* Makes a folder for its owner alone (0700), as what is kept in it may be of files that others may not read. */
int dir_make_private(const char *path) GW_MUST_USE;
/* Joins with '/', checks length. */
int path_join(char *out, size_t size, const char *dir, const char *name) GW_MUST_USE;

/* A file that appears complete or not at all: written beside its target under a temporary name,
 * fsynced, renamed, directory fsynced. Errors are sticky and reported by commit. A device or pipe that is
 * already there (/dev/stdout) is written to directly. */
struct out_file {
    FILE *stream;
    int reason; /* errno of the first failed out_printf or out_write; 0: none */
    char path[1024], temp[1056];
};
int out_open(struct out_file *file, const char *path) GW_MUST_USE;
/* fprintf and fwrite that forget no failure: the C library's can run out of memory without marking the stream, and then a
 * file that lacks a row looks whole. */
void out_printf(struct out_file *file, const char *format, ...) GW_PRINTF_LIKE(2, 3);
void out_write(struct out_file *file, const void *bytes, size_t length);
int out_commit(struct out_file *file) GW_MUST_USE; /* closes; on failure removes the temporary */
void out_abort(struct out_file *file);             /* safe after commit and on a zeroed struct */
/* Is it the name of a temporary, and of which process? What a killed process leaves. */
bool out_is_leftover(const char *name, long *pid);
/* Takes away the temporaries of that target whose process is no more, as far as it can. */
void out_sweep(const char *path);

/* One CSV file that gatewalk wrote itself (no quotes, no embedded commas), as columns of text. */
struct table {
    size_t n_rows, n_columns;
    char **header;          /* [n_columns] */
    char **cell;            /* [n_rows × n_columns] */
    char *text, *cell_text; /* what header and cell point into */
    char *path;             /* for error lines */
};
int table_read(const char *path, struct table *table) GW_MUST_USE;
int table_column(const struct table *table, const char *name, size_t *column) GW_MUST_USE;
double table_number(const struct table *table, size_t row, size_t column); /* NAN when empty or no number */
/* The column of the line, from 1 on, at which a cell of a table that was read whole begins. */
size_t table_place(const struct table *table, size_t row, size_t column);
/* The same with GW_ERR_DATA "path:line:column: column …" when the cell is neither empty nor a number. */
int table_get_number(const struct table *table, size_t row, size_t column, double *value) GW_MUST_USE;
void table_free(struct table *table);
/* The same file row by row, for one that grows with bars × strategies × seeds. */
struct table_stream {
    struct table row; /* header and the row at hand, row 0 of it; its cells live until the next one is read */
    FILE *stream;
    char *line; /* getline's */
    size_t capacity, line_number;
};
int table_stream_open(const char *path, struct table_stream *stream) GW_MUST_USE;
int table_stream_next(struct table_stream *stream, bool *more) GW_MUST_USE; /* *more false at the end */
void table_stream_close(struct table_stream *stream);

/* .npy (version 1.0): little-endian array files that numpy opens, row-major. dtype such as "<f4". */
int npy_write(const char *path, const char *dtype, size_t item_size, const size_t *shape, size_t n_dims,
              const void *data) GW_MUST_USE;
/* Reads an array of that dtype and number of dimensions; anything else is GW_ERR_DATA. shape: [n_dims] out; *data is
 * mem_free()d by the caller. */
int npy_read(const char *path, const char *dtype, size_t item_size, size_t *shape, size_t n_dims,
             void **data) GW_MUST_USE;
/* What stands before the data: its length, a multiple of 64. descr as Python spells it ("'<f4'", or a list of fields),
 * shape without brackets ("2, 3"; "5,"). `size`: of header, with room for both and 128 bytes. */
size_t npy_header(char *header, size_t size, const char *descr, const char *shape);

/* ---- progress and interruption -------------------------------------------------------------- */

/* Progress goes to stderr: one live line on a terminal, plain lines (at most one per interval)
 * otherwise. Thread-safe. NULL is a silent progress.
 * "import 7/18 bars 39% | ETA 01:20 | 12,431 bars/s | note": without a total no percent and no ETA, without
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
bool progress_is_quiet(void);
void progress_interval(double seconds); /* of the plain lines; default 5 */
/* A line on stderr that does not tear the live line. */
void message_mute(void); /* another process of the same job says it */
/* This thread's lines are not said while it is hushed: notes on an experiment that is read for the thousandth time. Returns
 * what held before. */
bool message_hush(bool hush);
void message(const char *format, ...) GW_PRINTF_LIKE(1, 2);
/* The same for what is only said of the work's progress: nothing when quiet. */
void progress_message(const char *format, ...) GW_PRINTF_LIKE(1, 2);

void interrupt_install(void); /* SIGINT/SIGTERM set a flag; a second one ends the process */
void interrupt_request(void); /* as a signal would, without a word */
bool interrupt_requested(void);
int interrupt_check(void) GW_MUST_USE; /* GW_ERR_INTERRUPTED when asked to stop */
/* A page of a mapped file that cannot be read ends the process with one line that names the file. */
void lost_page_install(void);

#endif
