/* Put before the C library (LD_PRELOAD), this refuses one request of a program, or all from one on, or kills it there. Only
 * what the program's main() does counts, never the loader's and exit's own work, nor what it starts: children that exec are
 * left alone. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan.h"
#include "runtime.h"

/* glibc's own, under the names that stay when the usual ones are replaced. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end);

static struct fault_plan *plan; /* NULL: outside main */
static pid_t owner;

static bool is_memory(enum fault_call call) { return call <= CALL_posix_memalign; }

/* 0: go on. Otherwise the reason, in errno too. */
static int refused(enum fault_call call, const void *caller) {
    if (!plan) return 0;
    uint64_t number = atomic_fetch_add(&plan->seen[call], 1) + 1;
    if (plan->mode == FAULT_KILL) {
        if (!is_memory(call) && atomic_fetch_add(&plan->seen_but_memory, 1) + 1 == plan->at) {
            plan->done = true;
            syscall(SYS_kill, owner, SIGKILL);
        }
        return 0;
    }
    if (!is_memory(call)) atomic_fetch_add(&plan->seen_but_memory, 1);
    bool chosen = plan->mode == FAULT_ONCE ? number == plan->at : plan->mode == FAULT_FOR_GOOD && number >= plan->at;
    if (call != plan->call || !chosen) return 0;
    if ((is_memory(call) || call == CALL_pthread_create) && is_runtime(caller)) {
        plan->foreign = true;
        return 0;
    }
    plan->done = true;
    if (plan->reason != SHORT) errno = plan->reason;
    return plan->reason;
}

/* Has the caller's function return when it is refused. A call whose length can be cut is cut for SHORT. */
#define CALLER __builtin_return_address(0)
#define REFUSE(call, value)                                                                                            \
    do {                                                                                                               \
        if (refused(CALL_##call, CALLER)) return value;                                                                \
    } while (0)
#define CUT(call, length)                                                                                              \
    do {                                                                                                               \
        int reason_ = refused(CALL_##call, CALLER);                                                                    \
        if (reason_ > 0) return -1;                                                                                    \
        if (reason_ == SHORT && (length) > 1) (length) /= 2;                                                           \
    } while (0)

/* next_open and so on: the C library's. */
#define CALL(name, reason, second) static __typeof__(name) *next_##name;
#define SURVIVED(name, reason, second)
#include "calls.def"
#undef CALL
#define NEXT(name) (next_##name ? next_##name : (__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static int (*real_main)(int, char **, char **);

static int counted_main(int argc, char **argv, char **environment) {
    const char *path = getenv(FAULT_PLAN_VARIABLE);
#define CALL(name, reason, second) next_##name = NEXT(name);
#include "calls.def"
#undef CALL
    unsetenv("LD_PRELOAD");
    int fd = path ? NEXT(open)(path, O_RDWR | O_CLOEXEC) : -1;
    struct fault_plan *map = MAP_FAILED;
    if (fd >= 0) map = NEXT(mmap)(NULL, sizeof *map, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) abort();
    NEXT(close)(fd);
    owner = getpid();
    plan = map;
    int status = real_main(argc, argv, environment);
    plan = NULL;
    return status;
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end) {
    real_main = main;
    __typeof__(__libc_start_main) *next = (__typeof__(__libc_start_main) *)dlsym(RTLD_NEXT, "__libc_start_main");
    return next(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* ---- memory ----------------------------------------------------------------------------------- */

void *malloc(size_t bytes) {
    REFUSE(malloc, NULL);
    return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t size) {
    REFUSE(calloc, NULL);
    return __libc_calloc(count, size);
}
void *realloc(void *block, size_t bytes) {
    REFUSE(realloc, NULL);
    return __libc_realloc(block, bytes);
}
void *memalign(size_t alignment, size_t bytes); /* of malloc.h */
void *memalign(size_t alignment, size_t bytes) {
    REFUSE(posix_memalign, NULL);
    return __libc_memalign(alignment, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
    REFUSE(posix_memalign, NULL);
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void **block, size_t alignment, size_t bytes) {
    REFUSE(posix_memalign, ENOMEM);
    *block = __libc_memalign(alignment, bytes);
    return *block ? 0 : ENOMEM;
}

/* ---- streams ------------------------------------------------------------------------------------ */

/* What is said on stderr is said whatever happens: without it no test could tell. */
static bool is_refused_on(FILE *stream, enum fault_call call, const void *caller) {
    if (stream == stderr || !refused(call, caller)) return false;
    stream->_flags |= 0x20; /* glibc's error mark, as after a write that failed */
    return true;
}
#define REFUSE_ON(stream, call, value)                                                                                 \
    do {                                                                                                               \
        if (is_refused_on(stream, CALL_##call, CALLER)) return value;                                                  \
    } while (0)

size_t fwrite(const void *from, size_t size, size_t n, FILE *stream) {
    REFUSE_ON(stream, fwrite, 0);
    return NEXT(fwrite)(from, size, n, stream);
}
int fputs(const char *text, FILE *stream) {
    REFUSE_ON(stream, fputs, EOF);
    return NEXT(fputs)(text, stream);
}
int fputc(int letter, FILE *stream) {
    REFUSE_ON(stream, fputc, EOF);
    return NEXT(fputc)(letter, stream);
}
int fprintf(FILE *stream, const char *format, ...) {
    REFUSE_ON(stream, fprintf, -1);
    va_list arguments;
    va_start(arguments, format);
    int n = vfprintf(stream, format, arguments);
    va_end(arguments);
    return n;
}
int printf(const char *format, ...) {
    REFUSE_ON(stdout, printf, -1);
    va_list arguments;
    va_start(arguments, format);
    int n = vfprintf(stdout, format, arguments);
    va_end(arguments);
    return n;
}
int puts(const char *text) {
    REFUSE_ON(stdout, puts, EOF);
    return NEXT(puts)(text);
}
int putchar(int letter) {
    REFUSE_ON(stdout, putchar, EOF);
    return NEXT(putchar)(letter);
}
int fflush(FILE *stream) {
    REFUSE_ON(stream, fflush, EOF);
    return NEXT(fflush)(stream);
}
int fclose(FILE *stream) { /* closes in any case, as the real one does */
    int reason = refused(CALL_fclose, CALLER), n = NEXT(fclose)(stream);
    if (!reason) return n;
    errno = reason;
    return EOF;
}
ssize_t __getdelim(char **line, size_t *size, int end, FILE *stream) {
    REFUSE_ON(stream, __getdelim, -1);
    return NEXT(__getdelim)(line, size, end, stream);
}
size_t fread(void *to, size_t size, size_t n, FILE *stream) {
    REFUSE_ON(stream, fread, 0);
    return NEXT(fread)(to, size, n, stream);
}
char *fgets(char *line, int size, FILE *stream) {
    REFUSE_ON(stream, fgets, NULL);
    return NEXT(fgets)(line, size, stream);
}

/* ---- everything else ------------------------------------------------------------------------------ */

#define FORWARD(type, name, failure, parameters, arguments)                                                            \
    type name parameters {                                                                                             \
        REFUSE(name, failure);                                                                                         \
        return NEXT(name) arguments;                                                                                   \
    }

ssize_t read(int fd, void *to, size_t length) {
    CUT(read, length);
    return NEXT(read)(fd, to, length);
}
ssize_t pread(int fd, void *to, size_t length, off_t at) {
    CUT(pread, length);
    return NEXT(pread)(fd, to, length, at);
}
ssize_t write(int fd, const void *from, size_t length) {
    if (fd != STDERR_FILENO) CUT(write, length);
    return NEXT(write)(fd, from, length);
}
int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    REFUSE(open, -1);
    return NEXT(open)(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    REFUSE(openat, -1);
    return NEXT(openat)(folder, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    REFUSE(open64, -1);
    return NEXT(open64)(path, flags, mode);
}
ssize_t pread64(int fd, void *to, size_t length, off64_t at) {
    CUT(pread64, length);
    return NEXT(pread64)(fd, to, length, at);
}
ssize_t pwrite64(int fd, const void *from, size_t length, off64_t at) {
    CUT(pwrite64, length);
    return NEXT(pwrite64)(fd, from, length, at);
}
int fcntl64(int fd, int what, ...) { /* its third argument is as wide as a pointer, whatever it means */
    va_list arguments;
    va_start(arguments, what);
    void *with = va_arg(arguments, void *);
    va_end(arguments);
    if (what == F_SETLK || what == F_GETLK) REFUSE(fcntl64, -1);
    return NEXT(fcntl64)(fd, what, with);
}
int close(int fd) { /* closes in any case */
    int reason = refused(CALL_close, CALLER), n = NEXT(close)(fd);
    if (!reason) return n;
    errno = reason;
    return -1;
}
pid_t waitpid(pid_t pid, int *status, int options) {
    REFUSE(waitpid, -1);
    return NEXT(waitpid)(pid, status, options);
}
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *), void *with) {
    REFUSE(pthread_create, EAGAIN);
    return NEXT(pthread_create)(thread, attributes, work, with);
}
FORWARD(FILE *, fopen, NULL, (const char *path, const char *mode), (path, mode))
FORWARD(FILE *, fdopen, NULL, (int fd, const char *mode), (fd, mode))
FORWARD(int, fsync, -1, (int fd), (fd))
FORWARD(int, rename, -1, (const char *from, const char *to), (from, to))
FORWARD(int, unlink, -1, (const char *path), (path))
FORWARD(int, unlinkat, -1, (int folder, const char *path, int flags), (folder, path, flags))
FORWARD(int, rmdir, -1, (const char *path), (path))
FORWARD(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
FORWARD(char *, mkdtemp, NULL, (char *path), (path))
FORWARD(int, stat, -1, (const char *path, struct stat *to), (path, to))
FORWARD(int, lstat, -1, (const char *path, struct stat *to), (path, to))
FORWARD(int, fstat, -1, (int fd, struct stat *to), (fd, to))
FORWARD(int, fstatat, -1, (int folder, const char *path, struct stat *to, int flags), (folder, path, to, flags))
FORWARD(int, access, -1, (const char *path, int mode), (path, mode))
FORWARD(DIR *, opendir, NULL, (const char *path), (path))
FORWARD(DIR *, fdopendir, NULL, (int fd), (fd))
FORWARD(struct dirent *, readdir, NULL, (DIR * dir), (dir))
FORWARD(int, futimens, -1, (int fd, const struct timespec times[2]), (fd, times))
FORWARD(int, flock, -1, (int fd, int how), (fd, how))
FORWARD(pid_t, fork, -1, (void), ())
FORWARD(int, pipe2, -1, (int fd[2], int flags), (fd, flags))
FORWARD(int, dup2, -1, (int from, int to), (from, to))
FORWARD(int, chdir, -1, (const char *path), (path))
FORWARD(int, execve, -1, (const char *path, char *const argv[], char *const environment[]), (path, argv, environment))
FORWARD(int, poll, -1, (struct pollfd * fds, nfds_t n, int milliseconds), (fds, n, milliseconds))
FORWARD(void *, dlopen, NULL, (const char *path, int mode), (path, mode))
FORWARD(void *, mmap, MAP_FAILED, (void *at, size_t length, int protection, int flags, int fd, off_t from),
        (at, length, protection, flags, fd, from))
FORWARD(char *, realpath, NULL, (const char *path, char *to), (path, to))
FORWARD(int, setenv, -1, (const char *name, const char *value, int replace), (name, value, replace))
FORWARD(int, ftruncate64, -1, (int fd, off64_t length), (fd, length))
FORWARD(int, fdatasync, -1, (int fd), (fd))
FORWARD(int, stat64, -1, (const char *path, struct stat64 *to), (path, to))
FORWARD(int, lstat64, -1, (const char *path, struct stat64 *to), (path, to))
FORWARD(int, fstat64, -1, (int fd, struct stat64 *to), (fd, to))
FORWARD(void *, mmap64, MAP_FAILED, (void *at, size_t length, int protection, int flags, int fd, off64_t from),
        (at, length, protection, flags, fd, from))
FORWARD(int, fchmod, -1, (int fd, mode_t mode), (fd, mode))
FORWARD(ssize_t, readlink, -1, (const char *path, char *to, size_t size), (path, to, size))
FORWARD(char *, getcwd, NULL, (char *to, size_t size), (to, size))
