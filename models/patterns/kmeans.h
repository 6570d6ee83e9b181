/* k-means on the unit sphere (spherical k-means, Dhillon & Modha 2001): points and centres are rows of length 1, a point
 * belongs to the centre of the largest cosine, a centre is the normed mean of its points.
 *
 * Work is cut into fixed pieces and sums are taken in a fixed order; the pieces are tasks of the parallel region it is
 * called in, so the bytes are the same for any number of threads. Ctrl-C is GW_ERR_INTERRUPTED. */
#ifndef GATEWALK_MODELS_KMEANS_H
#define GATEWALK_MODELS_KMEANS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/core/core.h"

struct kmeans_config {
    size_t k;      /* centres; at most n */
    size_t starts; /* starts by k-means++ (Arthur & Vassilvitskii 2007), of which the best goes on; 0: four */
    size_t rounds; /* Lloyd rounds at most; 0: 100 */
    uint64_t seed;
};

/* x: [n × d]. start: centres to begin from in place of k-means++ [k × d], NULL for none. centre: [k × d] out. inertia (may
 * be NULL): Σ |x - its centre|² = Σ 2 (1 - cosine). It ends when a round changes less than 1e-5 of that. */
int kmeans_fit(const float *x, size_t n, size_t d, const struct kmeans_config *config, const float *start,
               float *centre, double *inertia) GW_MUST_USE;

/* The nearest centre of every row (the first of equally near ones), and 1 - cosine where distance is not NULL. The same
 * bits for a row in any company, but with the kernels of OpenBLAS. */
int kmeans_assign(const float *x, size_t n, size_t d, const float *centre, size_t k, uint32_t *category,
                  float *distance) GW_MUST_USE;

/* ---- inside: kmeans.c and kmeans_start.c ----------------------------------------------------------- */

/* Points, centres, and who belongs to whom. */
struct kmeans {
    const float *x;
    size_t n, d, k;
    float *centre;            /* [k × d] */
    float *centre_t;          /* [d × k] as the products want them */
    uint32_t *category;       /* [n] */
    float *cosine;            /* [n] of a point and its centre */
    float *second;            /* [n] of a point and the second nearest centre; written on demand */
    double *sum;              /* [k × d] */
    uint32_t *begin, *member; /* [k + 1], [n]: points by centre, each centre's in their order */
    double inertia;
};
int kmeans_make(const float *x, size_t n, size_t d, size_t k, struct kmeans *out) GW_MUST_USE;
void kmeans_free(struct kmeans *kmeans);
/* Assigns all points to the centres as they are; with `second`, that too. */
void kmeans_assign_all(struct kmeans *kmeans, bool second);
/* Rounds until one lowers the inertia by less than that share of it. Ends with categories that belong to the centres. */
int kmeans_lloyd(struct kmeans *kmeans, size_t rounds, double tolerance) GW_MUST_USE;
/* Centres by k-means++, on all points. */
int kmeans_plus_plus(struct kmeans *kmeans, uint64_t seed, size_t start) GW_MUST_USE;
/* Moves the centre that is missed least to where one is missed most, as long as that pays; after Lloyd. */
int kmeans_swap(struct kmeans *kmeans, uint64_t seed) GW_MUST_USE;

#endif
