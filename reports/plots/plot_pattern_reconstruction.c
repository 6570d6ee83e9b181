/* Windows and what the autoencoder makes of them, as heat maps and as candles. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "pattern_files.h"

enum { CHANNELS = 6, WINDOWS = 5, ROWS = 4 };
enum { WINDOW, TIME, STEP, OPEN, N_COLUMNS = OPEN + 2 * CHANNELS };
static const char *const column_name[] = {
    "window",          "time",    "step",         "open",         "high",        "low",           "close",
    "volume",          "average", "rebuilt_open", "rebuilt_high", "rebuilt_low", "rebuilt_close", "rebuilt_volume",
    "rebuilt_average", NULL};

struct files {
    FILE *heat[2], *candles[2];
};

/* A row of the table: a column of both maps, and a candle of both kinds. */
static void write_step(const struct files *to, const double value[N_COLUMNS], struct gw_range *span) {
    for (size_t half = 0; half < 2; half++) {
        const double *v = value + OPEN + half * CHANNELS;
        for (size_t c = 0; c < CHANNELS; c++) PAGE_ROW(to->heat[half], value[STEP], (double)(CHANNELS - 1 - c), v[c]);
        PAGE_ROW(to->candles[half], value[STEP], v[0], v[2], v[1], v[3]);
        range_add(span, v[1]);
        range_add(span, v[2]);
    }
}

static void put_names(struct page *page, const struct panel_grid *grid) {
    static const char *const channel[CHANNELS] = {"open", "high", "low", "close", "volume", "ma10"};
    static const char *const row_name[ROWS] = {"window", "rebuilt", "window", "rebuilt"};
    for (size_t r = 0; r < ROWS; r++)
        page_text(page, FONT_BOLD, ALIGN_LEFT, grid_left(grid, 0), grid_top(grid, r) + 0.014, INK, row_name[r]);
    for (size_t r = 0; r < 2; r++)
        for (size_t c = 0; c < CHANNELS; c++)
            page_text(page, FONT_SMALL, ALIGN_RIGHT, grid_left(grid, 0) - 0.006,
                      grid_top(grid, r) - grid->height * ((double)c + 0.5) / CHANNELS, INK_SOFT, channel[c]);
}

static int write_page(struct page *page, const struct table *t, size_t n_windows, double bars) {
    struct files to;
    struct gw_range span = range_empty();
    size_t c[N_COLUMNS];
    double before = NAN;
    size_t shown = 0;
    static const char *const name[4] = {"heat0", "heat1", "candles0", "candles1"};
    FILE **stream[4] = {&to.heat[0], &to.heat[1], &to.candles[0], &to.candles[1]};
    for (size_t i = 0; i < 4; i++) TRY(page_file(page, name[i], stream[i]));
    TRY(table_columns(t, column_name, c));
    page->top -= 0.02;
    struct panel_grid grid = page_grid(page, ROWS, n_windows, 0.025, 0.035);
    put_names(page, &grid);
    for (size_t row = 0; row < t->n_rows; row++) {
        double value[N_COLUMNS];
        for (size_t i = 0; i < N_COLUMNS; i++) value[i] = i == TIME ? 0 : table_number(t, row, c[i]);
        if (value[WINDOW] != before) {
            if (shown == n_windows) break;
            for (size_t i = 0; i < 4 && shown > 0; i++) fputs("\n\n", *stream[i]);
            before = value[WINDOW];
            char *time = text_safe(&page->job->run->arena, t->cell[row * t->n_columns + c[TIME]]);
            if (!time) return GW_ERR_NOMEM;
            page_textf(page, FONT_SMALL, ALIGN_RIGHT, grid_left(&grid, shown) + grid.width, grid.top + 0.014, INK_SOFT,
                       "%.16s", time);
            shown++;
        }
        write_step(&to, value, &span);
    }
    page_set(page, "window_bars", bars);
    page_range(page, "price", range_round(span));
    return GW_OK;
}

static size_t count_windows(const struct table *t) {
    size_t column, n = 0;
    if (table_column(t, "window", &column) < 0) return 0;
    for (size_t row = 0; row < t->n_rows; row++)
        n += row == 0 || table_number(t, row, column) != table_number(t, row - 1, column);
    return n < WINDOWS ? n : WINDOWS;
}

static int draw(struct plot_job *job, const struct table *t, const struct pattern_files *files) {
    struct page page;
    const char *about;
    TRY(pattern_about(job->run, files, &about));
    int rc = page_begin(
        job, &page, about,
        "Windows evenly spaced over the training slice, each scaled by itself: prices from its first close in half "
        "ranges, volume as a logarithm about its median. Above as the model sees them (blue low, yellow high), "
        "below as candles; under each what the decoder makes of its latent.");
    const size_t n = count_windows(t);
    if (rc == GW_OK)
        rc = n ? write_page(&page, t, n, files->bars) : gw_error_set(GW_ERR_DATA, "%s: no windows", t->path);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int prepare(struct plot_job *job) { return pattern_plot(job, GW_RUN_PATTERNS_REBUILT, draw); }

const struct plot_desc plot_desc_pattern_reconstruction = {
    .name = "pattern_reconstruction",
    .title = "Windows and their reconstruction",
    .help = "five windows and what the autoencoder rebuilds of them, as heat maps and as candles",
    .prepare = prepare,
    .optional = true,
};
