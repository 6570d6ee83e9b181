/* What a family is resampled in: every scorer prepared once, however many pairs it stands in. Private to engine/score. */
#ifndef GATEWALK_SCORE_FAMILY_ROOM_H
#define GATEWALK_SCORE_FAMILY_ROOM_H

#include "family.h"
#include "verdict_scorer.h"

/* One scorer over its seeds on certain bars; several pairs may have it. */
struct side {
    size_t bars; /* index */
    struct verdict_scorer *seed;
    size_t n_seeds;
};
struct family_room {
    size_t n_rows, n_pairs, n_bars, n_sides;
    struct verdict_bars *bars; /* [n_bars] */
    struct side *side;         /* [n_sides] */
    size_t (*of)[2];           /* [n_pairs] candidate's and baseline's side */
    size_t counts; /* room of one replicate: folds of every verdict_bars, and bars of those that leave some out */
};
int family_room_make(struct family_room *room, const struct family_pair *pair, size_t n_pairs,
                     size_t n_rows) GW_MUST_USE;
void family_room_free(struct family_room *room); /* also after a make that failed */

/* The statistic of one delta on a resample, mean over seeds. */
double side_measure(const struct side *side, int delta, const struct resample *resample);
/* Every bar once. *counts: to be freed. */
int whole_sample(const struct verdict_bars *bars, uint32_t **counts, struct resample *out) GW_MUST_USE;
/* How often each of these bars was drawn, and how many of each fold's; *room moves on behind what that takes. */
struct resample counts_of(const struct verdict_bars *bars, const uint32_t *row_count, uint32_t **room);

/* family_width.c: moves and stretches the replicates of means over the best few to where, and as wide as, they should lie. */
int family_widen(const struct family_room *room, const struct gw_verdict_config *config,
                 const struct gw_gate_verdict *observed, struct family *family) GW_MUST_USE;

#endif
