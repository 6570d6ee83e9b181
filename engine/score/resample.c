/* The inner loops of the bootstrap: 60,000 bars × 10,000 replicates × every scorer go through here. */
#include "resample.h"
#include "engine/base/base.h"

int ap_ranking_init(struct ap_ranking *ranking, const float *score, const int8_t *label, size_t n) {
    *ranking = (struct ap_ranking){0};
    int rc = GW_OK;
    for (size_t i = 0; i < n; i++) ranking->n_positives += label[i] == 1;
    size_t room = ranking->n_positives ? ranking->n_positives : 1;
    if (!(ranking->order = mem_calloc(n ? n : 1, sizeof *ranking->order)) ||
        !(ranking->end = mem_calloc(room, sizeof *ranking->end)) ||
        !(ranking->positive = mem_calloc(room, sizeof *ranking->positive)) ||
        !(ranking->positive_end = mem_calloc(room, sizeof *ranking->positive_end))) {
        rc = GW_ERR_NOMEM;
        goto fail;
    }
    TRY_GOTO(rank_descending(score, n, ranking->order), fail);
    size_t positives = 0;
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = tie_end(score, ranking->order, begin, n);
        size_t before = positives;
        for (size_t r = begin; r < end; r++)
            if (label[ranking->order[r]] == 1) ranking->positive[positives++] = ranking->order[r];
        if (positives == before) continue;
        ranking->end[ranking->n_groups] = (uint32_t)end;
        ranking->positive_end[ranking->n_groups++] = (uint32_t)positives;
    }
    return GW_OK;
fail:
    ap_ranking_free(ranking);
    return rc;
}

void ap_ranking_free(struct ap_ranking *ranking) {
    mem_free(ranking->positive_end);
    mem_free(ranking->positive);
    mem_free(ranking->end);
    mem_free(ranking->order);
    *ranking = (struct ap_ranking){0};
}

double ap_ranking_resample(const struct ap_ranking *ranking, const uint32_t *count) {
    uint64_t drawn = 0, hits = 0;
    size_t rank = 0, positive = 0;
    double area = 0;
    for (size_t g = 0; g < ranking->n_groups; g++) {
        uint64_t step = 0;
        for (; rank < ranking->end[g]; rank++) drawn += count[ranking->order[rank]];
        for (; positive < ranking->positive_end[g]; positive++) step += count[ranking->positive[positive]];
        if (step == 0) continue;
        hits += step;
        area += (double)step * (double)hits / (double)drawn;
    }
    return hits ? area / (double)hits : (double)NAN;
}

int top_ranking_init(struct top_ranking *ranking, const float *score, const uint32_t *fold_begin, size_t n_folds) {
    *ranking = (struct top_ranking){.n_folds = n_folds, .fold_begin = fold_begin};
    int rc = GW_OK;
    const size_t n = fold_begin[n_folds];
    if (!(ranking->order = mem_calloc(n ? n : 1, sizeof *ranking->order)) ||
        !(ranking->last = mem_calloc(n ? n : 1, sizeof *ranking->last))) {
        rc = GW_ERR_NOMEM;
        goto fail;
    }
    for (size_t f = 0; f < n_folds; f++) {
        const size_t first = fold_begin[f], size = fold_begin[f + 1] - first;
        uint32_t *order = ranking->order + first;
        TRY_GOTO(rank_descending(score + first, size, order), fail);
        for (size_t begin = 0, end; begin < size; begin = end) {
            end = tie_end(score + first, order, begin, size);
            ranking->last[first + end - 1] = true;
        }
        for (size_t r = 0; r < size; r++) order[r] += (uint32_t)first;
    }
    return GW_OK;
fail:
    top_ranking_free(ranking);
    return rc;
}

void top_ranking_free(struct top_ranking *ranking) {
    mem_free(ranking->last);
    mem_free(ranking->order);
    *ranking = (struct top_ranking){0};
}

/* Sums over bars that count, each as often as it was drawn. */
struct counted {
    double weight, value;
};

/* With `weights`: of bars, to which each adds its share of the sum. */
struct weights {
    double times;
    const uint32_t *at;
    double *weight;
};

static void add_group(const struct top_ranking *ranking, size_t begin, size_t end, double share, const uint32_t *count,
                      const double *value, const struct weights *to) {
    for (size_t rank = begin; rank < end; rank++) {
        const uint32_t bar = ranking->order[rank];
        if (count[bar] && !isnan(value[bar])) to->weight[to->at ? to->at[bar] : bar] += to->times * share * count[bar];
    }
}

static void add_top(const struct top_ranking *ranking, size_t rank, size_t wanted, const uint32_t *count,
                    const double *value, struct counted *sum, const struct weights *to) {
    for (size_t above = 0; above < wanted;) { /* ends with the fold's last rank: wanted is at most what was drawn */
        const size_t begin = rank;
        size_t drawn = 0;
        struct counted group = {0};
        for (bool last = false; !last; last = ranking->last[rank++]) {
            const uint32_t bar = ranking->order[rank], times = count[bar];
            drawn += times;
            if (times == 0 || isnan(value[bar])) continue;
            group.weight += times;
            group.value += times * value[bar];
        }
        if (drawn == 0) continue;
        const double share = above + drawn <= wanted ? 1.0 : (double)(wanted - above) / (double)drawn;
        sum->weight += share * group.weight;
        sum->value += share * group.value;
        if (to) add_group(ranking, begin, rank, share, count, value, to);
        above += drawn;
    }
}

static struct counted add_folds(const struct top_ranking *ranking, const struct resample *resample, double k_percent,
                                const double *value, const struct weights *to) {
    struct counted sum = {0};
    for (size_t f = 0; f < ranking->n_folds; f++)
        add_top(ranking, ranking->fold_begin[f], gw_metric_top_k_count(k_percent, resample->drawn[f]), resample->count,
                value, &sum, to);
    return sum;
}

double top_ranking_resample(const struct top_ranking *ranking, const struct resample *resample, double k_percent,
                            const double *value) {
    const struct counted sum = add_folds(ranking, resample, k_percent, value, NULL);
    return sum.weight > 0 ? sum.value / sum.weight : (double)NAN;
}

void top_ranking_weights(const struct top_ranking *ranking, const struct resample *resample, double k_percent,
                         const double *value, double times, const uint32_t *at, double *weight) {
    const struct counted sum = add_folds(ranking, resample, k_percent, value, NULL);
    const struct weights to = {times / sum.weight, at, weight};
    if (sum.weight > 0) add_folds(ranking, resample, k_percent, value, &to);
}
