/* What a plot is made of. To add one: plot_NAME.c, whose descriptor says what it is and which writes data files; plot_NAME.gp,
 * which draws them; and a row in plots.def. */
#ifndef GATEWALK_PLOT_H
#define GATEWALK_PLOT_H

#include "reports/data/run_view.h"

/* ---- descriptors -------------------------------------------------------------------------------- */

struct plot_job;
struct plot_desc {
    const char *name;  /* file name of the picture, [A-Za-z0-9_.-] */
    const char *title; /* heading of the page */
    const char *help;  /* one line for `gatewalk list plots` */
    /* Writes data files for any number of pages; none, with plot_skip(), when the run has nothing to show. */
    int (*prepare)(struct plot_job *job);
    bool in_words; /* report.html says all of it as text */
    bool optional; /* most runs have nothing of the kind: leaving it out is no news for the summary page */
};
/* plot_NAME.gp is run once per page inside a multiplot. ARG1 is the prefix of the page's data files; every page_set() variable
 * is defined. Scripts are fixed text: what a run has to say reaches them in data files only. */
#define PLOT(name) extern const struct plot_desc plot_desc_##name;
#include "plots.def"
#undef PLOT
const struct plot_desc *plot_at(size_t i);

enum { PLOT_PAGES_MAX = 64, NOTE_SIZE = 160 };
struct plot_job {
    struct run_view *run;
    const struct plot_desc *plot;
    const char *dir;       /* where data files go */
    const char *not_shown; /* what was skipped in this report, for the summary; "" when nothing was */
    size_t n_pages;
    char skipped[NOTE_SIZE]; /* why there is no page */
};
/* Ends a prepare() that found nothing: always returns OK. */
int plot_skip(struct plot_job *job, const char *why);

/* ---- text sizes ----------------------------------------------------------------------------------- */

/* The page is A4 landscape; x and y are fractions of it from the lower left. */
#define PAGE_WIDTH_PT  842.0
#define PAGE_HEIGHT_PT 595.0
/* Where panels may stand; page->top bounds them above. */
#define PAGE_LEFT   0.055
#define PAGE_RIGHT  0.955
#define PAGE_BOTTOM 0.165

/* Width as a fraction of the page at this size; metrics of Helvetica and its look-alikes. */
double text_width(const char *text, double size_pt);
/* Copies text; where it is wider than `width`, "…" stands for the end of a sentence or the middle of a name (a text
 * without spaces). Result lives in the arena. */
char *text_fit(struct arena *arena, const char *text, double size_pt, double width) GW_MUST_USE;
/* Breaks at spaces. Returns how many lines were made (at most max_lines, the last one cut with "…"). */
int text_wrap(struct arena *arena, const char *text, double size_pt, double width, size_t max_lines, char **line,
              size_t *n_lines) GW_MUST_USE;

enum { FIGURE_SIZE = 40 };
/* "+1.25", "−0.30", "0.00", "—"; a true minus, which is as wide as the plus above and below it. */
void figure_signed(char out[FIGURE_SIZE], double value, int decimals);
void figure_percent(char out[FIGURE_SIZE],
                    double fraction); /* in percent, three digits or so, without the sign of percent */
void figure_span(char out[FIGURE_SIZE], double seconds); /* "312 d", "5.25 h", "45 min" */

/* ---- colours of cells ------------------------------------------------------------------------------- */

/* Light enough for dark digits on it, or as strong as lines are. */
enum shade { SHADE_UNDER_DIGITS, SHADE_ALONE };
/* Blue for gains, orange for losses, white at nothing; `full` and beyond have the full colour. */
unsigned shade_of(double value, double full, enum shade shade);
/* Where a colour is full: nine of ten sizes are below, so that one wild cell does not pale the others. Sorts them; none: 0. */
double shade_full(double *size, size_t n);

/* ---- pages ------------------------------------------------------------------------------------------ */

enum text_font { FONT_BODY, FONT_BOLD, FONT_SMALL, FONT_HEAD, FONT_TITLE, N_FONTS };
enum text_align { ALIGN_LEFT, ALIGN_RIGHT, ALIGN_CENTER, N_ALIGNS };
extern const double font_size_pt[N_FONTS];
enum {
    INK = 0x1A1A1A,
    INK_SOFT = 0x5F5F5F,
    INK_GOOD = 0x00664B,
    INK_BAD = 0xA63D00,
    FILL_BAND = 0xF3F3F1,
    FILL_HEAD = 0xDEE3E8
};

enum legend_mark { MARK_LINE, MARK_POINT, MARK_BOX, MARK_LINE_POINT };
struct legend_entry {
    const char *label;
    size_t style; /* line type */
    enum legend_mark mark;
};

enum { PAGE_FILES_MAX = 12, PAGE_PREFIX_SIZE = 64, PAGE_TEXTS = N_FONTS * N_ALIGNS };
struct page {
    struct plot_job *job;
    char prefix[PAGE_PREFIX_SIZE];
    FILE *variables, *text[PAGE_TEXTS], *boxes, *rules, *keys;
    FILE *file[PAGE_FILES_MAX];
    size_t n_files;
    bool failed;
    double top; /* where the plots may begin, below the heading and the legend */
};

/* What the names of a page's files begin with; page: 1 … of this plot. */
void page_prefix(char prefix[PAGE_PREFIX_SIZE], const char *plot, size_t page);

/* Begins the next page of the job with its heading; `about` (may be "") is what sets this page apart from its siblings
 * and may hold text of the run. The caption stands under the plots and says how to read them. */
int page_begin(struct plot_job *job, struct page *page, const char *about, const char *caption) GW_MUST_USE;
int page_end(struct page *page) GW_MUST_USE; /* closes every file; call it also after a failure */

/* A data file PREFIX.name for the script; closed by page_end. Columns are separated by tabs. */
int page_file(struct page *page, const char *name, FILE **stream) GW_MUST_USE;
/* A number that the script sees as a variable. */
void page_set(struct page *page, const char *variable, double value);
/* Numbers as gnuplot reads them, NAN included; each is followed by a tab, the row by a newline. */
void page_row(FILE *stream, size_t n, const double *value);
#define PAGE_ROW(stream, ...)                                                                                          \
    page_row((stream), sizeof((double[]){__VA_ARGS__}) / sizeof(double), (const double[]){__VA_ARGS__})

/* Declares an array of n numbers, to be filled with page_set_at(): index from 0 here, from 1 in the script. */
void page_array(struct page *page, const char *name, size_t n);
void page_set_at(struct page *page, const char *name, size_t index, double value);

/* The span of an axis: grows with the numbers shown, then rounds outwards. */
struct gw_range {
    double lo, hi;
};
struct gw_range range_empty(void);
void range_add(struct gw_range *range, double value); /* NAN is ignored */
/* Outwards to a round step with a little air; an empty one becomes 0 … 1. */
struct gw_range range_round(struct gw_range range);
/* Sets <axis>_lo and <axis>_hi. */
void page_range(struct page *page, const char *axis, struct gw_range range);
/* The same for n axes: arrays <axis>_lo and <axis>_hi. */
void page_range_array(struct page *page, const char *axis, size_t n);
void page_range_at(struct page *page, const char *axis, size_t index, struct gw_range range);

/* Furniture in page coordinates. Text must have come through text_safe(). */
void page_text(struct page *page, enum text_font font, enum text_align align, double x, double y, unsigned ink,
               const char *text);
void page_textf(struct page *page, enum text_font font, enum text_align align, double x, double y, unsigned ink,
                const char *format, ...) GW_PRINTF_LIKE(7, 8);
void page_box(struct page *page, double x0, double y0, double x1, double y1, unsigned fill);
void page_rule(struct page *page, double x0, double y0, double x1, double y1, double grey);
/* A legend below the heading, as many rows as it needs; lowers page->top. */
int page_legend(struct page *page, const struct legend_entry *entry, size_t n) GW_MUST_USE;
/* Legend of the run's strategies: `include` (may be NULL: all) chooses. */
int page_strategy_legend(struct page *page, const bool *include, enum legend_mark mark) GW_MUST_USE;

/* Panels of one size in rows and columns, laid out by panel.gp; here for what stands beside them. It ends at page->top. */
struct panel_grid {
    size_t rows, columns;
    double gap_x, gap_y, width, height, top; /* fractions of the page */
};
/* Sets n_rows, n_columns, gap_x and gap_y for the script. */
struct panel_grid page_grid(struct page *page, size_t rows, size_t columns, double gap_x, double gap_y);
double grid_left(const struct panel_grid *grid, size_t column);
double grid_top(const struct panel_grid *grid, size_t row); /* from 0, the uppermost */

/* A calendar axis: sets PREFIX variables <axis>_from, <axis>_to and writes tick marks to the file "ticks". */
int page_time_axis(struct page *page, double from, double to, double width) GW_MUST_USE;

/* Positions of columns by name, NULL-terminated list; GW_ERR_DATA when one is missing. */
int table_columns(const struct table *table, const char *const *name, size_t *column) GW_MUST_USE;
double seconds_of(const char *time); /* ISO time to seconds since 1970; NAN when it does not parse */

#endif
