/* What libarchive unpacks: zip, tar, 7-zip, and single files in bzip2, xz, zstd or lz4. Its filters that start other
 * programs are not among those asked for. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "engine/base/base.h"
#include "import_source.h"

enum { MEMBERS_MAX = 100000 };

static int damaged(struct archive *archive, const char *path) {
    const char *why = archive_error_string(archive);
    if (archive_errno(archive) == ENOMEM) FAIL(GW_ERR_NOMEM, "%s: not enough memory to unpack", path);
    FAIL(GW_ERR_DATA, "%s: the packed data are damaged (%s); fetch the file again", path,
         why ? why : "no reason given");
}

static struct archive *open_reader(void) {
    struct archive *archive = archive_read_new();
    if (!archive) return NULL;
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
    archive_read_support_filter_lz4(archive);
    archive_read_support_format_zip(archive);
    archive_read_support_format_tar(archive);
    archive_read_support_format_7zip(archive);
    archive_read_support_format_raw(archive);
    return archive;
}

static bool ends_with(const char *text, const char *ending) {
    size_t n = strlen(text), e = strlen(ending);
    return n >= e && strcasecmp(text + n - e, ending) == 0;
}

/* Folders, what systems leave beside files, and what describes or signs them. */
static bool is_data(struct archive_entry *entry) {
    static const char *const other[] = {".md",        ".pdf", ".html", ".checksum", ".sha256",
                                        ".sha256sum", ".md5", ".rels", ".xml",      ".ds_store"};
    const char *name = archive_entry_pathname(entry), *slash;
    if (!name) return true;
    if (archive_entry_filetype(entry) != AE_IFREG) return false;
    slash = strrchr(name, '/');
    if (strstr(name, "__MACOSX/") || *(slash ? slash + 1 : name) == '.') return false;
    for (size_t i = 0; i < COUNT_OF(other); i++)
        if (ends_with(name, other[i])) return false;
    return strncasecmp(slash ? slash + 1 : name, "readme", 6) != 0;
}

static int read_data(struct archive *archive, const char *path, struct growing *text) {
    for (;;) {
        TRY(growing_reserve(text, path));
        ssize_t got = archive_read_data(archive, text->text + text->length, text->capacity - text->length - 1);
        if (got < 0) return damaged(archive, path);
        if (got == 0) return GW_OK;
        text->length += (size_t)got;
    }
}

static int add_member(struct archive_entry *entry, size_t begin, size_t length, struct import_source *out) {
    size_t n = out->n_members;
    if (n == MEMBERS_MAX) FAIL(GW_ERR_DATA, "an archive of more than %d files; unpack it", MEMBERS_MAX);
    if ((n & (n - 1)) == 0) { /* a power of two: it is full */
        struct import_member *wider = mem_realloc(out->member, n ? 2 * n : 1, sizeof *wider);
        if (!wider) return GW_ERR_NOMEM;
        out->member = wider;
    }
    struct import_member *member = &out->member[out->n_members++];
    const char *name = archive_entry_pathname(entry);
    *member = (struct import_member){.begin = begin, .length = length};
    snprintf(member->name, sizeof member->name, "%s", name ? name : "data");
    text_clean(member->name);
    return GW_OK;
}

/* Insertion: archives are nearly always in order. */
static void sort_members(struct import_source *out) {
    for (size_t i = 1; i < out->n_members; i++) {
        struct import_member moved = out->member[i];
        size_t at = i;
        for (; at > 0 && strcmp(out->member[at - 1].name, moved.name) > 0; at--) out->member[at] = out->member[at - 1];
        out->member[at] = moved;
    }
}

static int read_members(struct archive *archive, const char *path, struct growing *text, struct import_source *out) {
    struct archive_entry *entry;
    for (;;) {
        int state = archive_read_next_header(archive, &entry);
        if (state == ARCHIVE_EOF) break;
        if (state < ARCHIVE_WARN) return damaged(archive, path);
        const char *name = archive_entry_pathname(entry);
        if (name && strncmp(name, "xl/", 3) == 0)
            FAIL(GW_ERR_DATA,
                 "%s: is an Excel file, not text; python3 -c \"import pandas; "
                 "pandas.read_excel('FILE').to_csv('bars.csv')\" "
                 "makes CSV of it",
                 path);
        if (!is_data(entry)) continue;
        if (archive_entry_is_encrypted(entry)) FAIL(GW_ERR_DATA, "%s: is encrypted; unpack it first", path);
        size_t begin = text->length;
        TRY(read_data(archive, path, text));
        TRY(add_member(entry, begin, text->length - begin, out));
        text->text[text->length++] = '\0';
        TRY(interrupt_check());
    }
    if (out->n_members == 0) FAIL(GW_ERR_DATA, "%s: is an archive without data in it; fetch the file again", path);
    return GW_OK;
}

int import_archive_read(const char *path, const char *bytes, size_t length, size_t packed_length,
                        struct import_source *out) {
    struct growing text = {0};
    struct archive *archive = open_reader();
    if (!archive) FAIL(GW_ERR_NOMEM, "%s: not enough memory to unpack", path);
    int rc = growing_begin(&text, packed_length, length);
    if (rc == GW_OK && archive_read_open_memory(archive, bytes, length) != ARCHIVE_OK) rc = damaged(archive, path);
    if (rc == GW_OK) rc = read_members(archive, path, &text, out);
    archive_read_free(archive);
    out->text = text.text;
    if (rc < 0) return rc;
    out->length = text.length - 1; /* the last member's NUL ends the whole */
    if (out->n_members == 1) {
        mem_free(out->member);
        out->member = NULL;
        out->n_members = 0;
    }
    sort_members(out);
    return GW_OK;
}

bool import_archive_peek(const char *path, char *text, size_t size, size_t *length, bool *many) {
    struct archive *archive = open_reader();
    struct archive_entry *entry;
    size_t n = 0;
    bool good = archive && archive_read_open_filename(archive, path, 1 << 16) == ARCHIVE_OK;
    *length = 0;
    while (good && n < 2 && archive_read_next_header(archive, &entry) >= ARCHIVE_WARN) {
        if (!is_data(entry) || n++ > 0) continue;
        ssize_t got = archive_read_data(archive, text, size - 1);
        good = got >= 0;
        *length = got > 0 ? (size_t)got : 0;
    }
    if (archive) archive_read_free(archive);
    text[*length] = '\0';
    *many = n > 1;
    return good && n > 0;
}
