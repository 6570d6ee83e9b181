/* Files side by side: the first line, column and value that differ. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "verify.h"

int verify_note(struct verify_report *report, const char *name, struct verified_file **out) {
    struct verified_file *grown = mem_realloc(report->file, report->n + 1, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    report->file = grown;
    *out = &grown[report->n++];
    memset(*out, 0, sizeof **out);
    snprintf((*out)->name, sizeof(*out)->name, "%s", name);
    return GW_OK;
}

/* ---- where they differ ------------------------------------------------------------------------------------------------ */

/* The cell around `at` in its line: between commas, or in JSON the member's whole text. */
static void cell_around(const char *text, size_t length, size_t at, char out[64]) {
    size_t begin = at < length ? at : length, end = begin;
    while (begin > 0 && !strchr(",\n{}[]", text[begin - 1])) begin--;
    while (end < length && !strchr(",\n{}[]", text[end])) end++;
    while (begin < end && strchr(" \"", text[begin])) begin++;
    while (end > begin && strchr(" \"", text[end - 1])) end--;
    size_t n = end - begin < 63 ? end - begin : 63;
    memcpy(out, text + begin, n);
    out[n] = '\0';
    text_clean(out);
}

/* The name of the column that holds `at`, from the header line. */
static void column_of(const char *text, size_t line_begin, size_t at, char out[64]) {
    size_t column = 0, i = 0;
    for (size_t k = line_begin; k < at; k++) column += text[k] == ',';
    for (; column > 0 && text[i] && text[i] != '\n'; i++) column -= text[i] == ',';
    size_t n = strcspn(text + i, ",\n");
    if (n > 63) n = 63;
    memcpy(out, text + i, n);
    out[n] = '\0';
    text_clean(out);
}

static bool ends_with(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static void find_difference(const char *a, size_t n, const char *b, size_t m, struct verified_file *out) {
    size_t at = 0, begin = 0, lines = 1;
    while (at < n && at < m && a[at] == b[at]) {
        if (a[at++] == '\n') lines++, begin = at;
    }
    out->same = at == n && at == m;
    if (out->same) return;
    if (!ends_with(out->name, ".csv") && !ends_with(out->name, ".json")) {
        snprintf(out->where, sizeof out->where, "byte %zu of %zu", at + 1, n);
        if (n != m)
            snprintf(out->is, sizeof out->is, "%zu bytes", m), snprintf(out->says, sizeof out->says, "%zu bytes", n);
        return;
    }
    out->line = lines;
    cell_around(a, n, at, out->says);
    cell_around(b, m, at, out->is);
    if (at >= n) snprintf(out->says, sizeof out->says, "the end of the file");
    if (at >= m) snprintf(out->is, sizeof out->is, "the end of the file");
    if (ends_with(out->name, ".csv")) column_of(b, begin, at, out->where);
}

int verify_file(struct verify_report *report, const char *name, const char *scratch) {
    enum { LARGEST = 1 << 30 };
    struct verified_file *out;
    char mine[1200], theirs[1200], *a = NULL, *b = NULL;
    size_t n = 0, m = 0;
    TRY(verify_note(report, name, &out));
    TRY(path_join(theirs, sizeof theirs, report->dir, name));
    TRY(path_join(mine, sizeof mine, scratch, name));
    TRY(file_read_own(mine, (size_t)4 * LARGEST, GW_ERR_IO, &b, &m));
    int rc = file_read_own(theirs, (size_t)4 * LARGEST, GW_ERR_DATA, &a, &n);
    if (rc == GW_OK)
        find_difference(a, n, b, m, out);
    else if (rc == GW_ERR_DATA) {
        snprintf(out->text, sizeof out->text, "%s", gw_error_message());
        rc = GW_OK;
    }
    mem_free(a);
    mem_free(b);
    if (unlink(mine) != 0) FAIL(GW_ERR_IO, "%s: cannot be removed: %s", mine, strerror(errno));
    return rc;
}

/* ---- the folder ------------------------------------------------------------------------------------------------------------ */

static void empty_folder(const char *dir) {
    DIR *stream = opendir(dir);
    struct dirent *entry;
    char path[1300];
    while (stream && (entry = readdir(stream))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (snprintf(path, sizeof path, "%s/%s", dir, entry->d_name) >= (int)sizeof path) continue;
        struct stat info;
        if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
            if (strlen(path) < 1200) empty_folder(path);
            rmdir(path);
        } else
            unlink(path);
    }
    if (stream) closedir(stream);
}

/* Ours alone, whoever made it: the name can be known to others. */
static int own_folder(const char *path, bool *made) {
    struct stat info;
    *made = mkdir(path, 0700) == 0;
    if (!*made && errno != EEXIST)
        FAIL(GW_ERR_IO, "%s: cannot be made (%s); set TMPDIR to a writable place", path, strerror(errno));
    if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == getuid()) return GW_OK;
    if (*made) rmdir(path);
    FAIL(GW_ERR_IO, "%s: is not a folder of yours; set TMPDIR to a place of your own", path);
}

int verify_scratch(const char *dir, char scratch[1024], int *lock) {
    const char *base = getenv("TMPDIR");
    char *whole = realpath(dir, NULL), path[1024], models[1024];
    uint64_t hash = hash_bytes(whole ? whole : dir, strlen(whole ? whole : dir), 0);
    bool made;
    free(whole);
    int n = snprintf(path, sizeof path, "%s/gatewalk-verify-%u-%016" PRIx64, base && *base ? base : "/tmp",
                     (unsigned)getuid(), hash);
    if (n < 0 || n >= 900) FAIL(GW_ERR_IO, "TMPDIR: the path is too long");
    TRY(own_folder(path, &made));
    int rc = dir_lock(path, lock);
    if (rc < 0 && made) rmdir(path);
    TRY(rc); /* another verification's */
    strcpy(scratch, path);
    if (!made) empty_folder(scratch);
    TRY(path_join(models, sizeof models, scratch, GW_RUN_MODELS));
    return dir_make(models);
}

void verify_scratch_remove(const char *scratch, int *lock) {
    char models[1100];
    if (*scratch) {
        snprintf(models, sizeof models, "%.1000s/" GW_RUN_MODELS, scratch);
        rmdir(models);
        if (rmdir(scratch) != 0) { /* something ended in between */
            empty_folder(scratch);
            rmdir(scratch);
        }
    }
    dir_unlock(lock);
}
