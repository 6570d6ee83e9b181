/* How wide the replicates of a mean over the best few should lie.
 *
 * A resample that is ranked anew takes most of its best bars from where the sample has them and draws some of them twice: it
 * varies less than another sample would, the less the fewer stretches of the best there are. Left as they are, P@K and PnL@K of
 * scorers that know nothing differ "significantly" at 5 % in up to a tenth of the markets, whatever the length of blocks.
 * Variances from few clusters have a remedy (Bell & McCaffrey 2002, "Bias reduction in standard errors for linear regression
 * with multi-stage samples"; Imbens & Kolesár 2016): under a working model of the errors the bias of the estimate follows from
 * the design, without any outcome. Here the design is what every bar weighs in the difference, the errors are the bars'
 * outcomes, and the model is that they depend on each other over the label horizon and on nothing else. With w the sample's
 * weights, d the difference of weights between two independent resamples and S the model's covariances, the bootstrap's
 * variance of a difference is E d'Sd / 2 on average where it should be w'Sw. So the replicates are moved to lie about the
 * observed difference, which takes away their lean towards what lies below the border, and stretched by the root of that
 * ratio. In 730 GARCH markets scored by noise and 480 random walks scored by regressions the ratio was what the spread of
 * the differences asks for (.98 to 1.27, right to 8 % whatever the scores' memory), and the tests of P@1, P@5 and PnL@1
 * rejected 4.3 to 5.2 % (before: 3.5 to 6.1, by memory 3.1 to 7.3). Student's tails, which the same authors add for the few
 * clusters that the variance is known from, would make it 3.3 to 4.2 %, and are left out. */
#include <omp.h>
#include <string.h>

#include "engine/base/base.h"
#include "family_room.h"
#include "gatewalk/rng.h"

/* Pairs of resamples whose weights are held against each other, as far as there are as many replicates: with all of them the
 * width is known to one percent, and to two where the best come in a handful of stretches. */
enum { TWINS_MAX = 256, N_SERIES = 2 };
static size_t count_twins(const struct gw_verdict_config *config) {
    return config->n_bootstrap / 2 < TWINS_MAX ? config->n_bootstrap / 2 : TWINS_MAX;
}

/* Variance of a weighted sum of outcomes, but for their own: correlations fall linearly to zero over the horizon, as those of
 * what the same bars make do, so that it is the mean square of running sums. The weights are taken away on the way. */
static double drain_variance(double *weight, size_t n, size_t horizon) {
    double sum = 0, squares = 0;
    for (size_t t = 0; t < n + horizon - 1; t++) {
        double step = t < n ? weight[t] : 0;
        if (t >= horizon) {
            step -= weight[t - horizon];
            weight[t - horizon] = 0;
        }
        sum += step;
        squares += sum * sum;
    }
    weight[n - 1] = 0; /* the only one that did not leave */
    return squares / (double)horizon;
}

/* Adds `times` × what every row weighs in a side's statistic. */
static void add_weights(const struct side *side, int delta, const struct resample *resample, double times,
                        const uint32_t *at, double *weight) {
    for (size_t s = 0; s < side->n_seeds; s++)
        if (side->seed[s].value[delta])
            top_ranking_weights(&side->seed[s].top, resample, gw_delta_metric[delta].k, side->seed[s].value[delta],
                                times / (double)side->n_seeds, at, weight);
}

/* Whether a bar's outcome is the same number for both sides: labels are, returns where both leave alike. */
static bool same_outcomes(const struct side *a, const struct side *b, int delta, size_t n) {
    const double *first = a->seed[0].value[delta];
    for (size_t s = 0; s < a->n_seeds; s++) {
        const double *const of[] = {a->seed[s].value[delta], b->seed[s].value[delta]};
        for (size_t i = 0; i < COUNT_OF(of); i++)
            if (of[i] != first && (!of[i] || !first || memcmp(of[i], first, n * sizeof *first) != 0)) return false;
    }
    return true;
}

/* One thread's. */
struct width_place {
    uint32_t *counts;         /* rows drawn by two resamples, with room for counts_of behind them */
    struct resample *twin[2]; /* [n_bars] */
    double *weight[N_SERIES]; /* [n_rows] zero between two uses */
};

/* The variance of what one resample's weights, or two of them less each other's, make of a difference of two sides. Where an
 * outcome is the same to both that is one series; else a series a side, taken to be independent. (How much outcomes of
 * other exits have in common does not matter where both sides pick the same bars, and little elsewhere: it stands on both
 * sides of the ratio.) */
static double weigh_pair(const struct family_room *room, size_t pair, int delta, bool same, size_t horizon,
                         const struct resample *one, const struct resample *other, double *const weight[N_SERIES]) {
    const struct side *a = &room->side[room->of[pair][0]], *b = &room->side[room->of[pair][1]];
    const uint32_t *at = room->bars[a->bars].at;
    add_weights(a, delta, &one[a->bars], +1, at, weight[0]);
    add_weights(b, delta, &one[a->bars], -1, at, weight[same ? 0 : 1]);
    if (other) add_weights(a, delta, &other[a->bars], -1, at, weight[0]);
    if (other) add_weights(b, delta, &other[a->bars], +1, at, weight[same ? 0 : 1]);
    return drain_variance(weight[0], room->n_rows, horizon) +
           (same ? 0 : drain_variance(weight[1], room->n_rows, horizon));
}

/* Of every pair and every delta that is a mean over the best. */
static void weigh(const struct family_room *room, size_t horizon, const bool *same, const struct resample *one,
                  const struct resample *other, double *const weight[N_SERIES],
                  double *variance /* [n_pairs × GW_N_DELTAS] */) {
    for (size_t cell = 0; cell < room->n_pairs * GW_N_DELTAS; cell++) {
        const size_t pair = cell / GW_N_DELTAS;
        const int delta = (int)(cell % GW_N_DELTAS);
        if (delta != GW_DELTA_AP && room->of[pair][0] != SIZE_MAX)
            variance[cell] = weigh_pair(room, pair, delta, same[cell], horizon, one, other, weight);
    }
}

/* Two resamples of every pair's bars, those that replicates 2i and 2i + 1 are made of. */
static void draw_twins(const struct family_room *room, const struct gw_verdict_config *config, double block_length,
                       size_t i, const struct width_place *place) {
    uint32_t *left = place->counts + 2 * room->n_rows;
    for (size_t k = 0; k < 2; k++) {
        uint32_t *drawn = place->counts + k * room->n_rows;
        struct gw_rng rng;
        gw_rng_key(&rng, config->seed, "bootstrap", 2 * i + k, 0, 0);
        bootstrap_counts(&rng, room->n_rows, block_length, drawn);
        for (size_t b = 0; b < room->n_bars; b++) place->twin[k][b] = counts_of(&room->bars[b], drawn, &left);
    }
}

static int place_make(const struct family_room *room, struct width_place *place) {
    bool made = (place->counts = mem_calloc(2 * (room->n_rows + room->counts), sizeof *place->counts)) != NULL;
    for (size_t k = 0; k < 2; k++) made &= (place->twin[k] = mem_calloc(room->n_bars, sizeof **place->twin)) != NULL;
    for (size_t k = 0; k < N_SERIES; k++) made &= (place->weight[k] = mem_calloc(room->n_rows, sizeof(double))) != NULL;
    return made ? GW_OK : GW_ERR_NOMEM;
}

static void place_free(struct width_place *place) {
    mem_free(place->counts);
    for (size_t k = 0; k < 2; k++) mem_free(place->twin[k]);
    for (size_t k = 0; k < N_SERIES; k++) mem_free(place->weight[k]);
}

/* variance: [count_twins × cells], whichever thread each is made by, so that sums over them have the same bits for any number. */
static int weigh_twins(const struct family_room *room, const struct gw_verdict_config *config, double block_length,
                       size_t horizon, const bool *same, double *variance) {
    const size_t n_threads = threads_startable(config->n_threads ? config->n_threads : 1);
    const size_t cells = room->n_pairs * GW_N_DELTAS, n = count_twins(config);
    struct width_place *place = mem_calloc(n_threads, sizeof *place);
    int rc = place ? GW_OK : GW_ERR_NOMEM;
    for (size_t t = 0; rc == GW_OK && t < n_threads; t++) rc = place_make(room, &place[t]);
    if (rc == GW_OK) {
#pragma omp parallel for num_threads((int)n_threads) schedule(dynamic)
        for (size_t i = 0; i < n; i++) {
            const struct width_place *own = &place[omp_get_thread_num()];
            draw_twins(room, config, block_length, i, own);
            weigh(room, horizon, same, own->twin[0], own->twin[1], own->weight, variance + i * cells);
        }
    }
    for (size_t t = 0; place && t < n_threads; t++) place_free(&place[t]);
    mem_free(place);
    return rc == GW_OK ? interrupt_check() : rc;
}

/* As if every bar were drawn once. */
static int weigh_sample(const struct family_room *room, size_t horizon, const bool *same, double *variance) {
    struct width_place place = {0};
    struct resample *ones = mem_calloc(room->n_bars, sizeof *ones);
    uint32_t **counts = mem_calloc(room->n_bars, sizeof *counts);
    int rc = ones && counts ? place_make(room, &place) : GW_ERR_NOMEM;
    for (size_t b = 0; rc == GW_OK && b < room->n_bars; b++) rc = whole_sample(&room->bars[b], &counts[b], &ones[b]);
    if (rc == GW_OK) weigh(room, horizon, same, ones, NULL, place.weight, variance);
    for (size_t b = 0; counts && b < room->n_bars; b++) mem_free(counts[b]);
    place_free(&place);
    mem_free(counts);
    mem_free(ones);
    return rc;
}

/* Replicates that are defined: moved from their mean to the observed value, and stretched about it. */
static void stretch(double *replicate, size_t n, double value, double times) {
    double mean = 0;
    size_t m = 0;
    for (size_t r = 0; r < n; r++)
        if (!isnan(replicate[r])) mean += replicate[r], m++;
    for (size_t r = 0; r < n; r++) replicate[r] = value + times * (replicate[r] - mean / (double)m);
}

static void find_same(const struct family_room *room, bool *same) {
    for (size_t cell = 0; cell < room->n_pairs * GW_N_DELTAS; cell++) {
        const size_t *of = room->of[cell / GW_N_DELTAS];
        if (of[0] == SIZE_MAX) continue;
        const struct side *a = &room->side[of[0]], *b = &room->side[of[1]];
        same[cell] = same_outcomes(a, b, (int)(cell % GW_N_DELTAS), room->bars[a->bars].n);
    }
}

int family_widen(const struct family_room *room, const struct gw_verdict_config *config,
                 const struct gw_gate_verdict *observed, struct family *family) {
    const size_t cells = room->n_pairs * GW_N_DELTAS, n = count_twins(config);
    const size_t horizon = config->horizon ? config->horizon : 1;
    double *sample = mem_calloc(cells, (1 + n) * sizeof *sample), *twins = sample + cells;
    bool *same = mem_calloc(cells, sizeof *same);
    int rc = sample && same ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) {
        find_same(room, same);
        rc = weigh_sample(room, horizon, same, sample);
    }
    if (rc == GW_OK) rc = weigh_twins(room, config, family->block_length, horizon, same, twins);
    for (size_t c = 0; rc == GW_OK && c < cells; c++) {
        const double value = observed[c / GW_N_DELTAS].delta[c % GW_N_DELTAS].value;
        double twice = 0; /* two independent resamples differ by twice the variance of one */
        for (size_t i = 0; i < n; i++) twice += twins[i * cells + c] / (double)n;
        if (sample[c] > 0 && twice > 0 && isfinite(value)) /* AP has no weights, alike scorers have none left */
            stretch(family->replicate + c * family->n_replicates, family->n_replicates, value,
                    sqrt(2 * sample[c] / twice));
    }
    mem_free(same);
    mem_free(sample);
    return rc;
}
