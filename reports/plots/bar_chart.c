#include "bar_chart.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

static const unsigned style_ink[STYLES_ALL + 1] = {0,        0x4D4D4D, 0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7,
                                                   0xB87A00, 0x4AA3DF, 0x7A5195, 0x8C8C8C, 0xA8A8A8};
static const double NAMES_WIDTH_MAX = 0.21;
enum { ROWS_LEAST = 4, ROWS_MOST = 14 }; /* on a page: one model is not one huge bar, many are not a smear */

struct gw_bars {
    const struct bars_layout *layout;
    struct page *page;
    size_t n_rows, *row_strategy; /* models from top to bottom */
    FILE *bar, *dot, *null;
    struct gw_range span;
};

static double metric_number(const json_value *object, const char *key) {
    const json_value *value = object ? json_get(object, key) : NULL;
    return value && json_kind(value) == JSON_NUMBER ? json_number(value, NAN) : (double)NAN;
}

/* One dot for each fold, the mean over the seeds that have a value there. */
static void fold_dots(struct gw_bars *b, const struct strategy_view *s, int gate, const char *key, double y,
                      double spread, size_t panel) {
    const json_value *seeds = json_get(s->gate[gate], "seeds");
    size_t n_seeds = seeds && json_kind(seeds) == JSON_ARRAY ? json_size(seeds) : 0, n_folds = 0;
    for (size_t i = 0; i < n_seeds; i++) {
        const json_value *folds = json_get(json_at(seeds, i), "folds");
        size_t n = folds && json_kind(folds) == JSON_ARRAY ? json_size(folds) : 0;
        if (n > n_folds) n_folds = n;
    }
    for (size_t f = 0; f < n_folds; f++) {
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < n_seeds; i++) {
            const json_value *folds = json_get(json_at(seeds, i), "folds");
            double v = folds && json_kind(folds) == JSON_ARRAY && f < json_size(folds)
                           ? metric_number(json_at(folds, f), key)
                           : (double)NAN;
            if (!isfinite(v)) continue;
            sum += v;
            n++;
        }
        if (!n) continue;
        double part = (double)(f + 1) * 0.6180339887; /* a fixed jitter: multiples of the golden ratio never line up */
        double shift = n_folds > 1 ? (part - floor(part) - 0.5) * spread : 0;
        PAGE_ROW(b->dot, 100 * sum / (double)n, y + shift, (double)panel);
        range_add(&b->span, 100 * sum / (double)n);
    }
}

/* Where 90 of 100 label series lie that know nothing of the scores. */
static void null_band(struct gw_bars *b, const struct strategy_view *s, int gate, const char *key, double y,
                      double half, size_t panel) {
    const json_value *band = json_get(json_get(s->gate[gate], "null_bands"), key);
    const double low = 100 * metric_number(band, "low"), high = 100 * metric_number(band, "high");
    if (!isfinite(low) || !isfinite(high)) return;
    PAGE_ROW(b->null, low, high, y, half, (double)panel);
    page_set_at(b->page, "has_null", panel, 1);
    range_add(&b->span, low);
    range_add(&b->span, high);
}

static void panel_rows(struct gw_bars *b, int gate, double k, size_t panel) {
    const struct run_view *run = b->page->job->run;
    const struct bars_layout *layout = b->layout;
    double thickness = 0.72 / (double)layout->n_layers;
    for (size_t r = 0; r < b->n_rows; r++) {
        const struct strategy_view *s = &run->strategy[b->row_strategy[r]];
        for (size_t layer = 0; layer < layout->n_layers; layer++) {
            char key[GW_METRIC_KEY_MAX];
            gw_metric_key_write(key, layout->metric[layer], k);
            double value = 100 * gate_metric(s, gate, "mean", key);
            double y = -(double)r + 0.36 - thickness * ((double)layer + 0.5);
            if (!isfinite(value)) continue;
            unsigned ink = layout->layer_ink[layer] ? layout->layer_ink[layer] : style_ink[s->style];
            PAGE_ROW(b->bar, value, y, thickness * 0.46, (double)ink, (double)panel);
            range_add(&b->span, value);
            if (layer == layout->dotted && s->gate[gate]) null_band(b, s, gate, key, y, thickness * 0.46, panel);
            if (layer == layout->dotted && s->gate[gate]) fold_dots(b, s, gate, key, y, 0.42 * thickness, panel);
        }
    }
}

static double rows_of(const struct gw_bars *b) { return (double)(b->n_rows > ROWS_LEAST ? b->n_rows : ROWS_LEAST); }

/* Names of the models at the left of every row, drawn as furniture so that long ones can be cut. */
static int row_names(struct gw_bars *b, double gap, double *names_width) {
    struct page *page = b->page;
    struct run_view *run = page->job->run;
    *names_width = 0.05;
    for (size_t r = 0; r < b->n_rows; r++) {
        double w = text_width(run->strategy[b->row_strategy[r]].label, font_size_pt[FONT_BODY]);
        *names_width = fmin(fmax(*names_width, w), NAMES_WIDTH_MAX);
    }
    double height = (page->top - PAGE_BOTTOM - gap) / N_GATES_SHOWN, row_height = height / (rows_of(b) + 0.2);
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        double panel_top = page->top - gate * (height + gap);
        page_textf(page, FONT_BOLD, ALIGN_LEFT, 0.055, panel_top + 0.02, INK, "%s gate", gate_word[gate]);
        for (size_t r = 0; r < b->n_rows; r++) {
            char *name =
                text_fit(&run->arena, run->strategy[b->row_strategy[r]].label, font_size_pt[FONT_BODY], *names_width);
            if (!name) return GW_ERR_NOMEM;
            page_text(page, FONT_BODY, ALIGN_RIGHT, 0.055 + *names_width, panel_top - row_height * ((double)r + 0.6),
                      INK, name);
        }
    }
    return GW_OK;
}

static int layer_legend(struct gw_bars *b) {
    const struct bars_layout *layout = b->layout;
    double x = 0.055, y = b->page->top - 0.002;
    for (size_t i = 0; i < layout->n_layers && layout->layer_name[i]; i++) {
        page_box(b->page, x, y - 0.007, x + 0.02, y + 0.007, layout->layer_ink[i]);
        page_text(b->page, FONT_BODY, ALIGN_LEFT, x + 0.026, y, INK, layout->layer_name[i]);
        x += 0.026 + text_width(layout->layer_name[i], font_size_pt[FONT_BODY]) + 0.03;
    }
    if (layout->layer_name[0]) b->page->top = y - 0.035;
    b->page->top -= 0.02;
    return GW_OK;
}

static int write_page(struct gw_bars *b) {
    static const double GAP = 0.085;
    struct page *page = b->page;
    const struct run_view *run = page->job->run;
    double names_width = 0;
    TRY(layer_legend(b));
    TRY(row_names(b, GAP, &names_width));
    TRY(page_file(page, "bars", &b->bar));
    TRY(page_file(page, "dots", &b->dot));
    TRY(page_file(page, "nulls", &b->null));
    page_array(page, "k_of", run->n_ks);
    b->span = range_empty();
    page_array(page, "has_null", N_GATES_SHOWN * run->n_ks);
    for (size_t i = 0; i < N_GATES_SHOWN * run->n_ks; i++) page_set_at(page, "has_null", i, 0);
    for (int gate = 0; gate < N_GATES_SHOWN; gate++)
        for (size_t k = 0; k < run->n_ks; k++) panel_rows(b, gate, run->k[k], (size_t)gate * run->n_ks + k);
    range_add(&b->span, 0);
    for (int gate = 0; gate < N_GATES_SHOWN && b->layout->prevalence; gate++)
        range_add(&b->span, 105 * run->prevalence[gate]);
    for (size_t k = 0; k < run->n_ks; k++) page_set_at(page, "k_of", k, run->k[k]);
    page_set(page, "n_ks", (double)run->n_ks);
    page_set(page, "n_rows", rows_of(b));
    page_set(page, "names_right", 0.055 + names_width);
    page_set(page, "gap_y", GAP);
    page_array(page, "prevalence", N_GATES_SHOWN);
    for (int gate = 0; gate < N_GATES_SHOWN; gate++)
        page_set_at(page, "prevalence", (size_t)gate,
                    b->layout->prevalence ? 100 * run->prevalence[gate] : (double)NAN);
    page_range(page, "value", range_round(b->span));
    return GW_OK;
}

static bool has_values(const struct run_view *run, const struct bars_layout *layout, size_t s) {
    for (size_t k = 0; k < run->n_ks; k++)
        for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
            char key[GW_METRIC_KEY_MAX];
            if (isfinite(gate_metric(&run->strategy[s], gate, "mean",
                                     gw_metric_key_write(key, layout->metric[layout->dotted], run->k[k]))))
                return true;
        }
    return false;
}

int bars_prepare(struct plot_job *job, const struct bars_layout *layout) {
    struct run_view *run = job->run;
    struct gw_bars b = {.layout = layout};
    b.row_strategy = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *b.row_strategy);
    if (!b.row_strategy) return GW_ERR_NOMEM;
    for (size_t s = 0; s < run->n_strategies; s++)
        if (has_values(run, layout, s)) b.row_strategy[b.n_rows++] = s;
    if (b.n_rows == 0) return plot_skip(job, "no model has a value");
    size_t n = b.n_rows, pages = (n + ROWS_MOST - 1) / ROWS_MOST, per_page = (n + pages - 1) / pages;
    for (size_t first = 0; first < n; first += per_page, b.row_strategy += per_page) {
        struct page page;
        b.page = &page;
        b.n_rows = n - first < per_page ? n - first : per_page;
        int rc = page_begin(job, &page, "", layout->caption);
        if (rc == GW_OK) rc = write_page(&b);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}
