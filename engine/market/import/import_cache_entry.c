/* One cached import as a file:
 *
 *   .npy array     structured: open_ns, open, high, low, close, volume, as struct gw_bar lies in memory
 *   .npy array     [columns × rows] of float64: the optional columns that are there, then those that were asked for; absent
 *                  when there are none
 *   record         key, report and checksums, behind the arrays where numpy does not look
 *
 * All little-endian. The bars are not copied: they stay in the file, which is mapped, so that the system may drop what is not
 * in work and two processes share what is. An entry is never written in place (a new one takes its name), and its folder is
 * its owner's alone. The bars' fingerprint is the arrays' checksum; the record has one of its own; the headers must be those
 * that would be written. The record is this program's own structs: another layout is another version or size in the key. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "import_cache.h"

enum { N_OPTIONAL = 3, COLUMNS_MOST = N_OPTIONAL + GW_COLUMNS_MAX, HEADER_MAX = 512 };

static const char magic[8] = "GWBARS3";

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

/* Both arrays' headers, the second empty without columns, and where everything begins. */
struct layout {
    char header[2][HEADER_MAX];
    size_t header_size[2];
    size_t bars_at, columns_at, end;
};

static void lay_out(const struct record *record, struct layout *out) {
    static const char *const bar_type =
        "[('open_ns', '<i8'), ('open', '<f8'), ('high', '<f8'), ('low', '<f8'), ('close', '<f8'), ('volume', '<f8')]";
    const size_t n = (size_t)record->n;
    const size_t n_columns = (size_t)__builtin_popcountll(record->columns) + (size_t)record->n_extra;
    char shape[64];
    *out = (struct layout){.bars_at = 0};
    snprintf(shape, sizeof shape, "%zu,", n);
    out->bars_at = out->header_size[0] = npy_header(out->header[0], HEADER_MAX, bar_type, shape);
    out->columns_at = out->end = out->bars_at + n * sizeof(struct gw_bar);
    if (n_columns == 0) return;
    snprintf(shape, sizeof shape, "%zu, %zu", n_columns, n);
    out->header_size[1] = npy_header(out->header[1], HEADER_MAX, "'<f8'", shape);
    out->columns_at += out->header_size[1];
    out->end = out->columns_at + n_columns * n * sizeof(double);
}

size_t import_entry_size(const struct gw_bars *bars) {
    const size_t n_columns = (size_t)__builtin_popcountll(columns_of(bars)) + bars->n_columns;
    return 2 * HEADER_MAX + bars->n * (sizeof(struct gw_bar) + n_columns * sizeof(double)) + sizeof(struct record);
}

/* ---- writing -------------------------------------------------------------------------------- */

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
    struct layout layout;
    double *column[COLUMNS_MOST];
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
    lay_out(&record, &layout);
    TRY(out_open(&file, path));
    out_write(&file, layout.header[0], layout.header_size[0]);
    out_write(&file, bars->bar, bars->n * sizeof *bars->bar);
    out_write(&file, layout.header[1], layout.header_size[1]);
    const size_t n_columns = all_columns(bars, column);
    for (size_t c = 0; c < n_columns; c++) out_write(&file, column[c], bars->n * sizeof(double));
    out_write(&file, &record, sizeof record);
    return commit(&file);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The size decides how many rows there can be, so nothing is mapped for a record that lies. */
static bool read_record(int fd, const struct import_cache_key *key, struct record *record, struct layout *layout) {
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof *record) return false;
    const off_t at = status.st_size - (off_t)sizeof *record;
    if (pread(fd, record, sizeof *record, at) != (ssize_t)sizeof *record) return false;
    if (memcmp(record->magic, magic, sizeof magic) != 0 || record->hash != record_hash(record)) return false;
    if (memcmp(&record->key, key, sizeof *key) != 0 || record->columns >> N_OPTIONAL) return false;
    if (record->n_extra > GW_COLUMNS_MAX) return false;
    for (size_t c = 0; c < record->n_extra; c++)
        if (!memchr(record->extra[c], '\0', GW_COLUMN_NAME_MAX) || !name_is_safe(record->extra[c])) return false;
    if (record->n == 0 || record->n > (uint64_t)at / sizeof(struct gw_bar)) return false;
    lay_out(record, layout);
    return (uint64_t)at == layout->end;
}

static bool has_headers(const char *map, const struct layout *layout) {
    return memcmp(map, layout->header[0], layout->header_size[0]) == 0 &&
           memcmp(map + layout->columns_at - layout->header_size[1], layout->header[1], layout->header_size[1]) == 0;
}

/* Points the bars into the file. Whoever changes them changes his own copy of a page. */
static bool map_bars(int fd, const struct record *record, const struct layout *layout, struct gw_bars *out) {
    double **const column[N_OPTIONAL] = {&out->quote_volume, &out->trade_count, &out->taker_buy_base};
    if (record->n_extra && !(out->column = mem_calloc((size_t)record->n_extra, sizeof *out->column))) return false;
    void *map = mmap(NULL, layout->end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    if (map == MAP_FAILED) return false;
    out->map = map;
    out->map_size = layout->end;
    if (!has_headers(map, layout)) return false;
    char *at = (char *)map + layout->columns_at;
    out->n = (size_t)record->n;
    out->bar = (struct gw_bar *)(void *)((char *)map + layout->bars_at);
    for (size_t i = 0; i < N_OPTIONAL; i++) {
        if (!(record->columns >> i & 1)) continue;
        *column[i] = (double *)(void *)at;
        at += out->n * sizeof(double);
    }
    for (; out->n_columns < record->n_extra; out->n_columns++, at += out->n * sizeof(double)) {
        struct gw_column *extra = &out->column[out->n_columns];
        memcpy(extra->name, record->extra[out->n_columns], sizeof extra->name);
        extra->value = (double *)(void *)at;
    }
    return true;
}

bool import_entry_read(const char *path, const struct import_cache_key *key, struct gw_bars *out,
                       struct gw_import_report *report) {
    struct record record;
    struct layout layout;
    struct gw_bars bars = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0) return false;
    bool good = read_record(fd, key, &record, &layout) && map_bars(fd, &record, &layout, &bars);
    if (good) {
        memcpy(bars.symbol, record.symbol, sizeof bars.symbol);
        bars.interval_ns = record.interval_ns;
        gw_bars_fingerprint(&bars);
        good = bars.fingerprint == record.fingerprint && bars.columns_fingerprint == record.columns_fingerprint;
    }
    if (good) (void)futimens(fd, NULL); /* used now: old entries go first */
    if (good)
        (void)madvise(bars.map, bars.map_size, MADV_DONTNEED); /* nothing was changed: it is read when it is needed */
    close(fd);
    if (!good) {
        gw_bars_free(&bars);
        return false;
    }
    *out = bars;
    *report = record.report;
    return true;
}
