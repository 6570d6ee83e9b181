/* Markets whose future is spoilt: everything that closes after a cut is exchanged for something else, everything that was
 * known at the cut stays. Whatever then differs at or before the cut has looked ahead. */
#ifndef GATEWALK_AUDIT_POISON_H
#define GATEWALK_AUDIT_POISON_H

#include "engine/walk/walk.h"

/* Not a number; prices and volumes a million times as large; bars of the future in another order. */
enum poison { POISON_NONE, POISON_NAN, POISON_MILLION, POISON_SHUFFLE, N_POISONS };
extern const char *const poison_id[N_POISONS];

/* Bars that have closed by the cut. */
size_t known_bars(const struct gw_bars *bars, int64_t cut_ns);
/* No bar of the slice closes after the cut. */
bool slice_known(const struct prepared *prepared, size_t fold, int slice, int64_t cut_ns);
/* Copies of a market's bars, poisoned: prices, volumes and what else a source gives of every bar. Times stay, and so does
 * which bars traded. */
int poison_market(const struct gw_market *clean, int64_t cut_ns, enum poison poison, struct gw_market *out) GW_MUST_USE;
/* A `prepared` as import leaves it, from another one: poisoned bars, finer bars and funding. Instruments are borrowed. Bars of a
 * symbol's warm-up, which are no samples, are a million times as large where others are not a number. */
int poison_prepared(const struct prepared *clean, int64_t cut_ns, enum poison poison,
                    struct prepared **out) GW_MUST_USE;
void poison_free(struct prepared *prepared);

#endif
