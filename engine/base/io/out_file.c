/* A file that appears complete or not at all. Readers see the old one until the new one is safe on disk. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

/* Keeps temporary names apart when two threads write the same target. */
static atomic_uint serial;

static const char *advice(int reason) {
    switch (reason) {
    case ENOENT:
        return "; make its folder first";
    case EACCES:
    case EPERM:
    case EROFS:
        return "; choose a folder that can be written to";
    case ENOSPC:
    case EDQUOT:
        return "; free some space and try again";
    case ENOTDIR:
        return "; a part of the path is a file, not a folder";
    case EISDIR:
        return "; choose another name";
    case ENAMETOOLONG:
        return "; choose a shorter name";
    default:
        return "";
    }
}

static int write_failed(const char *path, int reason) {
    const char *why = reason ? strerror(reason) : "an earlier write failed";
    FAIL(GW_ERR_IO, "%s: cannot be written: %s%s", path, why, advice(reason));
}

/* NAME.PID-SERIAL.tmp, as made below. */
bool out_is_leftover(const char *name, long *pid) {
    static const char digits[] = "0123456789";
    size_t length = strlen(name), end = length < 4 ? 0 : length - 4, n_serial = 0, n_pid = 0;
    if (end == 0 || strcmp(name + end, ".tmp") != 0) return false;
    while (n_serial < end && strchr(digits, name[end - 1 - n_serial])) n_serial++;
    if (n_serial == 0 || n_serial > 6 || n_serial == end || name[end - 1 - n_serial] != '-') return false;
    end -= n_serial + 1;
    while (n_pid < end && strchr(digits, name[end - 1 - n_pid])) n_pid++;
    if (n_pid == 0 || n_pid > 9 || n_pid + 1 >= end || name[end - 1 - n_pid] != '.') return false;
    *pid = strtol(name + end - n_pid, NULL, 10);
    return true;
}

static void folder_of(const char *path, char folder[1024]) {
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (length == 0)
        strcpy(folder, slash ? "/" : ".");
    else {
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
}

void out_sweep(const char *path) {
    char folder[1024];
    long pid;
    if (strlen(path) >= sizeof folder) return;
    folder_of(path, folder);
    const char *slash = strrchr(path, '/'), *target = slash ? slash + 1 : path;
    size_t length = strlen(target);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        const char *name = entry->d_name;
        if (strncmp(name, target, length) != 0 || name[length] != '.' || !out_is_leftover(name, &pid)) continue;
        bool of_target = strspn(name + length + 1, "0123456789-") + 4 == strlen(name + length + 1);
        if (of_target && kill((pid_t)pid, 0) != 0 && errno == ESRCH) (void)unlinkat(dirfd(dir), name, 0);
    }
    if (dir) closedir(dir);
}

/* Creates a new file beside the target. A leftover of a dead process with our id is stepped over. */
static int open_temporary(struct out_file *file) {
    for (int attempt = 0; attempt < 1000; attempt++) {
        snprintf(file->temp, sizeof file->temp, "%.1023s.%ld-%u.tmp", file->path, (long)getpid(),
                 atomic_fetch_add(&serial, 1) % 1000000);
        int fd = open(file->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

/* A symbolic link to a device is followed where systems keep them (/dev/stdout is one); anywhere else the file takes the
 * link's place, as it does with a link to a file. */
static bool is_planted(const char *path, const struct stat *target) {
    struct stat own;
    bool link = lstat(path, &own) == 0 && S_ISLNK(own.st_mode);
    return link && !S_ISDIR(target->st_mode) && strncmp(path, "/dev/", 5) != 0;
}

int out_open(struct out_file *file, const char *path) {
    struct stat status;
    memset(file, 0, sizeof *file);
    if (strlen(path) >= sizeof file->path)
        FAIL(GW_ERR_IO, "%.60s...: the path is longer than %zu bytes", path, sizeof file->path - 1);
    strcpy(file->path, path);
    bool exists = stat(path, &status) == 0 && !is_planted(path, &status);
    if (exists && S_ISDIR(status.st_mode)) return write_failed(path, EISDIR);
    /* Devices and pipes (/dev/stdout) are written to, never replaced. */
    bool direct = exists && !S_ISREG(status.st_mode);
    int fd = direct ? open(path, O_WRONLY | O_CLOEXEC) : open_temporary(file);
    if (fd >= 0) file->stream = fdopen(fd, "wb");
    if (file->stream) return GW_OK;
    int reason = errno;
    if (fd >= 0) {
        close(fd);
        if (file->temp[0]) unlink(file->temp);
    }
    file->temp[0] = '\0';
    return write_failed(path, reason);
}

void out_write(struct out_file *file, const void *bytes, size_t length) {
    if (length == 0 || fwrite(bytes, 1, length, file->stream) == length || file->reason) return;
    file->reason = errno ? errno : EIO;
}

/* Formatting into memory of our own needs none of the C library's. */
void out_printf(struct out_file *file, const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (n >= 0 && (size_t)n < sizeof text)
        out_write(file, text, (size_t)n);
    else if (!file->reason)
        file->reason = n < 0 ? ENOMEM : EOVERFLOW;
}

/* The new name is only safe when its folder is on disk too. */
static int sync_folder(const char *path) {
    char folder[1024];
    folder_of(path, folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno == EACCES ? 0 : errno; /* a folder one may write but not list */
    int reason = fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP ? errno : 0; /* not every file system can */
    close(fd);
    return reason;
}

/* Why writes fail, when the stream only knows that one did: the same happens to one byte more. */
static int ask_why(FILE *stream) {
    errno = 0;
    return write(fileno(stream), "", 1) < 0 && errno ? errno : EIO;
}

/* 0 or the errno of the first step that failed; the stream is closed in any case. */
static int finish_stream(struct out_file *file) {
    int reason = file->reason;
    errno = 0;
    bool failed = reason || ferror(file->stream) != 0;
    if (failed && !reason) reason = ask_why(file->stream);
    if (fflush(file->stream) != 0) {
        failed = true;
        if (!reason) reason = errno;
    }
    if (!failed && file->temp[0] && fsync(fileno(file->stream)) != 0) {
        failed = true;
        reason = errno;
    }
    if (fclose(file->stream) != 0 && !failed) {
        failed = true;
        reason = errno;
    }
    file->stream = NULL;
    return failed ? (reason ? reason : EIO) : 0;
}

int out_commit(struct out_file *file) {
    if (!file->stream) FAIL(GW_ERR_INTERNAL, "%s: committed without being open", file->path);
    int reason = finish_stream(file);
    if (file->temp[0] == '\0') return reason ? write_failed(file->path, reason) : GW_OK;
    if (!reason && rename(file->temp, file->path) != 0) reason = errno;
    if (reason)
        unlink(file->temp);
    else
        reason = sync_folder(file->path);
    file->temp[0] = '\0';
    return reason ? write_failed(file->path, reason) : GW_OK;
}

void out_abort(struct out_file *file) {
    if (file->stream) fclose(file->stream);
    if (file->temp[0]) unlink(file->temp);
    file->stream = NULL;
    file->temp[0] = '\0';
}
