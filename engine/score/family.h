/* Several pairs of scorers, resampled together: every replicate draws the same bars for all of them, so that their
 * differences can be judged as one family. Private to engine/score and what judges a run. */
#ifndef GATEWALK_SCORE_FAMILY_H
#define GATEWALK_SCORE_FAMILY_H

#include "gatewalk/verdict.h"

/* One pair on one gate. A resample draws of the family's n_rows rows; the sample may hold some of them only. Pairs that
 * give the same pointers (labels, folds, scores, returns) share what is computed of them. */
struct family_pair {
    struct gw_paired_sample sample;
    const uint32_t *at; /* [sample.n] its rows, rising; NULL: all */
};
struct family {
    size_t n_pairs, n_replicates;
    double block_length; /* mean length that was used; NAN: nothing could be resampled */
    double
        *replicate; /* [n_pairs × GW_N_DELTAS × n_replicates] candidate minus baseline; NULL when block_length is NAN */
};

/* As gw_verdict_compare for every pair, out[n_pairs]. The block is the longest that a pair asks for which can have one:
 * what is too short makes intervals too narrow. Free the family whatever comes back. */
int family_compare(const struct family_pair *pair, size_t n_pairs, size_t n_rows,
                   const struct gw_verdict_config *config, struct gw_gate_verdict *out,
                   struct family *family) GW_MUST_USE;
void family_free(struct family *family);

/* Hansen's test over the differences of those pairs that `wanted` has (NULL: all). *which: pair × GW_N_DELTAS + delta of
 * the best, SIZE_MAX without any. n_rows sets what counts as hopeless (gw_superior_ability). */
int family_superior_ability(const struct family *family, const struct gw_gate_verdict *verdict, const bool *wanted,
                            size_t n_rows, struct gw_superior_ability *out, size_t *which) GW_MUST_USE;

#endif
