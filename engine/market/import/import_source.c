/* A file's bytes as text in memory: plain, gzip (zlib checks its CRC), or what libarchive unpacks (import_archive.c).
 * Everything behind this file sees plain text only. */
#include <string.h>
#include <zlib.h>

#include "engine/base/base.h"
#include "import_cache.h"
#include "import_private.h"
#include "import_source.h"

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

/* Kinds of files people try that hold no text, and one line that makes some of it; NULL for text. */
static const char *foreign_kind(const char *bytes, size_t length, const char **mend) {
#define PANDAS(read, file)                                                                                             \
    "python3 -c \"import pandas; pandas." read "('" file "').to_csv('bars.csv')\" makes CSV of it"
    static const struct {
        const char *magic, *kind, *mend;
        size_t length;
    } known[] = {
        {"PAR1", "a parquet file", PANDAS("read_parquet", "FILE"), 4},
        {"ARROW1", "feather", PANDAS("read_feather", "FILE"), 6},
        {"\x89HDF", "HDF5", PANDAS("read_hdf", "FILE"), 4},
        {"\x93NUMPY", "a numpy array", "write it as CSV, with a header that names its columns", 6},
        {"\x80\x04\x95", "a pickle", PANDAS("read_pickle", "FILE"), 3},
        {"\x80\x05\x95", "a pickle", PANDAS("read_pickle", "FILE"), 3},
        {"\xd0\xcf\x11\xe0", "an old Excel file", PANDAS("read_excel", "FILE"), 4},
        {"SQLite format 3", "an SQLite database", "write its table as CSV: sqlite3 -csv -header FILE 'SELECT …'", 15},
        {"%PDF", "a PDF", "fetch the data themselves", 4},
        {"<!DOCTYPE", "a web page", "fetch the data themselves", 9},
        {"<!doctype", "a web page", "fetch the data themselves", 9},
        {"<html", "a web page", "fetch the data themselves", 5},
        {"<stata_dta", "a Stata file", PANDAS("read_stata", "FILE"), 10},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (length >= known[i].length && memcmp(bytes, known[i].magic, known[i].length) == 0) {
            *mend = known[i].mend;
            return known[i].kind;
        }
    return NULL;
}

/* What unpacking can undo; NULL: nothing. */
static const char *packed_kind(const char *bytes, size_t length) {
    static const struct {
        const char *magic, *kind;
        size_t length;
    } known[] = {
        {"\x1f\x8b", "gzip", 2},
        {"PK\3\4", "zip", 4},
        {"PK\5\6", "zip", 4},
        {"BZh", "bzip2", 3},
        {"\xfd\x37zXZ", "xz", 5},
        {"7z\xbc\xaf", "7-zip", 4},
        {"\x28\xb5\x2f\xfd", "zstd", 4},
        {"\x04\x22\x4d\x18", "lz4", 4},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (length >= known[i].length && memcmp(bytes, known[i].magic, known[i].length) == 0) return known[i].kind;
    if (length > 262 && memcmp(bytes + 257, "ustar", 5) == 0) return "tar";
    return NULL;
}

/* ---- UTF-16, as MetaTrader and Excel write it ----------------------------------------------------- */

static size_t put_utf8(uint32_t c, char *to) {
    if (c < 0x80) return to[0] = (char)c, 1;
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; --i > 0; c >>= 6) to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)((0xf00u >> n) | c);
    return n;
}

/* A pair of surrogates is one character; half of one becomes a question mark, which no field is. */
static int from_utf16(struct import_source *source) {
    const unsigned char *at = (const unsigned char *)source->text, *end = at + source->length / 2 * 2;
    bool big = at[0] == 0xfe;
    char *text = mem_realloc(NULL, source->length / 2 * 3 + 1, 1), *to = text;
    if (!text) return GW_ERR_NOMEM;
    for (at += 2; at < end; at += 2) {
        uint32_t c = big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
        if (c >= 0xd800 && c < 0xe000) {
            uint32_t low = at + 3 < end ? (big ? (uint32_t)at[2] << 8 | at[3] : (uint32_t)at[3] << 8 | at[2]) : 0;
            bool pair = c < 0xdc00 && low >= 0xdc00 && low < 0xe000;
            c = pair ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : '?';
            if (pair) at += 2;
        }
        to += put_utf8(c, to);
    }
    *to = '\0';
    mem_free(source->text);
    source->text = text;
    source->length = (size_t)(to - text);
    return GW_OK;
}

static bool is_utf16(const char *bytes, size_t length) {
    return length >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
}

/* ---- one text --------------------------------------------------------------------------------------- */

static int judge_kind(const char *path, const char *text, size_t length) {
    const char *mend = NULL, *nested = packed_kind(text, length),
               *kind = nested ? NULL : foreign_kind(text, length, &mend);
    if (nested) FAIL(GW_ERR_DATA, "%s: is %s inside, packed twice; unpack it once", path, nested);
    if (kind) FAIL(GW_ERR_DATA, "%s%s: is %s, not bars; %s", path, *text == '<' ? ":1:1" : "", kind, mend);
    return GW_OK;
}

/* Standard input cannot be read twice, and one command may want it twice: to look, then as a run would read it. */
static struct {
    char *text;
    size_t length;
} standard_input;

static int read_bytes(const char *path, char **raw, size_t *length) {
    if (strcmp(path, "-") != 0) return file_read_all(path, TEXT_MAX, GW_ERR_DATA, raw, length);
    if (!standard_input.text)
        TRY(file_read_all("/dev/stdin", TEXT_MAX, GW_ERR_DATA, &standard_input.text, &standard_input.length));
    *length = standard_input.length;
    *raw = mem_realloc(NULL, *length + 1, 1);
    if (!*raw) return GW_ERR_NOMEM;
    memcpy(*raw, standard_input.text, *length + 1);
    return GW_OK;
}

void import_source_free(struct import_source *source) {
    mem_free(source->text);
    mem_free(source->member);
    *source = (struct import_source){0};
}

static int unpack(const char *path, const char *kind, const char *raw, size_t length, struct import_source *out) {
    struct growing text = {0};
    int rc = GW_OK;
    if (strcmp(kind, "gzip") == 0) {
        rc = gzip_unpack(path, raw, length, &text);
        bool tar = rc == GW_OK && text.length > 262 && memcmp(text.text + 257, "ustar", 5) == 0;
        if (!tar) {
            out->text = text.text;
            out->length = text.length;
            if (rc == GW_OK) out->text[out->length] = '\0';
            return rc;
        }
        rc = import_archive_read(path, text.text, text.length, length, out);
        mem_free(text.text);
        return rc;
    }
    return import_archive_read(path, raw, length, length, out);
}

int import_source_load(const char *path, bool hash_raw, struct import_source *out) {
    char *raw;
    size_t length;
    *out = (struct import_source){0};
    TRY(read_bytes(path, &raw, &length));
    out->raw_hash = hash_raw ? import_cache_hash(raw, length) : 0;
    out->raw_length = length;
    const char *packed = packed_kind(raw, length);
    int rc = GW_OK;
    if (!packed) {
        out->text = raw;
        out->length = length;
    } else {
        rc = unpack(path, packed, raw, length, out);
        mem_free(raw);
    }
    if (rc == GW_OK && out->n_members == 0) rc = judge_kind(path, out->text, out->length);
    if (rc == GW_OK && out->n_members == 0 && is_utf16(out->text, out->length)) rc = from_utf16(out);
    if (rc != GW_OK) import_source_free(out);
    return rc;
}

/* ---- the beginning of one ---------------------------------------------------------------------------- */

/* gzread() takes plain files as they are. */
bool import_source_peek(const char *path, char *text, size_t size, size_t *length, bool *many) {
    *many = false;
    FILE *stream;
    char magic[512];
    if (file_open(path, GW_ERR_DATA, &stream) != GW_OK) return false;
    size_t n = fread(magic, 1, sizeof magic, stream);
    fclose(stream);
    const char *kind = packed_kind(magic, n);
    if (kind && strcmp(kind, "gzip") != 0) return import_archive_peek(path, text, size, length, many);
    gzFile gz = gzopen(path, "rbe");
    int got = gz ? gzread(gz, text, (unsigned)size - 1) : -1;
    if (gz) gzclose(gz);
    if (got < 0) return false;
    text[got] = '\0';
    *length = (size_t)got;
    if (*length > 262 && memcmp(text + 257, "ustar", 5) == 0)
        return import_archive_peek(path, text, size, length, many);
    return !is_utf16(text, *length);
}
