/* What the tests and the library that they put before the C library (preload.c) tell each other, in a file that both map. */
#ifndef GATEWALK_TEST_FAULT_PLAN_H
#define GATEWALK_TEST_FAULT_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { NEVER = 0, SHORT = -1 };

enum fault_call {
#define CALL(name, reason, second) CALL_##name,
#define SURVIVED(name, reason, second)
#include "calls.def"
#undef CALL
#undef SURVIVED
    N_CALLS
};

enum fault_mode { FAULT_NONE, FAULT_ONCE, FAULT_FOR_GOOD, FAULT_KILL };

struct fault_plan {
    enum fault_mode mode;
    enum fault_call call;
    int reason;                         /* an errno, or SHORT */
    uint64_t at;                        /* the request that is refused, from 1; FAULT_KILL: of all but memory */
    atomic_uint_fast64_t seen[N_CALLS]; /* requests so far */
    atomic_uint_fast64_t seen_but_memory;
    atomic_bool done, foreign; /* refused; it would have been a runtime's own that ends the process without it */
};

#define FAULT_PLAN_VARIABLE "GATEWALK_TEST_FAULT_PLAN"

#endif
