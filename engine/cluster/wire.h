/* What goes between ranks: tags, a buffer, and a fit in it. Ranks are equal programs (their keys are compared first), so
 * numbers go as they lie in memory. */
#ifndef GATEWALK_CLUSTER_WIRE_H
#define GATEWALK_CLUSTER_WIRE_H

#include "cluster.h"

enum message_tag {
    TAG_READY,  /* worker: give me a chain; the first carries its key */
    TAG_CHAIN,  /* root: number of the chain's first fit, and stored models that may be in it */
    TAG_FIT,    /* worker: a finished fit */
    TAG_FAILED, /* worker: code, fit and message */
    TAG_STOP,   /* root: no more */
    TAG_BYE,    /* worker: the last that it sends */
};

struct wire {
    char *bytes;
    size_t length, room, at;
    bool failed; /* no memory while writing, not enough bytes while reading */
};
void wire_put(struct wire *wire, const void *bytes, size_t length);
void wire_put_size(struct wire *wire, size_t value);
void wire_put_block(struct wire *wire, const void *bytes, size_t length); /* with its length; NULL stays NULL */
void wire_get(struct wire *wire, void *bytes, size_t length);
size_t wire_get_size(struct wire *wire);
/* An own copy (mem_free), or NULL where NULL was put; of exactly `length` bytes, SIZE_MAX: any, then *got is set. */
void *wire_get_block(struct wire *wire, size_t length, size_t *got);
void wire_free(struct wire *wire);

/* The file at `path` as a block; NULL when there is none. */
void wire_put_file(struct wire *wire, const char *path);
/* Writes the block to `path`, whole or not at all; nothing for NULL. */
int wire_get_file(struct wire *wire, const char *path) GW_MUST_USE;

void wire_put_fit(struct wire *wire, const struct experiment *experiment, const struct prepared *prepared,
                  const struct fit *fit);
int wire_get_fit(struct wire *wire, const struct experiment *experiment, const struct prepared *prepared,
                 struct fit *fit) GW_MUST_USE;

/* What two ranks must have in common to be one job: configuration, data, sources, kernels. */
enum { CLUSTER_KEY_SIZE = 128 };
void cluster_key(const struct experiment *experiment, const struct prepared *prepared, char key[CLUSTER_KEY_SIZE]);

/* The first READY of a rank: what it has read, and where it is. */
int wire_send_ready(const struct cluster *cluster, const char *key) GW_MUST_USE;
/* Is its key ours? `what` ("experiment"): what it has read otherwise. */
int wire_get_ready(struct wire *wire, int from, const char *key, const char *what) GW_MUST_USE;
/* The newest error of this rank; `fit` may be SIZE_MAX: of none. */
int wire_send_failure(const struct cluster *cluster, int code, size_t fit) GW_MUST_USE;
/* Its code, always an error; what it says becomes ours, after the number of its rank. */
int wire_get_failure(struct wire *wire, int from, size_t *fit) GW_MUST_USE;

/* Sends and frees. */
int wire_send(const struct cluster *cluster, int to, enum message_tag tag, struct wire *wire) GW_MUST_USE;
int wire_receive(const struct cluster *cluster, const struct message_head *head, struct wire *wire) GW_MUST_USE;

#endif
