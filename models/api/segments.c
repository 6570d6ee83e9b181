/* Cutting training samples into segments. */
#include "segments.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

#include "gatewalk/rng.h"

static bool finite_row(const struct gw_series *series, size_t n_features, size_t row) {
    for (size_t f = 0; f < n_features; f++)
        if (!isfinite(series->x[row * n_features + f])) return false;
    return true;
}

/* At most `reach` rows back, all of them finite. */
static uint32_t earliest(const struct gw_fit_input *input, const struct gw_sample *sample, size_t reach) {
    uint32_t row = sample->row;
    while (row > 0 && sample->row - row < reach &&
           finite_row(&input->series[sample->series], input->n_features, row - 1))
        row--;
    return row;
}

static int find_runs(struct segment_plan *plan, const struct gw_fit_input *input, size_t lookback) {
    for (size_t i = 0; i < input->n_train; i++) {
        const struct gw_sample *sample = &input->train[i];
        struct segment_run *run = plan->n_runs ? &plan->run[plan->n_runs - 1] : NULL;
        if (run && run->series == sample->series && sample->row - run->end < lookback) {
            run->end = sample->row + 1;
            continue;
        }
        run = mem_realloc(plan->run, plan->n_runs + 1, sizeof *run);
        if (!run) return GW_ERR_NOMEM;
        plan->run = run;
        plan->run[plan->n_runs++] = (struct segment_run){
            .series = sample->series,
            .begin = earliest(input, sample, plan->warmup),
            .first = sample->row,
            .end = sample->row + 1,
        };
    }
    for (size_t i = 0; i < plan->n_runs; i++)
        plan->most += (plan->run[i].end - plan->run[i].first + plan->length - 1) / plan->length + 1;
    return GW_OK;
}

static int copy_labels(struct segment_plan *plan, const struct gw_fit_input *input) {
    plan->n_series = input->n_series;
    for (size_t gate = 0; gate < GW_N_GATES; gate++) {
        plan->label[gate] = mem_calloc(input->n_series, sizeof *plan->label[gate]);
        if (!plan->label[gate]) return GW_ERR_NOMEM;
        for (size_t s = 0; s < input->n_series; s++) {
            plan->label[gate][s] = mem_calloc(input->series[s].n_rows, 1);
            if (!plan->label[gate][s]) return GW_ERR_NOMEM;
            memset(plan->label[gate][s], GW_LABEL_MISSING, input->series[s].n_rows);
        }
        for (size_t i = 0; i < input->n_train; i++) {
            const struct gw_sample *sample = &input->train[i];
            plan->label[gate][sample->series][sample->row] = input->series[sample->series].label[gate][sample->row];
        }
    }
    return GW_OK;
}

int segment_plan_init(struct segment_plan *plan, const struct gw_fit_input *input, size_t lookback, size_t length,
                      size_t warmup) {
    *plan = (struct segment_plan){.length = length, .warmup = warmup};
    TRY(find_runs(plan, input, lookback));
    return copy_labels(plan, input);
}

void segment_plan_free(struct segment_plan *plan) {
    for (size_t gate = 0; gate < GW_N_GATES; gate++) {
        for (size_t s = 0; plan->label[gate] && s < plan->n_series; s++) mem_free(plan->label[gate][s]);
        mem_free(plan->label[gate]);
    }
    mem_free(plan->run);
    memset(plan, 0, sizeof *plan);
}

/* `phase` scored bars in the first segment of a run (0: a whole one), so that borders move from epoch to epoch. */
static size_t cut_run(const struct segment_plan *plan, const struct segment_run *run, size_t phase,
                      struct segment *segment) {
    size_t n = 0, end;
    for (size_t first = run->first; first < run->end; first = end, n++) {
        end = first + (n == 0 && phase > 0 ? phase : plan->length);
        if (end > run->end) end = run->end;
        size_t room = first - run->begin, warmup = room < plan->warmup ? room : plan->warmup;
        if (segment)
            segment[n] = (struct segment){run->series, (uint32_t)(first - warmup), (uint32_t)first, (uint32_t)end};
    }
    return n;
}

size_t segments_draw(const struct segment_plan *plan, uint64_t seed, uint64_t epoch, struct segment *segment,
                     uint32_t *order) {
    struct gw_rng rng;
    size_t n = 0;
    gw_rng_key(&rng, seed, "segments", epoch, 0, 0);
    for (size_t i = 0; i < plan->n_runs; i++) {
        size_t phase = (size_t)gw_rng_below(&rng, plan->length);
        n += cut_run(plan, &plan->run[i], phase, segment ? segment + n : NULL);
    }
    if (!order) return n;
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    gw_rng_shuffle(&rng, order, n);
    return n;
}
