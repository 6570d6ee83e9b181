/* Looking through a run directory before anything is written: nothing in it may lead elsewhere, and what a killed run left
 * half-written goes. Folders are opened from their parents and never through a symbolic link. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "engine/base/io/lock_file.h"
#include "gatewalk/run_files.h"
#include "walk.h"

enum { DEPTH_MAX = 8 };

struct visit {
    bool sweep, alone; /* remove leftovers; no other process writes here, whatever the leftover's number */
    size_t depth;
    char path[1024]; /* as messages say it */
};

/* The folders that runs make; what else lies in a run directory is its owner's. */
static bool is_part(const struct visit *at, const char *name) {
    static const char *const part[] = {GW_RUN_MODELS, GW_RUN_PLOTS, GW_RUN_STAGES};
    for (size_t i = 0; i < COUNT_OF(part); i++)
        if (at->depth > 0 || strcmp(name, part[i]) == 0) return true;
    return false;
}

static int refuse(const struct visit *at, const char *name, mode_t mode) {
    FAIL(GW_ERR_USAGE,
         "%s/%s: is %s; a run writes to files and folders of its own alone: remove it or give another --out", at->path,
         name, S_ISLNK(mode) ? "a symbolic link" : "no file");
}

static bool is_dead(long pid) { return kill((pid_t)pid, 0) != 0 && errno == ESRCH; }

static int visit_folder(const struct visit *at, int fd);

static int visit_part(const struct visit *at, int parent, const char *name) {
    struct visit below = *at;
    below.depth++;
    if (below.depth > DEPTH_MAX) return GW_OK;
    TRY(path_join(below.path, sizeof below.path, at->path, name));
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) FAIL(GW_ERR_IO, "%s: cannot be read: %s; give another --out", below.path, strerror(errno));
    return visit_folder(&below, fd);
}

static int visit_entry(const struct visit *at, int fd, const char *name) {
    struct stat status;
    long pid;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return GW_OK;
    if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return GW_OK; /* gone in the meantime */
    if (S_ISDIR(status.st_mode)) return is_part(at, name) ? visit_part(at, fd, name) : GW_OK;
    if (!S_ISREG(status.st_mode)) return refuse(at, name, status.st_mode);
    if (at->sweep && out_is_leftover(name, &pid) && (at->alone || is_dead(pid))) (void)unlinkat(fd, name, 0);
    return GW_OK;
}

static int unlisted(const char *dir) {
    FAIL(GW_ERR_IO, "%s: cannot be listed: %s; give another --out", dir, strerror(errno));
}

/* A folder that can only be read in part has not been looked through. */
static int next_entry(DIR *stream, const char *dir, struct dirent **entry) {
    errno = 0;
    *entry = readdir(stream);
    return *entry || errno == 0 ? GW_OK : unlisted(dir);
}

/* Closes the descriptor. */
static int visit_folder(const struct visit *at, int fd) {
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        FAIL(GW_ERR_NOMEM, "%s: cannot be listed: %s", at->path, strerror(errno));
    }
    int rc = GW_OK;
    for (struct dirent *entry; rc == GW_OK && (rc = next_entry(dir, at->path, &entry)) == GW_OK && entry;)
        rc = visit_entry(at, fd, entry->d_name);
    closedir(dir);
    return rc;
}

static int visit_run(const char *dir, bool sweep, bool alone) {
    struct visit at = {.sweep = sweep, .alone = alone};
    if (strlen(dir) >= sizeof at.path) FAIL(GW_ERR_USAGE, "--out: the path is too long");
    strcpy(at.path, dir);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* --out itself may be a link: its owner named it */
    if (fd >= 0) return visit_folder(&at, fd);
    return errno == ENOENT || errno == ENOTDIR ? GW_OK : unlisted(dir); /* it is made, or complained of, later */
}

int run_folder_judge(const char *dir) { return visit_run(dir, false, false); }
int run_folder_sweep(const char *dir, bool alone) { return visit_run(dir, true, alone); }

/* One that cannot be listed to its end counts as not empty. */
bool run_folder_is_empty(const char *dir) {
    DIR *stream = opendir(dir);
    struct dirent *entry = NULL;
    bool empty = true;
    long pid;
    if (!stream) return errno == ENOENT || errno == ENOTDIR;
    while (empty && (empty = next_entry(stream, dir, &entry) == GW_OK) && entry)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || lock_file_is(entry->d_name) ||
                out_is_leftover(entry->d_name, &pid); /* of a run that was killed at its very first file */
    closedir(stream);
    return empty;
}
