/* What the tests of emulated tiles share. */
#ifndef GATEWALK_TEST_KERNEL_TILES_H
#define GATEWALK_TEST_KERNEL_TILES_H

#include "kernel_layer.h"
#include "kernel_mixed.h"

#include "models/kernels/amx.h"

static inline bool emulates(void) {
    for (size_t i = 0; gw_kernels_name(i); i++)
        if (strcmp(gw_kernels_name(i), "avx512") == 0 && gw_kernels_supported(i)) return true;
    print_message("AMX is emulated with AVX-512, which this CPU does not have: skipped\n");
    return false;
}
#define NEEDS_EMULATION()                                                                                              \
    (void)state;                                                                                                       \
    if (!emulates()) return

static inline float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
