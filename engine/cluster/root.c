/* Rank 0: hands chains of fits out, longest first, takes what comes back, and does chains itself meanwhile.
 *
 * MPI is spoken by the main thread alone; the fits of this rank run in a thread of their own. The two share the list of
 * chains, each entry of which one of them takes under the lock. */
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/base.h"
#include "engine/walk/fits_share.h"
#include "rest.h"
#include "wire.h"

struct root {
    struct cluster *cluster;
    const struct experiment *experiment;
    const struct prepared *prepared;
    struct fit_list *fits;
    struct progress *progress;
    size_t jobs;
    char key[CLUSTER_KEY_SIZE];

    pthread_mutex_t lock; /* guards what follows */
    size_t *chain, n_chains, next;
    size_t n_done;
    bool stop, own_ended;
    int code; /* of the first failure */
    size_t failed_fit;
    char failure[1024];

    size_t n_out;       /* chains that workers have; the main thread's own */
    size_t n_taken;     /* fits that came from them */
    double own_seconds; /* processor time of giving and taking */
    bool *waits;        /* [size]: asked for a chain when there was none */
};

static size_t take_chain(struct root *r) {
    pthread_mutex_lock(&r->lock);
    size_t begin = !r->stop && r->next < r->n_chains ? r->chain[r->next++] : SIZE_MAX;
    pthread_mutex_unlock(&r->lock);
    return begin;
}

static void fail(struct root *r, int code, size_t fit, const char *text) {
    pthread_mutex_lock(&r->lock);
    if (r->code == GW_OK) {
        r->code = code;
        r->failed_fit = fit;
        snprintf(r->failure, sizeof r->failure, "%s", text);
    }
    r->stop = true;
    pthread_mutex_unlock(&r->lock);
}

static void count_fit(struct root *r, const struct fit *fit, const char *where) {
    const struct experiment *e = r->experiment;
    pthread_mutex_lock(&r->lock);
    r->n_done++;
    progress_note(r->progress, "%s seed %llu fold %zu | %zu epochs, best %zu | %s", e->strategy[fit->strategy].name,
                  (unsigned long long)e->seed[fit->seed], fit->fold + 1, fit->log.n_epochs, fit->log.best_epoch, where);
    progress_add(r->progress, 1);
    pthread_mutex_unlock(&r->lock);
}

/* ---- this rank's own fits ---------------------------------------------------------------------------------- */

static int one(void *context, struct fit *fit, const struct gw_gate_model *previous, struct gw_gate_model **model) {
    struct root *r = context;
    struct fit_context fitting = {.list = r->fits, .experiment = r->experiment, .prepared = r->prepared};
    TRY(fit_execute(&fitting, previous, fit, model));
    count_fit(r, fit, "rank 0");
    return GW_OK;
}

static void *own_fits(void *context) {
    struct root *r = context;
    for (size_t begin; (begin = take_chain(r)) != SIZE_MAX;) {
        size_t at = begin;
        int rc = GW_OK;
#pragma omp parallel num_threads((int)r->jobs)
#pragma omp master
        rc = fits_run_chain(r->experiment, r->fits, begin, one, r, &at);
        if (rc < 0) fail(r, rc, at, gw_error_message());
    }
    pthread_mutex_lock(&r->lock);
    r->own_ended = true;
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* ---- the others ---------------------------------------------------------------------------------------------- */

/* A chain with the stored models that may be of it, so that the worker need not fit them again. */
static int send_chain(struct root *r, int to, size_t begin) {
    struct wire w = {0};
    wire_put_size(&w, begin);
    for (size_t i = begin; i != SIZE_MAX; i = fits_next_in_chain(r->experiment, r->fits, i))
        wire_put_file(&w, r->fits->fit[i].model_path);
    TRY(wire_send(r->cluster, to, TAG_CHAIN, &w));
    r->n_out++;
    return GW_OK;
}

static int give(struct root *r, int to) {
    size_t begin = take_chain(r);
    r->waits[to] = begin == SIZE_MAX;
    return begin == SIZE_MAX ? GW_OK : send_chain(r, to, begin);
}

/* The first READY of a worker says what it has read; later ones are empty and end a chain. */
static int on_ready(struct root *r, int from, struct wire *w) {
    if (w->length == 0) {
        r->n_out--;
        return give(r, from);
    }
    TRY(wire_get_ready(w, from, r->key, "experiment"));
    return give(r, from);
}

static int on_fit(struct root *r, int from, struct wire *w) {
    size_t i = wire_get_size(w);
    char where[32];
    if (w->failed || i >= r->fits->n) FAIL(GW_ERR_DATA, "rank %d has sent a damaged fit", from);
    TRY(fits_place_holds(r->fits));
    TRY(wire_get_fit(w, r->experiment, r->prepared, &r->fits->fit[i]));
    r->n_taken++;
    snprintf(where, sizeof where, "rank %d", from);
    count_fit(r, &r->fits->fit[i], where);
    return GW_OK;
}

static int on_failed(struct root *r, int from, struct wire *w) {
    size_t fit;
    const int code = wire_get_failure(w, from, &fit);
    if (fit != SIZE_MAX) r->n_out--;
    fail(r, code, fit, gw_error_message());
    return GW_OK;
}

static int on_message(struct root *r, const struct message_head *head) {
    struct wire w;
    TRY(wire_receive(r->cluster, head, &w));
    int rc = head->tag == TAG_READY    ? on_ready(r, head->from, &w)
             : head->tag == TAG_FIT    ? on_fit(r, head->from, &w)
             : head->tag == TAG_FAILED ? on_failed(r, head->from, &w)
                                       : gw_error_set(GW_ERR_DATA, "rank %d has sent what we do not know", head->from);
    wire_free(&w);
    return rc;
}

static bool ended(struct root *r) {
    pthread_mutex_lock(&r->lock);
    bool end = r->own_ended && (r->stop || r->next == r->n_chains);
    bool failed = r->stop;
    pthread_mutex_unlock(&r->lock);
    return end && (failed || r->n_out == 0);
}

static double thread_seconds(void) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int serve_others(struct root *r) {
    const struct transport *t = r->cluster->transport;
    struct rest rest;
    rest_begin(&rest);
    while (!ended(r)) {
        struct message_head head;
        bool there;
        if (t->look(&head, false, &there) != 0) FAIL(GW_ERR_IO, "MPI: a rank cannot be reached");
        if (there) {
            const double begin = thread_seconds();
            int rc = on_message(r, &head);
            r->own_seconds += thread_seconds() - begin;
            rest_heard(&rest);
            if (rc < 0) fail(r, rc, SIZE_MAX, gw_error_message());
        } else {
            rest_nap(&rest);
        }
        if (interrupt_requested()) fail(r, GW_ERR_INTERRUPTED, SIZE_MAX, "interrupted");
    }
    return GW_OK;
}

/* Their last messages are read, so that nobody is left sending. */
void cluster_tell(struct cluster *c) {
    const struct transport *t = c->transport;
    if (c->told) return;
    c->told = true;
    for (int rank = 1; rank < t->size; rank++) {
        struct wire stop = {0};
        if (wire_send(c, rank, TAG_STOP, &stop) < 0) return;
    }
    for (int byes = 1; byes < t->size;) {
        struct message_head head;
        struct wire w;
        bool there;
        if (t->look(&head, true, &there) != 0 || wire_receive(c, &head, &w) < 0) return;
        byes += head.tag == TAG_BYE;
        wire_free(&w);
    }
}

static int outcome(struct root *r) {
    if (r->code == GW_OK) return fits_finish(r->experiment, r->fits);
    if (r->code == GW_ERR_INTERRUPTED)
        FAIL(GW_ERR_INTERRUPTED, "interrupted: %zu of %zu fits are kept; run the same command again to continue",
             r->n_done, r->fits->n - r->fits->n_shared);
    gw_error_adopt(r->failure);
    return r->failed_fit < r->fits->n ? fits_failed(r->experiment, &r->fits->fit[r->failed_fit], r->code) : r->code;
}

static int execute(void *context, const struct experiment *e, const struct prepared *p, struct fit_list *fits,
                   size_t jobs) {
    struct root r = {.cluster = context, .experiment = e, .prepared = p, .fits = fits};
    pthread_t thread;
    double start = clock_seconds();
    int rc = GW_OK;
    r.jobs = threads_startable(jobs);
    fits->n_reused = 0;
    if (fits->n == 0) return GW_OK;
    TRY(fits_share_stored(fits));
    cluster_key(e, p, r.key);
    r.waits = mem_calloc((size_t)r.cluster->transport->size, sizeof *r.waits);
    if (!r.waits) return GW_ERR_NOMEM;
    TRY_GOTO(fits_by_length(e, p, fits, &r.chain, &r.n_chains), done);
    TRY_GOTO(progress_begin(&r.progress, "training", fits->n - fits->n_shared, "fits"), done);
    pthread_mutex_init(&r.lock, NULL);
    if (pthread_create(&thread, NULL, own_fits, &r) != 0) {
        rc = gw_error_set(GW_ERR_NOMEM, "no thread for the fits of rank 0");
        progress_end(r.progress);
        goto done;
    }
    rc = serve_others(&r);
    if (rc < 0) fail(&r, rc, SIZE_MAX, gw_error_message());
    pthread_join(thread, NULL);
    cluster_tell(r.cluster);
    progress_end(r.progress);
    if (r.n_taken)
        progress_message("%zu of %zu fits came from other ranks; rank 0 spent %.2f ms of processor time on each",
                         r.n_taken, fits->n - fits->n_shared, 1000 * r.own_seconds / (double)r.n_taken);
    rc = outcome(&r);
done:
    fits->seconds = clock_seconds() - start;
    mem_free(r.chain);
    mem_free(r.waits);
    return rc;
}

/* The other ranks of this machine have ended, and wait asleep: replay and verdict are rank 0's alone. */
static size_t threads_after(void *context, size_t jobs) {
    const struct transport *t = ((const struct cluster *)context)->transport;
    (void)sched_setaffinity(0, sizeof t->cpus, (const cpu_set_t *)(const void *)t->cpus);
    return threads_startable(jobs * (size_t)t->n_near);
}

const struct gw_fit_executor *cluster_executor(struct cluster *c) {
    static struct gw_fit_executor executor = {.execute = execute,
                                              .threads_after = threads_after}; /* a process has one launcher */
    executor.context = c;
    return c->transport ? &executor : NULL;
}

void cluster_leave(struct cluster *c) {
    if (!c->transport) return;
    if (c->transport->rank == 0) cluster_tell(c);
    c->transport->leave();
    c->transport = NULL;
}
