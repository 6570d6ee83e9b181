/* A market of recurring shapes, to see whether a library of patterns finds them, and finds out which of them foretell.
 *
 *   shape   one of K kinds, each with a course of price and of volume of its own. It comes back stretched in time, with
 *           another amplitude, under noise, at random moments.
 *   pause   PAUSE quiet bars behind every shape.
 *   move    behind the pause of a kind that foretells, with probability FOLLOWED: price goes 1.15..1.35 % its way within
 *           two bars. Of four kinds the first foretells a long move, the second a short one, the others nothing.
 *
 * The truth lists each shape by its last bar. That bar and those of the pause are the predictable ones of a kind
 * that foretells: at the default labels (horizon 24, ratio 2, min_move 1 %) they are positive where the move follows. No
 * shape is as large as min_move, so that shapes alone make no labels. The distance from shape to shape leaves a
 * window of 50 bars that ends with a shape little more than that shape: the move before it has left it. */
#include <math.h>

#include "engine/base/base.h"
#include "synth_shapes.h"

enum { KINDS_DEFAULT = 20, KINDS_MAX = 500, LENGTH = 42, PAUSE = 3, MOVE = 2, REST_MIN = 12, REST_MEAN = 12 };
static const double STRETCH = 0.08, AMPLITUDE = 0.3, NOISE = 0.08;
static const double SIZE = 0.006;   /* log price between the lowest and the highest point of an ordinary shape */
static const double QUIET = 0.0004; /* standard deviation of a bar's log-return outside of shapes */
static const double SPIKED = 0.5, WICK_LEAST = 0.4, WICK_MOST = 1.2; /* share of the shapes; of the amplitude */
static const double FOLLOWED = 0.92;
static const double MOVE_LEAST = 0.0115, MOVE_MOST = 0.0135, MOVE_FIRST = 0.75;

struct market {
    const struct gw_synth_options *options;
    struct gw_bars *bars;
    struct gw_rng rng;
    size_t at; /* the next bar */
};

static void put_bar(struct market *market, double log_return, double noise, double wick, double log_volume) {
    struct gw_rng *rng = &market->rng;
    struct synth_step step = {.log_return = log_return};
    step.reach_up = 0.5 * noise * fabs(gw_rng_normal(rng)) + fmax(wick, 0);
    step.reach_down = 0.5 * noise * fabs(gw_rng_normal(rng)) + fmax(-wick, 0);
    step.volume = 100 * exp(log_volume + 0.3 * gw_rng_normal(rng));
    if (market->at < market->bars->n) synth_put(market->bars, market->at, &step);
    market->at++;
}

static void put_quiet(struct market *market, size_t n) {
    while (n-- > 0) put_bar(market, QUIET * gw_rng_normal(&market->rng), QUIET, 0, 0);
}

/* Noise stands on the course and does not add up: each bar's is taken back by the next. One bar of some shapes has a wick
 * that makes the window's range larger and everything else in it smaller. */
static void put_shape(struct market *market, const struct shape *shape, const struct gw_synth_shape *planted) {
    double before = 0;
    const double noise = market->options->noise * planted->amplitude;
    const bool spiked = gw_rng_uniform(&market->rng) < SPIKED;
    const size_t spike = 1 + gw_rng_below(&market->rng, planted->length - 1);
    double wick = planted->amplitude * (WICK_LEAST + (WICK_MOST - WICK_LEAST) * gw_rng_uniform(&market->rng));
    if (gw_rng_below(&market->rng, 2)) wick = -wick;
    for (size_t i = 1; i <= planted->length; i++) {
        const double share = (double)i / (double)planted->length;
        const double deviation = i < planted->length ? noise * gw_rng_normal(&market->rng) : 0;
        const double here = planted->amplitude * shape_at(shape->price, share) + deviation;
        put_bar(market, here - before, noise, spiked && i == spike ? wick : 0, shape_at(shape->volume, share));
        before = here;
    }
}

static void put_move(struct market *market, int side) {
    const double size = MOVE_LEAST + (MOVE_MOST - MOVE_LEAST) * gw_rng_uniform(&market->rng);
    for (size_t i = 0; i < MOVE; i++)
        put_bar(market, side * size * (i == 0 ? MOVE_FIRST : 1 - MOVE_FIRST), QUIET, 0, 0.7);
}

/* Bars of rest: at least REST_MIN, then the same hazard at every bar. */
static size_t rest(struct gw_rng *rng) {
    size_t n = REST_MIN;
    while (gw_rng_uniform(rng) >= 1.0 / REST_MEAN) n++;
    return n;
}

static int side_of(size_t kind) { return kind % 4 == 0 ? 1 : kind % 4 == 1 ? -1 : 0; }

static struct gw_synth_shape draw_shape(struct market *market) {
    const struct gw_synth_options *o = market->options;
    struct gw_rng *rng = &market->rng;
    struct gw_synth_shape s = {.kind = (uint32_t)gw_rng_below(rng, o->kinds)};
    s.length = (uint32_t)round(LENGTH * (1 + o->stretch * (2 * gw_rng_uniform(rng) - 1)));
    s.amplitude = SIZE * (1 + o->amplitude * (2 * gw_rng_uniform(rng) - 1));
    s.side = (int8_t)side_of(s.kind);
    s.followed = gw_rng_uniform(rng) < FOLLOWED && s.side != 0;
    return s;
}

static void put_all(struct market *market, const struct shape *shape, struct gw_synth_truth *truth) {
    while (market->at < market->bars->n) {
        put_quiet(market, rest(&market->rng));
        struct gw_synth_shape planted = draw_shape(market);
        put_shape(market, &shape[planted.kind], &planted);
        planted.bar = market->at - 1;
        if (planted.bar < market->bars->n) truth->shape[truth->n_shapes++] = planted;
        put_quiet(market, PAUSE);
        if (planted.followed) put_move(market, planted.side);
    }
}

static int check_options(const struct gw_synth_options *o) {
    if (o->kinds < 2 || o->kinds > KINDS_MAX)
        FAIL(GW_ERR_USAGE, "%zu kinds of shapes: ask for 2 to %d", o->kinds, (int)KINDS_MAX);
    if (!(o->noise >= 0 && o->noise <= 1))
        FAIL(GW_ERR_USAGE, "noise %g: must lie in 0 to 1, a share of a shape's amplitude", o->noise);
    if (!(o->stretch >= 0 && o->stretch <= 0.5))
        FAIL(GW_ERR_USAGE, "stretch %g: must lie in 0 to 0.5, a share of a shape's length", o->stretch);
    if (!(o->amplitude >= 0 && o->amplitude <= 0.5))
        FAIL(GW_ERR_USAGE, "amplitude %g: must lie in 0 to 0.5, a share of a shape's size", o->amplitude);
    return GW_OK;
}

static int fill(const struct gw_synth_options *options, struct gw_bars *out, struct gw_synth_truth *truth) {
    struct gw_synth_options o = *options;
    struct market market = {.options = &o, .bars = out};
    if (o.kinds == 0) o.kinds = KINDS_DEFAULT;
    if (o.noise == 0) o.noise = NOISE;
    if (o.stretch == 0) o.stretch = STRETCH;
    if (o.amplitude == 0) o.amplitude = AMPLITUDE;
    TRY(check_options(&o));
    const size_t most = out->n / (REST_MIN + LENGTH / 2) + 1;
    struct shape *shape = mem_calloc(o.kinds, sizeof *shape);
    truth->shape = mem_calloc(most, sizeof *truth->shape);
    int rc = shape && truth->shape ? shapes_draw(o.seed, o.kinds, shape) : GW_ERR_NOMEM;
    gw_rng_key(&market.rng, o.seed, "synth shapes bars", 0, 0, 0);
    if (rc == GW_OK) put_all(&market, shape, truth);
    mem_free(shape);
    return rc;
}

const struct synth_kind synth_kind_shapes = {
    .name = "shapes",
    .help = "recurring shapes of price and volume, some of which foretell a move; the truth is listed",
    .fill = fill,
};
