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

static double below(double mean, double width, double at) {
    return 0.5 * erfc((mean - at) / (width * 1.4142135623730951));
}

static double within(double mean, double width) { return below(mean, width, 1) - below(mean, width, 0); }

double cut_density(double mean, double width, double at) {
    const double z = (at - mean) / width;
    return exp(-0.5 * z * z) / (width * 2.5066282746310002 * within(mean, width));
}

double cut_mass(double mean, double width, double low, double high) {
    return (below(mean, width, high) - below(mean, width, low)) / within(mean, width);
}

double cut_draw(double mean, double width, struct gw_rng *rng) {
    for (;;) { /* at least a half of it lies within */
        const double u = mean + width * gw_rng_normal(rng);
        if (u >= 0 && u < 1) return u;
    }
}

double parzen_density(const struct parzen *p, double at) {
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) sum += cut_density(p->mean[i], p->width[i], at);
    return sum / (double)p->n;
}

double parzen_mass(const struct parzen *p, double low, double high) {
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) sum += cut_mass(p->mean[i], p->width[i], low, high);
    return sum / (double)p->n;
}

double parzen_draw(const struct parzen *p, struct gw_rng *rng) {
    const size_t i = (size_t)gw_rng_below(rng, p->n);
    return cut_draw(p->mean[i], p->width[i], rng);
}
