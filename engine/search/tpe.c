#include "tpe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int parzen_make(const double *seen, size_t n, struct parzen *out) {
    *out = (struct parzen){
        .n = n + 1, .mean = mem_calloc(n + 1, sizeof(double)), .width = mem_calloc(n + 1, sizeof(double))};
    if (!out->mean || !out->width) {
        parzen_free(out);
        return GW_ERR_NOMEM;
    }
    const double narrowest = 1 / fmin(100, (double)n + 1);
    memcpy(out->mean, seen, n * sizeof *seen);
    qsort(out->mean, n, sizeof *out->mean, ascending);
    for (size_t i = 0; i < n; i++) {
        const double left = i > 0 ? out->mean[i - 1] : 0, right = i + 1 < n ? out->mean[i + 1] : 1;
        out->width[i] = fmin(fmax(fmax(out->mean[i] - left, right - out->mean[i]), narrowest), 1);
    }
    out->mean[n] = 0.5;
    out->width[n] = 1;
    return GW_OK;
}

void parzen_free(struct parzen *parzen) {
    mem_free(parzen->mean);
    mem_free(parzen->width);
    *parzen = (struct parzen){0};
}

static double below(const struct parzen *p, size_t i, double at) {
    return 0.5 * erfc((p->mean[i] - at) / (p->width[i] * 1.4142135623730951));
}

double parzen_density(const struct parzen *p, double at) {
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        const double z = (at - p->mean[i]) / p->width[i];
        sum += exp(-0.5 * z * z) / (p->width[i] * 2.5066282746310002 * (below(p, i, 1) - below(p, i, 0)));
    }
    return sum / (double)p->n;
}

double parzen_mass(const struct parzen *p, double low, double high) {
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) sum += (below(p, i, high) - below(p, i, low)) / (below(p, i, 1) - below(p, i, 0));
    return sum / (double)p->n;
}

double parzen_draw(const struct parzen *p, struct gw_rng *rng) {
    const size_t i = (size_t)gw_rng_below(rng, p->n);
    for (;;) { /* at least a half of each lies within */
        const double u = p->mean[i] + p->width[i] * gw_rng_normal(rng);
        if (u >= 0 && u < 1) return u;
    }
}
