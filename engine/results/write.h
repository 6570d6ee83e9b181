/* The files of a run directory (gatewalk/run_files.h has their columns). */
#ifndef GATEWALK_RESULTS_WRITE_H
#define GATEWALK_RESULTS_WRITE_H

#include "results.h"

struct phase_times {
    double import, features, fits, replay, metrics, verdict, files;
};
int write_tables(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                 const struct results *r, const char *dir, size_t n_threads) GW_MUST_USE;
int write_breakdown(const struct experiment *e, const struct prepared *p, const struct results *r,
                    const char *dir) GW_MUST_USE;
/* The same over the seeds, as a member of a strategy in summary.json. */
int write_breakdown_facts(struct json_writer *w, const struct experiment *e, const struct prepared *p,
                          const struct strategy_result *result) GW_MUST_USE;
int write_attention(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                    const struct results *r, const char *dir) GW_MUST_USE;
/* With verdict.gradients: what moved the signals, beside what was attended to. */
int write_gradients(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                    const struct results *r, const char *dir) GW_MUST_USE;
/* The test bar of a fit's row; NULL: there is none. And how many rows of attention.npy a signal of the fit has: its mean map's
 * first. */
const struct test_bar *write_find_bar(const struct prepared *p, const struct fit *fit, size_t test_row,
                                      struct test_bar *out);
size_t write_attention_rows(const struct experiment *e, const struct fit *fit);
/* Of decoders: how good their forecasts were, and those of the signals; the former as a member of a strategy in summary.json. */
int write_forecasts(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                    const struct results *r, const char *dir) GW_MUST_USE;
void write_forecast_facts(struct json_writer *w, const struct experiment *e, const struct prepared *p,
                          const struct fit_list *fits, const struct results *r, size_t strategy);
int write_summary(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                  const struct results *r, const char *dir) GW_MUST_USE;
/* Which metrics the tables of reports show: summary.json's "columns". */
void write_columns(struct json_writer *w, const struct experiment *e);
/* What became of a contestant's scores from outside, as summary.json's "outside"; NULL: it has none. */
struct outside;
void write_outside(struct json_writer *w, const struct outside *outside);
/* Which files those are, as run.json's "scores". */
void write_score_files(struct json_writer *w, const struct experiment *e, const struct prepared *p);
/* The verdict on one pair as an element of summary.json's "verdict". */
void write_verdict(struct json_writer *w, const struct experiment *e, const struct pair_verdict *v);
/* What the run comes to, as summary.json's "finding". */
struct run_finding;
void write_run_finding(struct json_writer *w, const struct experiment *e, const struct results *r,
                       const struct run_finding *finding);
/* Whether the best of all candidates is better than the baseline, as summary.json's "family". */
void write_family(struct json_writer *w, const struct experiment *e, const struct results *r);
/* Which differences are significant when all trials on record for these data are counted, within run.json's "selection". */
int write_still_significant(struct json_writer *w, const struct experiment *e, const struct results *r) GW_MUST_USE;
/* What the success test's criterion is, within an object that has begun. */
void write_criterion(struct json_writer *w, const struct criterion *criterion);
int write_run_json(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                   const struct results *r, const struct phase_times *times, size_t jobs, const char *status,
                   const char *dir) GW_MUST_USE;
/* Strategies of the user's own: their scripts as they were read, and run.json's "programs". */
int write_scripts(const struct experiment *e, const char *dir) GW_MUST_USE;
void write_programs(struct json_writer *w, const struct experiment *e);
/* equity_bands.csv, and summary.json's members of a strategy and of a gate that are about luck, fills and costs. */
int write_equity_bands(const struct experiment *e, const struct prepared *p, const struct results *r,
                       const char *dir) GW_MUST_USE;
void write_traded_bounds(struct json_writer *w,
                         const struct traded_bounds *bounds); /* NULL: writes that there are none */
void write_null_bands(struct json_writer *w, const struct experiment *e, const struct null_bands *bands);
int write_bars(const struct prepared *p, const char *dir) GW_MUST_USE;
int write_folds(const struct prepared *p, const char *dir) GW_MUST_USE;

#endif
