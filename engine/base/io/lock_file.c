/* The lock file: one line, "gatewalk-lock HOST BOOT NAMESPACE PID STARTED STALE". Host, boot and namespace together are the
 * place where a process number means something. */
#include "lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io.h"

enum { LINE_MAX_BYTES = 256, BEATS = 8, TRIES = 4, FUTURE = 2 };

struct owner {
    char host[65], boot[40];
    unsigned long long space, started; /* of processes; of this one, in ticks since the boot */
    long pid;
    double stale;
};

struct lock_file {
    char dir[1024], line[LINE_MAX_BYTES];
    int folder;
    double stale;
    pthread_t heart;
    pthread_mutex_t lock; /* guards `ended` */
    pthread_cond_t end;
    bool beats, ended;
};

bool lock_file_is(const char *name) { return strncmp(name, LOCK_FILE_NAME, strlen(LOCK_FILE_NAME)) == 0; }

/* ---- who ------------------------------------------------------------------------------------------------------ */

static bool read_line(int folder, const char *name, char line[LINE_MAX_BYTES]) {
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, line, LINE_MAX_BYTES - 1);
    if (fd >= 0) close(fd);
    line[n > 0 ? n : 0] = '\0';
    return fd >= 0;
}

/* The 22nd field of /proc/PID/stat; the second may hold anything, brackets too. 0 when there is no such process. */
static unsigned long long started_at(long pid) {
    char path[64], text[1024];
    unsigned long long ticks = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    if (at) sscanf(at, "%llu", &ticks);
    return ticks;
}

static void find_self(struct owner *self) {
    struct stat space;
    *self = (struct owner){.pid = (long)getpid(), .stale = LOCK_FILE_STALE};
    if (gethostname(self->host, sizeof self->host - 1) != 0 || !*self->host) strcpy(self->host, "?");
    for (char *c = self->host; *c; c++)
        if (*c <= ' ' || *c > '~') *c = '?';
    FILE *boot = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!boot || fscanf(boot, "%39s", self->boot) != 1) strcpy(self->boot, "?");
    if (boot) fclose(boot);
    if (stat("/proc/self/ns/pid", &space) == 0) self->space = space.st_ino;
    self->started = started_at(self->pid);
    const char *given = getenv("GATEWALK_LOCK_STALE");
    double stale = given ? strtod(given, NULL) : 0;
    if (stale >= 2 && stale <= 86400) self->stale = stale;
}

static bool parse(const char *line, struct owner *out) {
    *out = (struct owner){.stale = LOCK_FILE_STALE};
    return sscanf(line, "gatewalk-lock %64s %39s %llu %ld %llu %lf", out->host, out->boot, &out->space, &out->pid,
                  &out->started, &out->stale) == 6 &&
           out->stale >= 2 && out->stale <= 86400 && out->pid > 0;
}

/* Known only where the number means the same process to us. */
static bool has_ended(const struct owner *owner, const struct owner *self) {
    if (strcmp(owner->host, self->host) != 0 || strcmp(owner->boot, self->boot) != 0 || owner->space != self->space)
        return false;
    if (kill((pid_t)owner->pid, 0) != 0 && errno == ESRCH) return true;
    unsigned long long started = started_at(owner->pid);
    return started != 0 && owner->started != 0 && started != owner->started;
}

/* ---- how old ---------------------------------------------------------------------------------------------------- */

/* Both times are the file system's: clocks of machines differ. Negative: it cannot be known. */
static double age_of(int folder, const char *of) {
    struct stat lock, now;
    char name[64];
    snprintf(name, sizeof name, LOCK_FILE_NAME ".%ld", (long)getpid());
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    bool known =
        futimens(fd, NULL) == 0 && fstat(fd, &now) == 0 && fstatat(folder, of, &lock, AT_SYMLINK_NOFOLLOW) == 0;
    close(fd);
    unlinkat(folder, name, 0);
    if (!known) return -1;
    return (double)(now.st_mtim.tv_sec - lock.st_mtim.tv_sec) +
           1e-9 * (double)(now.st_mtim.tv_nsec - lock.st_mtim.tv_nsec);
}

/* Where the file system has no clock of its own both times are those of who wrote them, and clocks of machines differ: a lock
 * that looks stale, or as if it were of the future, is watched. Its owner renews it eight times while it lives, so one that
 * changes is alive whatever the clocks say. GW_ERR_INTERRUPTED when asked to stop. */
static int watch(int folder, const char *judged, double seconds, bool *alive) {
    enum { GLANCES = 20 };
    struct stat before, now;
    char line[LINE_MAX_BYTES];
    *alive = false;
    if (fstatat(folder, LOCK_FILE_NAME, &before, AT_SYMLINK_NOFOLLOW) != 0) return GW_OK;
    for (double until = clock_seconds() + seconds; clock_seconds() < until && !*alive;) {
        TRY(interrupt_check());
        usleep((useconds_t)(1e6 * fmin(seconds / GLANCES, 0.5)));
        if (!read_line(folder, LOCK_FILE_NAME, line)) return GW_OK; /* opened, so that no cache answers */
        if (fstatat(folder, LOCK_FILE_NAME, &now, AT_SYMLINK_NOFOLLOW) != 0) return GW_OK;
        *alive = strcmp(line, judged) != 0 || now.st_mtim.tv_sec != before.st_mtim.tv_sec ||
                 now.st_mtim.tv_nsec != before.st_mtim.tv_nsec;
    }
    return GW_OK;
}

/* Many may judge the same lock stale, and one who is slow would put away the lock of him who was quicker: it is put away by
 * whoever could make the file that says so, while that is there, and only as long as it is the one that was judged. */
static bool put_away(int folder, const char *judged, double stale) {
    static const char breaking[] = LOCK_FILE_NAME ".break";
    char line[LINE_MAX_BYTES];
    int fd = openat(folder, breaking, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        if (errno == EEXIST && age_of(folder, breaking) > stale)
            unlinkat(folder, breaking, 0); /* he was killed at it */
        return false;
    }
    close(fd);
    const bool same = read_line(folder, LOCK_FILE_NAME, line) && strcmp(line, judged) == 0;
    if (same) unlinkat(folder, LOCK_FILE_NAME, 0);
    unlinkat(folder, breaking, 0);
    return same;
}

/* ---- taking it ---------------------------------------------------------------------------------------------------- */

static bool create(int folder, const char *line) {
    int fd = openat(folder, LOCK_FILE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return false;
    size_t n = strlen(line);
    bool whole = write(fd, line, n) == (ssize_t)n && fsync(fd) == 0;
    if (!whole) unlinkat(folder, LOCK_FILE_NAME, 0);
    if (close(fd) != 0) whole = false;
    if (!whole) errno = EIO;
    return whole;
}

static int in_use(const char *dir, const struct owner *owner, bool known, double age) {
    char host[65];
    snprintf(host, sizeof host, "%s", known ? owner->host : "?");
    FAIL(GW_ERR_IO,
         "%s: is in use by another gatewalk (process %ld on %s, heard of %.0f s ago); wait for it or choose another "
         "folder; it may be taken over %.0f s after its last sign",
         dir, known ? owner->pid : 0, text_clean(host), age > 0 ? age : 0, owner->stale);
}

static int acquire(const char *dir, int folder, const struct owner *self, const char *line, bool *taken) {
    *taken = false;
    for (int i = 0; i < TRIES; i++) {
        char found[LINE_MAX_BYTES];
        struct owner owner;
        if (create(folder, line)) {
            *taken = true;
            return GW_OK;
        }
        if (errno != EEXIST) return GW_OK; /* a folder that is only read: as without locks */
        if (!read_line(folder, LOCK_FILE_NAME, found) && errno == ENOENT) continue;
        bool known = parse(found, &owner);
        double age = age_of(folder, LOCK_FILE_NAME);
        const bool of_the_future = age < -FUTURE;
        if (!(known && has_ended(&owner, self))) {
            bool alive = false;
            if (age <= owner.stale && !of_the_future) return in_use(dir, &owner, known, age);
            const double seconds = of_the_future ? owner.stale : 3 * owner.stale / BEATS;
            if (known)
                message("note: %s: its lock %s; it is watched for %.0f s, whether its owner renews it", dir,
                        of_the_future ? "has a time of the future" : "was not renewed for long", seconds);
            if (known) TRY(watch(folder, found, seconds, &alive));
            if (alive) return in_use(dir, &owner, known, 0);
        }
        if (put_away(folder, found, owner.stale))
            message("note: %s: the lock of a gatewalk that has ended or was not heard of for %.0f s is taken over", dir,
                    fmax(age, 0));
        else
            usleep(1000); /* another is at it */
    }
    FAIL(GW_ERR_IO, "%s: others take its lock again and again; choose another folder", dir);
}

/* ---- keeping it -------------------------------------------------------------------------------------------------- */

static bool is_ours(const struct lock_file *l) {
    char line[LINE_MAX_BYTES];
    return read_line(l->folder, LOCK_FILE_NAME, line) && strcmp(line, l->line) == 0;
}

static void *beat(void *context) {
    struct lock_file *l = context;
    pthread_mutex_lock(&l->lock);
    while (!l->ended) {
        struct timespec until;
        double seconds = l->stale / BEATS;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (time_t)seconds;
        until.tv_nsec += (long)(1e9 * (seconds - (double)(time_t)seconds));
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        if (pthread_cond_timedwait(&l->end, &l->lock, &until) == ETIMEDOUT && is_ours(l))
            (void)utimensat(l->folder, LOCK_FILE_NAME, NULL, AT_SYMLINK_NOFOLLOW); /* the file system's own time */
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static bool start_heart(struct lock_file *l) {
    pthread_condattr_t monotonic;
    sigset_t all, before;
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&l->end, &monotonic);
    sigfillset(&all); /* Ctrl-C is the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    l->beats = pthread_create(&l->heart, NULL, beat, l) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return l->beats;
}

int lock_file_take(const char *dir, int folder, struct lock_file **out) {
    struct owner self;
    bool taken;
    *out = NULL;
    struct lock_file *l = mem_calloc(1, sizeof *l);
    if (!l) return GW_ERR_NOMEM;
    find_self(&self);
    l->stale = self.stale;
    snprintf(l->dir, sizeof l->dir, "%.1000s", dir);
    snprintf(l->line, sizeof l->line, "gatewalk-lock %s %s %llu %ld %llu %g\n", self.host, self.boot, self.space,
             self.pid, self.started, self.stale);
    l->folder = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    int rc = l->folder < 0 ? gw_error_set(GW_ERR_IO, "%s: cannot be opened: %s", dir, strerror(errno)) : GW_OK;
    if (rc == GW_OK) rc = acquire(dir, l->folder, &self, l->line, &taken);
    if (rc == GW_OK && taken && start_heart(l)) {
        *out = l;
        return GW_OK;
    }
    if (rc == GW_OK && taken) {
        unlinkat(l->folder, LOCK_FILE_NAME, 0);
        rc = gw_error_set(GW_ERR_NOMEM, "no thread to keep the lock on %s", dir);
    }
    if (l->folder >= 0) close(l->folder);
    mem_free(l);
    return rc;
}

int lock_file_holds(const struct lock_file *l) {
    if (is_ours(l)) return GW_OK;
    FAIL(GW_ERR_IO,
         "%s: another gatewalk has taken this folder over, as this one was not heard of for %.0f s; what was finished "
         "until then is kept there",
         l->dir, l->stale);
}

double lock_file_stale_seconds(const struct lock_file *l) { return l->stale; }

void lock_file_drop(struct lock_file *l) {
    if (!l) return;
    pthread_mutex_lock(&l->lock);
    l->ended = true;
    pthread_cond_signal(&l->end);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->heart, NULL);
    if (is_ours(l)) unlinkat(l->folder, LOCK_FILE_NAME, 0);
    close(l->folder);
    mem_free(l);
}
