/* A file's bytes as one text in memory: plain, gzip (zlib checks its CRC) or a zip with one entry
 * (libarchive). Everything behind this file sees plain text only. */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <zlib.h>

#include "engine/base/base.h"
#include "import_cache.h"
#include "import_private.h"

/* Of a file, and of what it unpacks to; line numbers fit 32 bits below it. */
static const size_t TEXT_MAX = (size_t)2 << 30;
/* What unpacks to more than this many times its size is no market: bars pack to a twentieth at the best. Small files
 * may, since they cost nothing. */
static const size_t RATIO_MAX = 100, RATIO_FREE = (size_t)64 << 20;
enum { FIRST_CAPACITY = 1 << 16 };

struct growing {
    char *text;
    size_t length, capacity;
    size_t limit; /* bytes of text that may be unpacked */
};

static int too_much(const struct growing *out, const char *path) {
    if (out->limit == TEXT_MAX)
        FAIL(GW_ERR_DATA, "%s: unpacks to more than %zu bytes of text; split it into smaller files", path, TEXT_MAX);
    FAIL(GW_ERR_DATA,
         "%s: unpacks to more than %zu times its size, which no market data do; look at what it holds, or unpack it "
         "first",
         path, RATIO_MAX);
}

/* Makes room for more bytes and the final NUL: never for more than one byte beyond the limit. */
static int growing_reserve(struct growing *out, const char *path) {
    if (out->length > out->limit) return too_much(out, path);
    if (out->length + 1 < out->capacity) return GW_OK;
    size_t wider = out->capacity < out->limit / 2 ? out->capacity * 2 : out->limit + 2;
    char *grown = mem_realloc(out->text, wider, 1);
    if (!grown) return GW_ERR_NOMEM;
    out->text = grown;
    out->capacity = wider;
    return GW_OK;
}

static int growing_begin(struct growing *out, size_t packed_length, size_t expected) {
    out->limit = packed_length > RATIO_FREE / RATIO_MAX ? packed_length * RATIO_MAX : RATIO_FREE;
    if (out->limit > TEXT_MAX) out->limit = TEXT_MAX;
    out->length = 0;
    out->capacity = (expected < out->limit ? expected : out->limit - FIRST_CAPACITY) + FIRST_CAPACITY;
    out->text = mem_realloc(NULL, out->capacity, 1); /* unset: zeroing would touch all of it once more */
    return out->text ? GW_OK : GW_ERR_NOMEM;
}

/* The trailer tells the length modulo 2^32; a lie costs nothing beyond what deflate could hold anyway. */
static size_t gzip_expected(const unsigned char *packed, size_t length) {
    if (length < 18) return 0;
    const unsigned char *tail = packed + length - 4;
    size_t said = (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    return said < length * 32 ? said : length * 32;
}

static int gzip_inflate(z_stream *z, const char *path, const char *packed, size_t length, struct growing *out) {
    size_t used = 0;
    for (;;) {
        TRY(growing_reserve(out, path));
        size_t chunk_in = length - used < (1u << 30) ? length - used : 1u << 30;
        size_t room = out->capacity - out->length - 1, chunk_out = room < (1u << 30) ? room : 1u << 30;
        z->next_in = (unsigned char *)(uintptr_t)(packed + used);
        z->avail_in = (unsigned)chunk_in;
        z->next_out = (unsigned char *)out->text + out->length;
        z->avail_out = (unsigned)chunk_out;
        int state = inflate(z, Z_NO_FLUSH);
        used += chunk_in - z->avail_in;
        out->length += chunk_out - z->avail_out;
        if (state == Z_MEM_ERROR) FAIL(GW_ERR_NOMEM, "%s: not enough memory to decompress", path);
        if (state == Z_STREAM_END) {
            /* Members may follow one another; anything else behind the last one is padding or damage. */
            bool more = length - used >= 2 && packed[used] == '\x1f' && packed[used + 1] == '\x8b';
            if (!more && used < length && packed[used] != '\0')
                FAIL(GW_ERR_DATA, "%s: %zu bytes of junk follow the gzip data; fetch the file again", path,
                     length - used);
            if (!more) return GW_OK;
            inflateReset(z);
        } else if (state == Z_BUF_ERROR && used == length) {
            FAIL(GW_ERR_DATA, "%s: the gzip data end early, after %zu bytes of text; fetch the file again", path,
                 out->length);
        } else if (state != Z_OK && state != Z_BUF_ERROR) {
            FAIL(GW_ERR_DATA, "%s: the gzip data are damaged near byte %zu (%s); fetch the file again", path, used,
                 z->msg ? z->msg : "wrong check sum");
        }
    }
}

static int gzip_unpack(const char *path, const char *packed, size_t length, struct growing *out) {
    z_stream z = {0};
    TRY(growing_begin(out, length, gzip_expected((const unsigned char *)packed, length)));
    if (inflateInit2(&z, 15 + 16) != Z_OK) FAIL(GW_ERR_NOMEM, "%s: not enough memory to decompress", path);
    int rc = gzip_inflate(&z, path, packed, length, out);
    inflateEnd(&z);
    return rc;
}

static int zip_damaged(struct archive *zip, const char *path) {
    const char *why = archive_error_string(zip);
    FAIL(GW_ERR_DATA, "%s: the zip data are damaged (%s); fetch the file again", path, why ? why : "no reason given");
}

static int zip_read_entry(struct archive *zip, const char *path, struct growing *out) {
    for (;;) {
        TRY(growing_reserve(out, path));
        ssize_t got = archive_read_data(zip, out->text + out->length, out->capacity - out->length - 1);
        if (got < 0) return zip_damaged(zip, path);
        if (got == 0) return GW_OK;
        out->length += (size_t)got;
    }
}

/* The one regular file; folders are passed over. */
static int zip_read(struct archive *zip, const char *path, struct growing *out) {
    struct archive_entry *entry;
    size_t n_files = 0;
    for (;;) {
        int state = archive_read_next_header(zip, &entry);
        if (state == ARCHIVE_EOF) break;
        if (state < ARCHIVE_WARN) return zip_damaged(zip, path);
        if (archive_entry_filetype(entry) != AE_IFREG) continue;
        if (++n_files > 1) FAIL(GW_ERR_DATA, "%s: holds several files; unpack it and import them one by one", path);
        if (archive_entry_is_encrypted(entry)) FAIL(GW_ERR_DATA, "%s: is encrypted; unpack it first", path);
        TRY(zip_read_entry(zip, path, out));
    }
    if (n_files == 0) FAIL(GW_ERR_DATA, "%s: is an empty zip; fetch the file again", path);
    return GW_OK;
}

static int zip_unpack(const char *path, const char *packed, size_t length, struct growing *out) {
    int rc = growing_begin(out, length, length);
    struct archive *zip = archive_read_new();
    if (rc == GW_OK && !zip) rc = gw_error_set(GW_ERR_NOMEM, "%s: not enough memory to unpack", path);
    if (rc == GW_OK) {
        archive_read_support_format_zip(zip);
        rc = archive_read_open_memory(zip, packed, length) == ARCHIVE_OK ? zip_read(zip, path, out)
                                                                         : zip_damaged(zip, path);
    }
    if (zip) archive_read_free(zip);
    return rc;
}

/* Kinds of files people try that hold no text; NULL for text. */
static const char *foreign_kind(const char *bytes, size_t length) {
    static const struct {
        const char *magic, *kind;
        size_t length;
    } known[] = {
        {"\x28\xb5\x2f\xfd", "zstd", 4}, {"BZh", "bzip2", 3},
        {"\xfd\x37zXZ", "xz", 5},        {"PAR1", "a parquet file", 4},
        {"ARROW1", "feather", 6},        {"7z\xbc\xaf", "7-zip", 4},
        {"\x89HDF", "HDF5", 4},          {"\xff\xfe", "UTF-16 text", 2},
        {"\xfe\xff", "UTF-16 text", 2},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (length >= known[i].length && memcmp(bytes, known[i].magic, known[i].length) == 0) return known[i].kind;
    return NULL;
}

/* What unpacking can undo; NULL: nothing. */
static const char *packed_kind(const char *bytes, size_t length) {
    if (length >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0) return "gzip";
    if (length >= 4 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "PK\5\6", 4) == 0)) return "zip";
    return NULL;
}

int import_source_load(const char *path, bool hash_raw, struct import_source *out) {
    char *raw;
    size_t length;
    struct growing text = {0};
    TRY(file_read_all(path, TEXT_MAX, GW_ERR_DATA, &raw, &length));
    out->raw_hash = hash_raw ? import_cache_hash(raw, length) : 0;
    out->raw_length = length;
    const char *packed = packed_kind(raw, length);
    if (!packed) {
        out->text = raw;
        out->length = length;
    } else {
        int rc = (strcmp(packed, "zip") == 0 ? zip_unpack : gzip_unpack)(path, raw, length, &text);
        mem_free(raw);
        if (rc != GW_OK) {
            mem_free(text.text);
            return rc;
        }
        text.text[text.length] = '\0';
        out->text = text.text;
        out->length = text.length;
    }
    const char *nested = packed ? packed_kind(out->text, out->length) : NULL;
    const char *kind = nested ? NULL : foreign_kind(out->text, out->length);
    if (!kind && !nested) return GW_OK;
    mem_free(out->text);
    *out = (struct import_source){0};
    if (nested) FAIL(GW_ERR_DATA, "%s: is %s inside, packed twice; unpack it once", path, nested);
    FAIL(GW_ERR_DATA, "%s: is %s, not text; convert it to CSV in UTF-8 first", path, kind);
}
