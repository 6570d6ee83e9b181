/* The Sharpe ratio of the last 90 days, day by day: was it skill all along, or one good spring? */
#include <math.h>
#include <string.h>

#include "account_plot.h"
#include "engine/base/base.h"

/* As the metrics rolling_sharpe_min and rolling_sharpe_last have it; shorter where the run is short. */
static const size_t windows[] = {90, 30, 10};
enum { POINTS_MAX = 1500 };

struct spans {
    struct gw_range time, sharpe, volatility;
};

/* Of the days up to `last`; NAN where nothing moved. */
static void window_of(const struct account *a, size_t last, size_t days, double *sharpe, double *volatility) {
    double sum = 0, squares = 0, per_year = account_days_per_year(a);
    *sharpe = *volatility = NAN;
    for (size_t i = last + 1 - days; i <= last; i++) sum += account_day_return(a, i);
    const double mean = sum / (double)days;
    for (size_t i = last + 1 - days; i <= last; i++) {
        const double from = account_day_return(a, i) - mean;
        squares += from * from;
    }
    const double deviation = sqrt(squares / (double)(days - 1));
    if (!isfinite(deviation)) return;
    *volatility = 100 * deviation * sqrt(per_year);
    if (deviation > 1e-12) *sharpe = mean / deviation * sqrt(per_year);
}

/* Mean over those of the strategy's seeds that have the value. */
static void write_day(FILE *to, const struct accounts *all, size_t strategy, size_t day, size_t days, double time,
                      struct spans *span) {
    double sum[2] = {0, 0}, n[2] = {0, 0};
    for (size_t i = 0; i < all->n; i++) {
        double value[2];
        if (all->account[i].strategy != strategy || day >= all->account[i].n_days) continue;
        window_of(&all->account[i], day, days, &value[0], &value[1]);
        for (int v = 0; v < 2; v++)
            if (isfinite(value[v])) {
                sum[v] += value[v];
                n[v]++;
            }
    }
    const double sharpe = n[0] > 0 ? sum[0] / n[0] : (double)NAN, volatility = n[1] > 0 ? sum[1] / n[1] : (double)NAN;
    PAGE_ROW(to, time, sharpe, volatility);
    range_add(&span->time, time);
    range_add(&span->sharpe, sharpe);
    range_add(&span->volatility, volatility);
}

static bool write_mean(FILE *to, const struct accounts *all, size_t strategy, size_t days, struct spans *span) {
    const struct account *longest = NULL;
    for (size_t i = 0; i < all->n; i++)
        if (all->account[i].strategy == strategy && (!longest || all->account[i].n_days > longest->n_days))
            longest = &all->account[i];
    if (!longest || longest->n_days < days) return false;
    const size_t step = longest->n_days / POINTS_MAX + 1;
    for (size_t day = days - 1; day < longest->n_days; day += step)
        write_day(to, all, strategy, day, days, longest->day[day], span);
    fputs("\n\n", to);
    return true;
}

static void write_seed(FILE *to, const struct account *a, size_t days, size_t style) {
    const size_t step = a->n_days / POINTS_MAX + 1;
    for (size_t day = days - 1; day < a->n_days; day += step) {
        double sharpe, volatility;
        window_of(a, day, days, &sharpe, &volatility);
        PAGE_ROW(to, a->day[day], sharpe, volatility, (double)style);
    }
    fputs("\n", to);
}

static int write_page(struct page *page, const struct accounts *all, size_t days) {
    struct run_view *run = page->job->run;
    FILE *seeds, *means;
    struct spans span = {range_empty(), range_empty(), range_empty()};
    size_t n_means = 0;
    TRY(page_file(page, "seeds", &seeds));
    TRY(page_file(page, "means", &means));
    bool *shown = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *shown);
    if (!shown) return GW_ERR_NOMEM;
    page_array(page, "style_of", run->n_strategies);
    for (size_t i = 0; i < all->n; i++)
        if (all->account[i].n_days >= days)
            write_seed(seeds, &all->account[i], days, run->strategy[all->account[i].strategy].style);
    for (size_t s = 0; s < run->n_strategies; s++) {
        shown[s] = write_mean(means, all, s, days, &span);
        if (shown[s]) page_set_at(page, "style_of", n_means++, (double)run->strategy[s].style);
    }
    TRY(page_strategy_legend(page, shown, MARK_LINE_POINT));
    range_add(&span.sharpe, 0);
    range_add(&span.volatility, 0);
    page_set(page, "n_means", (double)n_means);
    page_range(page, "sharpe", range_round(span.sharpe));
    page_range(page, "volatility", range_round(span.volatility));
    return page_time_axis(page, span.time.lo, span.time.hi, 0.87);
}

/* The longest window that leaves as many days again to be seen. */
static size_t choose_window(const struct accounts *all) {
    size_t most = 0;
    for (size_t i = 0; i < all->n; i++)
        if (all->account[i].n_days > most) most = all->account[i].n_days;
    for (size_t w = 0; w < COUNT_OF(windows); w++)
        if (most >= 2 * windows[w]) return windows[w];
    return 0;
}

static int draw(struct plot_job *job, const struct accounts *all) {
    char caption[500];
    const size_t days = choose_window(all);
    size_t moved = 0;
    for (size_t i = 0; i < all->n; i++)
        for (size_t day = 0; day < all->account[i].n_days; day++)
            moved += account_day_return(&all->account[i], day) != 0;
    if (!days) return plot_skip(job, "fewer than 20 days of equity");
    if (!moved) return plot_skip(job, "no account ever moved");
    snprintf(caption, sizeof caption,
             "Mean over deviation of the daily returns of the last %zu days that have bars, annualised; %slines break "
             "where nothing was held. An edge stays above 0; one lucky spell is a single hill. Below, the annualised "
             "deviation of the same returns.",
             days, job->run->n_seeds > 1 ? "thin lines are seeds, thick ones their mean; " : "");
    struct page page;
    int rc = page_begin(job, &page, "", caption);
    if (rc == GW_OK) rc = write_page(&page, all, days);
    return page_end(&page) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}

static int prepare(struct plot_job *job) { return account_plot(job, draw); }

const struct plot_desc plot_desc_rolling = {
    .name = "rolling",
    .title = "Rolling Sharpe ratio",
    .help = "Sharpe ratio and volatility of the last 90 days, seeds and their mean",
    .prepare = prepare,
};
