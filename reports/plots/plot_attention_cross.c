/* What the last state asked of a second sequence: its map at single trade signals, and its mean by lag. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "signals.h"

enum { STRATEGY, GATE, MAP, GROUP, LAG, WEIGHT, N_COLUMNS };
enum { LAGS_MAX = 4096 };
static const char *const column_name[] = {"strategy", "gate", "map", "group", "lag", "weight", NULL};

/* Sums over seeds. */
struct by_lag {
    double sum[2][LAGS_MAX]; /* of the rest, of the picked bars */
    size_t n[2][LAGS_MAX], n_lags;
};

static const char *cell(const struct table *t, size_t row, size_t column) {
    return t->cell[row * t->n_columns + column];
}

static void collect(const struct table *t, const size_t *c, const char *strategy, int gate, struct by_lag *out) {
    memset(out, 0, sizeof *out);
    for (size_t row = 0; row < t->n_rows; row++) {
        if (strcmp(cell(t, row, c[MAP]), GW_MAP_CROSS) != 0 || strcmp(cell(t, row, c[STRATEGY]), strategy) != 0 ||
            gate_find(cell(t, row, c[GATE])) != gate)
            continue;
        const double lag = table_number(t, row, c[LAG]), weight = table_number(t, row, c[WEIGHT]);
        const int top = strcmp(cell(t, row, c[GROUP]), "top") == 0;
        if (!(lag >= 0 && lag < LAGS_MAX) || !isfinite(weight)) continue;
        out->sum[top][(size_t)lag] += weight;
        out->n[top][(size_t)lag]++;
        if ((size_t)lag >= out->n_lags) out->n_lags = (size_t)lag + 1;
    }
}

/* Two blocks "lag, percent": the rest, then the picked bars. */
static void write_means(FILE *to, const struct by_lag *means, struct gw_range *span) {
    for (int top = 0; top < 2; top++) {
        size_t rows = 0;
        for (size_t lag = 0; lag < means->n_lags; lag++) {
            if (!means->n[top][lag]) continue;
            const double percent = 100 * means->sum[top][lag] / (double)means->n[top][lag];
            PAGE_ROW(to, (double)lag, percent);
            range_add(span, percent);
            rows++;
        }
        if (!rows) PAGE_ROW(to, NAN, NAN);
        fputs("\n\n", to);
    }
}

/* The file's maps are as wide as the run's widest; those of the second sequence are its last columns. */
static struct attention_matrix narrow(const struct attention_matrix *m, size_t n_lags, float *room,
                                      const struct signal_list *list) {
    struct attention_matrix out = {.weight = room, .n_rows = list->n, .n_lags = n_lags};
    for (size_t i = 0; i < list->n; i++)
        memcpy(room + i * n_lags, m->weight + list->signal[i].mean_row * m->n_lags + (m->n_lags - n_lags),
               n_lags * sizeof *room);
    return out;
}

static int write_heat(struct page *page, const struct attention_matrix *m, size_t n_lags,
                      const struct signal_list *list, struct gw_range *colours) {
    FILE *to;
    size_t row[SIGNALS_SHOWN];
    TRY(page_file(page, "heat", &to));
    float *room = arena_alloc(&page->job->run->arena, list->n * n_lags + 1, sizeof *room);
    if (!room) return GW_ERR_NOMEM;
    const struct attention_matrix of = narrow(m, n_lags, room, list);
    for (size_t i = 0; i < list->n; i++) row[i] = i;
    signals_heat(to, &of, row, list->n);
    return signals_colours(&of, row, list->n, colours);
}

static int write_page(struct page *page, const struct attention_matrix *m, const struct signal_list *list,
                      const struct by_lag *means) {
    const double top = page->top - 0.06, left = 0.055 + (list->n_symbols > 1 ? 0.235 : 0.18);
    double row_height = (top - 0.21) / (double)list->n;
    if (row_height > 0.045) row_height = 0.045;
    const struct legend_entry legend[] = {{"bars picked by the gate (top K)", 2, MARK_LINE},
                                          {"all other bars", 13, MARK_LINE},
                                          {"uniform attention", 11, MARK_LINE}};
    FILE *to;
    struct gw_range colours, span = range_empty();
    TRY(page_legend(page, legend, COUNT_OF(legend)));
    signals_labels(page, list, top, row_height, left);
    TRY(write_heat(page, m, means->n_lags, list, &colours));
    TRY(page_file(page, "means", &to));
    range_add(&span, 0);
    write_means(to, means, &span);
    page_set(page, "n_signals", (double)list->n);
    page_set(page, "n_lags", (double)means->n_lags);
    page_set(page, "map_top", top);
    page_set(page, "map_bottom", top - row_height * (double)list->n);
    page_set(page, "map_left", left);
    page_range(page, "weight", colours);
    page_range(page, "mean", range_round(span));
    return GW_OK;
}

static int draw(struct plot_job *job, const struct attention_matrix *m, const struct table *t, const size_t *c,
                size_t strategy, int gate, struct by_lag *means) {
    struct run_view *run = job->run;
    struct signal_list list;
    struct page page;
    char about[300];
    TRY(signals_best(run, strategy, gate, m->n_rows, GW_MAP_CROSS, &list));
    collect(t, c, run->strategy[strategy].name, gate, means);
    if (list.n == 0 || means->n_lags == 0 || means->n_lags > m->n_lags) return GW_OK;
    snprintf(about, sizeof about, "%s gate · %s", gate_word[gate], run->strategy[strategy].label);
    int rc =
        page_begin(job, &page, about,
                   "Cross-attention: what the gate's last state asked of the second sequence. Lag 0 is the last of "
                   "its bars that had closed when the gate decided. Left: the most probable signals of the test "
                   "folds. Right: mean over the test bars and seeds.");
    if (rc == GW_OK) rc = write_page(&page, m, &list, means);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    struct attention_matrix m;
    const struct table *t;
    size_t c[N_COLUMNS];
    TRY(run_view_table(run, TABLE_ATTENTION_MEAN, &t));
    if (!t) return plot_skip(job, "no strategy attends to a second sequence");
    TRY(table_columns(t, column_name, c));
    TRY(attention_load(run, &m));
    struct by_lag *means = mem_calloc(1, sizeof *means);
    int rc = means ? GW_OK : GW_ERR_NOMEM;
    for (size_t s = 0; rc == GW_OK && m.weight && m.n_lags && s < run->n_strategies; s++)
        for (int gate = 0; rc == GW_OK && gate < N_GATES_SHOWN && job->n_pages < PLOT_PAGES_MAX; gate++)
            rc = draw(job, &m, t, c, s, gate, means);
    mem_free(means);
    mem_free(m.weight);
    if (rc == GW_OK && job->n_pages == 0) rc = plot_skip(job, "no strategy attends to a second sequence");
    return rc;
}

const struct plot_desc plot_desc_attention_cross = {
    .name = "attention_cross",
    .title = "Attention over the second sequence",
    .help = "cross-attention by lag of the longer interval or the other symbol, at the signals and on average",
    .optional = true,
    .prepare = prepare,
};
