#ifndef GATEWALK_BENCH_PRIVATE_H
#define GATEWALK_BENCH_PRIVATE_H

#include "bench.h"

#define BENCH(name, help)                                                                                              \
    int bench_run_##name(const struct bench_options *options, struct bench_list *list) GW_MUST_USE;
#include "bench.def"
#undef BENCH

#endif
