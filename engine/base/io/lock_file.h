/* A lock for folders whose file system knows none that reaches other machines: a file that only one can create (O_EXCL),
 * which names its owner and whose time its owner renews. One that was not renewed for as long as it says itself, by the
 * file system's own clock, or whose owner has ended on this machine, is stale and is taken over. */
#ifndef GATEWALK_BASE_LOCK_FILE_H
#define GATEWALK_BASE_LOCK_FILE_H

#include "engine/base/core/core.h"

#define LOCK_FILE_NAME ".gatewalk.lock"
/* Seconds after which a lock that is not renewed is stale; its owner renews it eight times in that time. Another value by
 * GATEWALK_LOCK_STALE (2 to 86400). */
enum { LOCK_FILE_STALE = 120 };

struct lock_file;
/* GW_ERR_IO when another has it, named. *out stays NULL, which is no error, where no file can be made. `folder` is an open
 * descriptor of the folder, which the lock does not keep. */
int lock_file_take(const char *dir, int folder, struct lock_file **out) GW_MUST_USE;
/* Is it still ours? GW_ERR_IO when another has taken it over, as it may after this process stood still for too long. */
int lock_file_holds(const struct lock_file *lock) GW_MUST_USE;
double lock_file_stale_seconds(const struct lock_file *lock);
void lock_file_drop(struct lock_file *lock);
/* Is it a name that such locks leave in a folder? */
bool lock_file_is(const char *name);

#endif
