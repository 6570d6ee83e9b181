/* A CSV file row by row, for the one file that grows with bars × strategies × seeds. */
#ifndef GATEWALK_CSV_STREAM_H
#define GATEWALK_CSV_STREAM_H

#include "engine/base/base.h"

enum { CSV_FIELDS_MAX = 32 };
struct csv_stream {
    FILE *stream;
    char *line, *field[CSV_FIELDS_MAX];
    size_t capacity, n_fields, n_columns, row;
    char path[1024];
};
/* Opens and finds the named columns (NULL-terminated). A file that is not there leaves stream NULL and is no error. */
int csv_stream_open(struct csv_stream *csv, const char *path, const char *const *name, size_t *column) GW_MUST_USE;
/* The next row's fields; *more false at the end. */
int csv_stream_next(struct csv_stream *csv, bool *more) GW_MUST_USE;
void csv_stream_close(struct csv_stream *csv);

#endif
