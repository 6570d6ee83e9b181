/* OpenBLAS at run time: found, told to stay on the caller's thread, and called. */
#include <assert.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "blas.h"

/* The C interface's constants, so that building needs no header of it. */
enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };
typedef void sgemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                            const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sgemm_function *sgemm; /* NULL: not loaded */
static char build[160], core[48], failure[256];

static const char *const usual_names[] = {"libopenblas.so.0", "libopenblas.so", "libblas.so.3"};

/* A pointer to a function out of one to data, which ISO C does not convert. */
#define FIND(library, name, function)                                                                                  \
    do {                                                                                                               \
        void *symbol = dlsym((library), (name));                                                                       \
        memcpy(&(function), &symbol, sizeof symbol);                                                                   \
    } while (0)

/* Another BLAS of the same name is no use: its threads cannot be counted and the plain one is slower than our own. */
static bool take(void *library, const char *name) {
    void (*set_threads)(int);
    const char *(*config)(void), *(*core_name)(void);
    sgemm_function *function;
    FIND(library, "cblas_sgemm", function);
    FIND(library, "openblas_set_num_threads", set_threads);
    FIND(library, "openblas_get_config", config);
    FIND(library, "openblas_get_corename", core_name);
    if (!function || !set_threads || !config || !core_name) {
        snprintf(failure, sizeof failure, "%s is there, but is no OpenBLAS", name);
        return false;
    }
    set_threads(1);
    snprintf(build, sizeof build, "%s", config());
    snprintf(core, sizeof core, "%s", core_name());
    sgemm = function;
    return true;
}

/* OpenBLAS waits for ever for memory that it cannot have. It maps some 40 MB of code and 32 MB for each thread that
 * multiplies at the same time, so there must be room for a few. */
static bool has_room(void) {
    const size_t bytes = (size_t)192 << 20;
    void *room = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) {
        snprintf(failure, sizeof failure, "less than %zu MB of address space left for it", bytes >> 20);
        return false;
    }
    munmap(room, bytes);
    return true;
}

static bool open_one(const char *name) {
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        if (!*failure) snprintf(failure, sizeof failure, "%s", why ? why : name);
        return false;
    }
    if (take(library, name)) return true;
    dlclose(library);
    return false;
}

/* Threads of its own are started while it is being loaded, so their number is settled before that. Children do not
 * inherit what we settle for ourselves. */
static void load(void) {
    static const char variable[] = "OPENBLAS_NUM_THREADS";
    const char *asked = getenv("GATEWALK_OPENBLAS");
    const bool ours = getenv(variable) == NULL;
    if (!has_room()) return;
    if (ours) setenv(variable, "1", 1);
    if (asked && *asked)
        open_one(asked);
    else
        for (size_t i = 0; i < sizeof usual_names / sizeof usual_names[0]; i++)
            if (open_one(usual_names[i])) break;
    if (ours) unsetenv(variable);
}

bool blas_loaded(void) {
    pthread_once(&once, load);
    return sgemm != NULL;
}

const char *blas_failure(void) { return blas_loaded() ? "" : failure; }
const char *blas_build(void) { return blas_loaded() ? build : ""; }
bool blas_generic(void) { return blas_loaded() && strcasestr(core, "generic") != NULL; }

void blas_product(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float *a, size_t lda,
                  const float *b, size_t ldb, float *c, size_t ldc, bool accumulate) {
    assert(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX && lda <= INT_MAX && ldb <= INT_MAX && ldc <= INT_MAX);
    if (m == 0 || n == 0) return;
    if (k == 0) {
        for (size_t i = 0; i < m && !accumulate; i++) memset(c + i * ldc, 0, n * sizeof *c);
        return;
    }
    sgemm(ROW_MAJOR, transpose_a ? TRANSPOSED : PLAIN, transpose_b ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k, 1, a,
          (int)lda, b, (int)ldb, accumulate ? 1 : 0, c, (int)ldc);
}
