/* What a run comes to, in the order in which a reader asks: is there anything to find, is attention better, did what was
 * traded pay, and what would help. All of it facts: reports/words says them. */
#ifndef GATEWALK_RESULTS_RUN_FINDING_H
#define GATEWALK_RESULTS_RUN_FINDING_H

#include "results.h"

enum found { FOUND_NOT_MEASURED, FOUND_NOTHING, FOUND_SOMETHING, N_FOUND };
enum traded { TRADED_NOTHING, TRADED_LOST, TRADED_GAINED, TRADED_BEAT_MARKET, N_TRADED };

/* Scores against labels shifted in time, of all contestants and gates. */
struct found_facts {
    enum found state;
    size_t n_asked, n_found; /* contestants × gates; of them above the null once corrected for all */
    /* resamples that the least p must be of to hold once corrected; 0: it is of as many, or would not hold by itself */
    double needed;
    size_t strategy; /* the surest, by lowest p and then highest lift over the null */
    int gate;
};
/* The difference of least p among those that a statement is about: it is that statement's p. */
struct surest {
    const struct gw_delta *difference; /* of the results; NULL: there is none */
    size_t candidate;                  /* strategy index */
    int gate, delta;
    double null_p; /* of the candidate's null control on that gate */
};
/* What attention's differences to the baseline come to, once corrected; only a gate that beats the null counts for better. */
struct attention_facts {
    bool asked; /* a contestant with attention stands beside the baseline */
    enum outcome state;
    size_t n_better, n_worse,
        n_as_null; /* differences that hold; as null: for the better, but where nothing beats the null */
    struct surest better, worse, as_null, any; /* of each of those, and of all differences */
    enum simpler_gate simpler;
    size_t control;   /* the gate without attention of the last comparison; SIZE_MAX: none */
    double control_p; /* least corrected p of that comparison, for the control where it does better */
    /* The narrowest P@1 % interval of attention, the difference that the success test asks for, and how many times the bars it
     * takes until the first is no wider than the second; NAN: unknown. */
    double half_width, need, needed;
};
/* The traded strategy with the highest return over its seeds that is a trial. */
struct traded_facts {
    enum traded state;
    size_t strategy, n_gained, n_traded; /* of the trials: how many gained, how many traded at all */
    size_t n_seeds_gained;               /* of the best's seeds */
    double total_return, sd,
        market_return; /* means over seeds; of the market: buy and hold without costs, symbols alike */
    double probabilistic_sharpe;
};
/* Coverage furthest from what was asked, as a ratio. */
struct coverage_facts {
    bool far; /* more than twice or less than half */
    size_t strategy;
    int gate;
    double asked, got;
};
struct run_finding {
    struct found_facts found;
    struct attention_facts attention;
    struct traded_facts traded;
    struct coverage_facts coverage;
    size_t n_cut_short;              /* contestants most of whose fits were best at the last epoch */
    bool no_positives[GW_N_GATES];   /* in the test slices */
    double fewest_of_k, k_of_fewest; /* bars that the smallest K picks in the smallest fold */
};
/* How many resamples it takes: the lowest p is 1 in draws + 1, and Holm's correction takes it times the family. */
double draws_needed(const struct experiment *e, size_t family);
void run_finding_attention(const struct experiment *e, const struct results *r, struct attention_facts *out);
void run_finding_make(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                      const struct results *r, struct run_finding *out);
/* K that picks fewer bars than this in a fold says little of the fold. */
enum { FEW_BARS = 20 };

#endif
