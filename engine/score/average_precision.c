/* Average precision: the area under precision over recall as the sum of its steps, one step a distinct score.
 *
 *   AP = sum over thresholds n of (R_n - R_{n-1}) P_n
 *
 * Trapezoids would interpolate between points that no threshold can reach and flatter a scorer with ties. */
#include "engine/base/base.h"
#include "ranking.h"

double average_precision_ranked(const float *score, const uint32_t *order, const int8_t *label, size_t n) {
    double hits = 0, area = 0;
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = tie_end(score, order, begin, n);
        double step = 0;
        for (size_t r = begin; r < end; r++) step += label[order[r]];
        hits += step;
        if (step > 0) area += step * hits / (double)end;
    }
    return hits > 0 ? area / hits : (double)NAN;
}

int gw_metric_average_precision(const float *score, const int8_t *label, size_t n, double *ap) {
    *ap = NAN;
    if (n == 0 || !labels_binary(label, n)) return GW_OK;
    uint32_t *order = mem_calloc(n, sizeof *order);
    if (!order) return GW_ERR_NOMEM;
    int rc = rank_descending(score, n, order);
    if (rc == GW_OK) *ap = average_precision_ranked(score, order, label, n);
    mem_free(order);
    return rc == GW_ERR_NOMEM ? rc : GW_OK;
}
