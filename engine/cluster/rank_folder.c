/* Folders of ranks are locked while their rank lives, so that one without an owner is known. */
#include "rank_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/io/lock_file.h"
#include "gatewalk/run_files.h"

static const char prefix[] = "gatewalk-rank-";

/* Files alone; what somebody else has put there makes the folder stay. */
static void empty(int folder) {
    int fd = openat(folder, GW_RUN_MODELS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        if (fd >= 0) close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(stream));) (void)unlinkat(fd, entry->d_name, 0);
    closedir(stream);
    (void)unlinkat(folder, GW_RUN_MODELS, AT_REMOVEDIR);
}

/* Only a folder of our own user, no link to one: TMPDIR is often everybody's. */
static void remove_whole(const char *dir) {
    struct stat status;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid()) {
        empty(fd);
        (void)unlinkat(fd, LOCK_FILE_NAME, 0);
        rmdir(dir);
    }
    close(fd);
}

static bool is_ours(const char *dir) {
    struct stat status;
    return lstat(dir, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

/* What cannot be removed stays: nothing depends on it. */
static void sweep(const char *tmp) {
    DIR *stream = opendir(tmp);
    char dir[1024];
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        int lock = -1;
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
        if (path_join(dir, sizeof dir, tmp, entry->d_name) < 0 || !is_ours(dir)) continue;
        if (dir_lock(dir, &lock) == GW_OK && lock >= 0) remove_whole(dir);
        dir_unlock(&lock);
    }
    if (stream) closedir(stream);
    gw_error_adopt(""); /* that a living rank has its own is no error */
}

/* Between its making and its lock another rank that starts may take it for one that was left. */
static int make_one(const char *tmp, char dir[1024], int *lock) {
    struct stat status;
    int n = snprintf(dir, 1024, "%.800s/%sXXXXXX", tmp, prefix);
    if (n < 0 || !mkdtemp(dir)) FAIL(GW_ERR_IO, "%s: no folder can be made there; set TMPDIR", dir);
    int rc = dir_lock(dir, lock);
    if (rc == GW_ERR_NOMEM) return rc;
    if (rc == GW_OK && stat(dir, &status) == 0) return GW_OK;
    dir_unlock(lock);
    FAIL(GW_ERR_IO, "%s: somebody else takes the folders of ranks away; set TMPDIR", tmp);
}

int rank_folder_make(char dir[1024], int *lock) {
    enum { TRIES = 10 };
    const char *given = getenv("TMPDIR"), *tmp = given && *given ? given : "/tmp";
    char models[1024];
    int rc = GW_ERR_IO;
    *lock = -1;
    sweep(tmp);
    for (int i = 0; i < TRIES && rc == GW_ERR_IO; i++) rc = make_one(tmp, dir, lock);
    TRY(rc);
    TRY(path_join(models, sizeof models, dir, GW_RUN_MODELS));
    return dir_make(models);
}

void rank_folder_remove(const char *dir, int *lock) {
    remove_whole(dir);
    dir_unlock(lock);
    rmdir(dir); /* of a lock that was a file */
}
