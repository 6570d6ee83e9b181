/* Reading whole files and making folders, with errors that say which of the usual mistakes it was. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

/* What to do about the usual reasons. */
static const char *advice(int reason) {
    switch (reason) {
    case ENOENT:
        return "; check the path";
    case EACCES:
    case EPERM:
        return "; check who may read it and its folder";
    case ENOTDIR:
        return "; a part of the path is a file, not a folder";
    case ENAMETOOLONG:
        return "; choose a shorter path";
    default:
        return "";
    }
}

/* A disk, the system or its owner refuses: that says nothing of what the file holds. */
static int blamed(int code, int reason) {
    static const int others[] = {EIO, EMFILE, ENFILE, EACCES, EPERM};
    if (reason == ENOMEM) return GW_ERR_NOMEM;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (reason == others[i]) return GW_ERR_IO;
    return code;
}

static int read_failed(const char *path, int code, int reason) {
    if (reason == EISDIR) FAIL(code, "%s: is a folder, a file was expected", path);
    if (reason == ESPIPE) FAIL(code, "%s: is a pipe, a file was expected; remove it", path);
    FAIL(blamed(code, reason), "%s: cannot be read: %s%s", path, strerror(reason), advice(reason));
}

/* A pipe may be silent for ever, and the first Ctrl-C must end the wait: nobody sleeps in read(). */
static ssize_t read_some(int fd, char *to, size_t room) {
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (interrupt_requested()) {
            errno = EINTR;
            return -1;
        }
        int ready = poll(&wait, 1, 100);
        if (ready < 0 && errno != EINTR) return -1;
        ssize_t got = ready > 0 ? read(fd, to, room) : -1;
        if (ready > 0 && (got >= 0 || (errno != EINTR && errno != EAGAIN))) return got;
    }
}

/* Fills *text from the descriptor. Reads to the end rather than trusting st_size: pipes have none, and
 * files under /proc say 0. */
static int read_stream(int fd, const char *path, size_t max_bytes, size_t expected, int code, char **text,
                       size_t *length) {
    size_t capacity = expected + 1, used = 0;
    char *buffer = mem_realloc(NULL, capacity + 1, 1); /* not cleared: every byte up to `used` is read */
    if (!buffer) return GW_ERR_NOMEM;
    for (;;) {
        ssize_t got = read_some(fd, buffer + used, capacity - used);
        if (got < 0) {
            int reason = errno;
            mem_free(buffer);
            TRY(reason == EINTR ? interrupt_check() : GW_OK);
            return read_failed(path, code, reason);
        }
        if (got == 0) break;
        used += (size_t)got;
        if (used > max_bytes) {
            mem_free(buffer);
            FAIL(code, "%s: is too large: at most %zu bytes are read", path, max_bytes);
        }
        if (used < capacity) continue;
        size_t wider = capacity > max_bytes / 2 ? max_bytes + 1 : 2 * capacity + 4096;
        char *grown = mem_realloc(buffer, wider + 1, 1);
        if (!grown) {
            mem_free(buffer);
            return GW_ERR_NOMEM;
        }
        buffer = grown;
        capacity = wider;
    }
    buffer[used] = '\0';
    *text = buffer;
    *length = used;
    return GW_OK;
}

static int read_all(const char *path, bool pipes, size_t max_bytes, int code, char **text, size_t *length) {
    struct stat status;
    int rc = GW_OK;
    if (max_bytes > PTRDIFF_MAX / 4) max_bytes = PTRDIFF_MAX / 4; /* so that sizes below cannot overflow */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer is waited for in read_some */
    if (fd < 0) return read_failed(path, code, errno);
    if (fstat(fd, &status) != 0)
        rc = read_failed(path, code, errno);
    else if (S_ISDIR(status.st_mode))
        rc = read_failed(path, code, EISDIR);
    else if (S_ISFIFO(status.st_mode) && !pipes)
        rc = read_failed(path, code, ESPIPE);
    else if (S_ISREG(status.st_mode) && (uintmax_t)status.st_size > max_bytes)
        rc = gw_error_set(code, "%s: is too large: %jd bytes, at most %zu are read", path, (intmax_t)status.st_size,
                          max_bytes);
    else
        rc = read_stream(fd, path, max_bytes, S_ISREG(status.st_mode) ? (size_t)status.st_size : 0, code, text, length);
    close(fd);
    return rc;
}

int file_read_all(const char *path, size_t max_bytes, int code, char **text, size_t *length) {
    return read_all(path, true, max_bytes, code, text, length);
}

int file_read_own(const char *path, size_t max_bytes, int code, char **text, size_t *length) {
    return read_all(path, false, max_bytes, code, text, length);
}

int file_open(const char *path, int code, FILE **stream) {
    struct stat status;
    int reason = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* which waits for nobody to write */
    *stream = NULL;
    if (fd < 0) return read_failed(path, code, errno);
    if (fstat(fd, &status) != 0)
        reason = errno;
    else if (S_ISDIR(status.st_mode) || S_ISFIFO(status.st_mode))
        reason = S_ISDIR(status.st_mode) ? EISDIR : ESPIPE;
    else if (fcntl(fd, F_SETFL, O_RDONLY) < 0 || !(*stream = fdopen(fd, "rb")))
        reason = errno;
    if (reason == 0) return GW_OK;
    close(fd);
    return read_failed(path, code, reason);
}

/* When it cannot be told, whoever goes on to open the file learns why. */
bool file_exists(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

bool file_is_same(const char *a, const char *b) {
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* One level. Another process may make the same folder at the same time: that is success too. */
static int make_level(const char *path, mode_t mode) {
    if (mkdir(path, mode) == 0) return GW_OK;
    int reason = errno;
    if (is_folder(path)) return GW_OK;
    if (reason == EEXIST)
        FAIL(GW_ERR_IO, "%s: is a file, a folder is needed here; move it or choose another folder", path);
    const char *cure = reason == EACCES || reason == EPERM ? "; check who may write to the folder above it"
                       : reason == EROFS                   ? "; choose a folder that can be written to"
                                                           : advice(reason);
    FAIL(GW_ERR_IO, "%s: the folder cannot be made: %s%s", path, strerror(reason), cure);
}

static int make_folders(const char *path, mode_t mode) {
    char level[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0) FAIL(GW_ERR_IO, "a folder needs a name, it is empty");
    if (length >= sizeof level) FAIL(GW_ERR_IO, "%.60s...: the path is longer than %d bytes", path, PATH_MAX - 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(level, path, i);
        level[i] = '\0';
        TRY(make_level(level, mode));
    }
    return GW_OK;
}

int dir_make(const char *path) { return make_folders(path, 0755); }
int dir_make_private(const char *path) { return make_folders(path, 0700); }

int path_join(char *out, size_t size, const char *dir, const char *name) {
    size_t length = strlen(dir);
    const char *slash = length == 0 || dir[length - 1] == '/' ? "" : "/";
    int written = snprintf(out, size, "%s%s%s", dir, slash, name);
    if (written < 0 || (size_t)written >= size)
        FAIL(GW_ERR_IO, "%.60s.../%.60s: the path is longer than %zu bytes", dir, name, size ? size - 1 : 0);
    return GW_OK;
}
