/* A market with a known secret, to see whether a model finds what is there and nothing else.
 *
 * The law, for each side (long, and mirrored short) on its own:
 *   mark    a bar with a volume spike. Marks come in short runs; the first one has a long wick against its side
 *           (a long mark is sold off and bought back). Runs come at a constant hazard.
 *   motif   6, 9 or 12 bars in groups of three: one large step with its side and two of half the size back,
 *           on raised volume. Its end ARMS its side for the bars lag_min..lag_max behind it.
 *   move    the marks of a run that begins armed are the PREDICTABLE bars: with probability ~.95 their label is
 *           positive, as price goes 1.15..1.35 % their way within two bars of the run. A run that is not
 *           armed is a decoy: nothing follows. A motif without a mark means nothing either.
 *
 *   difficulty  lag     marks/bar/side  run  armed  predictable/bar/side
 *   easy        0       1 %             1    all    1 %   the motif ends at the mark; no volume spike
 *   default     5..40   2 %             2    1/2    1 %
 *   hard        5..80   4 %             3    1/4    1 %
 *
 * Motifs fall independently of marks, so armed is a coin toss as seen from a mark, and a mark as seen from a
 * motif: only both together tell. Marks of the two sides look different, hence for either gate "a mark of my
 * side" alone is right about half the time (default).
 *
 * With evidence in 4h bars the motif is one group of three of THEM, sixteen bars each: one that rises with its side bar by bar
 * and two that give half of it back, on raised volume. It arms its side 28 to 156 hours behind its end, so that a lookback of a
 * day never holds it; in bars of 15 minutes a step is smaller than the noise.
 *
 * With evidence 500 to 1,500 bars back the motif is a stretch of 96 quiet bars, each of which dips and is bought back (a short
 * one's is sold off again). Runs of a side begin 512 bars apart or more, so that not even how the run before ended is seen
 * within 500 bars; they have fifteen marks, since there are so few of them. What a lookback of 500 bars holds tells nothing.
 *
 * Why so: a label looks 24 bars ahead, so any plain rise would make twenty bars before it positive too, and
 * twice 1 % of such rises half the market. Therefore
 *   - the wick keeps the bars BEFORE a run from sharing its label: from their closes it is a downside of
 *     more than half the move, while it stays below min_move and makes no label of the other side;
 *   - the move is over within two bars, so the bars AFTER the run have nothing left of it;
 *   - runs of several marks share one move, which keeps moves rare.
 * All else is noise of constant volatility, set per difficulty so that about 10 % of the bars are positive per
 * gate at the default labels (horizon 24, ratio 2, min_move 1 %). Measured on 60,000 bars, mean over seeds
 * and gates: prevalence .098, P(label | predictable) .95, P(label | mark) .95/.51/.29 (easy, default, hard),
 * P(label | decoy) .07. tests/market/test_synth.c holds the market to this. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "synth_planted.h"

static const struct planted_law laws[] = {
    {
        .name = "easy",
        .burst = 1,
        .bursts = 0.01,
        .armed = 1,
        .followed = 0.945,
        .spacing = 20,
        .wick = 0.0095,
        .noise = 0.0009,
    },
    {
        .name = "default",
        .lag_min = 5,
        .lag_max = 40,
        .burst = 2,
        .bursts = 0.01,
        .armed = 0.5,
        .trigger = true,
        .followed = 0.945,
        .spacing = 8,
        .wick = 0.0085,
        .noise = 0.0008,
    },
    {
        .name = "hard",
        .lag_min = 5,
        .lag_max = 80,
        .burst = 3,
        .bursts = 0.04 / 3,
        .armed = 0.25,
        .trigger = true,
        .followed = 0.945,
        .spacing = 8,
        .wick = 0.0075,
        .noise = 0.0008,
    },
};

static const struct planted_law evidence_laws[] = {
    {
        .name = "4h",
        .lag_min = 112,
        .lag_max = 624,
        .burst = 2,
        .bursts = 0.01,
        .armed = 0.5,
        .trigger = true,
        .followed = 0.945,
        .spacing = 8,
        .wick = 0.0085,
        .noise = 0.0008,
        .bucket = 16,
    },
    {
        .name = "500..1500",
        .lag_min = 500,
        .lag_max = 1500,
        .burst = 15,
        .bursts = 0.004,
        .armed = 0.5,
        .trigger = true,
        .followed = 0.945,
        .spacing = 24,
        .wick = 0.0085,
        .noise = 0.00114,
        .apart = 512,
        .stretch = 96,
    },
};

static const double STEP_4H = 0.004; /* of a 4h motif: log-return of a small bar back; the large one is twice that */
static const double VOLUME_4H[PLANTED_MOTIF_PERIOD] = {3, 2, 2};
static const double STRETCH_WICK = 0.003,
                    STRETCH_VOLUME = 0.5; /* of each bar of a stretch: reach (log), share of volume */
static const double MOTIF_STEP = 0.0020;  /* log-return of a small step back; the large one is twice that */
static const double MOTIF_QUIET = 0.5;    /* noise within a motif, as a share of the ordinary */
static const double MOTIF_VOLUME[PLANTED_MOTIF_PERIOD] = {2.6, 1.5, 1.5};
static const double MARK_RETURN = -0.001; /* of a long mark */
static const double MARK_VOLUME = 6;
static const double MOVE_LEAST = 0.0115, MOVE_MOST = 0.0135;
static const double MOVE_FIRST = 0.75; /* share of the first of two bars */
static const double MOVE_QUIET = 0.5;

/* An ordinary bar: everything else is a change of it. */
static struct synth_step noise_step(struct gw_rng *rng, double noise) {
    return (struct synth_step){
        .log_return = noise * gw_rng_normal(rng),
        .reach_up = 0.4 * noise * fabs(gw_rng_normal(rng)),
        .reach_down = 0.4 * noise * fabs(gw_rng_normal(rng)),
        .volume = 100 * exp(0.3 * gw_rng_normal(rng)),
    };
}

static void play_motif(const struct planted_bar *bar, const struct planted_law *law, struct synth_step *step) {
    if (law->stretch) {
        *(bar->side > 0 ? &step->reach_down : &step->reach_up) += STRETCH_WICK;
        step->volume *= STRETCH_VOLUME;
        return;
    }
    if (law->bucket) {
        const size_t part = bar->step / law->bucket;
        const double shape = part == 0 ? 2 * STEP_4H : -STEP_4H;
        step->log_return = MOTIF_QUIET * step->log_return + bar->side * shape / (double)law->bucket;
        step->volume *= VOLUME_4H[part];
        return;
    }
    size_t phase = bar->step % PLANTED_MOTIF_PERIOD;
    double shape = phase == 0 ? 2 * MOTIF_STEP : -MOTIF_STEP;
    step->log_return = MOTIF_QUIET * step->log_return + bar->side * shape;
    step->volume *= MOTIF_VOLUME[phase];
}

static void play_mark(const struct planted_bar *bar, const struct planted_law *law, struct synth_step *step) {
    step->log_return *= MOTIF_QUIET;
    if (law->trigger) step->volume *= MARK_VOLUME;
    if (bar->step > 0) return; /* the wick would be a downside of the first mark of the run */
    step->log_return += bar->side * MARK_RETURN;
    /* The reach counts from the body's edge, which for a falling long mark is its close. */
    if (bar->side > 0)
        step->reach_down += law->wick;
    else
        step->reach_up += law->wick;
}

static void play_move(const struct planted_bar *bar, double size, struct synth_step *step) {
    double share = bar->length == 1 ? 1 : bar->step == 0 ? MOVE_FIRST : 1 - MOVE_FIRST;
    step->log_return = MOVE_QUIET * step->log_return + bar->side * size * share;
}

static int find_evidence(const char *evidence, const char *difficulty, const struct planted_law **law) {
    const char *names[COUNT_OF(evidence_laws)];
    if (difficulty && strcmp(difficulty, "default") != 0)
        FAIL(GW_ERR_USAGE, "difficulty \"%s\": a market with evidence \"%s\" has one only; leave it out", difficulty,
             evidence);
    for (size_t i = 0; i < COUNT_OF(evidence_laws); i++) {
        names[i] = evidence_laws[i].name;
        *law = &evidence_laws[i];
        if (strcmp(evidence, names[i]) == 0) return GW_OK;
    }
    const char *near = nearest_word(evidence, names, COUNT_OF(evidence_laws));
    if (near) FAIL(GW_ERR_USAGE, "unknown evidence \"%s\"; did you mean \"%s\"?", evidence, near);
    FAIL(GW_ERR_USAGE, "unknown evidence \"%s\"; there are 4h (in 4h bars) and 500..1500 (bars back)", evidence);
}

static int find_law(const char *name, const struct planted_law **law) {
    const char *names[COUNT_OF(laws)];
    for (size_t i = 0; i < COUNT_OF(laws); i++) {
        names[i] = laws[i].name;
        *law = &laws[i];
        if (strcmp(name, names[i]) == 0) return GW_OK;
    }
    const char *near = nearest_word(name, names, COUNT_OF(laws));
    if (near) FAIL(GW_ERR_USAGE, "unknown difficulty \"%s\"; did you mean \"%s\"?", name, near);
    FAIL(GW_ERR_USAGE, "unknown difficulty \"%s\"; there are easy, default and hard", name);
}

static int fill(const struct gw_synth_options *options, struct gw_bars *out, struct gw_synth_truth *truth) {
    const struct planted_law *law;
    struct planted_plan plan;
    struct gw_rng rng;
    double size = 0;
    TRY(options->evidence ? find_evidence(options->evidence, options->difficulty, &law)
                          : find_law(options->difficulty ? options->difficulty : "default", &law));
    TRY(planted_plan_make(law, options->seed, out->n, truth, &plan));
    gw_rng_key(&rng, options->seed, "planted bars", 0, 0, 0);
    for (size_t i = 0; i < out->n; i++) {
        const struct planted_bar *bar = &plan.bar[i];
        struct synth_step step = noise_step(&rng, law->noise);
        switch ((enum planted_role)bar->role) {
        case ROLE_NOISE:
            break;
        case ROLE_MOTIF:
            play_motif(bar, law, &step);
            break;
        case ROLE_MARK:
            play_mark(bar, law, &step);
            break;
        case ROLE_MOVE:
            if (bar->step == 0) size = MOVE_LEAST + (MOVE_MOST - MOVE_LEAST) * gw_rng_uniform(&rng);
            play_move(bar, size, &step);
            break;
        }
        synth_put(out, i, &step);
    }
    planted_plan_free(&plan);
    return GW_OK;
}

const struct synth_kind synth_kind_planted = {
    .name = "planted",
    .help = "noise with known predictable bars (easy, default, hard); writes a truth list",
    .fill = fill,
};
