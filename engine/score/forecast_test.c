/* Are one scorer's probabilities closer to what happened than another's? (Diebold & Mariano 1995, with the correction
 * for small samples of Harvey, Leybourne & Newbold 1997) */
#include "engine/base/base.h"
#include "gatewalk/verdict.h"

#include <math.h>

/* Continued fraction of the incomplete beta function by Lentz's method (Abramowitz & Stegun 26.5.8). */
static double beta_fraction(double a, double b, double x) {
    static const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double product = d;
    for (int i = 1; i < 500; i++) {
        const double m = i;
        for (int odd = 0; odd < 2; odd++) {
            double term = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                              : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 + term * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + term / c;
            if (fabs(c) < tiny) c = tiny;
            product *= d * c;
        }
        if (fabs(d * c - 1) < 1e-15) break;
    }
    return product;
}

/* Regularised incomplete beta function. */
static double incomplete_beta(double a, double b, double x) {
    if (!(x > 0)) return 0;
    if (x >= 1) return 1;
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* P(|T| >= |t|) for Student's t with so many degrees of freedom. */
static double student_two_sided(double t, double degrees) {
    return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

/* Variance of the mean × n: autocovariances up to the horizon, behind which errors of optimal forecasts have none. The
 * plain sum can come out negative; then the same lags with Bartlett's weights, which cannot. */
static double long_run_variance(const double *difference, size_t n, double mean, size_t horizon, bool *bartlett) {
    double plain = 0, weighted = 0;
    for (size_t k = 0; k < horizon; k++) {
        double covariance = 0;
        for (size_t t = k; t < n; t++) covariance += (difference[t] - mean) * (difference[t - k] - mean);
        covariance *= (k ? 2 : 1) / (double)n;
        plain += covariance;
        weighted += (1 - (double)k / (double)horizon) * covariance;
    }
    *bartlett = !(plain > 0);
    return *bartlett ? weighted : plain;
}

void gw_diebold_mariano(const double *difference, size_t n, size_t horizon, struct gw_forecast_test *out) {
    *out = (struct gw_forecast_test){.n = n, .mean = NAN, .statistic = NAN, .p_value = NAN};
    const double size = (double)n, h = (double)(horizon ? horizon : 1);
    if (n < 2) return;
    double mean = 0, squares = 0;
    for (size_t t = 0; t < n; t++) mean += difference[t] / size;
    for (size_t t = 0; t < n; t++) squares += (difference[t] - mean) * (difference[t] - mean);
    out->mean = mean;
    const double correction = (size + 1 - 2 * h + h * (h - 1) / size) / size;
    if (h >= size || !(correction > 0) || !(squares / size > 1e-24 * mean * mean)) return; /* too short, or no spread */
    double variance = long_run_variance(difference, n, mean, (size_t)h, &out->bartlett);
    if (!(variance > 0)) return;
    out->statistic = sqrt(correction) * mean / sqrt(variance / size);
    out->p_value = student_two_sided(out->statistic, size - 1);
}
