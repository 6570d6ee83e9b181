/* What followed a window's surroundings in place of what followed its category: posteriors of the nearest categories, each
 * by 1 / (1 - cosine)², which is inverse distance weighting (Shepard 1968) with the fourth power of the distance.
 *
 * One rate a category has steps: the best per cent of all bars are whole categories, with whatever lies at their edges, and a
 * bar half-way between a category that foretells and one that does not is all or nothing. In between, this is both; at a
 * centre it is that category's posterior. */
#include <math.h>

#include "engine/base/base.h"
#include "neighbours.h"
#include "pattern_gate.h"

enum { NEAREST = 8 };
static const double AT_THE_CENTRE = 1e-6; /* a float's cosine tells no nearer */

static double mean_posterior(const struct pattern_categories *categories, size_t gate, size_t n, const uint32_t *index,
                             const float *cosine) {
    double sum = 0, weights = 0;
    for (size_t j = 0; j < n; j++) {
        if (index[j] >= categories->n) return NAN; /* a latent that is no number is near nothing */
        const double distance = fmax(1 - (double)cosine[j], AT_THE_CENTRE), weight = 1 / (distance * distance);
        sum += weight * categories->posterior[index[j] * GW_N_GATES + gate];
        weights += weight;
    }
    return sum / weights;
}

int pattern_near_rates(const struct pattern_categories *categories, const float *latent, size_t n, float *probability) {
    const size_t near = categories->n < NEAREST ? categories->n : NEAREST;
    uint32_t *index = mem_calloc(n * near, sizeof *index);
    float *cosine = mem_calloc(n * near, sizeof *cosine);
    int rc = index && cosine ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK)
        rc =
            neighbours_by_cosine(categories->centre, categories->n, categories->latent, latent, n, near, index, cosine);
    for (size_t i = 0; rc == GW_OK && i < n; i++)
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            probability[i * GW_N_GATES + gate] =
                (float)mean_posterior(categories, gate, near, index + i * near, cosine + i * near);
    mem_free(cosine);
    mem_free(index);
    return rc;
}
