/* The failure of parallel work (failure.h). */
#include "failure.h"

#include <stdio.h>

#include "core.h"

void failure_note(struct failure *failure, size_t at, int code) {
#pragma omp critical(gatewalk_failure)
    if (failure->code == GW_OK || (at < failure->at && failure->code != GW_ERR_INTERRUPTED)) {
        failure->code = code;
        failure->at = at;
        snprintf(failure->message, sizeof failure->message, "%s", gw_error_message());
    }
    atomic_store(&failure->any, true);
}

int failure_tell(const struct failure *failure) {
    if (failure->code < 0) gw_error_adopt(failure->message);
    return failure->code;
}
