#ifndef GATEWALK_BENCH_PRIVATE_H
#define GATEWALK_BENCH_PRIVATE_H

#include "bench.h"

#define BENCH(name, help)                                                                                              \
    int bench_run_##name(const struct bench_options *options, struct bench_list *list) GW_MUST_USE;
#include "bench.def"
#undef BENCH

/* One-minute bars of a random walk. */
struct gw_bars;
int bench_random_walk(size_t n_bars, struct gw_bars *out) GW_MUST_USE;

#endif
