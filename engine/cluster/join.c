/* Are we one of several, and what do all of us have? */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster.h"
#include "engine/base/base.h"
#include "gatewalk/model.h"

static const char MODULE[] = "gatewalk-mpi.so";

static long number_of(const char *name) {
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

/* What Open MPI, MPICH, and PMIx under any launcher leave in the environment. */
static bool is_launched(void) {
    return number_of("OMPI_COMM_WORLD_SIZE") > 1 || number_of("PMI_SIZE") > 1 || getenv("PMIX_RANK") != NULL;
}

/* Tasks of a job step that knows of no MPI: every one of them would walk on its own, all in one directory. */
static long lone_tasks(void) { return getenv("SLURM_PROCID") ? number_of("SLURM_STEP_NUM_TASKS") : 0; }

/* Beside the program where it was built or installed; GATEWALK_MPI names another. */
static void *load(char tried[1200]) {
    static const char *const place[] = {"%.900s/.build/%s", "%.900s/%s", "%.900s/../lib/gatewalk/%s"};
    char dir[1024];
    const char *given = getenv("GATEWALK_MPI");
    if (given && *given) {
        snprintf(tried, 1200, "%.1100s", given);
        return dlopen(given, RTLD_NOW | RTLD_GLOBAL); /* MPI's own plugins look for its symbols */
    }
    ssize_t n = readlink("/proc/self/exe", dir, sizeof dir - 1);
    dir[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(dir, '/');
    if (slash) *slash = '\0';
    for (size_t i = 0; i < COUNT_OF(place); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(tried, 1200, place[i], dir, MODULE);
#pragma GCC diagnostic pop
        if (file_exists(tried)) return dlopen(tried, RTLD_NOW | RTLD_GLOBAL);
    }
    snprintf(tried, 1200, "%s", MODULE);
    return NULL;
}

static int open_transport(const struct transport **out) {
    char tried[1200];
    void *module = load(tried);
    if (!module) {
        const char *why = dlerror();
        FAIL(GW_ERR_USAGE,
             "this is one of several processes of an MPI job, but %s: %s; install MPI (Debian: libopenmpi-dev) "
             "and run make again, or share the fits out by --shard I/N",
             tried, why ? why : "it was not built");
    }
    transport_open *open;
    *(void **)&open = dlsym(module, TRANSPORT_OPEN);
    *out = open ? open() : NULL;
    if (!*out) FAIL(GW_ERR_USAGE, "%s: MPI does not start", tried);
    if ((*out)->version != TRANSPORT_VERSION) FAIL(GW_ERR_USAGE, "%s: is of another gatewalk; run make again", tried);
    return GW_OK; /* stays loaded: MPI cannot be unloaded */
}

/* Sets are ordered from slow to fast; OpenBLAS, whose bytes its version decides, is nobody's common ground. */
static int best_kernels(void) {
    int best = 0;
    for (int i = 0; gw_kernels_name((size_t)i); i++)
        if (strcmp(gw_kernels_name((size_t)i), "openblas") != 0 && gw_kernels_supported((size_t)i)) best = i;
    return best;
}

static int agree_on_kernels(struct cluster *c) {
    if (c->transport->least(best_kernels(), &c->kernels) != 0)
        FAIL(GW_ERR_IO, "MPI: the ranks cannot agree on their kernels");
    if (c->transport->rank == 0 && c->kernels < best_kernels())
        message("note: kernels \"%s\", the best that all %d ranks have; this one has \"%s\"",
                gw_kernels_name((size_t)c->kernels), c->transport->size, gw_kernels_name((size_t)best_kernels()));
    return GW_OK;
}

int cluster_check_alone(const char *command) {
    static const char *const launcher[][2] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                                              {"PMI_SIZE", "PMI_RANK"},
                                              {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"}};
    for (size_t i = 0; i < COUNT_OF(launcher); i++) {
        if (!getenv(launcher[i][0]) || !getenv(launcher[i][1])) continue;
        if (number_of(launcher[i][0]) < 2) return GW_OK;
        if (number_of(launcher[i][1]) > 0) message_mute();
        FAIL(GW_ERR_USAGE,
             "%s: is for one process, and %ld were started; only `run` and `search` work on several at once", command,
             number_of(launcher[i][0]));
    }
    return GW_OK;
}

int cluster_kernels(const struct cluster *c, const char *asked) {
    bool any = !asked || strcmp(asked, "auto") == 0;
    return gw_kernels_select(any && c->transport ? gw_kernels_name((size_t)c->kernels) : any ? "auto" : asked);
}

int cluster_join(struct cluster *c) {
    *c = (struct cluster){.transport = NULL};
    if (is_launched()) {
        TRY(open_transport(&c->transport));
        if (c->transport->size > 1) {
            if (c->transport->rank > 0) {
                progress_quiet(true);
                message_mute();
            }
            return agree_on_kernels(c);
        }
        c->transport->leave();
        c->transport = NULL;
    }
    if (lone_tasks() > 1)
        FAIL(GW_ERR_USAGE,
             "srun has started %ld tasks, but they do not know of each other; srun --mpi=pmix (srun --mpi=list "
             "shows what there is), or --ntasks=1 with --shard I/N",
             lone_tasks());
    return GW_OK;
}
