/* Forward filter and Baum-Welch. */
#include "gaussian_hmm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"

enum { ROUNDS_MAX = 100 };
static const double GAIN_LEAST = 1e-6, STAY = 0.95, DEVIATION_LEAST = 0.01, WEIGHT_LEAST = 1e-6;

size_t hmm_numbers(size_t k, size_t d) { return k * k + 2 * k * d; }

struct hmm hmm_view(size_t k, size_t d, const double *numbers) {
    return (struct hmm){k, d, numbers, numbers + k * k, numbers + k * k + k * d};
}

/* exp(log density - its largest): all that is left out is alike in every state. Returns what was left out. */
static double emissions(const struct hmm *m, const double *x, double *b) {
    double most = -INFINITY;
    for (size_t j = 0; j < m->k; j++) {
        double square = 0, volume = 1;
        for (size_t i = 0; i < m->d; i++) {
            const double z = (x[i] - m->mean[j * m->d + i]) / m->sd[j * m->d + i];
            square += z * z;
            volume *= m->sd[j * m->d + i];
        }
        b[j] = -0.5 * square - log(volume);
        if (b[j] > most) most = b[j];
    }
    for (size_t j = 0; j < m->k; j++) b[j] = exp(b[j] - most);
    return most;
}

static void step_on(const struct hmm *m, const double *before, double *p) {
    for (size_t j = 0; j < m->k; j++) {
        p[j] = 0;
        for (size_t i = 0; before && i < m->k; i++) p[j] += before[i] * m->step[i * m->k + j];
        if (!before) p[j] = 1 / (double)m->k;
    }
}

/* p times b, made to sum to 1; the sum. */
static double weigh(size_t k, const double *b, double *p) {
    double sum = 0;
    for (size_t j = 0; j < k; j++) sum += p[j] * b[j];
    if (!(sum > 0) || isinf(sum)) return 0;
    for (size_t j = 0; j < k; j++) p[j] = p[j] * b[j] / sum;
    return sum;
}

void hmm_filter(const struct hmm *m, const double *x, double *p) {
    double before[HMM_STATES_MAX], b[HMM_STATES_MAX], sum = 0;
    for (size_t j = 0; j < m->k; j++) sum += before[j] = p[j];
    step_on(m, sum > 0 ? before : NULL, p);
    emissions(m, x, b);
    weigh(m->k, b, p);
}

/* ---- learning ---------------------------------------------------------------------------------------------- */

/* All sequences one behind the other. */
struct learning {
    size_t k, d, n;
    const double *x;       /* [n × d] owned */
    const bool *first;     /* [n] owned: a sequence begins */
    double *b, *p, *scale; /* [n × k] emissions, [n × k] filtered and then smoothed, [n] */
    double *steps;         /* [k × k] expected */
    double least[HMM_DIMS_MAX];
};

/* Filtered probabilities of all; the log likelihood, but for what no parameter changes. */
static double forward(const struct hmm *m, struct learning *w) {
    double sum = 0;
    for (size_t t = 0; t < w->n; t++) {
        double *p = w->p + t * w->k;
        const double left_out = emissions(m, w->x + t * w->d, w->b + t * w->k);
        step_on(m, w->first[t] ? NULL : p - w->k, p);
        w->scale[t] = weigh(w->k, w->b + t * w->k, p);
        sum += log(w->scale[t]) + left_out;
    }
    return sum;
}

/* Smoothed probabilities in place of the filtered ones, and the expected steps. Of training observations alone: what a feature
 * says of a bar is filtered. */
static void backward(const struct hmm *m, struct learning *w) {
    const size_t k = w->k;
    double after[HMM_STATES_MAX], beta[HMM_STATES_MAX];
    memset(w->steps, 0, k * k * sizeof *w->steps);
    for (size_t t = w->n; t-- > 0;) {
        double *p = w->p + t * k;
        const bool last = t + 1 == w->n || w->first[t + 1];
        for (size_t i = 0; i < k; i++) {
            beta[i] = last ? 1 : 0;
            for (size_t j = 0; !last && j < k; j++) {
                const double path = m->step[i * k + j] * w->b[(t + 1) * k + j] * after[j] / w->scale[t + 1];
                w->steps[i * k + j] += p[i] * path;
                beta[i] += path;
            }
        }
        for (size_t i = 0; i < k; i++) {
            p[i] *= beta[i];
            after[i] = beta[i];
        }
    }
}

static void estimate_steps(const struct learning *w, double *step) {
    for (size_t i = 0; i < w->k; i++) {
        double sum = 0;
        for (size_t j = 0; j < w->k; j++) sum += w->steps[i * w->k + j] + 1;
        for (size_t j = 0; j < w->k; j++) step[i * w->k + j] = (w->steps[i * w->k + j] + 1) / sum;
    }
}

/* Mean and deviation of state j by the weights in w->p. A state without weight keeps what it has. */
static void estimate_normals(const struct learning *w, size_t j, double *mean, double *sd) {
    double weight = 0;
    for (size_t t = 0; t < w->n; t++) weight += w->p[t * w->k + j];
    if (!(weight > WEIGHT_LEAST)) return;
    for (size_t i = 0; i < w->d; i++) {
        double sum = 0, square = 0;
        for (size_t t = 0; t < w->n; t++) sum += w->p[t * w->k + j] * w->x[t * w->d + i];
        const double center = sum / weight;
        for (size_t t = 0; t < w->n; t++) {
            const double off = w->x[t * w->d + i] - center;
            square += w->p[t * w->k + j] * off * off;
        }
        const double deviation = sqrt(square / weight);
        mean[j * w->d + i] = center;
        sd[j * w->d + i] = deviation > w->least[i] ? deviation : w->least[i];
    }
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of all observations: a state's start where it gets none, and what its deviation may not fall below. */
static void measure_all(struct learning *w, double *mean, double *sd) {
    for (size_t t = 0; t < w->n; t++) w->p[t * w->k] = 1;
    memset(w->least, 0, sizeof w->least);
    estimate_normals(w, 0, mean, sd);
    for (size_t i = 0; i < w->d; i++) {
        const double least = DEVIATION_LEAST * sd[i];
        w->least[i] = least > 1e-9 ? least : 1e-9;
        if (!(sd[i] > w->least[i])) sd[i] = w->least[i];
    }
    for (size_t j = 1; j < w->k; j++) {
        memcpy(mean + j * w->d, mean, w->d * sizeof *mean);
        memcpy(sd + j * w->d, sd, w->d * sizeof *sd);
    }
}

static int start(struct learning *w, size_t order, double *step, double *mean, double *sd) {
    const size_t k = w->k;
    double *sorted = mem_calloc(w->n, sizeof *sorted);
    if (!sorted) return GW_ERR_NOMEM;
    for (size_t t = 0; t < w->n; t++) sorted[t] = w->x[t * w->d + order];
    qsort(sorted, w->n, sizeof *sorted, ascending);
    measure_all(w, mean, sd);
    for (size_t t = 0; t < w->n; t++) {
        size_t part = 0;
        while (part + 1 < k && w->x[t * w->d + order] >= sorted[(part + 1) * w->n / k]) part++;
        for (size_t j = 0; j < k; j++) w->p[t * k + j] = j == part;
    }
    for (size_t j = 0; j < k; j++) estimate_normals(w, j, mean, sd);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) step[i * k + j] = i == j ? STAY : (1 - STAY) / (double)(k - 1);
    mem_free(sorted);
    return GW_OK;
}

/* Rising means of one number; equal ones keep their places. */
static void arrange(size_t k, size_t d, size_t order, double *step, double *mean, double *sd) {
    size_t at[HMM_STATES_MAX];
    double was[HMM_STATES_MAX * (HMM_STATES_MAX + 2 * HMM_DIMS_MAX)];
    memcpy(was, step, hmm_numbers(k, d) * sizeof *was);
    const struct hmm old = hmm_view(k, d, was);
    for (size_t j = 0; j < k; j++) {
        size_t place = j;
        for (; place > 0 && old.mean[at[place - 1] * d + order] > old.mean[j * d + order]; place--)
            at[place] = at[place - 1];
        at[place] = j;
    }
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < k; j++) step[i * k + j] = old.step[at[i] * k + at[j]];
        memcpy(mean + i * d, old.mean + at[i] * d, d * sizeof *mean);
        memcpy(sd + i * d, old.sd + at[i] * d, d * sizeof *sd);
    }
}

static int gather(const struct gw_feature_slice *slice, size_t n_slices, struct learning *w) {
    for (size_t s = 0; s < n_slices; s++) w->n += slice[s].n_observed;
    if (w->n < 20 * w->k)
        FAIL(GW_ERR_CONFIG, "%zu bars of training are too few to learn %zu states; give at least %zu, or fewer states",
             w->n, w->k, 20 * w->k);
    double *x = mem_calloc(w->n, w->d * sizeof *x);
    bool *first = mem_calloc(w->n, sizeof *first);
    w->x = x;
    w->first = first;
    w->b = mem_calloc(w->n, w->k * sizeof *w->b);
    w->p = mem_calloc(w->n, w->k * sizeof *w->p);
    w->scale = mem_calloc(w->n, sizeof *w->scale);
    w->steps = mem_calloc(w->k, w->k * sizeof *w->steps);
    if (!x || !first || !w->b || !w->p || !w->scale || !w->steps) return GW_ERR_NOMEM;
    for (size_t s = 0, at = 0; s < n_slices; at += slice[s++].n_observed) {
        if (slice[s].n_observed == 0) continue;
        memcpy(x + at * w->d, slice[s].observed, slice[s].n_observed * w->d * sizeof *x);
        first[at] = true;
    }
    return GW_OK;
}

int hmm_learn(size_t k, size_t d, size_t order, const struct gw_feature_slice *slice, size_t n_slices, double *numbers,
              size_t *rounds, double *log_likelihood) {
    struct learning w = {.k = k, .d = d};
    const struct hmm view = hmm_view(k, d, numbers);
    double *step = numbers, *mean = numbers + k * k, *sd = mean + k * d, last = -INFINITY;
    size_t round = 0;
    int rc;
    TRY_GOTO(gather(slice, n_slices, &w), done);
    TRY_GOTO(start(&w, order, step, mean, sd), done);
    for (; round < ROUNDS_MAX; round++) {
        const double now = forward(&view, &w);
        const bool enough = !(now - last >= GAIN_LEAST * (double)w.n);
        last = now;
        if (enough) break;
        backward(&view, &w);
        estimate_steps(&w, step);
        for (size_t j = 0; j < k; j++) estimate_normals(&w, j, mean, sd);
        TRY_GOTO(interrupt_check(), done);
    }
    arrange(k, d, order, step, mean, sd);
    if (rounds) *rounds = round;
    if (log_likelihood) *log_likelihood = last;
done:
    mem_free((void *)w.x);
    mem_free((void *)w.first);
    mem_free(w.b);
    mem_free(w.p);
    mem_free(w.scale);
    mem_free(w.steps);
    return rc;
}
