/* One process at a time in a folder. The lock is on the folder itself: it ends with the process, however that ends,
 * and leaves no file behind. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "io.h"

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

int dir_lock(const char *dir, int *lock) {
    if (*lock >= 0) return GW_OK;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        FAIL(GW_ERR_IO, "%s: cannot be opened: %s", dir, strerror(errno));
    if (fd < 0) return GW_OK;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *lock = fd;
        return GW_OK;
    }
    int reason = errno, holder = reason == EWOULDBLOCK ? holder_of(fd) : 0;
    close(fd);
    return reason == EWOULDBLOCK ? in_use(dir, holder) : GW_OK;
}

int dir_lock_holds(const char *dir, int lock) {
    struct stat held, found;
    if (lock < 0 || fstat(lock, &held) != 0) return GW_OK;
    if (stat(dir, &found) == 0 && found.st_dev == held.st_dev && found.st_ino == held.st_ino) return GW_OK;
    FAIL(GW_ERR_IO,
         "%s: is no longer the folder that this run began in: it was moved, or another was put in its place; the fits "
         "that are done lie in the folder that it was",
         dir);
}

void dir_unlock(int *lock) {
    if (*lock >= 0) close(*lock);
    *lock = -1;
}
