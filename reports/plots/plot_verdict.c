/* The paired comparison in numbers: every difference with its interval, every criterion with its reason. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"
#include "reports/words/criteria.h"
#include "reports/words/metric_words.h"
#include "reports/words/sentences.h"

static const double LEFT = 0.055, RIGHT = 0.955, TABLE_RIGHT = 0.655, ROW = 0.0232;
enum { BLOCKS_PER_PAGE = 2, ROWS_MAX = 8 };

struct delta_row {
    const char *gate;
    struct metric_words metric;
    double candidate, baseline, delta, lo, hi, p_value, p_holm;
    bool significant;
};

static size_t read_rows(const json_value *verdict, struct delta_row *row) {
    size_t n = 0;
    const json_value *gates = json_get(verdict, "gates");
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        const json_value *block = gates ? json_get(gates, gate_word[gate]) : NULL;
        for (size_t i = 0; block && json_kind(block) == JSON_OBJECT && i < json_size(block) && n < ROWS_MAX; i++) {
            const json_value *d = json_at(block, i);
            if (json_kind(d) != JSON_OBJECT) continue;
            struct delta_row *r = &row[n++];
            *r = (struct delta_row){.gate = gate_word[gate],
                                    .candidate = member_number(d, "candidate"),
                                    .baseline = member_number(d, "baseline"),
                                    .delta = member_number(d, "delta"),
                                    .lo = member_number(d, "lo"),
                                    .hi = member_number(d, "hi"),
                                    .p_value = member_number(d, "p_value"),
                                    .p_holm = member_number(d, "p_holm")};
            r->significant = json_bool(json_get(d, "significant"), false);
            r->metric = metric_words(json_key(d) ? json_key(d) : "");
        }
    }
    return n;
}

static void cell(struct page *page, bool bold, double x, double y, unsigned ink, double value,
                 const struct delta_row *row, bool sign) {
    char text[48];
    int decimals = row->metric.decimals;
    double shown = value * row->metric.scale;
    if (!isfinite(value))
        strcpy(text, "—");
    else if (sign)
        snprintf(text, sizeof text, "%s%.*f", shown < 0 ? "−" : "+", decimals, fabs(shown));
    else
        snprintf(text, sizeof text, "%s%.*f", shown < 0 ? "−" : "", decimals, fabs(shown));
    page_text(page, bold ? FONT_BOLD : FONT_BODY, ALIGN_RIGHT, x, y, ink, text);
}

/* The interval as a bar about a zero line; each row has its own scale, symmetric about zero. */
static void forest(struct page *page, const struct delta_row *r, double y) {
    static const double CENTER = 0.57, HALF = 0.058;
    page_rule(page, CENTER, y - ROW / 2, CENTER, y + ROW / 2, 0.45);
    double widest = fmax(fmax(fabs(r->lo), fabs(r->hi)), fabs(r->delta));
    if (!isfinite(widest) || widest <= 0) return;
    double scale = HALF / widest;
    unsigned fill = r->significant ? (r->delta > 0 ? INK_GOOD : INK_BAD) : 0x8C8C8C;
    page_box(page, CENTER + r->lo * scale, y - 0.0016, CENTER + r->hi * scale, y + 0.0016, fill);
    page_box(page, CENTER + r->delta * scale - 0.0032, y - 0.0046, CENTER + r->delta * scale + 0.0032, y + 0.0046,
             fill);
}

static void p_cell(struct page *page, bool bold, double x, double y, unsigned ink, double p) {
    char text[16] = "—";
    if (isfinite(p)) snprintf(text, sizeof text, "%s%.3f", p < 0.001 ? "< " : "", fmax(p, 0.001));
    page_text(page, bold ? FONT_BOLD : FONT_BODY, ALIGN_RIGHT, x, y, ink, text);
}

static void delta_line(struct page *page, const struct delta_row *r, bool name_gate, double y) {
    if (name_gate) page_text(page, FONT_BOLD, ALIGN_LEFT, LEFT, y, INK, r->gate);
    page_text(page, FONT_BODY, ALIGN_LEFT, LEFT + 0.042, y, INK, r->metric.full);
    if (r->metric.scale == 100) page_text(page, FONT_SMALL, ALIGN_LEFT, LEFT + 0.145, y, INK_SOFT, "%");
    unsigned ink = !r->significant ? INK : r->delta > 0 ? INK_GOOD : INK_BAD;
    cell(page, false, 0.265, y, INK, r->baseline, r, false);
    cell(page, false, 0.33, y, INK, r->candidate, r, false);
    cell(page, r->significant, 0.392, y, ink, r->delta, r, true);
    cell(page, false, 0.443, y, INK_SOFT, r->lo, r, true);
    cell(page, false, 0.49, y, INK_SOFT, r->hi, r, true);
    p_cell(page, false, 0.66, y, INK_SOFT, r->p_value);
    p_cell(page, r->significant, 0.703, y, ink, r->p_holm);
    forest(page, r, y);
}

static void delta_table(struct page *page, const struct delta_row *row, size_t n, double y) {
    static const struct {
        double x;
        enum text_align align;
        const char *text;
    } head[] = {{0.055, ALIGN_LEFT, "gate"},        {0.097, ALIGN_LEFT, "measure"},
                {0.265, ALIGN_RIGHT, "baseline"},   {0.33, ALIGN_RIGHT, "candidate"},
                {0.392, ALIGN_RIGHT, "difference"}, {0.57, ALIGN_CENTER, "worse  |  better"},
                {0.66, ALIGN_RIGHT, "p"},           {0.703, ALIGN_RIGHT, "corrected"}};
    page_box(page, LEFT - 0.006, y - 0.0125, TABLE_RIGHT + 0.05, y + 0.0135, FILL_HEAD);
    for (size_t i = 0; i < COUNT_OF(head); i++)
        page_text(page, FONT_SMALL, head[i].align, head[i].x, y, INK, head[i].text);
    char words[32];
    page_text(page, FONT_SMALL, ALIGN_RIGHT, 0.49, y, INK, interval_words(page->job->run, words));
    for (size_t i = 0; i < n; i++) {
        double at = y - (double)(i + 1) * ROW - 0.004;
        if (i > 0 && row[i].gate != row[i - 1].gate)
            page_rule(page, LEFT - 0.006, at + ROW / 2, TABLE_RIGHT + 0.05, at + ROW / 2, 0.75);
        delta_line(page, &row[i], i == 0 || row[i].gate != row[i - 1].gate, at);
    }
}

/* At most two small lines; *y moves below them. */
static int paragraph(struct page *page, const char *text, double x, double *y, unsigned ink) {
    char *line[2];
    size_t n;
    TRY(text_wrap(&page->job->run->arena, text, font_size_pt[FONT_SMALL], RIGHT + 0.012 - x, 2, line, &n));
    for (size_t i = 0; i < n; i++, *y -= 0.0158) page_text(page, FONT_SMALL, ALIGN_LEFT, x, *y, ink, line[i]);
    return GW_OK;
}

/* The intervals behind a pass or a failure stand in the table beside; here is what they come to. */
static int success_test(struct page *page, const json_value *verdict, double y) {
    static const struct {
        const char *word;
        unsigned ink;
    } look[N_CRITERION_VIEW_STATES] = {
        [CRITERION_FAIL] = {"fail", INK_BAD}, [CRITERION_UNMEASURED] = {"—", INK_SOFT},
        [CRITERION_NULL] = {"null", INK_BAD}, [CRITERION_PASS] = {"pass", INK_GOOD},
        [CRITERION_UNSURE] = {"pass", INK},   [CRITERION_SIGNIFICANT] = {"pass", INK_GOOD}};
    static const double X = 0.735;
    struct criterion_list list;
    TRY(criteria_read(page->job->run, verdict, &list));
    bool one = false;
    for (size_t i = 0; i < list.n; i++) one |= list.at[i].one_gate_is_enough;
    page_box(page, X - 0.006, y - 0.0125, RIGHT + 0.006, y + 0.0135, FILL_HEAD);
    page_textf(page, FONT_SMALL, ALIGN_LEFT, X, y, INK, "success test: %zu of %zu%s", list.n_passed, list.n,
               one ? "; one gate is enough" : "");
    y -= ROW + 0.004;
    for (size_t i = 0; i < list.n && i < 6; i++) {
        const struct criterion_view *criterion = &list.at[i];
        enum criterion_view_state state = criterion->state;
        char name[300], unmeasured[300];
        snprintf(name, sizeof name, "%s%s", criterion->name, criterion->one_gate_is_enough ? "" : criterion->where);
        snprintf(unmeasured, sizeof unmeasured, "not measured: %s", criterion->detail);
        page_text(page, FONT_BOLD, ALIGN_LEFT, X, y, look[state].ink, look[state].word);
        TRY(paragraph(page, name, X + 0.04, &y, INK));
        TRY(paragraph(page, state == CRITERION_UNMEASURED ? unmeasured : criterion->brief, X + 0.04, &y, INK_SOFT));
        if (criterion->note[0]) TRY(paragraph(page, criterion->note, X + 0.04, &y, look[state].ink));
        y -= 0.005;
    }
    return GW_OK;
}

static int block(struct page *page, const json_value *verdict, double y) {
    struct arena *arena = &page->job->run->arena;
    struct delta_row row[ROWS_MAX];
    size_t n = read_rows(verdict, row), n_lines;
    struct run_view *run = page->job->run;
    const char *candidate = member_text(run, verdict, "candidate"), *baseline = member_text(run, verdict, "baseline");
    char *line[2], heading[600], said[CONCLUSION_MAX];
    if (!candidate || !baseline) return GW_ERR_NOMEM;
    TRY(conclusion_words(run, verdict, said));
    snprintf(heading, sizeof heading, "%s against %s", candidate, baseline);
    char *fitted = text_fit(arena, heading, font_size_pt[FONT_HEAD], RIGHT - LEFT);
    if (!fitted) return GW_ERR_NOMEM;
    page_text(page, FONT_HEAD, ALIGN_LEFT, LEFT, y, INK, fitted);
    TRY(text_wrap(arena, said, font_size_pt[FONT_BODY], RIGHT - LEFT, 2, line, &n_lines));
    y -= 0.028;
    for (size_t i = 0; i < n_lines; i++, y -= 0.0215) page_text(page, FONT_BODY, ALIGN_LEFT, LEFT, y, INK, line[i]);
    y -= 0.016;
    delta_table(page, row, n, y);
    char loss[200];
    TRY(log_loss_words(verdict, loss, sizeof loss));
    page_text(page, FONT_SMALL, ALIGN_LEFT, LEFT, y - (double)(n + 1) * ROW - 0.006, INK_SOFT, loss);
    return success_test(page, verdict, y);
}

static int prepare(struct plot_job *job) {
    static const char caption[] =
        "Same folds, same seeds, paired by bar; intervals and p-values from the stationary block bootstrap; corrected: "
        "Holm's p-value for all differences of the run. Precision and its differences in percent and points, PnL in "
        "percent per isolated trade after costs. Bars are drawn to each row's own scale about zero; green and orange "
        "mark what is significant once corrected. The success test is on point estimates of gates that beat the null "
        "control: a pass is significant when a difference that meets it is. Training time is processor time on this "
        "machine.";
    if (!job->run->verdict) return plot_skip(job, "no candidate beside the baseline");
    size_t n = json_size(job->run->verdict);
    for (size_t first = 0; first < n; first += BLOCKS_PER_PAGE) {
        struct page page;
        int rc = page_begin(job, &page, "", caption);
        for (size_t i = first; rc == GW_OK && i < n && i < first + BLOCKS_PER_PAGE; i++)
            rc = block(&page, json_at(job->run->verdict, i), page.top - 0.005 - (double)(i - first) * 0.375);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}

const struct plot_desc plot_desc_verdict = {
    .name = "verdict",
    .title = "Verdict",
    .help = "differences to the baseline with bootstrap intervals, and the success test",
    .prepare = prepare,
};
