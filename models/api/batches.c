/* The order in which an epoch visits its samples. */
#include "batches.h"
#include "engine/base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gatewalk/rng.h"

static bool follows(const struct gw_sample *before, const struct gw_sample *after) {
    return before->series == after->series && before->row + 1 == after->row;
}

/* Starts of the blocks in start [n + 1], last entry n. Returns their number. */
static size_t cut_blocks(const struct gw_fit_input *input, size_t block, size_t phase, uint32_t *start) {
    size_t n_blocks = 0;
    for (size_t i = 0; i < input->n_train; i++)
        if (i == 0 || (i + phase) % block == 0 || !follows(&input->train[i - 1], &input->train[i]))
            start[n_blocks++] = (uint32_t)i;
    start[n_blocks] = (uint32_t)input->n_train;
    return n_blocks;
}

static int shuffled_blocks(const struct gw_fit_input *input, size_t block, struct gw_rng *rng, uint32_t *order) {
    size_t n = input->n_train, at = 0;
    uint32_t *start = mem_calloc(2 * n + 2, sizeof *start);
    if (!start) return GW_ERR_NOMEM;
    uint32_t *turn = start + n + 1;
    size_t n_blocks = cut_blocks(input, block, (size_t)gw_rng_below(rng, block), start);
    for (size_t i = 0; i < n_blocks; i++) turn[i] = (uint32_t)i;
    gw_rng_shuffle(rng, turn, n_blocks);
    for (size_t i = 0; i < n_blocks; i++)
        for (uint32_t sample = start[turn[i]]; sample < start[turn[i] + 1]; sample++) order[at++] = sample;
    mem_free(start);
    return GW_OK;
}

static bool positive(const struct gw_fit_input *input, size_t i) {
    const struct gw_sample *sample = &input->train[i];
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        if (input->series[sample->series].label[gate][sample->row] == 1) return true;
    return false;
}

/* A block of neighbours that holds sample i at a random place, as far as its run of consecutive rows reaches. */
static size_t draw_around(const struct gw_fit_input *input, size_t block, size_t i, struct gw_rng *rng, uint32_t *order,
                          size_t room) {
    size_t before = (size_t)gw_rng_below(rng, block), first = i, n = 0;
    while (first > 0 && i - first < before && follows(&input->train[first - 1], &input->train[first])) first--;
    for (size_t at = first; n < room && n < block && at < input->n_train; at++) {
        if (at > first && !follows(&input->train[at - 1], &input->train[at])) break;
        order[n++] = (uint32_t)at;
    }
    return n;
}

static int balanced_blocks(const struct gw_fit_input *input, size_t block, double fraction, struct gw_rng *rng,
                           uint32_t *order) {
    size_t n = input->n_train, n_positive = 0, at = 0;
    uint32_t *positives = mem_calloc(n, sizeof *positives);
    if (!positives) return GW_ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        if (positive(input, i)) positives[n_positive++] = (uint32_t)i;
    while (at < n) {
        bool around_positive = gw_rng_uniform(rng) < fraction && n_positive > 0;
        size_t i = around_positive ? positives[gw_rng_below(rng, n_positive)] : (size_t)gw_rng_below(rng, n);
        at += draw_around(input, block, i, rng, order + at, n - at);
    }
    mem_free(positives);
    return GW_OK;
}

int batches_order(const struct gw_fit_input *input, const struct gw_train_config *config, uint64_t seed, uint64_t epoch,
                  uint32_t *order) {
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "batches", epoch, 0, 0);
    if (config->positive_fraction > 0)
        return balanced_blocks(input, config->block, config->positive_fraction, &rng, order);
    return shuffled_blocks(input, config->block, &rng, order);
}
