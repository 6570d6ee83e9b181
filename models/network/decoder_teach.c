/* What a decoder is taught by: paths, who is told them, and the loss.
 *
 * Paths are the best and the worst move by each step, in ATR at the decision. Loss of a move y against what came, v, with
 * r = y - v (Huber 1964, δ = 1 ATR: far moves pull no harder than near ones):
 *   l = r²/2 where |r| ≤ 1, else |r| - 1/2;   dl/dy = max(-1, min(1, r))
 * It is the mean over sides, steps and those samples of the batch that have a path, times lambda (decoder_weight).
 *
 * Who is told: with "full" every step but the first, with "scheduled" each with a share ε of the epoch e = 0, 1, … over
 * K = decoder_decay_epochs (Bengio et al. 2015, 2.4, their i being epochs):
 *   linear           ε = max(0, 1 - e / K)
 *   exponential      ε = k^e with k = 0.05^(1/K): one in twenty is left after K
 *   inverse_sigmoid  ε = k / (k + exp(e / k)) with k log k = K / 2: half is left after K / 2
 * A draw is keyed by (seed, epoch, sample), as that of dropout is: it hangs on no thread, batch or machine. */
#include <math.h>
#include <string.h>

#include "decoder.h"
#include "gate.h"
#include "gatewalk/rng.h"

/* k log k = half, by Newton from a start to the right of it, where the left side bends upwards. */
static double inverse_sigmoid_k(double half) {
    double k = half + 3;
    for (int i = 0; i < 60; i++) k -= (k * log(k) - half) / (log(k) + 1);
    return k;
}

double R(decoder_share)(const struct decoder_params *own, uint64_t epoch) {
    const double e = (double)(epoch ? epoch - 1 : 0), K = own->decoder_decay_epochs;
    if (own->decoder_teacher == TEACHER_FULL) return 1;
    if (own->decoder_teacher == TEACHER_NONE) return 0;
    switch (own->decoder_decay) {
    case DECAY_EXPONENTIAL:
        return pow(0.05, e / K);
    case DECAY_INVERSE_SIGMOID: {
        const double k = inverse_sigmoid_k(K / 2);
        return k / (k + exp(e / k));
    }
    case DECAY_LINEAR:
    default:
        return e < K ? 1 - e / K : 0;
    }
}

/* [M × 2] of a sample; NULL: nobody knows it, or the bar has no ATR. */
static const float *path_of(const struct R(decoder) *decoder, const struct gw_series *series,
                            const struct gw_sample *sample) {
    const float *path = series[sample->series].path;
    if (!path) return NULL;
    path += (size_t)sample->row * decoder->steps * GW_PATH_SIDES;
    return isnan(path[0]) ? NULL : path;
}

size_t R(decoder_count)(const struct R(network) *net, const struct gw_series *series, const struct gw_sample *sample,
                        const uint32_t *index, size_t n) {
    size_t known = 0;
    for (size_t i = 0; i < n && net->decoder.on; i++)
        known += path_of(&net->decoder, series, &sample[index[i]]) != NULL;
    return known;
}

static void draw(const struct R(shard_loss) *loss, uint32_t sample, double share, size_t M, real *told) {
    struct gw_rng rng;
    gw_rng_key(&rng, loss->seed, "scheduled sampling", loss->epoch, sample, 0);
    for (size_t m = 0; m < M; m++) told[m] = gw_rng_uniform(&rng) < share;
}

enum decoder_taught R(decoder_lesson)(const struct R(pass) *pass, const struct R(shard) *shard, size_t first,
                                      size_t n) {
    const struct R(decoder) *decoder = &pass->net->decoder;
    const struct decoder_params *own = decoder_own(&pass->net->config);
    struct R(decoder_space) *at = &pass->ws->decoder;
    const size_t M = decoder->steps, width = M * GW_PATH_SIDES;
    const double share = R(decoder_share)(own, shard->loss->epoch);
    if (!(shard->loss->path_weight > 0)) return TAUGHT_NOTHING;
    for (size_t b = 0; b < n; b++) {
        const float *path = path_of(decoder, shard->series, &shard->sample[shard->index[first + b]]);
        for (size_t i = 0; i < width; i++) at->truth[b * width + i] = path ? (real)path[i] : (real)NAN;
        if (path)
            draw(shard->loss, shard->index[first + b], share, M, at->told + b * M);
        else
            memset(at->told + b * M, 0, M * sizeof *at->told);
    }
    return own->decoder_teacher == TEACHER_NONE ? TAUGHT_FREE : TAUGHT_FORCED;
}

double R(decoder_loss)(const struct R(pass) *pass, const struct R(shard) *shard, size_t n,
                       const struct R(decoder_walk) *walk) {
    const struct R(decoder_space) *at = &pass->ws->decoder;
    const size_t M = pass->net->decoder.steps;
    const double weight = shard->loss->path_weight;
    double sum = 0;
    for (size_t b = 0; b < n; b++)
        for (size_t m = 0; m < M; m++)
            for (size_t i = 0; i < GW_PATH_SIDES; i++) {
                const size_t to = (m * n + b) * GW_PATH_SIDES + i;
                const double r = (double)walk->moves[to] - (double)at->truth[(b * M + m) * GW_PATH_SIDES + i];
                at->dmoves[to] = 0;
                if (isnan((double)at->truth[(b * M + m) * GW_PATH_SIDES + i])) continue;
                sum += weight * (fabs(r) <= 1 ? r * r / 2 : fabs(r) - 0.5);
                at->dmoves[to] = (real)(weight * fmax(-1, fmin(1, r)));
            }
    return sum;
}
