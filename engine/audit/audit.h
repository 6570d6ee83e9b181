/* Disproving look-ahead in a user's own experiment: its whole pipeline, walked through many markets that agree up to a bar
 * and differ after it. */
#ifndef GATEWALK_AUDIT_H
#define GATEWALK_AUDIT_H

#include "history.h"
#include "passage.h"

struct audit_options {
    size_t n_cuts;      /* bars after which markets are poisoned, spread over the folds */
    size_t n_refits;    /* folds per model whose fit is done again */
    size_t jobs;        /* threads; 0: all cores */
    const char *models; /* run directory whose finished fits are used where they are this experiment's; "": none */
    const struct audit_hooks *hooks; /* NULL: none */
};
struct audit_report {
    struct audit found;
    size_t n_cuts, n_markets, n_refits, n_fits, n_reused, n_folds;
    int64_t first_cut_ns, last_cut_ns;
    struct history_check history;
};
/* `prepared`: the experiment's market with features, labels, folds and scores from outside, as a run would have it. A leak is
 * a result, not an error. */
int audit_experiment(const struct experiment *e, struct prepared *prepared, const struct audit_options *options,
                     struct audit_report *out) GW_MUST_USE;
void audit_report_free(struct audit_report *report);

/* cuts.c: where to cut. Ends of slices exactly, bars within the horizon of borders, and bars from anywhere in the test
 * slices; the same number of every fold. */
struct audit_cuts {
    struct audit_place_cut {
        int64_t cut_ns;
        size_t fold; /* whose test slice holds it; SIZE_MAX: none's */
    } * at;          /* [n] owned, ascending, no two alike */
    size_t n;
};
int audit_choose_cuts(const struct prepared *p, size_t n, struct audit_cuts *out) GW_MUST_USE;

/* write_audit.c: audit.json in `dir`. Holds no times: the same audit has the same bytes. */
int write_audit(const struct experiment *e, const struct prepared *p, const struct audit_report *report,
                const char *dir) GW_MUST_USE;
/* The same to an open writer. */
void put_audit(struct json_writer *w, const struct experiment *e, const struct prepared *p,
               const struct audit_report *report);

#endif
