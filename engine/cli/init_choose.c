/* What `gatewalk init` proposes: folds one can wait for, labels of which a tenth are positive, costs that are usual. */
#include "engine/base/base.h"

#include <math.h>
#include <stdlib.h>

#include "gatewalk/labels.h"
#include "init_plan.h"

static const double wanted_share = .10; /* of bars that are positive, as the studies behind the labels had it */

/* About twelve folds: enough to see the spread between them, few enough to wait for. */
static void choose_folds(struct init_plan *p) {
    const struct gw_bars *bars = &p->market->symbol[0];
    int64_t span = bars->bar[bars->n - 1].open_ns - bars->bar[0].open_ns;
    double days = (double)span / (double)NS_PER_DAY;
    if (!p->daily && days >= 400) {
        double test = fmax(30, 30 * round((days - 210) / 12 / 30));
        p->train_ns = 180 * NS_PER_DAY, p->validation_ns = 30 * NS_PER_DAY, p->test_ns = (int64_t)test * NS_PER_DAY;
        return;
    }
    p->train = (size_t)round(.35 * (double)bars->n / 10) * 10;
    p->validation = (size_t)round(.07 * (double)bars->n / 10) * 10;
    p->test = (size_t)round(.05 * (double)bars->n / 10) * 10;
}

/* How many of the bars before the first validation slice: labels are chosen on these alone. */
static size_t first_training(const struct init_plan *p, const struct gw_bars *bars) {
    if (!p->train_ns) return p->train;
    size_t n = 0;
    while (n < bars->n && bars->bar[n].open_ns < bars->bar[0].open_ns + p->train_ns) n++;
    return n;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The share of positives, and the median of what counted as a move. */
static int share_of(const struct gw_bars *bars, const struct gw_label_config *config, double *share, double *move) {
    struct gw_labels labels;
    size_t labelled = 0, positive = 0, n = 0;
    TRY(gw_labels_build(bars, config, &labels));
    for (size_t i = 0; i < bars->n; i++)
        for (int g = 0; g < GW_N_GATES; g++) {
            labelled += labels.gate[g][i] != GW_LABEL_MISSING;
            positive += labels.gate[g][i] == 1;
        }
    for (size_t i = 0; i < bars->n; i++)
        if (isfinite(labels.min_move[i])) labels.min_move[n++] = labels.min_move[i];
    qsort(labels.min_move, n, sizeof(double), compare_doubles);
    *move = n ? labels.min_move[n / 2] : 0;
    *share = labelled ? (double)positive / (double)labelled : 0;
    gw_labels_free(&labels);
    return GW_OK;
}

static double two_digits(double x) {
    double unit = pow(10, floor(log10(x)) - 1);
    return round(x / unit) * unit;
}

/* A larger move is rarer: halving finds the one that a tenth of the first training slice reaches. In multiples of the ATR,
 * since a move that is usual in a wild year never comes in a quiet one. */
static int choose_labels(struct init_plan *p) {
    struct gw_bars first = p->market->symbol[0];
    struct gw_label_config config;
    double low = .05, high = 200;
    gw_param_defaults(&gw_label_params, &config);
    first.n = first_training(p, &first);
    config.horizon = p->horizon = p->daily ? 10 : 24;
    for (int i = 0; i < 16; i++) {
        config.min_move_atr = sqrt(low * high);
        TRY(share_of(&first, &config, &p->share, &p->usual_move));
        *(p->share > wanted_share ? &low : &high) = config.min_move_atr;
        TRY(interrupt_check());
    }
    config.min_move_atr = p->min_move_atr = two_digits(sqrt(low * high));
    return share_of(&first, &config, &p->share, &p->usual_move);
}

/* Guesses of what one pays, told as such. */
static void choose_costs(struct init_plan *p) {
    enum calendar_kind kind = p->finding->calendar.kind;
    p->market_words = "an exchange with hours";
    p->taker_bps = 1, p->half_spread_bps = 1, p->slippage_bps = 1;
    if (kind == CALENDAR_ALWAYS) {
        p->market_words = "a market around the clock, as crypto exchanges are";
        p->taker_bps = 5, p->half_spread_bps = .5, p->slippage_bps = 1;
    } else if (kind == CALENDAR_FX) {
        p->market_words = "currencies, open from Sunday to Friday";
        p->taker_bps = .3, p->half_spread_bps = .5, p->slippage_bps = .2;
    }
}

int init_choose(struct init_plan *p) {
    const struct gw_bars *bars = &p->market->symbol[0];
    size_t needed = 1000;
    p->daily = bars->interval_ns >= 12 * NS_PER_HOUR;
    p->brief = p->daily || bars->n < 3000;
    p->volume = p->finding->report.has_volume && p->finding->report.n_zero_volume < bars->n;
    p->taker = bars->taker_buy_base != NULL;
    if (bars->n < needed)
        FAIL(GW_ERR_DATA, "%s: %zu bars are too few to walk forward; at least %zu are needed", p->file, bars->n,
             needed);
    choose_folds(p);
    choose_costs(p);
    return choose_labels(p);
}
