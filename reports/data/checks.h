/* The success test of one candidate: the criteria on results from summary.json, the training time from run.json. */
#ifndef GATEWALK_CHECKS_H
#define GATEWALK_CHECKS_H

#include "run_view.h"

enum check_state {
    CHECK_FAIL,
    CHECK_UNMEASURED,  /* undefined on both gates, or trained in an earlier run */
    CHECK_PASS,        /* a measured fact, or a measure the reports do not know: no interval is asked for */
    CHECK_UNSURE,      /* met on the point estimate, the interval of every gate that meets it holds zero */
    CHECK_SIGNIFICANT, /* met by a gate whose interval lies above zero */
    N_CHECK_STATES
};
extern const char *const check_word[N_CHECK_STATES]; /* "FAIL", "pass (not significant)" … */

struct check_view {
    const char *name, *detail; /* safe to show; the detail may hold one part per gate, parted by "; " */
    char brief[96];            /* the same in a few words: "long +2.9, short −10.8 points"; "" when there is none */
    enum check_state state;
};
enum { CHECKS_MAX = 12 };
struct check_list {
    struct check_view check[CHECKS_MAX];
    size_t n, n_passed, n_significant, n_unmeasured;
};

/* All criteria of one entry of summary.json's verdict; the last is the training time. ERR_NOMEM. */
int checks_read(struct run_view *run, const json_value *verdict, struct check_list *list) GW_MUST_USE;

/* What the best traded strategy is worth as the best of all trials, in words; "" when that is not known. ERR_NOMEM. */
int selection_words(struct run_view *run, char *out, size_t size) GW_MUST_USE;

/* Strategies most of whose fits were best at their very last epoch, in words; "" when there are none. ERR_NOMEM. */
int unfinished_words(struct run_view *run, char *out, size_t size) GW_MUST_USE;

#endif
