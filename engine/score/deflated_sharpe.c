/* How sure is a Sharpe ratio (Bailey & Lopez de Prado 2012, "The Sharpe Ratio Efficient Frontier"), and how good is the
 * best of many (2014, "The Deflated Sharpe Ratio")? */
#include "gatewalk/verdict.h"
#include "ranking.h"

static const double EULER_MASCHERONI = 0.57721566490153286;

static double normal_cdf(double x) { return 0.5 * erfc(-x / M_SQRT2); }

/* The x that a standard normal exceeds with probability q. Bisection: called twice, and exact in the far tail, where
 * 1 - q would have lost its digits. */
static double normal_upper_quantile(double q) {
    double low = -40, high = 40;
    for (int i = 0; i < 200; i++) {
        double middle = 0.5 * (low + high);
        if (normal_cdf(-middle) > q)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

/* Expected maximum of n_trials Sharpe ratios that are all zero in truth. */
double gw_deflated_sharpe_threshold(size_t n_trials, double trial_sharpe_variance) {
    if (!(trial_sharpe_variance >= 0) || n_trials == 0) return NAN;
    if (n_trials == 1) return 0.0; /* one trial was not chosen from anything */
    double n = (double)n_trials;
    double maximum = (1.0 - EULER_MASCHERONI) * normal_upper_quantile(1.0 / n) +
                     EULER_MASCHERONI * normal_upper_quantile(1.0 / (n * M_E));
    return sqrt(trial_sharpe_variance) * maximum;
}

/* What the standard error of a Sharpe ratio is more than that of normal returns' mean (Mertens 2002). */
static double sharpe_spread(double sharpe, double skewness, double kurtosis) {
    return 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
}

double gw_probabilistic_sharpe(double sharpe, size_t n, double skewness, double kurtosis, double benchmark) {
    double spread = sharpe_spread(sharpe, skewness, kurtosis);
    if (n < 2 || !(spread > 0)) return NAN;
    return normal_cdf((sharpe - benchmark) * sqrt((double)(n - 1)) / sqrt(spread)); /* NaN stays NaN */
}

double gw_minimum_track_record(double sharpe, double skewness, double kurtosis, double benchmark, double confidence) {
    double spread = sharpe_spread(sharpe, skewness, kurtosis);
    if (!(spread > 0) || isnan(benchmark) || !(confidence > 0 && confidence < 1)) return NAN;
    if (!(sharpe > benchmark)) return INFINITY;
    double z = normal_upper_quantile(1 - confidence) / (sharpe - benchmark);
    return 1.0 + spread * z * z;
}

double gw_deflated_sharpe_from_moments(double sharpe, size_t n, double skewness, double kurtosis, size_t n_trials,
                                       double trial_sharpe_variance) {
    return gw_probabilistic_sharpe(sharpe, n, skewness, kurtosis,
                                   gw_deflated_sharpe_threshold(n_trials, trial_sharpe_variance));
}

double gw_deflated_sharpe(const double *returns, size_t n, size_t n_trials, double trial_sharpe_variance) {
    if (n < 3) return NAN;
    double size = (double)n, mean = 0, second = 0, third = 0, fourth = 0;
    for (size_t i = 0; i < n; i++) mean += returns[i] / size;
    for (size_t i = 0; i < n; i++) {
        double d = returns[i] - mean, d2 = d * d;
        second += d2 / size;
        third += d2 * d / size;
        fourth += d2 * d2 / size;
    }
    if (!(second > 1e-24 * mean * mean)) return NAN; /* constant but for rounding */
    double sharpe = mean / sqrt(second * size / (size - 1.0));
    return gw_deflated_sharpe_from_moments(sharpe, n, third / (second * sqrt(second)), fourth / (second * second),
                                           n_trials, trial_sharpe_variance);
}
