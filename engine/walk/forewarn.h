/* What can be seen before the first fit to spoil the result. */
#ifndef GATEWALK_WALK_FOREWARN_H
#define GATEWALK_WALK_FOREWARN_H

#include "engine/results/results.h"

enum { FOREWARNING_MAX = 300 };
enum forewarning {
    FOREWARN_NO_POSITIVES_LONG,
    FOREWARN_NO_POSITIVES_SHORT,
    FOREWARN_FEW_BARS,   /* a K picks fewer than FEW_BARS bars of a test fold */
    FOREWARN_REPLICATES, /* too few for any difference to be significant once corrected */
    FOREWARN_NULLS,      /* too few for any gate to beat the null control once corrected */
    N_FOREWARNINGS
};
/* The warning in words; false and "" when there is no reason for it. */
bool forewarn(const struct experiment *e, const struct prepared *p, enum forewarning which, char out[FOREWARNING_MAX]);

#endif
