/* Cutting a market's history into walk-forward folds.
 *
 *   clock    the sorted distinct close times of all symbols; a span in bars counts its ticks
 *   fold 0   training begins with the first tick, validation follows it, test follows validation
 *   fold k   its test slice begins one step after that of fold k-1; validation lies before it and training
 *            before that (rolling) or from the first tick on (expanding)
 *   the end  a last test slice that the data does not fill is kept, shortened, when at least half of it
 *            is there; a test slice in which no symbol has a sample (a closed market) is passed over
 *
 * Slices touch, so bar t of a slice that ends before bar `end` is purged unless t + horizon + embargo < end. */
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/folds.h"

const char *const gw_slice_name[GW_N_SLICES] = {"train", "validation", "test"};

struct clock {
    size_t n;
    int64_t *tick_ns; /* [n] owned */
    int64_t end_ns;   /* when the bar after the last would close */
};

/* ---- clock -------------------------------------------------------------------------------- */

/* First index of bars whose close time is not before `time_ns`. */
static size_t first_bar_at(const struct gw_bars *bars, int64_t time_ns) {
    size_t low = 0, high = bars->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (gw_bar_close_ns(bars, mid) < time_ns)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static size_t first_tick_at(const struct clock *clock, int64_t time_ns) {
    size_t low = 0, high = clock->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (clock->tick_ns[mid] < time_ns)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Merges the symbols' close times; `at` is room for one position per symbol. */
static void merge_ticks(const struct gw_market *market, size_t *at, struct clock *clock) {
    for (;;) {
        int64_t next = INT64_MAX;
        for (size_t s = 0; s < market->n_symbols; s++) {
            const struct gw_bars *bars = &market->symbol[s];
            if (at[s] < bars->n && gw_bar_close_ns(bars, at[s]) < next) next = gw_bar_close_ns(bars, at[s]);
        }
        if (next == INT64_MAX) return;
        for (size_t s = 0; s < market->n_symbols; s++) {
            const struct gw_bars *bars = &market->symbol[s];
            if (at[s] < bars->n && gw_bar_close_ns(bars, at[s]) == next) at[s]++;
        }
        clock->tick_ns[clock->n++] = next;
    }
}

static int clock_make(const struct gw_market *market, struct clock *clock) {
    size_t total = 0;
    int64_t shortest = INT64_MAX;
    *clock = (struct clock){0};
    for (size_t s = 0; s < market->n_symbols; s++) {
        const struct gw_bars *bars = &market->symbol[s];
        total += bars->n;
        if (bars->n && bars->interval_ns < shortest) shortest = bars->interval_ns;
    }
    if (total == 0) FAIL(GW_ERR_CONFIG, "walk-forward: the market has no bars");
    clock->tick_ns = mem_calloc(total, sizeof *clock->tick_ns);
    size_t *at = mem_calloc(market->n_symbols, sizeof *at);
    if (clock->tick_ns && at) merge_ticks(market, at, clock);
    mem_free(at);
    if (clock->n == 0) {
        mem_free(clock->tick_ns);
        return GW_ERR_NOMEM;
    }
    clock->end_ns = clock->tick_ns[clock->n - 1] + shortest;
    return GW_OK;
}

/* ---- spans -------------------------------------------------------------------------------- */

static bool span_is_zero(struct gw_span span) { return span.bars == 0 && span.ns == 0; }

/* Where a slice of this length that begins at `begin_ns` ends: at most clock->end_ns when it is complete,
 * INT64_MAX when the data ends before. */
static int64_t span_after(const struct clock *clock, int64_t begin_ns, struct gw_span span) {
    if (span.ns) return span.ns > clock->end_ns - begin_ns ? INT64_MAX : begin_ns + span.ns;
    size_t first = first_tick_at(clock, begin_ns);
    if (span.bars > clock->n - first) return INT64_MAX;
    return first + span.bars == clock->n ? clock->end_ns : clock->tick_ns[first + span.bars];
}

/* Where a slice of this length that ends at `end_ns` begins; never before the first tick. */
static int64_t span_before(const struct clock *clock, int64_t end_ns, struct gw_span span) {
    int64_t begin_ns = clock->tick_ns[0];
    if (span.ns) return end_ns - begin_ns > span.ns ? end_ns - span.ns : begin_ns;
    size_t last = first_tick_at(clock, end_ns);
    return last > span.bars ? clock->tick_ns[last - span.bars] : begin_ns;
}

static struct gw_span span_half(struct gw_span span) {
    return (struct gw_span){.bars = span.bars - span.bars / 2, .ns = span.ns - span.ns / 2};
}

static char *span_text(struct gw_span span, char text[40]) {
    if (span.ns) return duration_format(span.ns, text);
    snprintf(text, 40, "%zu bars", span.bars);
    return text;
}

/* ---- one fold ----------------------------------------------------------------------------- */

static int fold_alloc(struct gw_fold *fold, size_t n_symbols) {
    struct gw_range *block = mem_calloc(n_symbols, 2 * GW_N_SLICES * sizeof *block);
    if (!block) return GW_ERR_NOMEM;
    for (int k = 0; k < GW_N_SLICES; k++) {
        fold->bars[k] = block + (size_t)(2 * k) * n_symbols;
        fold->samples[k] = block + (size_t)(2 * k + 1) * n_symbols;
    }
    return GW_OK;
}

/* `last`: the range ends here at the latest; an empty range keeps begin == end. */
static struct gw_range range_of(size_t begin, size_t last) {
    return (struct gw_range){begin, last > begin ? last : begin};
}

/* Fills the ranges of one symbol from the slices' times. */
static void cut_symbol(struct gw_fold *fold, const struct gw_bars *bars, size_t s,
                       const struct gw_fold_config *config) {
    size_t reach = config->horizon + config->embargo;
    for (int k = 0; k < GW_N_SLICES; k++) {
        struct gw_range whole = {first_bar_at(bars, fold->begin_ns[k]), first_bar_at(bars, fold->end_ns[k])};
        size_t begin = whole.begin > config->first_usable ? whole.begin : config->first_usable;
        if (begin > whole.end) begin = whole.end;
        fold->bars[k][s] = whole;
        if (k == GW_SLICE_TEST) {
            fold->samples[k][s] = range_of(begin, whole.end);
            continue;
        }
        struct gw_range used = range_of(begin, whole.end > reach ? whole.end - reach : 0);
        fold->samples[k][s] = used;
        fold->purged[k] += (whole.end - begin) - (used.end - used.begin);
    }
}

size_t gw_fold_count_samples(const struct gw_fold *fold, int slice, size_t n_symbols) {
    size_t n = 0;
    for (size_t s = 0; s < n_symbols; s++) n += fold->samples[slice][s].end - fold->samples[slice][s].begin;
    return n;
}

static int check_samples(const struct gw_fold *fold, size_t number, const struct gw_fold_plan *plan) {
    char begin[40], end[40];
    for (int k = 0; k < GW_SLICE_TEST; k++) {
        if (gw_fold_count_samples(fold, k, plan->n_symbols)) continue;
        FAIL(GW_ERR_CONFIG,
             "walk-forward: fold %zu has no %s sample between %s and %s after warm-up (%zu bars) and purge "
             "(horizon %zu + embargo %zu bars); lengthen the %s slice",
             number + 1, gw_slice_name[k], time_format(fold->begin_ns[k], begin), time_format(fold->end_ns[k], end),
             plan->config.first_usable, plan->config.horizon, plan->config.embargo, gw_slice_name[k]);
    }
    return GW_OK;
}

/* ---- plan --------------------------------------------------------------------------------- */

static int check_config(const struct gw_fold_config *config) {
    struct gw_span span[] = {config->train, config->validation, config->test};
    for (int k = 0; k < GW_N_SLICES; k++) {
        if (span_is_zero(span[k]) || span[k].ns < 0)
            FAIL(GW_ERR_CONFIG, "walk-forward: the %s length is zero; give bars or a duration such as \"30d\"",
                 gw_slice_name[k]);
        if (span[k].bars && span[k].ns)
            FAIL(GW_ERR_CONFIG, "walk-forward: the %s length is given both in bars and as a duration",
                 gw_slice_name[k]);
    }
    if (config->step.ns < 0 || (config->step.bars && config->step.ns))
        FAIL(GW_ERR_CONFIG, "walk-forward: step must be bars or a duration, not both");
    if (config->horizon < 1) FAIL(GW_ERR_CONFIG, "walk-forward: the label horizon must be at least 1 bar");
    if (config->horizon > SIZE_MAX / 4 || config->embargo > SIZE_MAX / 4)
        FAIL(GW_ERR_CONFIG, "walk-forward: horizon and embargo are longer than any history");
    return GW_OK;
}

/* A slice's length and, when warm-up and purge would leave nothing of it, how long it must be. */
static char *slice_text(const struct clock *clock, const struct gw_fold_config *config, int slice, char text[160]) {
    struct gw_span span = slice == GW_SLICE_TRAIN ? config->train : config->validation;
    size_t bars = span.ns ? (size_t)(span.ns / (clock->end_ns - clock->tick_ns[clock->n - 1])) : span.bars;
    size_t warmup = slice == GW_SLICE_TRAIN ? config->first_usable : 0,
           lost = warmup + config->horizon + config->embargo;
    char length[40];
    span_text(span, length);
    if (bars > lost)
        snprintf(text, 160, "%s", length);
    else
        snprintf(text, 160, "%zu bars (%s are too few: warm-up takes %zu, purge %zu)", lost + 1, length, warmup,
                 lost - warmup);
    return text;
}

static int too_little_data(const struct clock *clock, const struct gw_fold_config *config) {
    char train[160], validation[160], test[40], from[40], to[40];
    FAIL(GW_ERR_CONFIG,
         "walk-forward: one fold needs train %s + validation %s + at least half of test %s, the data has %zu bars "
         "from %s to %s; shorten the slices or bring more data",
         slice_text(clock, config, GW_SLICE_TRAIN, train), slice_text(clock, config, GW_SLICE_VALIDATION, validation),
         span_text(config->test, test), clock->n, time_format(clock->tick_ns[0], from),
         time_format(clock->tick_ns[clock->n - 1], to));
}

static int plan_grow(struct gw_fold_plan *plan, size_t *room) {
    if (plan->n_folds < *room) return GW_OK;
    size_t more = *room ? *room * 2 : 16;
    struct gw_fold *fold = mem_realloc(plan->fold, more, sizeof *fold);
    if (!fold) return GW_ERR_NOMEM;
    plan->fold = fold;
    *room = more;
    return GW_OK;
}

/* Appends the fold whose test slice is [test_ns, end_ns) unless no symbol can be tested in it. */
static int add_fold(const struct gw_market *market, const struct clock *clock, int64_t test_ns, int64_t end_ns,
                    struct gw_fold_plan *plan, size_t *room) {
    const struct gw_fold_config *config = &plan->config;
    TRY(plan_grow(plan, room));
    struct gw_fold *fold = &plan->fold[plan->n_folds];
    *fold = (struct gw_fold){0};
    int64_t validation_ns = span_before(clock, test_ns, config->validation);
    fold->begin_ns[GW_SLICE_TEST] = fold->end_ns[GW_SLICE_VALIDATION] = test_ns;
    fold->begin_ns[GW_SLICE_VALIDATION] = fold->end_ns[GW_SLICE_TRAIN] = validation_ns;
    fold->begin_ns[GW_SLICE_TRAIN] =
        config->expanding ? clock->tick_ns[0] : span_before(clock, validation_ns, config->train);
    fold->end_ns[GW_SLICE_TEST] = end_ns;
    TRY(fold_alloc(fold, market->n_symbols));
    for (size_t s = 0; s < market->n_symbols; s++) cut_symbol(fold, &market->symbol[s], s, config);
    if (gw_fold_count_samples(fold, GW_SLICE_TEST, market->n_symbols) == 0) {
        mem_free(fold->bars[0]);
        return GW_OK;
    }
    plan->n_folds++;
    return check_samples(fold, plan->n_folds - 1, plan);
}

static int check_step(const struct gw_fold *last, int64_t test_ns) {
    char end[40], next[40];
    if (test_ns >= last->end_ns[GW_SLICE_TEST]) return GW_OK;
    FAIL(GW_ERR_CONFIG,
         "walk-forward: the step is shorter than the test slice, so that the test slice ending %s overlaps the next "
         "one from %s; make step at least the test length",
         time_format(last->end_ns[GW_SLICE_TEST], end), time_format(test_ns, next));
}

static int add_folds(const struct gw_market *market, const struct clock *clock, struct gw_fold_plan *plan) {
    const struct gw_fold_config *config = &plan->config;
    struct gw_span step = span_is_zero(config->step) ? config->test : config->step;
    size_t room = 0;
    int64_t test_ns = span_after(clock, clock->tick_ns[0], config->train);
    if (test_ns != INT64_MAX) test_ns = span_after(clock, test_ns, config->validation);
    for (; test_ns < clock->end_ns; test_ns = span_after(clock, test_ns, step)) {
        int64_t end_ns = span_after(clock, test_ns, config->test);
        if (end_ns == INT64_MAX && span_after(clock, test_ns, span_half(config->test)) == INT64_MAX) break;
        if (end_ns == INT64_MAX) end_ns = clock->end_ns;
        if (plan->n_folds) TRY(check_step(&plan->fold[plan->n_folds - 1], test_ns));
        TRY(add_fold(market, clock, test_ns, end_ns, plan, &room));
    }
    return plan->n_folds ? GW_OK : too_little_data(clock, config);
}

int gw_folds_plan(const struct gw_market *market, const struct gw_fold_config *config, struct gw_fold_plan *out) {
    struct clock clock;
    *out = (struct gw_fold_plan){.n_symbols = market->n_symbols, .config = *config};
    TRY(check_config(config));
    TRY(clock_make(market, &clock));
    int rc = add_folds(market, &clock, out);
    mem_free(clock.tick_ns);
    if (rc < 0) gw_folds_free(out);
    return rc;
}

void gw_folds_free(struct gw_fold_plan *plan) {
    for (size_t i = 0; i < plan->n_folds; i++) mem_free(plan->fold[i].bars[0]); /* all ranges are one block */
    mem_free(plan->fold);
    *plan = (struct gw_fold_plan){0};
}
