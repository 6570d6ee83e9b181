/* Streaming gates against PyTorch, in float64. */
#define GW_REAL_F64
#define GOLDEN_TOLERANCE 1e-10
#define GOLDEN_FLOOR     1e-3
#include "stream_golden_cases.h"

int main(void) { return cmocka_run_group_tests(tests, NULL, NULL); }
