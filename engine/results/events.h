/* events.jsonl: what happened, one line an event, in the order in which it happened to each contestant (lines: run_files.h).
 * Written while the replay runs, so that nothing of it need be kept. */
#ifndef GATEWALK_RESULTS_EVENTS_H
#define GATEWALK_RESULTS_EVENTS_H

#include "results.h"

struct event_log;

/* Of a run that will be replayed; `only`: of this contestant, NULL: of all. */
int events_open(const struct experiment *e, const struct prepared *p, const struct fit_list *fits, const char *path,
                const char *only, struct event_log **out) GW_MUST_USE;
/* Who is to watch the replay of this contestant and seed (the k-th); *out NULL: nobody, as nothing of it is asked for, or the
 * log is NULL. */
int events_begin(struct event_log *log, size_t strategy, size_t k, uint64_t seed,
                 const struct gw_replay_watch **out) GW_MUST_USE;
void events_end(struct event_log *log, const struct gw_replay_result *replay); /* after a replay that was watched */
/* The file appears, whole. */
int events_commit(struct event_log *log) GW_MUST_USE;
void events_free(struct event_log *log); /* without a commit: nothing is left. NULL: nothing to do */

#endif
