/* What carries messages between the processes of one job. The program links none: it loads gatewalk-mpi.so when it finds
 * itself under a launcher (join.c), which is mpi_module.c compiled by whatever MPI is installed. Nothing of MPI's own
 * appears here, so one program serves every MPI. */
#ifndef GATEWALK_CLUSTER_TRANSPORT_H
#define GATEWALK_CLUSTER_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

/* A module of another number is not used. */
enum { TRANSPORT_VERSION = 2 };

struct message_head {
    int from, tag;
    size_t length; /* bytes */
};

/* Functions return 0, or not when the message could not be carried. All calls come from the thread that opened it. */
struct transport {
    int version, rank, size;
    int n_near;              /* ranks on this machine, this one among them … */
    unsigned char cpus[128]; /* … and the processors that any of them may use, as sched_setaffinity takes them */
    int (*least)(int value, int *out); /* over all ranks; every rank must call it */
    int (*send)(int to, int tag, const void *bytes, size_t length);
    int (*look)(struct message_head *head, bool wait, bool *there); /* is there a message? */
    int (*receive)(const struct message_head *head, void *bytes);   /* the one that `look` has found */
    void (*leave)(void);
    void (*abort)(int status); /* ends the whole job */
};

/* The one symbol of the module. NULL when MPI does not start. */
typedef const struct transport *transport_open(void);
#define TRANSPORT_OPEN "gatewalk_transport"

#endif
