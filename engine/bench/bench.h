/* Throughput of the parts, for `gatewalk bench`. A bench fills rows; nobody prints here. Machines are noisy: each figure is
 * the best of several repeats, and shares of the machine's peak are measured in the same run. */
#ifndef GATEWALK_BENCH_H
#define GATEWALK_BENCH_H

#include "engine/base/base.h"

struct bench_row {
    char what[64];
    char kernels[24]; /* kernel set, "" where none is involved */
    double value;
    char unit[24];
    double share; /* of the sgemm peak of one core in the same run; NAN where it says nothing */
};
struct bench_list {
    struct bench_row row[512];
    size_t n;
};
void bench_add(struct bench_list *list, const char *what, const char *kernels, double value, const char *unit,
               double share);

struct bench_options {
    size_t threads;   /* most threads to use */
    double seconds;   /* aimed at per figure */
    const char *file; /* import: a file to read instead of a made one */
};

/* A bench: a function and a row in engine/bench/bench.def. */
struct bench_desc {
    const char *name, *help;
    int (*run)(const struct bench_options *options, struct bench_list *list);
};
size_t bench_count(void);
const struct bench_desc *bench_at(size_t i);

/* The sgemm peak of one core in GFLOP/s: the best of square products of 256 to 2048, by OpenBLAS or by the fastest kernel
 * set of this CPU. */
double bench_sgemm_peak(void);

#endif
