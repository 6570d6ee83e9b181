/* The evaluations of a search, on several threads. Decisions are made in the order of their numbers, each when the results
 * that it may know are there, so the outcome does not depend on who is ready first. An interrupted search makes the same
 * decisions again and remembers the results that it has. */
#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <string.h>

#include "engine/base/base.h"
#include "search_private.h"

struct work {
    struct search *search;
    const struct evaluator *evaluator;
    const char *dir;
    int dir_lock;
    struct progress *progress;
    pthread_mutex_t lock; /* of all that follows and of the list of evaluations */
    pthread_cond_t changed;
    bool *done;      /* [room] */
    size_t n_done;   /* all before this one */
    size_t n_result; /* done, wherever they stand */
    size_t n_reference;
    double best; /* cost; of a single objective */
    size_t best_trial;
    bool ended; /* the searcher has nothing more; then come the reference trials */
    int code;
    char message[1024];
};

static int make_room(struct work *w) {
    struct search *s = w->search;
    if (s->n < s->room) return GW_OK;
    const size_t room = s->room ? 2 * s->room : 256;
    struct evaluation *grown = mem_realloc(s->evaluation, room, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    s->evaluation = grown;
    bool *done = mem_realloc(w->done, room, sizeof *done);
    if (!done) return GW_ERR_NOMEM;
    w->done = done;
    s->room = room;
    return GW_OK;
}

static void begin_evaluation(struct evaluation *next) {
    *next = (struct evaluation){.budget = 1, .returns.sharpe = NAN};
    for (size_t o = 0; o < OBJECTIVES_MAX; o++) next->cost[o] = INFINITY;
}

/* Random trials beside the search; their numbers go on behind its own. */
static void decide_reference(struct work *w, const struct search_view *view, struct evaluation *next) {
    size_t trial = 0;
    for (size_t i = 0; i < w->search->n; i++)
        if (w->search->evaluation[i].trial >= trial) trial = w->search->evaluation[i].trial + 1;
    next->trial = trial;
    next->reference = true;
    point_random(view, "search reference", w->n_reference++, &next->point);
}

/* The next one, as far as it can be decided now. */
static int decide(struct work *w, enum decision *decision) {
    struct search *s = w->search;
    const struct searcher *searcher = s->searcher;
    struct search_view view = {.space = &s->space,
                               .settings = &s->settings,
                               .n_objectives = s->n_objectives,
                               .evaluation = s->evaluation,
                               .n_decided = s->n};
    const size_t lag = s->settings.lag;
    size_t need = s->n;
    TRY(make_room(w));
    view.evaluation = s->evaluation;
    view.need = &need;
    struct evaluation *next = &s->evaluation[s->n];
    *decision = DECISION_WAIT;
    begin_evaluation(next);
    if (!w->ended) {
        view.n_known = searcher->blind || s->n + 1 < lag ? 0 : s->n + 1 - lag;
        if (view.n_known > w->n_done) return GW_OK;
        TRY(searcher->decide(&view, next, decision));
        if (*decision == DECISION_WAIT) {
            if (w->n_done < need) return GW_OK;
            view.n_known = need;
            begin_evaluation(next);
            TRY(searcher->decide(&view, next, decision));
        }
        if (*decision != DECISION_TRY) w->ended = true;
    }
    if (w->ended) {
        *decision = w->n_reference < s->settings.reference ? DECISION_TRY : DECISION_END;
        begin_evaluation(next);
        if (*decision == DECISION_TRY) decide_reference(w, &view, next);
    }
    if (*decision != DECISION_TRY) return GW_OK;
    space_settle(&s->space, &next->point);
    next->paid = next->budget;
    w->done[s->n++] = false;
    return GW_OK;
}

static void note_best(struct work *w, const struct evaluation *evaluation) {
    const struct search *s = w->search;
    char text[64] = "";
    if (s->n_objectives == 1 && evaluation->budget >= 1 && evaluation->cost[0] < w->best) {
        w->best = evaluation->cost[0];
        w->best_trial = evaluation->trial;
    }
    if (isfinite(w->best))
        snprintf(text, sizeof text, "best %.6g, trial %zu", objective_value(&s->objective[0], w->best),
                 w->best_trial + 1);
    progress_note(w->progress, "%s", text);
    progress_add(w->progress, 1);
}

static void finish(struct work *w, size_t i, const struct evaluation *result) {
    struct search *s = w->search;
    s->evaluation[i] = *result;
    w->done[i] = true;
    w->n_result++;
    while (w->n_done < s->n && w->done[w->n_done]) w->n_done++;
    note_best(w, result);
}

static void stop(struct work *w, int code) {
    if (w->code == GW_OK) {
        w->code = code;
        snprintf(w->message, sizeof w->message, "%s", gw_error_message());
    }
}

/* Under the lock: the next evaluation to work on, or none any more. */
static bool next_job(struct work *w, size_t *i, struct evaluation *job) {
    while (w->code == GW_OK) {
        enum decision decision;
        int rc = decide(w, &decision);
        if (rc < 0) {
            stop(w, rc);
        } else if (decision == DECISION_END) {
            return false;
        } else if (decision == DECISION_TRY) {
            *i = w->search->n - 1;
            *job = w->search->evaluation[*i];
            return true;
        } else {
            pthread_cond_wait(&w->changed, &w->lock);
        }
    }
    return false;
}

static int do_job(struct work *w, struct evaluation *job) {
    const struct evaluator *evaluator = w->evaluator;
    TRY(interrupt_check());
    TRY(evaluator->name(evaluator->context, job));
    bool known = job->state != EVALUATION_OPEN;
    if (!known && w->dir) TRY(trial_recall(w->search, w->dir, job, &known));
    if (known) return GW_OK;
    TRY(evaluator->run(evaluator->context, job));
    return w->dir ? trial_remember(w->search, w->dir, w->dir_lock, job) : GW_OK;
}

static void work_on(struct work *w) {
    struct evaluation job;
    size_t i;
    pthread_mutex_lock(&w->lock);
    while (next_job(w, &i, &job)) {
        pthread_mutex_unlock(&w->lock);
        int rc = do_job(w, &job);
        pthread_mutex_lock(&w->lock);
        if (rc == GW_OK)
            finish(w, i, &job);
        else
            stop(w, rc);
        pthread_cond_broadcast(&w->changed);
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* What was begun and not done is not part of the search. */
static void drop_unfinished(struct work *w) {
    struct search *s = w->search;
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (w->done[i]) s->evaluation[n++] = s->evaluation[i];
    s->n = n;
}

int search_work(struct search *s, const struct evaluator *evaluator, size_t jobs, const char *dir, int lock) {
    struct work w = {.search = s,
                     .evaluator = evaluator,
                     .dir = dir,
                     .dir_lock = lock,
                     .lock = PTHREAD_MUTEX_INITIALIZER,
                     .changed = PTHREAD_COND_INITIALIZER,
                     .best = INFINITY};
    const struct search_view view = {.space = &s->space, .settings = &s->settings, .n_objectives = s->n_objectives};
    const size_t expected =
        (s->searcher->expected ? s->searcher->expected(&view) : s->settings.trials) + s->settings.reference;
    s->n = 0;
    int rc = progress_begin(&w.progress, "search", expected, "trials");
    const size_t threads = threads_startable(jobs);
    if (rc == GW_OK) {
#pragma omp parallel num_threads((int)threads)
        work_on(&w);
        rc = w.code;
    }
    progress_end(w.progress);
    drop_unfinished(&w);
    mem_free(w.done);
    if (rc < 0) gw_error_adopt(w.message);
    if (rc == GW_ERR_INTERRUPTED)
        FAIL(GW_ERR_INTERRUPTED,
             "interrupted: %zu of about %zu trials are kept; run the same command again to continue", s->n, expected);
    return rc;
}

int search_choose(struct search *s) {
    size_t *index = mem_calloc(s->n ? s->n : 1, sizeof *index), n = 0;
    double most = 0;
    if (!index) return GW_ERR_NOMEM;
    for (size_t i = 0; i < s->n; i++)
        if (!s->evaluation[i].reference) most = fmax(most, s->evaluation[i].budget);
    for (size_t i = 0; i < s->n; i++)
        if (!s->evaluation[i].reference && s->evaluation[i].budget == most && isfinite(s->evaluation[i].cost[0]))
            index[n++] = i;
    int rc = rank_evaluations(s->evaluation, s->n_objectives, index, n, NULL);
    s->chosen = n > 0 ? index[0] : SIZE_MAX;
    for (size_t i = 1; i < n; i++) /* of a front, the one with the best first objective */
        if (s->evaluation[index[i]].cost[0] < s->evaluation[s->chosen].cost[0]) s->chosen = index[i];
    mem_free(index);
    return rc;
}
