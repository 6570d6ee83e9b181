/* What the facts of a run come to, in words. Each fills `out`, with "" where there is nothing to say. ERR_NOMEM. */
#ifndef GATEWALK_SENTENCES_H
#define GATEWALK_SENTENCES_H

#include "reports/data/run_view.h"

/* The whole run in a few plain sentences: what stands first wherever a run is shown. */
enum { FINDING_MAX = 2400 };
int finding_words(struct run_view *run, char *out, size_t size) GW_MUST_USE;

/* What was tested on what, what counts as positive, with which costs. */
enum { TESTED_MAX = 1200 };
void tested_words(const struct run_view *run, char *out, size_t size);

enum { CONCLUSION_MAX = 2000 };
/* What the comparison of one pair, an entry of summary.json's verdict, comes to. */
int conclusion_words(struct run_view *run, const json_value *verdict, char out[CONCLUSION_MAX]) GW_MUST_USE;
/* The difference of log loss of one pair on both gates, with the test of two forecasts. */
int log_loss_words(const json_value *verdict, char *out, size_t size) GW_MUST_USE;
/* Whether the best of all candidates is better than the baseline. */
int family_words(struct run_view *run, char *out, size_t size) GW_MUST_USE;
/* What the best traded strategy is worth as the best of all trials. */
int selection_words(struct run_view *run, char *out, size_t size) GW_MUST_USE;
/* Strategies most of whose fits were best at their very last epoch. */
int unfinished_words(struct run_view *run, char *out, size_t size) GW_MUST_USE;
/* What `gatewalk audit` left in the run directory about look-ahead; "" when it was never asked about this configuration. */
int audit_words(struct run_view *run, char *out, size_t size) GW_MUST_USE;
/* What became of a strategy's scores from outside, and what is known of their model; "" when it has none. */
void outside_words(const struct run_view *run, size_t strategy, char *out, size_t size);
/* Contestants whose PnL@K does not know their own exits (scripts, plugins, portfolios). */
void isolated_words(const struct run_view *run, char *out, size_t size);
/* "95 % interval", or plain "interval" where the confidence is unknown. */
const char *interval_words(const struct run_view *run, char words[32]);

#endif
