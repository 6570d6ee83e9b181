/* How good a decoder's forecasts were: pinball loss by step beside a forecast that asks no model, and as a table. */
#include <math.h>

#include "engine/base/base.h"
#include "plot.h"

enum { BARS_MAX = 1000000, STEPS_MAX = 64, ROWS_SHOWN = 16, N_SIDES = 2, N_CELLS = 4 };
static const char *const side_word[N_SIDES] = {"best", "worst"};

struct side {
    double pinball, naive, skill, inside, n;
};
struct steps {
    double bars[STEPS_MAX];
    struct side side[STEPS_MAX][N_SIDES];
    size_t n;
};

static void gather(const struct strategy_view *s, struct steps *out) {
    const json_value *steps = json_get(s->forecast, "steps");
    out->n = 0;
    for (size_t m = 0; m < json_size(steps) && out->n < STEPS_MAX; m++) {
        const json_value *step = json_at(steps, m);
        const double bars = member_number(step, "bars");
        if (!(bars > 0 && bars < BARS_MAX)) continue;
        out->bars[out->n] = bars;
        for (size_t k = 0; k < N_SIDES; k++) {
            const json_value *side = json_get(step, side_word[k]);
            out->side[out->n][k] =
                (struct side){member_number(side, "pinball"), member_number(side, "naive"),
                              member_number(side, "skill"), member_number(side, "inside"), member_number(side, "n")};
        }
        out->n++;
    }
}

/* bars, of the best and of the worst move: skill, then share inside, in percent */
static int write_curves(struct page *page, const struct steps *steps) {
    struct gw_range skill = range_empty(), inside = range_empty();
    FILE *to;
    TRY(page_file(page, "steps", &to));
    range_add(&skill, -1);
    range_add(&skill, 1);
    range_add(&inside, 86);
    range_add(&inside, 94);
    for (size_t m = 0; m < steps->n; m++) {
        const struct side *best = &steps->side[m][0], *worst = &steps->side[m][1];
        PAGE_ROW(to, steps->bars[m], 100 * best->skill, 100 * worst->skill, 100 * best->inside, 100 * worst->inside);
        range_add(&skill, 100 * best->skill);
        range_add(&skill, 100 * worst->skill);
        range_add(&inside, 100 * best->inside);
        range_add(&inside, 100 * worst->inside);
    }
    page_range(page, "skill", range_round(skill));
    page_range(page, "inside", range_round(inside));
    page_set(page, "last_bar", steps->bars[steps->n - 1]);
    return GW_OK;
}

static void cell(struct page *page, double x, double y, const char *format, double value) {
    if (isfinite(value))
        page_textf(page, FONT_BODY, ALIGN_RIGHT, x, y, INK, format, value);
    else
        page_text(page, FONT_BODY, ALIGN_RIGHT, x, y, INK_SOFT, "—");
}

/* Steps are thinned out where there are more than a column holds; the last is always there. */
static void write_table(struct page *page, const struct steps *steps, double left, double right) {
    static const char *const head[N_CELLS] = {"pinball", "naive", "skill, %", "inside, %"};
    const size_t rows = steps->n < ROWS_SHOWN ? steps->n : ROWS_SHOWN;
    const double each = (right - left - 0.05) / (N_SIDES * N_CELLS), top = page->top - 0.02, height = 0.029;
    page_box(page, left, top - 2 * height, right, top, FILL_HEAD);
    page_text(page, FONT_BOLD, ALIGN_RIGHT, left + 0.042, top - 1.5 * height, INK, "bars");
    for (size_t k = 0; k < N_SIDES; k++) {
        const double from = left + 0.05 + (double)(k * N_CELLS) * each;
        page_text(page, FONT_BOLD, ALIGN_CENTER, from + 2 * each, top - 0.5 * height, INK,
                  k ? "worst move" : "best move");
        for (size_t c = 0; c < N_CELLS; c++)
            page_text(page, FONT_SMALL, ALIGN_RIGHT, from + (double)(c + 1) * each - 0.004, top - 1.5 * height, INK,
                      head[c]);
    }
    for (size_t r = 0; r < rows; r++) {
        const size_t m = rows > 1 ? r * (steps->n - 1) / (rows - 1) : 0;
        const double y = top - ((double)r + 2.5) * height;
        if (r % 2) page_box(page, left, y - height / 2, right, y + height / 2, FILL_BAND);
        page_textf(page, FONT_BODY, ALIGN_RIGHT, left + 0.042, y, INK, "%.0f", steps->bars[m]);
        for (size_t k = 0; k < N_SIDES; k++) {
            const struct side *side = &steps->side[m][k];
            const double from = left + 0.05 + (double)(k * N_CELLS) * each - 0.004;
            char skill[FIGURE_SIZE];
            cell(page, from + each, y, "%.3f", side->pinball);
            cell(page, from + 2 * each, y, "%.3f", side->naive);
            figure_signed(skill, 100 * side->skill, 1);
            page_text(page, FONT_BODY, ALIGN_RIGHT, from + 3 * each, y, INK, skill);
            cell(page, from + 4 * each, y, "%.1f", 100 * side->inside);
        }
    }
}

static int write_page(struct plot_job *job, const struct strategy_view *s, const struct steps *steps) {
    const struct legend_entry legend[] = {{"best move", 2, MARK_LINE_POINT},
                                          {"worst move", 3, MARK_LINE_POINT},
                                          {"no better than naive; as many inside as should be", 11, MARK_LINE}};
    static const double middle = 0.60;
    struct page page;
    int rc =
        page_begin(job, &page, s->label,
                   "Pinball loss of the running best and worst move by so many bars after the decision, in ATR, mean "
                   "over the test bars, the seeds and the quantiles .05 .1 .25 .5 .75 .9 .95; less is better. The "
                   "decoder says points; its fan is each point moved by the quantiles of its errors on the fold's "
                   "validation slice. The naive forecast are the quantiles of what came there, the same for "
                   "every bar. Skill: by how much the fan's loss is smaller. Inside: bars between the outer "
                   "quantiles, of which 90 % should be.");
    if (rc == GW_OK) rc = page_legend(&page, legend, COUNT_OF(legend));
    if (rc == GW_OK) rc = write_curves(&page, steps);
    if (rc == GW_OK) write_table(&page, steps, PAGE_LEFT, middle);
    page_set(&page, "side_left", middle + 0.075);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    struct steps *steps = mem_calloc(1, sizeof *steps);
    int rc = steps ? GW_OK : GW_ERR_NOMEM;
    for (size_t s = 0; rc == GW_OK && s < run->n_strategies && job->n_pages < PLOT_PAGES_MAX; s++) {
        if (!run->strategy[s].forecast) continue;
        gather(&run->strategy[s], steps);
        if (steps->n) rc = write_page(job, &run->strategy[s], steps);
    }
    mem_free(steps);
    if (rc == GW_OK && job->n_pages == 0) rc = plot_skip(job, "no model has a decoder");
    return rc;
}

const struct plot_desc plot_desc_forecasts = {
    .name = "forecasts",
    .title = "Forecasts of the path",
    .help = "a decoder's pinball loss by step, beside a forecast that asks no model",
    .optional = true,
    .prepare = prepare,
};
