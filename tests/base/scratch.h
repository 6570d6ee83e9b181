/* A folder of its own for a test program, removed with all that is in it. */
#ifndef GATEWALK_TEST_SCRATCH_H
#define GATEWALK_TEST_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_dir[512];

static inline int scratch_make(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(scratch_dir, sizeof scratch_dir, "%s/gatewalk-test-XXXXXX", base ? base : P_tmpdir);
    return mkdtemp(scratch_dir) ? 0 : -1;
}

/* Path of a file in the folder; a few may be in use at a time. */
static inline const char *scratch(const char *name) {
    static char paths[8][1024];
    static int turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_dir, name);
    return path;
}

static inline void scratch_delete(const char *path) {
    DIR *dir = opendir(path);
    if (dir) {
        for (struct dirent *entry; (entry = readdir(dir));) {
            char child[1536];
            if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
            snprintf(child, sizeof child, "%.1200s/%s", path, entry->d_name);
            struct stat status;
            if (lstat(child, &status) == 0 && S_ISDIR(status.st_mode))
                scratch_delete(child);
            else
                unlink(child);
        }
        closedir(dir);
    }
    rmdir(path);
}

static inline int scratch_remove(void **state) {
    (void)state;
    scratch_delete(scratch_dir);
    return 0;
}

/* How many entries the folder has: temporary files left behind show here. */
static inline int scratch_count(void) {
    int n = 0;
    DIR *dir = opendir(scratch_dir);
    while (dir && readdir(dir)) n++;
    if (dir) closedir(dir);
    return n - 2; /* . and .. */
}

static inline void scratch_write(const char *name, const void *data, size_t length) {
    FILE *stream = fopen(scratch(name), "wb");
    if (!stream || fwrite(data, 1, length, stream) != length || fclose(stream) != 0) abort();
}

#endif
