/* The best k percent of each fold. A tie group on the border is taken as the average over all ways to break the
 * tie: every member gets the same fraction, so no order of bars can improve a precision. */
#include "engine/base/base.h"
#include "ranking.h"

/* The tolerance keeps a product that is whole in decimals whole in binary: 7 % of 100 bars are 7. */
size_t gw_metric_top_k_count(double k_percent, size_t n) {
    double up = ceil(k_percent * (double)n / 100.0 * (1.0 - 1e-12));
    size_t count = up < 1.0 ? 1 : (size_t)up;
    return count < n ? count : n;
}

static int fold_weights(const float *score, size_t n, double k_percent, uint32_t *order, double *weight) {
    TRY(rank_descending(score, n, order));
    size_t selected = gw_metric_top_k_count(k_percent, n), begin = 0;
    for (size_t end; begin < selected; begin = end) {
        end = tie_end(score, order, begin, n);
        double share = end <= selected ? 1.0 : (double)(selected - begin) / (double)(end - begin);
        for (size_t r = begin; r < end; r++) weight[order[r]] = share;
    }
    for (size_t r = begin; r < n; r++) weight[order[r]] = 0.0;
    return GW_OK;
}

int gw_metric_top_k_weights(const struct gw_gate_sample *sample, double k_percent, double *weight) {
    if (!(k_percent > 0 && k_percent <= 100))
        FAIL(GW_ERR_CONFIG, "k = %g %%: must be above 0 and at most 100", k_percent);
    if (sample->n == 0) return GW_OK;
    int rc = GW_OK;
    uint32_t *order = mem_calloc(sample->n, sizeof *order);
    if (!order) return GW_ERR_NOMEM;
    for (size_t begin = 0, end; begin < sample->n; begin = end) {
        end = fold_end(sample->fold, begin, sample->n);
        TRY_GOTO(fold_weights(sample->score + begin, end - begin, k_percent, order, weight + begin), cleanup);
    }
cleanup:
    mem_free(order);
    return rc;
}

/* Isolated trades of the selected bars at one cost level; bars that cannot be entered do not count. */
struct pnl_sums {
    double weight, sum, wins, gains, losses;
};

static struct pnl_sums sum_pnl(const double *pnl, const double *weight, size_t n) {
    struct pnl_sums s = {0};
    for (size_t i = 0; i < n; i++) {
        if (weight[i] <= 0 || isnan(pnl[i])) continue;
        s.weight += weight[i];
        s.sum += weight[i] * pnl[i];
        if (pnl[i] > 0) {
            s.wins += weight[i];
            s.gains += weight[i] * pnl[i];
        } else {
            s.losses -= weight[i] * pnl[i];
        }
    }
    return s;
}

static void fill_pnl(const struct gw_gate_sample *sample, const double *weight, struct gw_top_k *out) {
    for (int level = 0; level < 3; level++) {
        if (!sample->pnl[level]) continue;
        struct pnl_sums s = sum_pnl(sample->pnl[level], weight, sample->n);
        if (s.weight <= 0) continue;
        out->pnl_mean[level] = s.sum / s.weight;
        out->pnl_sum[level] = s.sum;
        if (level != 1) continue;
        out->hit_rate = s.wins / s.weight;
        out->profit_factor = ratio_or_nan(s.gains, s.losses);
    }
}

int gw_metric_top_k(const struct gw_gate_sample *sample, double k_percent, struct gw_top_k *out) {
    *out = (struct gw_top_k){.precision = NAN,
                             .recall = NAN,
                             .lift = NAN,
                             .pnl_mean = {NAN, NAN, NAN},
                             .pnl_sum = {NAN, NAN, NAN},
                             .hit_rate = NAN,
                             .profit_factor = NAN};
    size_t n = sample->n;
    if (n == 0) return GW_OK;
    if (!labels_binary(sample->label, n))
        FAIL(GW_ERR_DATA, "labels must be 0 or 1: bars without label must be left out");
    int rc = GW_OK;
    double *weight = mem_calloc(n, sizeof *weight);
    if (!weight) return GW_ERR_NOMEM;
    TRY_GOTO(gw_metric_top_k_weights(sample, k_percent, weight), cleanup);

    double selected = 0, hits = 0, positives = 0;
    for (size_t i = 0; i < n; i++) {
        selected += weight[i];
        positives += sample->label[i];
        if (sample->label[i]) hits += weight[i];
    }
    out->n_selected = (size_t)llround(selected);
    out->precision = hits / selected;
    if (positives > 0) {
        out->recall = hits / positives;
        out->lift = out->precision / (positives / (double)n);
    }
    fill_pnl(sample, weight, out);
cleanup:
    mem_free(weight);
    return rc;
}
