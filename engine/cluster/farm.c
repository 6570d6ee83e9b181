/* Rank 0's side of the jobs: seats of the others, each free or busy, and a pump of messages. */
#include "farm.h"

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/base.h"
#include "rest.h"
#include "wire.h"

enum seat_state { SEAT_ABSENT, SEAT_FREE, SEAT_ASKED, SEAT_SENT, SEAT_BACK };
struct seat {
    enum seat_state state; /* of a rank: has it said that it is there, and what is it at? */
    const void *job;
    size_t n_job, n_result;
    void *result;
};

struct farm {
    struct cluster *cluster;
    const char *key;
    int (*work)(void *context, struct farm *farm);
    void *context;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    struct seat *seat; /* [size]; that of rank 0 is not used */
    size_t n_here;     /* jobs that this rank could do beside those that it does */
    bool ended;
    int code; /* of the first failure, of work or of a rank */
    char message[1024];
};

static void fail(struct farm *f, int code, const char *text) {
    pthread_mutex_lock(&f->lock);
    if (f->code == GW_OK) {
        f->code = code;
        snprintf(f->message, sizeof f->message, "%s", text);
    }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

/* ---- who asks -------------------------------------------------------------------------------------------------- */

static struct seat *free_seat(struct farm *f) {
    for (int rank = 1; rank < f->cluster->transport->size; rank++)
        if (f->seat[rank].state == SEAT_FREE) return &f->seat[rank];
    return NULL;
}

int farm_ask(struct farm *f, const void *job, size_t n_job, void *result, size_t n_result, bool *here) {
    struct seat *seat = NULL;
    char message[1024] = "";
    *here = false;
    pthread_mutex_lock(&f->lock);
    while (f->code == GW_OK && !(seat = free_seat(f)) && f->n_here == 0) pthread_cond_wait(&f->changed, &f->lock);
    if (seat) {
        *seat = (struct seat){.state = SEAT_ASKED, .job = job, .n_job = n_job, .result = result, .n_result = n_result};
        while (f->code == GW_OK && seat->state != SEAT_BACK) pthread_cond_wait(&f->changed, &f->lock);
        if (seat->state == SEAT_BACK) {
            seat->state = SEAT_FREE;
            pthread_cond_broadcast(&f->changed);
        } else {
            seat->state = SEAT_ABSENT; /* what it was to fill is gone */
        }
    } else if (f->code == GW_OK) {
        *here = true;
        f->n_here--;
    }
    const int code = f->code;
    memcpy(message, f->message, sizeof message);
    pthread_mutex_unlock(&f->lock);
    if (code < 0) gw_error_adopt(message);
    return code;
}

void farm_done_here(struct farm *f) {
    pthread_mutex_lock(&f->lock);
    f->n_here++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void *work(void *context) {
    struct farm *f = context;
    const int rc = f->work(f->context, f);
    if (rc < 0) fail(f, rc, gw_error_message());
    pthread_mutex_lock(&f->lock);
    f->ended = true;
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

static int on_ready(struct farm *f, int from, struct wire *w) {
    TRY(wire_get_ready(w, from, f->key, "search"));
    f->seat[from].state = SEAT_FREE;
    return GW_OK;
}

static int on_result(struct farm *f, int from, struct wire *w) {
    struct seat *seat = &f->seat[from];
    if (seat->state != SEAT_SENT) return GW_OK; /* nobody waits for it any more */
    void *result = wire_get_block(w, seat->n_result, NULL);
    if (!result) FAIL(GW_ERR_DATA, "rank %d has sent a damaged result", from);
    memcpy(seat->result, result, seat->n_result);
    mem_free(result);
    seat->state = SEAT_BACK;
    return GW_OK;
}

static int on_failed(int from, struct wire *w) {
    size_t nothing;
    return wire_get_failure(w, from, &nothing);
}

static int on_message(struct farm *f, const struct message_head *head) {
    struct wire w;
    TRY(wire_receive(f->cluster, head, &w));
    pthread_mutex_lock(&f->lock);
    int rc = head->tag == TAG_READY    ? on_ready(f, head->from, &w)
             : head->tag == TAG_FIT    ? on_result(f, head->from, &w)
             : head->tag == TAG_FAILED ? on_failed(head->from, &w)
                                       : gw_error_set(GW_ERR_DATA, "rank %d has sent what we do not know", head->from);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    wire_free(&w);
    return rc;
}

/* Jobs that wait to be sent; true when this was the last moment of the work. */
static int send_jobs(struct farm *f, bool *ended) {
    int rc = GW_OK;
    pthread_mutex_lock(&f->lock);
    *ended = f->ended;
    for (int rank = 1; rc == GW_OK && rank < f->cluster->transport->size; rank++) {
        struct seat *seat = &f->seat[rank];
        struct wire w = {0};
        if (seat->state != SEAT_ASKED) continue;
        wire_put_block(&w, seat->job, seat->n_job);
        rc = wire_send(f->cluster, rank, TAG_CHAIN, &w);
        seat->state = SEAT_SENT;
    }
    pthread_mutex_unlock(&f->lock);
    return rc;
}

static void pump(struct farm *f) {
    const struct transport *t = f->cluster->transport;
    struct rest rest;
    rest_begin(&rest);
    for (bool ended = false; !ended;) {
        struct message_head head;
        bool there = false;
        int rc = t->look(&head, false, &there) != 0 ? gw_error_set(GW_ERR_IO, "MPI: a rank cannot be reached") : GW_OK;
        if (rc == GW_OK && there) {
            rest_heard(&rest);
            rc = on_message(f, &head);
        }
        if (rc == GW_OK && interrupt_requested()) rc = gw_error_set(GW_ERR_INTERRUPTED, "interrupted");
        if (rc < 0) fail(f, rc, gw_error_message());
        rc = send_jobs(f, &ended);
        if (rc < 0) fail(f, rc, gw_error_message());
        if (!there && !ended) rest_nap(&rest);
    }
}

int cluster_farm(struct cluster *c, const char *key, size_t jobs, int (*what)(void *context, struct farm *farm),
                 void *context) {
    struct farm f = {.cluster = c,
                     .key = key,
                     .work = what,
                     .context = context,
                     .lock = PTHREAD_MUTEX_INITIALIZER,
                     .changed = PTHREAD_COND_INITIALIZER,
                     .n_here = jobs};
    pthread_t thread;
    f.seat = mem_calloc((size_t)c->transport->size, sizeof *f.seat);
    if (!f.seat) return GW_ERR_NOMEM;
    if (pthread_create(&thread, NULL, work, &f) != 0) {
        mem_free(f.seat);
        FAIL(GW_ERR_NOMEM, "no thread for the work of rank 0");
    }
    pump(&f);
    pthread_join(thread, NULL);
    cluster_tell(c);
    mem_free(f.seat);
    if (f.code < 0) gw_error_adopt(f.message);
    return f.code;
}

/* ---- the others ------------------------------------------------------------------------------------------------- */

static int on_job(struct cluster *c, struct wire *w, size_t jobs, const struct farm_hand *hand) {
    size_t n = 0;
    void *job = wire_get_block(w, SIZE_MAX, &n), *result = mem_calloc(1, hand->n_result);
    struct wire back = {0};
    int rc = job && result ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) {
/* The master is the thread that speaks MPI. */
#pragma omp parallel num_threads((int)jobs)
#pragma omp master
        rc = hand->answer(hand->context, job, n, result);
    }
    if (rc == GW_OK) {
        wire_put_block(&back, result, hand->n_result);
        rc = wire_send(c, 0, TAG_FIT, &back);
    } else {
        rc = wire_send_failure(c, rc, SIZE_MAX); /* rank 0 decides what now */
    }
    mem_free(job);
    mem_free(result);
    return rc;
}

int cluster_serve_jobs(struct cluster *c, const char *key, size_t jobs, const struct farm_hand *hand) {
    const size_t threads = threads_startable(jobs ? jobs : (size_t)omp_get_max_threads());
    TRY(wire_send_ready(c, key));
    for (bool told = false; !told;) {
        struct message_head head;
        struct wire wire;
        bool there;
        if (c->transport->look(&head, true, &there) != 0) FAIL(GW_ERR_IO, "MPI: rank 0 cannot be reached");
        TRY(wire_receive(c, &head, &wire));
        told = head.tag == TAG_STOP;
        const int rc = told ? GW_OK : on_job(c, &wire, threads, hand);
        wire_free(&wire);
        TRY(rc);
    }
    struct wire bye = {0};
    return wire_send(c, 0, TAG_BYE, &bye);
}
