/* The audit as a list: the clean walk, then one poisoned market after the other on all cores. */
#include "audit.h"

#include <omp.h>
#include <string.h>

/* What all tasks share. */
struct work {
    const struct audit_subject *subject;
    struct audit_report *report; /* `found` guarded by the critical section gatewalk_audit */
    struct progress *progress;
    struct failure failure;
};

/* at: which of the work's parts it is, for the failure that is told. */
static void finish(struct work *work, size_t at, int rc, const struct audit *audit, size_t markets) {
    if (rc == GW_OK) {
#pragma omp critical(gatewalk_audit)
        {
            audit_merge(&work->report->found, audit);
            work->report->n_markets += markets;
        }
    } else {
        failure_note(&work->failure, at, rc);
    }
    progress_add(work->progress, markets);
}

/* ---- the clean walk ------------------------------------------------------------------------------------------------ */

/* The plan's fits of the first seed, as a run has them. Finished ones are read from `models`, never written to. */
static int plan_fits(struct audit_subject *subject, const char *models) {
    struct fit_list *fits = &subject->fits;
    TRY(fits_plan(subject->e, subject->p, subject->p->plan.n_folds, *models ? models : ".", fits));
    fits->model = mem_calloc(fits->n ? fits->n : 1, sizeof(struct gw_gate_model *));
    if (!fits->model) return GW_ERR_NOMEM;
    for (size_t i = 0; i < fits->n; i++) {
        fits->fit[i].borrowed = true;
        if (!*models) fits->fit[i].model_path[0] = '\0';
    }
    return GW_OK;
}

static int clean_fits(struct audit_subject *subject, size_t jobs) {
    if (!subject->hooks->fit && !subject->hooks->fold_data && !subject->hooks->applied)
        return fits_execute(subject->e, subject->p, &subject->fits, jobs);
    for (size_t i = 0; i < subject->fits.n; i++)
        TRY(passage_fit(subject, subject->p, &subject->fits.fit[i], &subject->fits.model[i]));
    return GW_OK;
}

static int keep_learnt(struct audit_subject *subject, size_t fold, const double *learnt) {
    const size_t n = gw_feature_set_learnt(subject->p->set);
    if (!learnt) return GW_OK;
    if (!subject->learnt) subject->learnt = mem_calloc(subject->p->plan.n_folds, sizeof(double *));
    if (subject->learnt) subject->learnt[fold] = mem_calloc(n, sizeof(double));
    if (!subject->learnt || !subject->learnt[fold]) return GW_ERR_NOMEM;
    memcpy(subject->learnt[fold], learnt, n * sizeof(double));
    return GW_OK;
}

/* And what the fitted features have learnt. */
static int clean_scalers(struct audit_subject *subject) {
    subject->scaler = mem_calloc(subject->p->plan.n_folds, sizeof *subject->scaler);
    if (!subject->scaler) return GW_ERR_NOMEM;
    for (size_t f = 0; f < subject->p->plan.n_folds; f++) {
        struct fold_data data;
        TRY(passage_fold_data(subject, subject->p, &(struct fit){.fold = f}, NULL, &data));
        const int rc = keep_learnt(subject, f, data.learnt);
        subject->scaler[f] = data.scaler;
        data.scaler = (struct gw_scaler){0};
        fold_data_free(&data);
        TRY(rc);
        TRY(interrupt_check());
    }
    return GW_OK;
}

static void subject_free(struct audit_subject *subject) {
    for (size_t f = 0; subject->learnt && f < subject->p->plan.n_folds; f++) mem_free(subject->learnt[f]);
    for (size_t f = 0; subject->scaler && f < subject->p->plan.n_folds; f++) gw_scaler_free(&subject->scaler[f]);
    mem_free((void *)subject->learnt);
    mem_free(subject->scaler);
    if (subject->results.strategy) results_free(subject->e, &subject->results);
    fits_free(&subject->fits);
}

static int clean_walk(struct audit_subject *subject, const struct audit_options *options, size_t jobs) {
    size_t last = subject->p->plan.n_folds - 1;
    if (subject->hooks->inputs) subject->hooks->inputs(subject->e, subject->p);
    TRY(plan_fits(subject, options->models));
    TRY(clean_fits(subject, jobs));
    TRY(clean_scalers(subject));
    return passage_replay(subject, subject->p, &subject->fits, last, INT64_MAX, INT64_MAX, POISON_NONE,
                          &subject->results);
}

/* ---- poisoned ones ---------------------------------------------------------------------------------------------------- */

/* Replays of the clean market that end with the cut. */
static int replay_at_cut(const struct audit_subject *subject, const struct audit_place_cut *at, struct results *out) {
    struct fit_list known = {0};
    known.fit = mem_calloc(subject->fits.n ? subject->fits.n : 1, sizeof *known.fit);
    if (!known.fit) return GW_ERR_NOMEM;
    for (size_t i = 0; i < subject->fits.n; i++)
        if (subject->fits.fit[i].fold <= at->fold) known.fit[known.n++] = subject->fits.fit[i];
    int rc = passage_replay(subject, subject->p, &known, at->fold, at->cut_ns + 1, at->cut_ns, POISON_NONE, out);
    mem_free(known.fit);
    return rc;
}

static void run_cut(struct work *work, size_t number, const struct audit_place_cut *at) {
    struct results clean = {0};
    struct audit audit = {0};
    int rc = at->fold == SIZE_MAX ? GW_OK : replay_at_cut(work->subject, at, &clean);
    size_t markets = 0;
    for (int poison = POISON_NAN; rc == GW_OK && poison < N_POISONS; poison++, markets++)
        rc = audit_cut(work->subject, at->cut_ns, (enum poison)poison, at->fold, &clean, &audit);
    if (at->fold != SIZE_MAX && clean.strategy) results_free(work->subject->e, &clean);
    finish(work, number, rc, &audit, markets);
}

static void run_refit(struct work *work, size_t i, enum poison poison) {
    struct audit audit = {0};
    int rc = audit_refit(work->subject, i, poison, &audit);
    if (rc == GW_OK) rc = audit_training(work->subject, i, poison, &audit);
    finish(work, i, rc, &audit, 2);
}

/* The k-th of the folds of a contestant that are fitted again: at equal distances, for every contestant others. */
static bool is_sampled(const struct audit_subject *subject, const struct fit *fit, size_t n_refits) {
    size_t n_folds = subject->p->plan.n_folds;
    for (size_t k = 0; k < n_refits; k++)
        if (fit->fold == ((2 * k + 1) * n_folds / (2 * n_refits) + fit->strategy) % n_folds) return true;
    return false;
}

static int poison_all(struct work *work, const struct audit_cuts *cuts, size_t n_refits, size_t jobs) {
    const struct audit_subject *subject = work->subject;
    size_t total = cuts->n * (N_POISONS - 1);
    for (size_t i = 0; i < subject->fits.n; i++)
        if (is_sampled(subject, &subject->fits.fit[i], n_refits)) work->report->n_refits++;
    TRY(progress_begin(&work->progress, "audit", total + 2 * work->report->n_refits, "markets"));
    const size_t threads = threads_startable(jobs);
#pragma omp parallel num_threads((int)threads)
#pragma omp single
    {
        size_t kind = POISON_NAN;
        for (size_t i = 0; i < subject->fits.n; i++) {
            if (!is_sampled(subject, &subject->fits.fit[i], n_refits)) continue;
            enum poison poison = (enum poison)kind;
            kind = kind + 1 < N_POISONS ? kind + 1 : POISON_NAN;
#pragma omp task firstprivate(i, poison) shared(work)
            if (!atomic_load(&work->failure.any)) run_refit(work, i, poison);
        }
        for (size_t c = 0; c < cuts->n; c++)
#pragma omp task firstprivate(c) shared(work, cuts)
            if (!atomic_load(&work->failure.any)) run_cut(work, subject->fits.n + c, &cuts->at[c]);
    }
    progress_end(work->progress);
    return failure_tell(&work->failure);
}

/* What the folds claim of themselves. */
static void check_folds(const struct audit_subject *subject, struct audit *found) {
    struct audit_place place = {.time_ns = INT64_MIN};
    found->n_compared[STAGE_FOLDS]++;
    if (gw_folds_audit(&subject->p->market, &subject->p->plan) < 0)
        audit_note(found, STAGE_FOLDS, &place, 0, 0, "%.95s", gw_error_message());
}

static void describe(const struct audit_subject *subject, const struct audit_cuts *cuts, struct audit_report *out) {
    out->n_cuts = cuts->n;
    out->n_folds = subject->p->plan.n_folds;
    out->n_fits = subject->fits.n;
    out->n_reused = subject->fits.n_reused;
    if (cuts->n == 0) return;
    out->first_cut_ns = cuts->at[0].cut_ns;
    out->last_cut_ns = cuts->at[cuts->n - 1].cut_ns;
}

int audit_experiment(const struct experiment *experiment, struct prepared *p, const struct audit_options *options,
                     struct audit_report *out) {
    static const struct audit_hooks none = {0};
    struct experiment *e = mem_calloc(1, sizeof *e); /* too large for the stack of a library */
    struct audit_cuts cuts = {0};
    size_t jobs = options->jobs ? options->jobs : (size_t)omp_get_max_threads();
    memset(out, 0, sizeof *out);
    if (!e) return GW_ERR_NOMEM;
    *e = *experiment; /* one seed: the others are the same code with other random numbers */
    e->n_seeds = 1;
    e->verdict.importance = false;
    e->verdict.gradients = 0;
    struct audit_subject subject = {.e = e, .p = p, .hooks = options->hooks ? options->hooks : &none};
    struct work work = {.subject = &subject, .report = out};
    int rc;
    TRY_GOTO(prepared_keep_features(p), done);
    TRY_GOTO(audit_choose_cuts(p, options->n_cuts, &cuts), done);
    TRY_GOTO(clean_walk(&subject, options, jobs), done);
    check_folds(&subject, &out->found);
    describe(&subject, &cuts, out);
    TRY_GOTO(poison_all(&work, &cuts, options->n_refits, jobs), done);
    rc = history_check(p, subject.learnt ? subject.learnt[p->plan.n_folds - 1] : NULL, &out->history);
done:
    subject_free(&subject);
    mem_free(cuts.at);
    mem_free(e);
    if (rc < 0) audit_report_free(out);
    return rc;
}

void audit_report_free(struct audit_report *report) { history_free(&report->history); }
