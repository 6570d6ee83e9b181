/* Which kernel set works: chosen once, before any fit. The choice is the only state here. */
#include "amx.h"
#include "blas.h"
#include "engine/base/base.h"
#include "gatewalk/error.h"
#include "gatewalk/model.h"
#include "kernels.h"

#include <string.h>

extern const struct kernels_f32 kernels_f32_portable, kernels_f32_openblas, kernels_f32_avx2, kernels_f32_avx512;

/* "auto" takes the last one that works here, so OpenBLAS is looked for only where none of our vector sets does. */
enum { PORTABLE, OPENBLAS, AVX2, AVX512, N_SETS };
static const struct kernels_f32 *const sets[N_SETS] = {&kernels_f32_portable, &kernels_f32_openblas, &kernels_f32_avx2,
                                                       &kernels_f32_avx512};

static bool has_bf16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}
#if defined(KERNELS_HAVE_AMX)
static bool has_amx(void) { return has_bf16() && amx_usable(); }
#endif

/* Tables of mixed precision: the last one of a set that the CPU supports is used with it. */
extern const struct kernels_f32 kernels_mixed_portable, kernels_mixed_openblas, kernels_mixed_avx2,
    kernels_mixed_avx512, kernels_mixed_avx512bf16;
static const struct mixed_row {
    size_t set; /* of `sets`, whose other functions it shares */
    const struct kernels_f32 *table;
    bool (*supported)(void); /* what it needs besides the set; NULL: nothing */
    bool for_tests;          /* never chosen */
} mixed[] = {
    {PORTABLE, &kernels_mixed_portable, NULL, false}, {OPENBLAS, &kernels_mixed_openblas, NULL, false},
    {AVX2, &kernels_mixed_avx2, NULL, false},         {AVX512, &kernels_mixed_avx512, NULL, false},
    {AVX512, &kernels_mixed_amx_soft, NULL, true},    {AVX512, &kernels_mixed_avx512bf16, has_bf16, false},
#if defined(KERNELS_HAVE_AMX)
    {AVX512, &kernels_mixed_amx, has_amx, false},
#endif
};
static bool has_f16c(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("f16c");
#else
    return false;
#endif
}
/* The same with fp16; one multiplies like another, so that which of them it is decides nothing. */
extern const struct kernels_f32 kernels_half_portable, kernels_half_openblas, kernels_half_avx2_soft, kernels_half_avx2,
    kernels_half_avx512;
static const struct mixed_row half[] = {
    {PORTABLE, &kernels_half_portable, NULL, false}, {OPENBLAS, &kernels_half_openblas, NULL, false},
    {AVX2, &kernels_half_avx2_soft, NULL, false},    {AVX2, &kernels_half_avx2, has_f16c, false},
    {AVX512, &kernels_half_avx512, NULL, false},
};
enum { N_MIXED = sizeof mixed / sizeof mixed[0], N_HALF = sizeof half / sizeof half[0] };

static const struct kernels_f32 *active;
static const struct kernels_f32 *asked_for; /* by a test, instead of the table of mixed precision */

bool gw_kernels_supported(size_t i) {
    if (i == PORTABLE) return true;
    if (i == OPENBLAS) return blas_loaded();
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (i == AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (i == AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
#endif
    return false;
}

const char *gw_kernels_name(size_t i) { return i < N_SETS ? sets[i]->name : NULL; }
const struct kernels_f32 *kernels_at(size_t i) { return i < N_SETS ? sets[i] : NULL; }

/* An OpenBLAS that has no kernels for this CPU multiplies in plain loops, more slowly than we do. */
static bool worth_taking(size_t i) { return gw_kernels_supported(i) && (i != OPENBLAS || !blas_generic()); }

static const struct kernels_f32 *best(void) {
    size_t i = N_SETS - 1;
    while (!worth_taking(i)) i--;
    return sets[i];
}

/* Looks for the table of mixed precision at once, while there is but one thread: see amx.c. */
static int use(const struct kernels_f32 *set) {
    active = set;
    (void)kernels_mixed_f32();
    return GW_OK;
}

int gw_kernels_select(const char *name) {
    if (strcmp(name, "auto") == 0) return use(best());
    for (size_t i = 0; i < N_SETS; i++) {
        if (strcmp(name, sets[i]->name) != 0) continue;
        if (i == OPENBLAS && !blas_loaded())
            FAIL(GW_ERR_USAGE,
                 "kernels \"openblas\": OpenBLAS cannot be loaded (%s); install it (Debian: "
                 "libopenblas0-pthread) or use \"auto\"",
                 blas_failure());
        if (!gw_kernels_supported(i))
            FAIL(GW_ERR_USAGE, "kernels \"%s\": this CPU does not support them; use \"auto\"", name);
        return use(sets[i]);
    }
    FAIL(GW_ERR_USAGE, "kernels \"%s\": unknown; one of auto, portable, openblas, avx2, avx512", name);
}

/* Without a selection every caller finds the same best set, so threads may ask at the same time. */
const struct kernels_f32 *kernels_active_f32(void) { return active ? active : best(); }

const struct kernels_f32 *kernels_by_row_f32(void) {
    const struct kernels_f32 *set = kernels_active_f32();
    return set->rows_together ? sets[PORTABLE] : set;
}

static const struct kernels_f32 *row_at(const struct mixed_row *row, bool *supported) {
    *supported = gw_kernels_supported(row->set) && (!row->supported || row->supported());
    return row->table;
}
const struct kernels_f32 *kernels_mixed_at(size_t i, bool *supported) {
    return i < N_MIXED ? row_at(&mixed[i], supported) : NULL;
}
const struct kernels_f32 *kernels_half_at(size_t i, bool *supported) {
    return i < N_HALF ? row_at(&half[i], supported) : NULL;
}

/* The last one that goes with the set in use. */
static const struct kernels_f32 *choose(const struct mixed_row *row, size_t n) {
    const struct kernels_f32 *set = kernels_active_f32(), *found = NULL;
    for (size_t i = 0; i < n; i++) {
        bool supported;
        if (sets[row[i].set] != set || row[i].for_tests) continue;
        const struct kernels_f32 *table = row_at(&row[i], &supported);
        if (supported) found = table;
    }
    return found;
}

void kernels_mixed_use(const struct kernels_f32 *table) { asked_for = table; }

const struct kernels_f32 *kernels_mixed_f32(void) { return asked_for ? asked_for : choose(mixed, N_MIXED); }
const struct kernels_f32 *kernels_half_f32(void) { return choose(half, N_HALF); }

const char *gw_kernels_build(void) { return kernels_active_f32() == sets[OPENBLAS] ? blas_build() : ""; }

const char *gw_kernels_selected(void) { return kernels_active_f32()->name; }

const char *gw_kernels_selected_bf16(void) { return kernels_mixed_f32()->name; }
