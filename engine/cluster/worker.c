/* Every other rank: reads the same experiment and the same bars, fits what it is given, sends back what a fit leaves. Its
 * models pass through a folder of its own, so that no network folder is needed. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "engine/walk/outside.h"
#include "engine/walk/walk.h"
#include "rank_folder.h"
#include "wire.h"

struct worker {
    const struct cluster *cluster;
    const struct experiment *experiment;
    const struct prepared *prepared;
    struct fit_list fits;
    char dir[1024];
};

/* Its chain is done. */
static int send_empty(const struct worker *w) {
    struct wire wire = {0};
    return wire_send(w->cluster, 0, TAG_READY, &wire);
}

/* In the middle of a fit: has rank 0 failed, or was it interrupted? Then nobody waits for this fit any more. */
static bool is_told(const struct worker *w) {
    struct message_head head;
    bool there = false;
    return w->cluster->transport->look(&head, false, &there) != 0 || (there && head.tag == TAG_STOP);
}

static void on_epoch(void *context, const struct gw_epoch_record *record, size_t epochs, double windows_per_second) {
    (void)record, (void)epochs, (void)windows_per_second;
    if (is_told(context)) interrupt_request();
}

/* What has been sent is not kept. */
static void forget(struct fit *fit) {
    struct fit kept = fit_beside(fit);
    memcpy(kept.key, fit->key, sizeof kept.key);
    memcpy(kept.model_path, fit->model_path, sizeof kept.model_path);
    unlink(fit->model_path);
    fit_release(fit);
    *fit = kept;
}

static int one(void *context, struct fit *fit, const struct gw_gate_model *previous, struct gw_gate_model **model) {
    struct worker *w = context;
    struct fit_context fitting = {
        .experiment = w->experiment, .prepared = w->prepared, .on_epoch = on_epoch, .context = w};
    struct wire wire = {0};
    if (is_told(w)) FAIL(GW_ERR_INTERRUPTED, "told to stop");
    TRY(fit_execute(&fitting, previous, fit, model));
    wire_put_size(&wire, (size_t)(fit - w->fits.fit));
    wire_put_fit(&wire, w->experiment, w->prepared, fit);
    forget(fit);
    return wire_send(w->cluster, 0, TAG_FIT, &wire);
}

static int on_chain(struct worker *w, struct wire *wire, size_t jobs) {
    size_t begin = wire_get_size(wire), at = begin;
    int rc = GW_OK;
    if (wire->failed || begin >= w->fits.n) FAIL(GW_ERR_DATA, "rank 0 has sent a damaged chain");
    for (size_t i = begin; i != SIZE_MAX; i = fits_next_in_chain(w->experiment, &w->fits, i))
        TRY(wire_get_file(wire, w->fits.fit[i].model_path));
/* The master is the thread that speaks MPI. */
#pragma omp parallel num_threads((int)jobs)
#pragma omp master
    rc = fits_run_chain(w->experiment, &w->fits, begin, one, w, &at);
    if (rc == GW_OK) return send_empty(w);
    (void)!wire_send_failure(w->cluster, rc, at); /* when this does not arrive, rank 0 has gone already */
    return GW_OK;                                 /* rank 0 decides what now */
}

/* Chain after chain until rank 0 says that it was the last. */
static int serve(struct worker *w, size_t jobs) {
    for (bool told = false; !told;) {
        struct message_head head;
        struct wire wire;
        bool there;
        if (w->cluster->transport->look(&head, true, &there) != 0) FAIL(GW_ERR_IO, "MPI: rank 0 cannot be reached");
        TRY(wire_receive(w->cluster, &head, &wire));
        told = head.tag == TAG_STOP;
        int rc = told ? GW_OK : on_chain(w, &wire, jobs);
        wire_free(&wire);
        TRY(rc);
    }
    struct wire bye = {0};
    return wire_send(w->cluster, 0, TAG_BYE, &bye);
}

int cluster_refuse(struct cluster *c, int code) {
    struct worker w = {.cluster = c};
    (void)!wire_send_failure(c, code, SIZE_MAX);
    return serve(&w, 1);
}

int cluster_serve(struct cluster *c, const struct experiment *e, size_t jobs) {
    struct worker w = {.cluster = c, .experiment = e};
    int lock = -1;
    struct prepared *p = NULL;
    char key[CLUSTER_KEY_SIZE] = "";
    int rc = prepare(e, &p);
    w.prepared = p;
    if (rc == GW_OK) rc = outside_prepare(e, p);
    if (rc == GW_OK) rc = rank_folder_make(w.dir, &lock);
    if (rc == GW_OK) rc = fits_plan(e, p, p->plan.n_folds, w.dir, &w.fits);
    if (rc == GW_OK) cluster_key(e, p, key);
    if (rc < 0)
        rc = cluster_refuse(c, rc);
    else if ((rc = wire_send_ready(c, key)) == GW_OK)
        rc = serve(&w, threads_startable(jobs ? jobs : (size_t)omp_get_max_threads()));
    if (*w.dir) rank_folder_remove(w.dir, &lock);
    fits_free(&w.fits);
    prepared_free(p);
    return rc;
}
