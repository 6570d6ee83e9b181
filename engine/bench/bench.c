/* The table of benches. */
#include <string.h>

#include "bench_private.h"
#include "engine/base/base.h"

static const struct bench_desc table[] = {
#define BENCH(name, help) {#name, help, bench_run_##name},
#include "bench.def"
#undef BENCH
};

size_t bench_count(void) { return COUNT_OF(table); }
const struct bench_desc *bench_at(size_t i) { return &table[i]; }

void bench_add(struct bench_list *list, const char *what, const char *kernels, double value, const char *unit,
               double share) {
    if (list->n == COUNT_OF(list->row)) return;
    struct bench_row *row = &list->row[list->n++];
    snprintf(row->what, sizeof row->what, "%s", what);
    snprintf(row->kernels, sizeof row->kernels, "%s", kernels);
    snprintf(row->unit, sizeof row->unit, "%s", unit);
    row->value = value;
    row->share = share;
}
