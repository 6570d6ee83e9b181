/* Where cached imports live. The folder may be anything that the user names, so only files that carry an entry's name
 * are ever removed. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "import_cache.h"

enum { HEX_DIGITS = 32, ABANDONED_SECONDS = 3600 };

static bool join(char *folder, size_t size, const char *base, const char *tail) {
    int n = snprintf(folder, size, "%s%s", base, tail);
    return n > 0 && (size_t)n < size;
}

bool import_folder_find(char *folder, size_t size) {
    const char *own = getenv("GATEWALK_CACHE"), *shared = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own && *own) return strcmp(own, "off") != 0 && join(folder, size, own, "");
    if (shared && *shared == '/') return join(folder, size, shared, "/gatewalk"); /* relative ones do not count */
    return home && *home == '/' && join(folder, size, home, "/.cache/gatewalk");
}

int import_folder_path(const char *folder, const struct import_cache_key *key, char *path, size_t size) {
    char name[GW_SYMBOL_MAX + HEX_DIGITS + 8];
    uint64_t first = hash_bytes(key, sizeof *key, 1), second = hash_bytes(key, sizeof *key, 2);
    snprintf(name, sizeof name, "%.*s-%016jx%016jx.npy", GW_SYMBOL_MAX - 1, key->symbol, (uintmax_t)first,
             (uintmax_t)second);
    return path_join(path, size, folder, name);
}

/* ---- trimming --------------------------------------------------------------------------------- */

enum kind { FOREIGN, ENTRY, TEMPORARY };

/* "SYMBOL-<32 hex digits>.npy", or one that is being written: with something and ".tmp" behind it. */
static enum kind kind_of(const char *name) {
    const char *ending = strstr(name, ".npy");
    for (const char *later = ending; later; later = strstr(later + 1, ".npy")) ending = later; /* symbols may hold it */
    if (!ending || ending - name < HEX_DIGITS + 2 || ending[-HEX_DIGITS - 1] != '-') return FOREIGN;
    if (strspn(ending - HEX_DIGITS, "0123456789abcdef") != HEX_DIGITS) return FOREIGN;
    if (ending[4] == '\0') return ENTRY;
    size_t length = strlen(ending);
    return length > 8 && ending[4] == '.' && strcmp(ending + length - 4, ".tmp") == 0 ? TEMPORARY : FOREIGN;
}

static bool older(const struct stat *a, const struct stat *b) {
    if (a->st_mtim.tv_sec != b->st_mtim.tv_sec) return a->st_mtim.tv_sec < b->st_mtim.tv_sec;
    return a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* The sum of all entries, and the one unused for longest ("" when there is none but `keep`). */
static uint64_t survey(DIR *dir, const char *keep, char *oldest, size_t size) {
    struct stat status, oldest_status = {0};
    uint64_t sum = 0;
    time_t now = time(NULL);
    *oldest = '\0';
    rewinddir(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        enum kind kind = kind_of(entry->d_name);
        if (kind == FOREIGN || fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISREG(status.st_mode)) continue;
        if (kind == TEMPORARY) { /* of a process that died */
            if (now - status.st_mtim.tv_sec > ABANDONED_SECONDS) unlinkat(dirfd(dir), entry->d_name, 0);
            continue;
        }
        sum += (uint64_t)status.st_size;
        if (strcmp(entry->d_name, keep) == 0 || (*oldest && !older(&status, &oldest_status))) continue;
        if ((size_t)snprintf(oldest, size, "%s", entry->d_name) >= size) *oldest = '\0';
        oldest_status = status;
    }
    return sum;
}

void import_folder_trim(const char *folder, uint64_t limit, const char *keep_path) {
    const char *slash = strrchr(keep_path, '/'), *keep = slash ? slash + 1 : keep_path;
    char oldest[256];
    DIR *dir = opendir(folder);
    if (!dir) return;
    while (survey(dir, keep, oldest, sizeof oldest) > limit && *oldest)
        if (unlinkat(dirfd(dir), oldest, 0) != 0) break;
    closedir(dir);
}
