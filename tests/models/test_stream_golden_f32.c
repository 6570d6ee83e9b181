/* Streaming gates against PyTorch's float64, in float32 with every kernel set of this CPU. */
#define GOLDEN_TOLERANCE 1e-5
#define GOLDEN_FLOOR     .1
#include "stream_golden_cases.h"

int main(void) {
    int failed = 0;
    for (size_t i = 0; gw_kernels_name(i); i++) {
        if (!gw_kernels_supported(i)) {
            printf("kernels %s: skipped, this CPU does not support them\n", gw_kernels_name(i));
            continue;
        }
        if (gw_kernels_select(gw_kernels_name(i)) != GW_OK) return 1;
        printf("kernels %s\n", gw_kernels_name(i));
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
