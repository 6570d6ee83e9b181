/* The inner loops of the bootstrap: 60,000 bars × 1,000 replicates × every scorer go through here. */
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

int picks_init(struct picks *picks, const double *weight, const double *value, size_t n) {
    *picks = (struct picks){0};
    size_t room = 0;
    for (size_t i = 0; i < n; i++) room += weight[i] > 0 && !isnan(value[i]);
    if (room == 0) return GW_OK;
    if (!(picks->bar = mem_calloc(room, sizeof *picks->bar)) ||
        !(picks->weight = mem_calloc(room, sizeof *picks->weight)) ||
        !(picks->weighted_value = mem_calloc(room, sizeof *picks->weighted_value))) {
        picks_free(picks);
        return GW_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        if (!(weight[i] > 0) || isnan(value[i])) continue;
        picks->bar[picks->n] = (uint32_t)i;
        picks->weight[picks->n] = weight[i];
        picks->weighted_value[picks->n++] = weight[i] * value[i];
    }
    return GW_OK;
}

void picks_free(struct picks *picks) {
    mem_free(picks->weighted_value);
    mem_free(picks->weight);
    mem_free(picks->bar);
    *picks = (struct picks){0};
}

double picks_resample(const struct picks *picks, const uint32_t *count) {
    double weight = 0, value = 0;
    for (size_t i = 0; i < picks->n; i++) {
        double times = count ? (double)count[picks->bar[i]] : 1.0;
        weight += times * picks->weight[i];
        value += times * picks->weighted_value[i];
    }
    return weight > 0 ? value / weight : (double)NAN;
}
