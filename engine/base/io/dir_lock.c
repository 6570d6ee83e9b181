/* One process at a time in a folder. The lock is on the folder itself: it ends with the process, however that ends,
 * and leaves no file behind. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "io.h"
#include "lock_file.h"

/* Locks that are files, by the descriptor that stands for them; a process holds few at a time. */
static struct {
    int lock;
    struct lock_file *file;
} held[8];
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER; /* guards it */

/* Who holds the lock on the file of `fd`: the kernel lists locks as "1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE …".
 * 0 when it cannot be known. */
static int holder_of(int fd) {
    struct stat status;
    char line[256];
    int holder = 0;
    FILE *locks = fopen("/proc/locks", "re");
    if (!locks) return 0;
    if (fstat(fd, &status) != 0) status = (struct stat){0};
    while (!holder && fgets(line, sizeof line, locks)) {
        int pid;
        unsigned major_number, minor_number;
        unsigned long long inode;
        if (sscanf(line, "%*s FLOCK %*s WRITE %d %x:%x:%llu", &pid, &major_number, &minor_number, &inode) != 4)
            continue;
        if (inode == status.st_ino && major_number == major(status.st_dev) && minor_number == minor(status.st_dev))
            holder = pid;
    }
    fclose(locks);
    return holder > 0 ? holder : 0;
}

static int in_use(const char *dir, int holder) {
    static const char cure[] = "wait for it or choose another folder";
    if (holder) FAIL(GW_ERR_IO, "%s: is in use by another gatewalk (process %d); %s", dir, holder, cure);
    FAIL(GW_ERR_IO, "%s: is in use by another gatewalk; %s", dir, cure);
}

static struct lock_file *file_of(int lock) {
    struct lock_file *file = NULL;
    pthread_mutex_lock(&held_lock);
    for (size_t i = 0; i < COUNT_OF(held); i++)
        if (held[i].file && held[i].lock == lock) file = held[i].file;
    pthread_mutex_unlock(&held_lock);
    return file;
}

/* `file` in place of `before`, NULL: of nothing. */
static bool exchange(int lock, struct lock_file *before, struct lock_file *file) {
    bool done = false;
    pthread_mutex_lock(&held_lock);
    for (size_t i = 0; i < COUNT_OF(held) && !done; i++) {
        if (held[i].file != before) continue;
        held[i].lock = lock;
        held[i].file = file;
        done = true;
    }
    pthread_mutex_unlock(&held_lock);
    return done;
}

/* Between machines: there flock() may hold on one of them alone, whatever it returns. */
static bool is_network(int fd) {
    static const unsigned long kind[] = {0x6969 /* NFS */,
                                         0x517b /* SMB */,
                                         0xff534d42 /* CIFS */,
                                         0xfe534d42 /* SMB 2 */,
                                         0x0bd00bd0 /* Lustre */,
                                         0x47504653 /* GPFS */,
                                         0x00c36400 /* Ceph */,
                                         0x5346414f /* AFS */,
                                         0x19830326 /* BeeGFS */,
                                         0x7461636f /* OCFS2 */,
                                         0x01161970 /* GFS2 */,
                                         0xaad7aaea /* PanFS */,
                                         0x65735546 /* FUSE */};
    struct statfs status;
    if (fstatfs(fd, &status) != 0) return false;
    for (size_t i = 0; i < COUNT_OF(kind); i++)
        if ((unsigned long)status.f_type == kind[i]) return true;
    return false;
}

static int lock_by_file(const char *dir, int fd, bool refused, int *lock) {
    struct lock_file *file;
    int rc = lock_file_take(dir, fd, &file);
    if (rc == GW_OK && file && !exchange(fd, NULL, file)) {
        lock_file_drop(file);
        rc = gw_error_set(GW_ERR_INTERNAL, "more folders than can be locked at a time");
    }
    if (rc < 0 || (!file && refused)) { /* refused, and no file either: a folder that is only read */
        close(fd);
        return rc;
    }
    if (file && refused)
        message("note: %s: its file system has no locks; " LOCK_FILE_NAME
                " stands for one, and is stale when not renewed "
                "for %.0f s",
                dir, lock_file_stale_seconds(file));
    *lock = fd;
    return GW_OK;
}

int dir_lock(const char *dir, int *lock) {
    if (*lock >= 0) return GW_OK;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        FAIL(GW_ERR_IO, "%s: cannot be opened: %s", dir, strerror(errno));
    if (fd < 0) return GW_OK;
    bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (!locked && errno == EWOULDBLOCK) {
        int holder = holder_of(fd);
        close(fd);
        return in_use(dir, holder);
    }
    if (!locked || is_network(fd)) return lock_by_file(dir, fd, !locked, lock);
    *lock = fd;
    return GW_OK;
}

int dir_lock_holds(const char *dir, int lock) {
    struct stat then, found;
    if (lock < 0 || fstat(lock, &then) != 0) return GW_OK;
    const struct lock_file *file = file_of(lock);
    if (stat(dir, &found) == 0 && found.st_dev == then.st_dev && found.st_ino == then.st_ino)
        return file ? lock_file_holds(file) : GW_OK;
    FAIL(GW_ERR_IO,
         "%s: is no longer the folder that this run began in: it was moved, or another was put in its place; the fits "
         "that are done lie in the folder that it was",
         dir);
}

void dir_unlock(int *lock) {
    if (*lock < 0) return;
    struct lock_file *file = file_of(*lock);
    if (file && exchange(-1, file, NULL)) lock_file_drop(file);
    close(*lock);
    *lock = -1;
}
