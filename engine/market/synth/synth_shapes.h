/* A market of shapes: what they look like (shapes_draw), and where they stand (synth_shapes.c). */
#ifndef GATEWALK_MARKET_SYNTH_SHAPES_H
#define GATEWALK_MARKET_SYNTH_SHAPES_H

#include "gatewalk/rng.h"
#include "synth.h"

enum { SHAPE_KNOTS = 7 };

/* One kind of shape as curves over its length, given at evenly spaced knots. */
struct shape {
    double price[SHAPE_KNOTS];  /* log price from where the shape began, as a share of its amplitude; the first is 0 */
    double volume[SHAPE_KNOTS]; /* log volume from the ordinary one */
};

/* n kinds, as different as so many can be. */
int shapes_draw(uint64_t seed, size_t n, struct shape *out) GW_MUST_USE;
/* A curve at a share 0 … 1 of its length: cubic between the knots, and through them. */
double shape_at(const double knot[SHAPE_KNOTS], double share);

#endif
