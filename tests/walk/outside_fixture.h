/* Contestants from outside: experiments around them, and files of scores made
 * from fits. */
#ifndef GATEWALK_TEST_WALK_OUTSIDE_FIXTURE_H
#define GATEWALK_TEST_WALK_OUTSIDE_FIXTURE_H

#include "engine/base/base.h"
#include "engine/walk/outside.h"
#include "rundir.h"

/* Three symbols with gaps and late starts, two seeds. */
static const char outside_text[] =
    "{'name':'outside','data':[{'file':'EARLY.csv','symbol':'EARLY','interval':"
    "'15m'},"
    "{'file':'LATE.csv','symbol':'LATE','interval':'15m'},{'file':'NEW.csv','"
    "symbol':'NEW','interval':'15m'}],"
    "'features':['log_return(1)','range'],'labels':{'horizon':6,'min_move':0."
    "002},"
    "'folds':{'train':150,'validation':60,'test':50},'signals':{'k':[1,5,10],'"
    "act_on':10%s},"
    "'model':{'lookback':6,'hidden':4,'dense_units':4},'training':{'epochs':1},"
    "'seeds':[3,8],"
    "'verdict':{'bootstrap':100,'null_resamples':20,'random_entries':20,'importance':false%s},'"
    "strategies':[%s]}";

static inline struct experiment *outside_experiment(const char *signals, const char *verdict, const char *strategies) {
    char text[4000];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, outside_text, signals, verdict, strategies);
#pragma GCC diagnostic pop
    return fixture_experiment(text);
}

/* A walk up to its results. */
struct walked {
    struct experiment *e;
    struct prepared *p;
    struct fit_list fits;
    struct results results;
};

static inline void walk_through(struct walked *w, struct experiment *e) {
    char models[700];
    memset(w, 0, sizeof *w);
    w->e = e;
    assert_ok(prepare(e, &w->p));
    assert_ok(outside_prepare(e, w->p));
    assert_ok(path_join(models, sizeof models, scratch("outside"), GW_RUN_MODELS));
    assert_ok(dir_make(models));
    assert_ok(fits_plan(e, w->p, w->p->plan.n_folds, scratch("outside"), &w->fits));
    assert_ok(fits_execute(e, w->p, &w->fits, 1));
    assert_ok(results_replay(e, w->p, &w->fits, NULL, &w->results));
    assert_ok(results_measure(e, w->p, &w->results, 1));
    assert_ok(results_verdict(e, w->p, &w->results, 1));
}

static inline void walk_drop(struct walked *w) {
    results_free(w->e, &w->results);
    fits_free(&w->fits);
    prepared_free(w->p);
    experiment_free(w->e);
}

/* One line of a file of scores: a test bar or a validation sample of a fit. */
struct score_line {
    int64_t close_ns;
    size_t symbol, bar, seed, fold;
    bool test;
    const float *p;
};

/* Calls put() for every score of every fit, as the fits left them. */
static inline void each_score(const struct walked *w,
                              void (*put)(FILE *to, const struct walked *w, const struct score_line *line), FILE *to) {
    for (size_t i = 0; i < w->fits.n; i++) {
        const struct fit *fit = &w->fits.fit[i];
        const struct gw_fold *fold = &w->p->plan.fold[fit->fold];
        for (int slice = GW_SLICE_VALIDATION; slice <= GW_SLICE_TEST; slice++) {
            const float *p = slice == GW_SLICE_TEST ? fit->probability : fit->validation;
            for (size_t s = 0; s < w->p->market.n_symbols; s++)
                for (size_t t = fold->samples[slice][s].begin; t < fold->samples[slice][s].end; t++, p += GW_N_GATES) {
                    struct score_line line = {.close_ns = gw_bar_close_ns(&w->p->market.symbol[s], t),
                                              .symbol = s,
                                              .bar = t,
                                              .seed = fit->seed,
                                              .fold = fit->fold,
                                              .test = slice == GW_SLICE_TEST,
                                              .p = p};
                    put(to, w, &line);
                }
        }
    }
}

static inline FILE *score_file(const char *name, const char *header) {
    FILE *to = fopen(scratch(name), "w");
    assert_non_null(to);
    fprintf(to, "%s\n", header);
    return to;
}

/* ---- files made from one walk, and a contestant that reads them
 * --------------------------------------- */

#define OUTSIDE_LSTM "{'name':'lstm','strategy':'gate'}"

/* A walk of a model of this run, from whose fits files are made. */
static struct walked inside;

static inline int inside_setup(void **state) {
    if (rundir_setup(state) != 0) return -1;
    walk_through(&inside, outside_experiment("", "", OUTSIDE_LSTM));
    return 0;
}

static inline int inside_teardown(void **state) {
    walk_drop(&inside);
    return scratch_remove(state);
}

/* The contestant read by `scores`, the value of its key; the model beside it
 * makes the bars the same as those written. */
static inline void read_scores(struct walked *w, const char *signals, const char *scores) {
    char strategies[700];
    snprintf(strategies, sizeof strategies, "{'name':'mine','strategy':'gate','scores':%s}," OUTSIDE_LSTM, scores);
    walk_through(w, outside_experiment(signals, "", strategies));
}

static inline const struct gw_score *scores_of(const struct walked *w, size_t seed) {
    return w->results.strategy[0].seed[seed].scores.at;
}

static inline const char *symbol_of(const struct score_line *line) {
    return inside.p->market.symbol[line->symbol].symbol;
}
static inline long long open_second(const struct score_line *line) {
    return (long long)(inside.p->market.symbol[line->symbol].bar[line->bar].open_ns / NS_PER_SECOND);
}
static inline bool taken(const struct score_line *line) { return line->test && line->seed == 0; }

static inline void write_with(const char *name, const char *header,
                              void (*put)(FILE *to, const struct walked *w, const struct score_line *line)) {
    FILE *to = header ? score_file(name, header) : fopen(scratch(name), "w");
    assert_non_null(to);
    each_score(&inside, put, to);
    assert_int_equal(fclose(to), 0);
}

static size_t every; /* of 16 validation samples so many are written */
static inline void put_share(FILE *to, const struct walked *w, const struct score_line *line) {
    char time[40];
    (void)w;
    if (line->seed != 0 || (!line->test && (line->bar % 16) >= every)) return;
    fprintf(to, "%s,%s,%zu,%.9g,%.9g\n", time_format(line->close_ns, time), symbol_of(line), line->fold + 1,
            (double)line->p[0], (double)line->p[1]);
}

#endif
