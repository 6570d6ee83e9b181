/* One cached import as a file:
 *
 *   .npy header    a structured array: open_ns, open, high, low, close, volume and the optional columns that are there, then
 *                  those that were asked for as col_NAME
 *   rows           one after the other, little-endian
 *   record         key, report and checksums, behind the array where numpy does not look
 *
 * The bars' fingerprint is the rows' checksum; the record has one of its own; the header must be the one that would be
 * written. The record is this program's own structs: another layout is another version or size in the key. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "import_cache.h"

enum { N_OPTIONAL = 3, COLUMNS_MOST = N_OPTIONAL + GW_COLUMNS_MAX, HEADER_MAX = 512 + 96 * GW_COLUMNS_MAX };

static const char magic[8] = "GWBARS2";
static const char *const optional_name[N_OPTIONAL] = {"quote_volume", "trade_count", "taker_buy_base"};

struct record {
    char magic[8];
    struct import_cache_key key;
    struct gw_import_report report;
    uint64_t n, columns; /* rows; bit i: optional column i is there */
    int64_t interval_ns;
    char symbol[GW_SYMBOL_MAX]; /* as the rows said it; else that of the key */
    uint64_t n_extra;
    char extra[GW_COLUMNS_MAX][GW_COLUMN_NAME_MAX];
    uint64_t fingerprint, columns_fingerprint; /* of the bars */
    uint64_t hash;                             /* of the record up to here */
};

static uint64_t record_hash(const struct record *record) {
    return hash_bytes(record, offsetof(struct record, hash), 0);
}

/* ---- layout --------------------------------------------------------------------------------- */

static size_t row_size(uint64_t columns, uint64_t n_extra) {
    return sizeof(struct gw_bar) + sizeof(double) * ((size_t)__builtin_popcountll(columns) + (size_t)n_extra);
}

static uint64_t columns_of(const struct gw_bars *bars) {
    return (uint64_t)(bars->quote_volume != NULL) | (uint64_t)(bars->trade_count != NULL) << 1 |
           (uint64_t)(bars->taker_buy_base != NULL) << 2;
}

/* The pointers of the columns that are there, in file order. */
static size_t all_columns(const struct gw_bars *bars, double *column[COLUMNS_MOST]) {
    double *const all[N_OPTIONAL] = {bars->quote_volume, bars->trade_count, bars->taker_buy_base};
    size_t n = 0;
    for (size_t i = 0; i < N_OPTIONAL; i++)
        if (all[i]) column[n++] = all[i];
    for (size_t c = 0; c < bars->n_columns; c++) column[n++] = bars->column[c].value;
    return n;
}

/* Returns the header's length. */
static size_t make_header(const struct record *record, char header[HEADER_MAX]) {
    static const char *const name[] = {"open", "high", "low", "close", "volume"};
    char descr[HEADER_MAX - 128], shape[32];
    size_t used = (size_t)snprintf(descr, sizeof descr, "[('open_ns', '<i8')");
    for (size_t i = 0; i < COUNT_OF(name); i++)
        used += (size_t)snprintf(descr + used, sizeof descr - used, ", ('%s', '<f8')", name[i]);
    for (size_t i = 0; i < N_OPTIONAL; i++)
        if (record->columns >> i & 1)
            used += (size_t)snprintf(descr + used, sizeof descr - used, ", ('%s', '<f8')", optional_name[i]);
    for (size_t c = 0; c < record->n_extra; c++)
        used += (size_t)snprintf(descr + used, sizeof descr - used, ", ('col_%s', '<f8')", record->extra[c]);
    snprintf(descr + used, sizeof descr - used, "]");
    snprintf(shape, sizeof shape, "%ju,", (uintmax_t)record->n);
    return npy_header(header, HEADER_MAX, descr, shape);
}

size_t import_entry_size(const struct gw_bars *bars) {
    return HEADER_MAX + bars->n * row_size(columns_of(bars), bars->n_columns) + sizeof(struct record);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void gather_row(const struct gw_bars *bars, size_t i, double *const *column, size_t n_columns, char *to) {
    memcpy(to, &bars->bar[i], sizeof(struct gw_bar));
    for (size_t c = 0; c < n_columns; c++) memcpy(to + sizeof(struct gw_bar) + c * sizeof(double), &column[c][i], 8);
}

/* The stream keeps failures in mind until it is committed. */
static int write_rows(const struct gw_bars *bars, struct out_file *file) {
    double *column[COLUMNS_MOST];
    size_t n_columns = all_columns(bars, column), size = row_size(columns_of(bars), bars->n_columns);
    if (n_columns == 0) {
        out_write(file, bars->bar, size * bars->n);
        return GW_OK;
    }
    size_t at_once = IMPORT_CACHE_CHUNK / size;
    char *chunk = mem_realloc(NULL, at_once, size);
    if (!chunk) return GW_ERR_NOMEM;
    for (size_t begin = 0, n; begin < bars->n; begin += n) {
        n = bars->n - begin < at_once ? bars->n - begin : at_once;
        for (size_t i = 0; i < n; i++) gather_row(bars, begin + i, column, n_columns, chunk + i * size);
        out_write(file, chunk, size * n);
    }
    mem_free(chunk);
    return GW_OK;
}

/* As out_commit, but without waiting for the disk, which takes ten times as long as reading the source: an entry that a
 * crash leaves empty or torn does not check and is written again. */
static int commit(struct out_file *file) {
    errno = 0;
    bool good = !file->reason && fflush(file->stream) == 0 && !ferror(file->stream);
    good = fclose(file->stream) == 0 && good;
    file->stream = NULL;
    if (good && rename(file->temp, file->path) == 0) return GW_OK;
    int reason = errno ? errno : EIO;
    out_abort(file);
    FAIL(GW_ERR_IO, "%s: cannot be written: %s", file->path, strerror(reason));
}

int import_entry_write(const char *path, const struct import_cache_key *key, const struct gw_bars *bars,
                       const struct gw_import_report *report) {
    struct out_file file;
    struct record record;
    char header[HEADER_MAX];
    memset(&record, 0, sizeof record); /* its padding is hashed too */
    memcpy(record.magic, magic, sizeof magic);
    record.key = *key;
    record.report = *report;
    record.n = bars->n;
    record.columns = columns_of(bars);
    record.interval_ns = bars->interval_ns;
    memcpy(record.symbol, bars->symbol, sizeof record.symbol);
    record.n_extra = bars->n_columns;
    for (size_t c = 0; c < bars->n_columns; c++) strcpy(record.extra[c], bars->column[c].name);
    record.fingerprint = bars->fingerprint;
    record.columns_fingerprint = bars->columns_fingerprint;
    record.hash = record_hash(&record);
    size_t header_size = make_header(&record, header);
    TRY(out_open(&file, path));
    out_write(&file, header, header_size);
    int rc = write_rows(bars, &file);
    if (rc != GW_OK) {
        out_abort(&file);
        return rc;
    }
    out_write(&file, &record, sizeof record);
    return commit(&file);
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool read_exactly(int fd, void *to, size_t n) {
    char *at = to;
    while (n > 0) {
        ssize_t got = read(fd, at, n);
        if (got <= 0) return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}

/* The size decides how many rows there can be, so nothing is allocated for a record that lies. */
static bool read_record(int fd, const struct import_cache_key *key, struct record *record) {
    struct stat status;
    char header[HEADER_MAX], found[HEADER_MAX];
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof *record) return false;
    off_t at = status.st_size - (off_t)sizeof *record;
    if (pread(fd, record, sizeof *record, at) != (ssize_t)sizeof *record) return false;
    if (memcmp(record->magic, magic, sizeof magic) != 0 || record->hash != record_hash(record)) return false;
    if (memcmp(&record->key, key, sizeof *key) != 0 || record->columns >> N_OPTIONAL) return false;
    if (record->n_extra > GW_COLUMNS_MAX) return false;
    for (size_t c = 0; c < record->n_extra; c++)
        if (!memchr(record->extra[c], '\0', GW_COLUMN_NAME_MAX) || !name_is_safe(record->extra[c])) return false;
    const size_t size = row_size(record->columns, record->n_extra);
    if (record->n == 0 || record->n > (uint64_t)at / size) return false;
    size_t header_size = make_header(record, header);
    return (uint64_t)at == header_size + record->n * size && read_exactly(fd, found, header_size) &&
           memcmp(found, header, header_size) == 0;
}

static bool allocate(const struct record *record, struct gw_bars *out) {
    double **const column[N_OPTIONAL] = {&out->quote_volume, &out->trade_count, &out->taker_buy_base};
    out->n = (size_t)record->n;
    out->bar = mem_realloc(NULL, out->n, sizeof *out->bar);
    bool complete = out->bar != NULL;
    for (size_t i = 0; i < N_OPTIONAL && complete; i++)
        if (record->columns >> i & 1) complete = (*column[i] = mem_realloc(NULL, out->n, sizeof(double))) != NULL;
    if (complete && record->n_extra)
        complete = (out->column = mem_calloc((size_t)record->n_extra, sizeof *out->column)) != NULL;
    for (; complete && out->n_columns < record->n_extra; out->n_columns++) {
        struct gw_column *extra = &out->column[out->n_columns];
        memcpy(extra->name, record->extra[out->n_columns], sizeof extra->name);
        complete = (extra->value = mem_realloc(NULL, out->n, sizeof(double))) != NULL;
        if (!complete) break;
    }
    return complete;
}

/* Rows without optional columns are the bars as they lie in memory. Others pass through a chunk that stays in the
 * processor's cache, which is faster than mapping the file and safe from one that is cut off meanwhile. */
static bool read_rows(int fd, struct gw_bars *out) {
    double *column[COLUMNS_MOST];
    size_t n_columns = all_columns(out, column), size = row_size(columns_of(out), out->n_columns);
    if (n_columns == 0) return read_exactly(fd, out->bar, out->n * size);
    size_t at_once = IMPORT_CACHE_CHUNK / size;
    char *chunk = mem_realloc(NULL, at_once, size);
    bool good = chunk != NULL;
    for (size_t begin = 0, n; begin < out->n && good; begin += n) {
        n = out->n - begin < at_once ? out->n - begin : at_once;
        good = read_exactly(fd, chunk, n * size);
        for (size_t i = 0; i < n && good; i++) {
            const char *row = chunk + i * size;
            memcpy(&out->bar[begin + i], row, sizeof(struct gw_bar));
            for (size_t c = 0; c < n_columns; c++)
                memcpy(&column[c][begin + i], row + sizeof(struct gw_bar) + c * sizeof(double), sizeof(double));
        }
    }
    mem_free(chunk);
    return good;
}

bool import_entry_read(const char *path, const struct import_cache_key *key, struct gw_bars *out,
                       struct gw_import_report *report) {
    struct record record;
    struct gw_bars bars = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0) return false;
    bool good = read_record(fd, key, &record) && allocate(&record, &bars) && read_rows(fd, &bars);
    if (good) {
        memcpy(bars.symbol, record.symbol, sizeof bars.symbol);
        bars.interval_ns = record.interval_ns;
        gw_bars_fingerprint(&bars);
        good = bars.fingerprint == record.fingerprint && bars.columns_fingerprint == record.columns_fingerprint;
    }
    if (good) (void)futimens(fd, NULL); /* used now: old entries go first */
    close(fd);
    if (!good) {
        gw_bars_free(&bars);
        return false;
    }
    *out = bars;
    *report = record.report;
    return true;
}
