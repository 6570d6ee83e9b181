/* What parallel work tells of its failures: the one that one thread alone would have met first. */
#ifndef GATEWALK_BASE_FAILURE_H
#define GATEWALK_BASE_FAILURE_H

#include <stdatomic.h>
#include <stddef.h>

/* Begins zeroed. `any` may be read at all times, the rest when the threads have joined. */
struct failure {
    atomic_bool any; /* the others may stop */
    int code;
    size_t at;
    char message[1024];
};

/* By the thread that failed at this place in the order of the work, with its own message. Of several the least place stays, so
 * that what is told does not depend on timing; an interruption that came first stays, too: what failed after it failed by it. */
void failure_note(struct failure *failure, size_t at, int code);
/* Its code, its message being this thread's then; GW_OK when there is none. */
int failure_tell(const struct failure *failure);

#endif
