/* Bars looked at: labels by month, calendar, survey; and the page that shows them. */
#include "finding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "reports/page/data_picture.h"

/* ---- labels -------------------------------------------------------------------------------------------- */

static int64_t month_of(int64_t time_ns) {
    int year, month;
    time_to_civil(time_ns, &year, &month, NULL, NULL, NULL);
    return time_from_civil(year, month, 1);
}

static double percent(size_t positive, size_t labelled) {
    return labelled ? 100 * (double)positive / (double)labelled : (double)NAN;
}

static size_t count_months(const struct gw_bars *bars) {
    size_t n = 0;
    for (size_t i = 0; i < bars->n; i++)
        n += i == 0 || month_of(bars->bar[i].open_ns) != month_of(bars->bar[i - 1].open_ns);
    return n;
}

/* Bars of a month follow one another. */
static void by_month(const struct gw_bars *bars, const struct gw_labels *labels, struct finding *out) {
    for (int g = 0; g < GW_N_GATES; g++) {
        size_t labelled = 0, positive = 0, all = 0, all_positive = 0, m = 0;
        for (size_t i = 0; i < bars->n; i++) {
            if (labels->gate[g][i] != GW_LABEL_MISSING) labelled++;
            positive += labels->gate[g][i] == 1;
            int64_t month = month_of(bars->bar[i].open_ns);
            if (i + 1 < bars->n && month_of(bars->bar[i + 1].open_ns) == month) continue;
            out->month_ns[m] = month;
            out->month[g][m++] = percent(positive, labelled);
            all += labelled, all_positive += positive;
            labelled = positive = 0;
        }
        out->prevalence[g] = percent(all_positive, all) / 100;
    }
}

static int count_labels(const struct gw_bars *bars, struct finding *out) {
    struct gw_labels labels;
    gw_param_defaults(&gw_label_params, &out->labels);
    out->n_months = count_months(bars);
    out->month_ns = mem_calloc(out->n_months + 1, sizeof *out->month_ns);
    for (int g = 0; g < GW_N_GATES; g++) out->month[g] = mem_calloc(out->n_months + 1, sizeof(double));
    if (!out->month_ns || !out->month[0] || !out->month[1]) return GW_ERR_NOMEM;
    TRY(gw_labels_build(bars, &out->labels, &labels));
    by_month(bars, &labels, out);
    gw_labels_free(&labels);
    return GW_OK;
}

int finding_make(const struct gw_bars *bars, const struct gw_import_report *report, const char *calendar,
                 struct finding *out) {
    *out = (struct finding){.bars = bars, .report = *report, .prevalence = {NAN, NAN}};
    if (!bars->n) return GW_OK;
    TRY(calendar ? calendar_parse(calendar, bars->interval_ns, &out->calendar) : calendar_infer(bars, &out->calendar));
    int rc = survey_take(bars, &out->calendar, &out->survey);
    if (rc == GW_OK) rc = count_labels(bars, out);
    if (rc < 0) finding_free(out);
    return rc;
}

void finding_free(struct finding *finding) {
    calendar_free(&finding->calendar);
    mem_free(finding->month_ns);
    for (int g = 0; g < GW_N_GATES; g++) mem_free(finding->month[g]);
    *finding = (struct finding){0};
}

/* ---- the picture ----------------------------------------------------------------------------------------- */

enum { STRETCHES = 1400, GAPS_SHOWN = 2000 };

static double seconds(int64_t ns) { return (double)ns / (double)NS_PER_SECOND; }

static void fill_stretches(const struct gw_bars *bars, size_t n, double *column[5]) {
    for (size_t s = 0; s < n; s++) {
        size_t from = s * bars->n / n, to = (s + 1) * bars->n / n;
        double low = INFINITY, high = 0, volume = 0;
        for (size_t i = from; i < to; i++) {
            low = fmin(low, bars->bar[i].low);
            high = fmax(high, bars->bar[i].high);
            if (isfinite(bars->bar[i].volume)) volume += bars->bar[i].volume;
        }
        const double value[] = {seconds(bars->bar[to - 1].open_ns), low, high, bars->bar[to - 1].close, volume};
        for (size_t c = 0; c < 5; c++) column[c][s] = value[c];
    }
}

/* Gaps that would be seen: of whole sessions' parts, at least a five-hundredth of the page wide or the bars around. */
static size_t fill_gaps(const struct finding *finding, double *from, double *to) {
    const struct gw_bars *bars = finding->bars;
    size_t n = 0;
    int64_t span = bars->bar[bars->n - 1].open_ns - bars->bar[0].open_ns;
    for (size_t i = 1; i < bars->n && n < GAPS_SHOWN; i++) {
        int64_t a = bars->bar[i - 1].open_ns + bars->interval_ns, b = bars->bar[i].open_ns;
        if (b - a < bars->interval_ns || b - a < span / 500 || !calendar_is_open(&finding->calendar, a)) continue;
        from[n] = seconds(a);
        to[n++] = seconds(b);
    }
    return n;
}

int finding_picture(const struct finding *finding, const char *file, const char *path) {
    const struct gw_bars *bars = finding->bars;
    size_t n = bars->n < STRETCHES ? bars->n : STRETCHES;
    double *memory = mem_calloc(5 * n + 2 * GAPS_SHOWN + finding->n_months + 1, sizeof *memory), *column[5];
    char begin[40] = "", end[40] = "", interval[48], about[160];
    if (!memory) return GW_ERR_NOMEM;
    for (size_t c = 0; c < 5; c++) column[c] = memory + c * n;
    double *from = memory + 5 * n, *to = from + GAPS_SHOWN, *months = to + GAPS_SHOWN;
    size_t n_gaps = 0;
    if (bars->n) {
        fill_stretches(bars, n, column);
        n_gaps = fill_gaps(finding, from, to);
        time_format(bars->bar[0].open_ns, begin);
        time_format(bars->bar[bars->n - 1].open_ns, end);
    }
    for (size_t m = 0; m < finding->n_months; m++) months[m] = seconds(finding->month_ns[m]);
    const char *slash = strrchr(file, '/');
    snprintf(about, sizeof about,
             "within %zu bars a move of more than %g %%, and of more than %g times what goes against it",
             finding->labels.horizon, 100 * finding->labels.min_move, finding->labels.ratio);
    struct data_picture picture = {
        .file = slash && slash[1] ? slash + 1 : file,
        .symbol = bars->symbol,
        .interval = duration_words(bars->interval_ns, interval),
        .begin = begin,
        .end = end,
        .about = about,
        .n = n,
        .time_s = column[0],
        .low = column[1],
        .high = column[2],
        .close = column[3],
        .volume = column[4],
        .n_gaps = n_gaps,
        .gap_from_s = from,
        .gap_to_s = to,
        .n_months = finding->n_months,
        .month_s = months,
        .share = {finding->month[0], finding->month[1]},
    };
    int rc = data_picture_render(&picture, path);
    mem_free(memory);
    return rc;
}
