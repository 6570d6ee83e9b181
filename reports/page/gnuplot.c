#include "gnuplot.h"
#include "engine/base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { STDERR_KEPT = 4000, POLL_MS = 100, MAX_ENVIRONMENT = 1024 };

/* ---- a private directory ----------------------------------------------------------------------- */

static void empty_folder(int fd) {
    DIR *dir = fdopendir(fd);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) unlinkat(fd, entry->d_name, 0);
    if (dir)
        closedir(dir);
    else
        close(fd);
}

/* The process whose directory this is; 0 when the name is no such directory's. */
static long owner_of(const char *name) {
    static const char prefix[] = "gatewalk-report-";
    if (strncmp(name, prefix, sizeof prefix - 1) != 0) return 0;
    const char *digits = name + sizeof prefix - 1;
    size_t n = strspn(digits, "0123456789");
    return n > 0 && n < 10 && digits[n] == '-' && strlen(digits + n) == 7 ? strtol(digits, NULL, 10) : 0;
}

/* Directories of reports that were killed: whoever draws holds a lock on his. */
static void sweep(const char *base) {
    DIR *dir = opendir(base);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct stat status;
        long owner = owner_of(entry->d_name);
        if (owner == 0 || kill((pid_t)owner, 0) == 0 || errno != ESRCH) continue;
        int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) continue;
        if (fstat(fd, &status) != 0 || status.st_uid != geteuid() || flock(fd, LOCK_EX | LOCK_NB) != 0) {
            close(fd);
            continue;
        }
        empty_folder(fd);
        unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    }
    if (dir) closedir(dir);
}

int scratch_open(struct scratch *scratch) {
    const char *base = getenv("TMPDIR");
    if (!base || base[0] != '/' || strlen(base) > 400) base = "/tmp";
    sweep(base);
    scratch->lock = -1;
    snprintf(scratch->dir, sizeof scratch->dir, "%s/gatewalk-report-%ld-XXXXXX", base, (long)getpid());
    if (mkdtemp(scratch->dir)) return dir_lock(scratch->dir, &scratch->lock);
    int why = errno;
    scratch->dir[0] = 0;
    FAIL(GW_ERR_IO, "%s: cannot make a temporary directory (%s); set TMPDIR to a writable place", base, strerror(why));
}

/* Listing a folder takes memory and a descriptor: one refusal must not leave it behind, so there is a second try. */
void scratch_close(struct scratch *scratch) {
    if (!scratch->dir[0]) return;
    for (int attempt = 0; attempt < 2; attempt++) {
        int fd = open(scratch->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) empty_folder(fd);
        if (rmdir(scratch->dir) == 0) break;
    }
    dir_unlock(&scratch->lock);
    scratch->dir[0] = 0;
}

/* ---- finding it ---------------------------------------------------------------------------------- */

static bool is_program(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

int gnuplot_find(const char *run_dir, char path[1024]) {
    const char *list = getenv("PATH");
    for (const char *at = list ? list : ""; *at;) {
        size_t length = strcspn(at, ":");
        /* Relative entries are skipped: the process runs in another directory. */
        if (length > 0 && length < 1000 && at[0] == '/') {
            snprintf(path, 1024, "%.*s/gnuplot", (int)length, at);
            if (is_program(path)) return GW_OK;
        }
        at += length + (at[length] == ':');
    }
    if (!run_dir)
        FAIL(GW_ERR_TOOL, "gnuplot is not installed (not found on PATH), so no picture was drawn; install it (Debian, "
                          "Ubuntu: apt install gnuplot-nox fonts-liberation)");
    FAIL(GW_ERR_TOOL,
         "gnuplot is not installed (not found on PATH), so no pictures were drawn; every result file is in place. "
         "Install it (Debian, Ubuntu: apt install gnuplot-nox fonts-liberation) and run: gatewalk report %s",
         run_dir);
}

/* ---- running it ------------------------------------------------------------------------------------ */

/* The caller's environment without what would change gnuplot's start-up, numbers or fonts' sizes. */
static void clean_environment(char *kept[MAX_ENVIRONMENT]) {
    static const char *const dropped[] = {"GNUPLOT", "GNUTERM", "GNUHELP", "GDFONTPATH",
                                          "LC_",     "LANG",    "FIT_",    "SOURCE_DATE_EPOCH="};
    static char locale[] = "LC_ALL=C.UTF-8";
    static char epoch[] = "SOURCE_DATE_EPOCH=0"; /* same run, same bytes */
    size_t n = 0;
    kept[n++] = locale;
    kept[n++] = epoch;
    for (char **entry = environ; entry && *entry && n + 1 < MAX_ENVIRONMENT; entry++) {
        bool keep = true;
        for (size_t i = 0; i < COUNT_OF(dropped); i++)
            if (strncmp(*entry, dropped[i], strlen(dropped[i])) == 0) keep = false;
        if (keep) kept[n++] = *entry;
    }
    kept[n] = NULL;
}

/* Between fork and exec only calls that are safe in a process that had threads. */
static _Noreturn void become_gnuplot(const char *gnuplot, const char *dir, char *script, int error_fd,
                                     char **environment, pid_t parent) {
    static char name[] = "gnuplot", no_startup_files[] = "-d";
    char *arguments[] = {name, no_startup_files, script, NULL};
    int null_fd = open("/dev/null", O_RDWR);
    if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 || dup2(error_fd, 2) < 0 || chdir(dir) < 0)
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL);    /* nothing is drawn for a process that was killed … */
    if (getppid() != parent) _exit(126); /* … also not when that was a moment ago */
    signal(SIGPIPE, SIG_DFL);
    execve(gnuplot, arguments, environment);
    _exit(127);
}

struct child {
    pid_t pid;
    int fd;
    char said[STDERR_KEPT + 1];
    size_t n_said;
};

/* Reads what there is; false at end of file. The first lines matter most, so later ones are dropped. */
static bool drain(struct child *child) {
    char chunk[1024];
    ssize_t n = read(child->fd, chunk, sizeof chunk);
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    size_t room = STDERR_KEPT - child->n_said, keep = (size_t)n < room ? (size_t)n : room;
    memcpy(child->said + child->n_said, chunk, keep);
    child->n_said += keep;
    child->said[child->n_said] = 0;
    return n > 0;
}

static int stop(struct child *child, int code, const char *why) {
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return gw_error_set(code, "%s", why);
}

/* Follows stderr until gnuplot closes it, then collects the exit status. */
static int wait_for(struct child *child, double timeout_seconds, int *status) {
    double deadline = clock_seconds() + timeout_seconds;
    for (bool open = true;;) {
        struct pollfd wait = {.fd = child->fd, .events = POLLIN};
        int ready = open ? poll(&wait, 1, POLL_MS) : 0;
        if (ready < 0 && errno != EINTR) return stop(child, GW_ERR_TOOL, "cannot wait for gnuplot");
        if (ready > 0) open = drain(child);
        if (!open) {
            pid_t got = waitpid(child->pid, status, WNOHANG);
            if (got == child->pid) return GW_OK;
            if (got < 0 && errno != EINTR) FAIL(GW_ERR_TOOL, "lost track of gnuplot: %s", strerror(errno));
            poll(NULL, 0, 1);
        }
        if (interrupt_requested()) return stop(child, GW_ERR_INTERRUPTED, "interrupted while gnuplot was drawing");
        if (clock_seconds() > deadline) {
            char why[120];
            snprintf(why, sizeof why, "gnuplot did not finish within %.0f seconds and was stopped", timeout_seconds);
            return stop(child, GW_ERR_TOOL, why);
        }
    }
}

/* gnuplot prints the script line, a caret line and then `"file.gp" line 12: what is wrong`: keep that one. */
static const char *last_complaint(char *said) {
    const char *best = "it said nothing";
    for (char *line = strtok(said, "\n"); line; line = strtok(NULL, "\n"))
        if (strspn(line, " \t^") != strlen(line)) best = line;
    return best;
}

int gnuplot_run(const char *gnuplot, const struct scratch *scratch, const char *script, double timeout_seconds) {
    int rc = GW_ERR_TOOL, pipe_fd[2], status = 0;
    char *environment[MAX_ENVIRONMENT], script_copy[64];
    if (strlen(script) >= sizeof script_copy || !name_is_safe(script))
        FAIL(GW_ERR_INTERNAL, "bad script name: %s", script);
    strcpy(script_copy, script);
    clean_environment(environment);
    struct child *child = mem_calloc(1, sizeof *child);
    if (!child) return GW_ERR_NOMEM;
    if (pipe2(pipe_fd, O_CLOEXEC) < 0) {
        rc = gw_error_set(GW_ERR_IO, "cannot make a pipe: %s", strerror(errno));
        goto cleanup;
    }
    child->fd = pipe_fd[0];
    const pid_t parent = getpid();
    child->pid = fork();
    if (child->pid == 0) become_gnuplot(gnuplot, scratch->dir, script_copy, pipe_fd[1], environment, parent);
    close(pipe_fd[1]);
    if (child->pid < 0)
        rc = gw_error_set(GW_ERR_TOOL, "cannot start %s: %s", gnuplot, strerror(errno));
    else
        rc = wait_for(child, timeout_seconds, &status);
    close(pipe_fd[0]);
    if (rc < 0) goto cleanup;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        rc = gw_error_set(GW_ERR_TOOL, "%s cannot be executed", gnuplot);
    else if (WIFSIGNALED(status))
        rc = gw_error_set(GW_ERR_TOOL, "gnuplot was ended by signal %d", WTERMSIG(status));
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        rc = gw_error_set(GW_ERR_TOOL, "gnuplot failed (status %d): %s", WEXITSTATUS(status),
                          last_complaint(child->said));
cleanup:
    mem_free(child);
    return rc;
}

/* ---- what it drew ---------------------------------------------------------------------------------------- */

static const size_t largest_picture = (size_t)256 << 20;

/* A cairo PDF carries the minute it was made, so the same run would not give the same bytes: blank the digits. */
static void forget_time(char *bytes, size_t length) {
    static const char key[] = "/CreationDate (D:";
    for (char *at = bytes; (at = memmem(at, length - (size_t)(at - bytes), key, sizeof key - 1));) {
        at += sizeof key - 1;
        for (const char *epoch = "19700101000000"; *epoch && at < bytes + length && *at >= '0' && *at <= '9'; epoch++)
            *at++ = *epoch;
    }
}

int gnuplot_deliver(const struct scratch *scratch, const char *from_name, const char *magic, const char *to_path) {
    char from[1024];
    char *bytes = NULL;
    size_t length;
    struct out_file out = {0};
    TRY(path_join(from, sizeof from, scratch->dir, from_name));
    int rc = file_read_all(from, largest_picture, GW_ERR_TOOL, &bytes, &length);
    if (rc == GW_OK && (length < 100 || memcmp(bytes, magic, strlen(magic)) != 0))
        rc = gw_error_set(GW_ERR_TOOL, "gnuplot left a broken %s", from_name);
    if (rc < 0) goto cleanup;
    forget_time(bytes, length);
    out_sweep(to_path); /* what a killed one has left half-written */
    TRY_GOTO(out_open(&out, to_path), cleanup);
    out_write(&out, bytes, length);
    rc = out_commit(&out);
cleanup:
    out_abort(&out);
    mem_free(bytes);
    return rc;
}
