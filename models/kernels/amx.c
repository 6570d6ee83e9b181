/* May AMX be used, and does it give the right numbers? Asked once per process. */
#include "amx.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- hardware and system ----------------------------------------------------------------------- */

#if defined(KERNELS_HAVE_AMX)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

static uint64_t enabled_states(void) { /* XCR0 */
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool cpu_has_amx(void) {
    const uint64_t states = UINT64_C(3) << 17; /* the configuration and the data of tiles */
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d >> 22 & 1) || !(d >> 24 & 1)) return false;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return false; /* XGETBV is there */
    if ((enabled_states() & states) != states) return false;
    if (!__get_cpuid_count(0x1d, 1, &a, &b, &c, &d)) return false; /* palette 1 */
    return (b & 0xffff) >= TILE_ROW_BYTES && b >> 16 >= TILES && (c & 0xffff) >= TILE_SIDE;
}

/* Linux traps the first use of tiles unless the process has asked for their state. The permission belongs to the
 * process: every thread has it, and those begun later as well. It is refused when a thread's alternate signal stack is
 * too small for the larger frame, so it is best asked for before there are threads: gw_kernels_select does. */
static bool permission(void) {
#if defined(__linux__) && defined(SYS_arch_prctl)
    enum { GET_PERMITTED = 0x1022, REQUEST = 0x1023, TILE_DATA = 18 };
    unsigned long permitted = 0;
    if (syscall(SYS_arch_prctl, REQUEST, TILE_DATA) != 0) return false;
    return syscall(SYS_arch_prctl, GET_PERMITTED, &permitted) == 0 && (permitted >> TILE_DATA & 1);
#else
    return false;
#endif
}

bool amx_hardware(void) { return cpu_has_amx() && permission(); }
#else
bool amx_hardware(void) { return false; }
#endif

/* ---- self-check ----------------------------------------------------------------------------------- */

/* Sizes that fill whole tiles, parts of tiles and single rows. */
enum { M = 53, N = 75, K = 91, WINDOWS = 37, STEPS = 5, HIDDEN = 41, WIDTH = 4 * HIDDEN, ROWS = WINDOWS + STEPS };
enum {
    INPUT = M * K + K * N,
    PRODUCTS = 3 * M * N,
    STATES = (STEPS + 1) * WINDOWS * HIDDEN,
    GATES = STEPS * WINDOWS * WIDTH,
    WEIGHTS = HIDDEN * WIDTH,
    LAYER = ROWS * WIDTH + WEIGHTS + WINDOWS * HIDDEN, /* xw, U, dh */
    RESULT = PRODUCTS + 2 * STATES + GATES + WEIGHTS,
};

/* Between -1 and 1 in steps of 2^-23: no sum comes near the denormals, where nothing else could differ. */
static void fill(float *x, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)((double)(seed >> 8) / 8388608.0 - 1);
    }
}

static void run_products(const struct kernels_f32 *k, const float *in, float *c) {
    const float *a = in, *b = in + M * K;
    fill(c, PRODUCTS, 7);
    k->large_nn(M, N, K, a, K, b, N, c, N, false);
    k->large_tn(M, N, K, a, M, b, N, c + M * N, N, true);
    k->large_nt(M, N, K, a, K, b, K, c + 2 * M * N, N, true);
}

static bool run_layer(const struct kernels_f32 *k, const float *in, float *out) {
    uint32_t first_row[WINDOWS];
    const size_t packed = k->lstm_pack_size(HIDDEN), scratch = k->lstm_scratch_size(WINDOWS, HIDDEN);
    float *memory = calloc(2 * packed + scratch, sizeof *memory), *du = out + 2 * STATES + GATES;
    if (!memory) return false;
    for (uint32_t i = 0; i < WINDOWS; i++) first_row[i] = i;
    const struct lstm_run_f32 run = {.n_windows = WINDOWS,
                                     .n_steps = STEPS,
                                     .hidden = HIDDEN,
                                     .first_row = first_row,
                                     .row_stride = 1,
                                     .u = memory,
                                     .xw = in,
                                     .c = out,
                                     .h = out + STATES,
                                     .gates = out + 2 * STATES,
                                     .scratch = memory + 2 * packed};
    fill(du, WEIGHTS, 8);
    k->lstm_pack(HIDDEN, in + ROWS * WIDTH, memory, memory + packed);
    k->lstm_forward(&run);
    k->lstm_backward(&run, memory + packed, NULL, in + ROWS * WIDTH + WEIGHTS, du, NULL, run.scratch);
    free(memory);
    return true;
}

bool amx_agrees(const struct kernels_f32 *native, const struct kernels_f32 *emulated) {
    const struct kernels_f32 *table[] = {native, emulated};
    float *in = calloc(INPUT + LAYER + 2 * RESULT, sizeof *in);
    bool same = in != NULL;
    if (same) fill(in, INPUT + LAYER, 6);
    for (size_t i = 0; same && i < 2; i++) {
        float *out = in + INPUT + LAYER + i * RESULT;
        run_products(table[i], in, out);
        same = run_layer(table[i], in + INPUT, out + PRODUCTS);
    }
    if (same) same = memcmp(in + INPUT + LAYER, in + INPUT + LAYER + RESULT, RESULT * sizeof *in) == 0;
    free(in);
    return same;
}

bool amx_accepts(bool (*hardware)(void), const struct kernels_f32 *native, const struct kernels_f32 *emulated) {
    return hardware() && amx_agrees(native, emulated);
}

/* ---- the answer ------------------------------------------------------------------------------------- */

#if defined(KERNELS_HAVE_AMX)
static pthread_once_t asked = PTHREAD_ONCE_INIT;
static bool usable;

static void ask(void) { usable = amx_accepts(amx_hardware, &kernels_mixed_amx, &kernels_mixed_amx_soft); }

bool amx_usable(void) {
    pthread_once(&asked, ask);
    return usable;
}
#else
bool amx_usable(void) { return false; }
#endif
