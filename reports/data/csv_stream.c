#include "csv_stream.h"
#include "engine/base/base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t split(struct csv_stream *csv) {
    size_t n = 0;
    for (char *at = csv->line; n < CSV_FIELDS_MAX;) {
        csv->field[n++] = at;
        at = strchr(at, ',');
        if (!at) break;
        *at++ = 0;
    }
    return n;
}

/* getline without the line end; false at end of file. */
static bool read_line(struct csv_stream *csv) {
    ssize_t n = getline(&csv->line, &csv->capacity, csv->stream);
    if (n < 0) return false;
    while (n > 0 && (csv->line[n - 1] == '\n' || csv->line[n - 1] == '\r')) csv->line[--n] = 0;
    csv->row++;
    return true;
}

int csv_stream_open(struct csv_stream *csv, const char *path, const char *const *name, size_t *column) {
    memset(csv, 0, sizeof *csv);
    snprintf(csv->path, sizeof csv->path, "%s", path);
    if (!file_exists(path)) return GW_OK;
    csv->stream = fopen(path, "r");
    if (!csv->stream) FAIL(GW_ERR_IO, "%s: cannot read: %s", path, strerror(errno));
    if (!read_line(csv)) {
        csv_stream_close(csv);
        return GW_OK;
    }
    csv->n_columns = split(csv);
    for (size_t i = 0; name[i]; i++) {
        size_t c = 0;
        while (c < csv->n_columns && strcmp(csv->field[c], name[i]) != 0) c++;
        if (c == csv->n_columns) {
            csv_stream_close(csv);
            FAIL(GW_ERR_DATA, "%s:1: no column \"%s\"", path, name[i]);
        }
        column[i] = c;
    }
    return GW_OK;
}

int csv_stream_next(struct csv_stream *csv, bool *more) {
    *more = false;
    if (!csv->stream) return GW_OK;
    if (!read_line(csv)) {
        if (ferror(csv->stream)) FAIL(GW_ERR_IO, "%s: cannot read: %s", csv->path, strerror(errno));
        return GW_OK;
    }
    csv->n_fields = split(csv);
    if (csv->n_fields != csv->n_columns)
        FAIL(GW_ERR_DATA, "%s:%zu: %zu fields where the header has %zu", csv->path, csv->row, csv->n_fields,
             csv->n_columns);
    *more = true;
    return GW_OK;
}

void csv_stream_close(struct csv_stream *csv) {
    if (csv->stream) fclose(csv->stream);
    free(csv->line); /* getline's own memory */
    csv->stream = NULL;
    csv->line = NULL;
}
