/* Numbers below the least normal one. A gradient that fades over hundreds of steps ends in them, and a processor takes a hundred
 * times as long for each. Between these two calls results that small are zero, on the calling thread: what they could add to a
 * weight is below its last digit by far. Operands stay what they are, as kernels compare with the least positive number. */
#ifndef GATEWALK_SUBNORMAL_H
#define GATEWALK_SUBNORMAL_H

#if defined __SSE2__
#include <xmmintrin.h>

enum { SUBNORMAL_TO_ZERO = 1 << 15 }; /* of MXCSR */
static inline unsigned subnormal_off(void) {
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | SUBNORMAL_TO_ZERO);
    return before;
}
static inline void subnormal_restore(unsigned before) {
    _mm_setcsr((_mm_getcsr() & ~(unsigned)SUBNORMAL_TO_ZERO) | (before & SUBNORMAL_TO_ZERO));
}
#else /* where operands would be flushed as well, or nothing is known of it: slow, and right */
static inline unsigned subnormal_off(void) { return 0; }
static inline void subnormal_restore(unsigned before) { (void)before; }
#endif

#endif
