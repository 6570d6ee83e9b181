/* gatewalk-mpi.so: the transport on MPI (MPI 3.1, Open MPI or MPICH). Built by `make` where mpicc is installed. */
#include "transport.h"

#include <limits.h>
#include <mpi.h>
#include <sched.h>
#include <time.h>

static struct transport transport;

static int least(int value, int *out) {
    return MPI_Allreduce(&value, out, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD) != MPI_SUCCESS;
}

static int send_bytes(int to, int tag, const void *bytes, size_t length) {
    if (length > INT_MAX) return 1;
    return MPI_Send(bytes, (int)length, MPI_BYTE, to, tag, MPI_COMM_WORLD) != MPI_SUCCESS;
}

/* MPI's own waiting burns a core, which is wanted for fits: looked for now and then instead, ever less often. */
static void nap(long *ns) {
    nanosleep(&(struct timespec){.tv_nsec = *ns}, NULL);
    if (*ns < 2000000) *ns *= 2;
}

static int look(struct message_head *head, bool wait, bool *there) {
    MPI_Status status;
    int found = 0, length = 0;
    for (long ns = 20000; !found; nap(&ns)) {
        if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &found, &status) != MPI_SUCCESS) return 1;
        if (!wait || found) break;
    }
    *there = found != 0;
    if (!found) return 0;
    if (MPI_Get_count(&status, MPI_BYTE, &length) != MPI_SUCCESS || length < 0) return 1;
    *head = (struct message_head){.from = status.MPI_SOURCE, .tag = status.MPI_TAG, .length = (size_t)length};
    return 0;
}

static int receive(const struct message_head *head, void *bytes) {
    return MPI_Recv(bytes, (int)head->length, MPI_BYTE, head->from, head->tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE) !=
           MPI_SUCCESS;
}

static void leave(void) { MPI_Finalize(); }
static void abort_job(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

/* Launchers tie ranks to processors; when the others of this machine are done, theirs are free. */
static int find_near(void) {
    MPI_Comm near;
    cpu_set_t own;
    _Static_assert(sizeof own == sizeof transport.cpus, "one mask");
    CPU_ZERO(&own);
    (void)sched_getaffinity(0, sizeof own, &own);
    if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, transport.rank, MPI_INFO_NULL, &near) != MPI_SUCCESS)
        return 1;
    MPI_Comm_size(near, &transport.n_near);
    int rc = MPI_Allreduce(&own, transport.cpus, (int)sizeof own, MPI_BYTE, MPI_BOR, near);
    MPI_Comm_free(&near);
    return rc != MPI_SUCCESS;
}

__attribute__((visibility("default"))) transport_open gatewalk_transport;
const struct transport *gatewalk_transport(void) {
    int given;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given) != MPI_SUCCESS || given < MPI_THREAD_FUNNELED)
        return NULL;
    MPI_Comm_rank(MPI_COMM_WORLD, &transport.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &transport.size);
    transport.version = TRANSPORT_VERSION;
    if (find_near() != 0) return NULL;
    transport.least = least;
    transport.send = send_bytes;
    transport.look = look;
    transport.receive = receive;
    transport.leave = leave;
    transport.abort = abort_job;
    return &transport;
}
