/* Markets in which nothing can be predicted, as many as one likes: random walks, GARCH(1,1), and real returns whose mean is
 * taken out and whose blocks are put in another order. Prices are martingales in all of them. */
#ifndef GATEWALK_TEST_CALIBRATION_SERIES_H
#define GATEWALK_TEST_CALIBRATION_SERIES_H

#include "engine/base/base.h"
#include "engine/market/synth/synth.h"
#include "gatewalk/import.h"
#include "test.h"

enum { SERIES_BARS = 4800, SHUFFLED_BLOCK = 40, REAL_MAX = 16 };
/* A bar's standard deviation, whatever the market: the experiment's min_move is made for it. */
#define SERIES_VOLATILITY 0.002

/* One bar of a real market as logarithms of price. */
struct real_market {
    size_t n;
    struct synth_step *step; /* [n] */
};
struct real_markets {
    struct real_market market[REAL_MAX];
    size_t n;
};

static inline void real_markets_add(struct real_markets *all, const char *file) {
    struct gw_import_options options = {0};
    struct gw_import_report report;
    struct gw_bars bars;
    assert_true(all->n < REAL_MAX);
    assert_ok(gw_bars_import(file, &options, &bars, &report));
    struct real_market *m = &all->market[all->n++];
    m->n = bars.n - 1;
    m->step = mem_calloc(m->n, sizeof *m->step);
    assert_non_null(m->step);
    double mean = 0, squares = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct gw_bar *now = &bars.bar[i + 1], *before = &bars.bar[i];
        const double from = before->close, upper = fmax(from, now->close), lower = fmin(from, now->close);
        m->step[i] = (struct synth_step){.log_return = log(now->close / from),
                                         .reach_up = log(fmax(now->high, upper) / upper),
                                         .reach_down = -log(fmin(now->low, lower) / lower),
                                         .volume = 100};
        mean += m->step[i].log_return / (double)m->n;
    }
    for (size_t i = 0; i < m->n; i++) squares += pow(m->step[i].log_return - mean, 2) / (double)m->n;
    const double scale = SERIES_VOLATILITY / sqrt(squares);
    double growth = 0;
    for (size_t i = 0; i < m->n; i++) {
        m->step[i].log_return = (m->step[i].log_return - mean) * scale;
        m->step[i].reach_up *= scale;
        m->step[i].reach_down *= scale;
        growth += exp(m->step[i].log_return) / (double)m->n;
    }
    for (size_t i = 0; i < m->n; i++) m->step[i].log_return -= log(growth); /* the mean of simple returns is 0 */
    gw_bars_free(&bars);
}

static inline void real_markets_free(struct real_markets *all) {
    for (size_t i = 0; i < all->n; i++) mem_free(all->market[i].step);
}

/* Blocks of one market in random order, each turned upside down with an even chance: what made one direction likelier
 * than the other in a block is then luck. */
static inline void series_shuffle(const struct real_market *m, uint64_t seed, struct gw_bars *out) {
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "shuffled market", 0, 0, 0);
    *out = (struct gw_bars){.symbol = "shuffled", .interval_ns = 15 * NS_PER_MINUTE, .n = SERIES_BARS};
    out->bar = mem_calloc(out->n, sizeof *out->bar);
    assert_non_null(out->bar);
    for (size_t i = 0; i < out->n;) {
        const size_t at = (size_t)gw_rng_below(&rng, m->n - SHUFFLED_BLOCK + 1);
        const bool flip = gw_rng_uniform(&rng) < 0.5;
        for (size_t k = at; k < at + SHUFFLED_BLOCK && i < out->n; k++, i++) {
            struct synth_step step = m->step[k];
            if (flip) {
                step.log_return = log(2 - exp(step.log_return)); /* the simple return's mirror image */
                step.reach_up = m->step[k].reach_down;
                step.reach_down = m->step[k].reach_up;
            }
            synth_put(out, i, &step);
        }
    }
    gw_bars_fingerprint(out);
}

static inline void series_make(const char *kind, const struct real_markets *real, uint64_t seed, struct gw_bars *out) {
    if (strcmp(kind, "shuffled") == 0) {
        series_shuffle(&real->market[seed % real->n], seed, out);
        return;
    }
    const struct gw_synth_options options = {
        .kind = kind, .n_bars = SERIES_BARS, .seed = seed, .volatility = SERIES_VOLATILITY};
    assert_ok(gw_synth_generate(&options, out, NULL));
}

#endif
