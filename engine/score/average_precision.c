/* Average precision: the area under precision over recall as the sum of its steps, one step a distinct score.
 *
 *   AP = sum over thresholds n of (R_n - R_{n-1}) P_n
 *
 * Trapezoids would interpolate between points that no threshold can reach and flatter a scorer with ties. */
#include "engine/base/base.h"
#include "ranking.h"

static double sum_of_steps(const float *score, const int8_t *label, const double *weight, const uint32_t *order,
                           size_t n) {
    double all = 0, hits = 0, area = 0;
    for (size_t begin = 0; begin < n;) {
        size_t end = tie_end(score, order, begin, n);
        double step = 0;
        for (size_t r = begin; r < end; r++) {
            double w = weight ? weight[order[r]] : 1.0;
            all += w;
            if (label[order[r]]) step += w;
        }
        hits += step;
        if (step > 0) area += step * (hits / all);
        begin = end;
    }
    return hits > 0 ? area / hits : (double)NAN;
}

double gw_metric_average_precision(const float *score, const int8_t *label, const double *weight, size_t n) {
    if (n == 0 || !labels_binary(label, n)) return NAN;
    uint32_t *order = mem_calloc(n, sizeof *order);
    if (!order) return NAN;
    double result = NAN;
    if (rank_descending(score, n, order) == GW_OK) result = sum_of_steps(score, label, weight, order, n);
    mem_free(order);
    return result;
}
