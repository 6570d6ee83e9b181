/* One page of the report as data files: heading, caption, legend, furniture and whatever its plot adds. */
#include "engine/base/base.h"
#include "reports/plots/plot.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const double font_size_pt[N_FONTS] = {
    [FONT_BODY] = 9.5, [FONT_BOLD] = 9.5, [FONT_SMALL] = 8, [FONT_HEAD] = 11.5, [FONT_TITLE] = 17};

static const double LEFT = PAGE_LEFT, RIGHT = PAGE_RIGHT, TITLE_Y = 0.945, SUBTITLE_Y = 0.913, RULE_Y = 0.894;
static const double CAPTION_Y = 0.082, LINE_HEIGHT = 0.0205, FOOTER_Y = 0.022;

int plot_skip(struct plot_job *job, const char *why) {
    snprintf(job->skipped, sizeof job->skipped, "%s", why);
    return GW_OK;
}

double seconds_of(const char *time) {
    int64_t ns;
    return time[0] && time_parse(time, &ns) == GW_OK ? (double)(ns / NS_PER_SECOND) : (double)NAN;
}

static int open_stream(struct page *page, const char *name, FILE **stream) {
    char file_name[128], path[1024];
    snprintf(file_name, sizeof file_name, "%s.%s", page->prefix, name);
    TRY(path_join(path, sizeof path, page->job->dir, file_name));
    *stream = fopen(path, "w");
    if (*stream) return GW_OK;
    page->failed = true;
    FAIL(GW_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
}

int page_file(struct page *page, const char *name, FILE **stream) {
    if (page->n_files == PAGE_FILES_MAX) FAIL(GW_ERR_INTERNAL, "plot %s writes too many files", page->job->plot->name);
    TRY(open_stream(page, name, stream));
    page->file[page->n_files++] = *stream;
    return GW_OK;
}

static int close_stream(FILE **stream) {
    if (!*stream) return GW_OK;
    bool bad = ferror(*stream) != 0;
    bad |= fclose(*stream) != 0;
    *stream = NULL;
    if (bad) FAIL(GW_ERR_IO, "cannot write a plot's data: %s", strerror(errno));
    return GW_OK;
}

int page_end(struct page *page) {
    int rc = page->failed ? GW_ERR_IO : GW_OK;
    FILE **fixed[] = {&page->variables, &page->boxes, &page->rules, &page->keys};
    if (page->variables) page_set(page, "page_top", page->top);
    for (size_t i = 0; i < COUNT_OF(fixed); i++)
        if (close_stream(fixed[i]) < 0) rc = GW_ERR_IO;
    for (size_t i = 0; i < PAGE_TEXTS; i++)
        if (close_stream(&page->text[i]) < 0) rc = GW_ERR_IO;
    for (size_t i = 0; i < page->n_files; i++)
        if (close_stream(&page->file[i]) < 0) rc = GW_ERR_IO;
    page->n_files = 0;
    return rc;
}

void page_row(FILE *stream, size_t n, const double *value) {
    for (size_t i = 0; i < n; i++) {
        if (isfinite(value[i]))
            fprintf(stream, "%.10g\t", value[i]);
        else
            fputs("NaN\t", stream);
    }
    fputc('\n', stream);
}

void page_set(struct page *page, const char *variable, double value) {
    if (!page->variables) return;
    if (isfinite(value))
        fprintf(page->variables, "%s = %.15g\n", variable, value);
    else
        fprintf(page->variables, "%s = NaN\n", variable);
}

void page_array(struct page *page, const char *name, size_t n) {
    if (page->variables) fprintf(page->variables, "array %s[%zu]\n", name, n ? n : 1);
}

void page_set_at(struct page *page, const char *name, size_t index, double value) {
    char variable[64];
    snprintf(variable, sizeof variable, "%s[%zu]", name, index + 1);
    page_set(page, variable, value);
}

int table_columns(const struct table *table, const char *const *name, size_t *column) {
    for (size_t i = 0; name[i]; i++) TRY(table_column(table, name[i], &column[i]));
    return GW_OK;
}

/* ---- furniture -------------------------------------------------------------------------------------- */

/* A file and its flag come into being with the first thing drawn, so that the script never plots an empty file. */
static FILE *furniture(struct page *page, FILE **stream, const char *name, const char *flag) {
    if (page->failed) return NULL;
    if (!*stream) {
        if (open_stream(page, name, stream) < 0) return NULL;
        page_set(page, flag, 1);
    }
    return *stream;
}

void page_text(struct page *page, enum text_font font, enum text_align align, double x, double y, unsigned ink,
               const char *text) {
    char name[32], flag[32];
    size_t which = (size_t)font * N_ALIGNS + align;
    snprintf(name, sizeof name, "text%zu", which);
    snprintf(flag, sizeof flag, "has_text[%zu]", which + 1);
    FILE *to = furniture(page, &page->text[which], name, flag);
    if (to && text[0]) fprintf(to, "%.6f\t%.6f\t%u\t\"%s\"\n", x, y, ink, text);
}

void page_textf(struct page *page, enum text_font font, enum text_align align, double x, double y, unsigned ink,
                const char *format, ...) {
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    page_text(page, font, align, x, y, ink, line);
}

void page_box(struct page *page, double x0, double y0, double x1, double y1, unsigned fill) {
    FILE *to = furniture(page, &page->boxes, "boxes", "has_boxes");
    if (to) fprintf(to, "%.6f\t%.6f\t%.6f\t%.6f\t%u\n", x0, y0, x1, y1, fill);
}

void page_rule(struct page *page, double x0, double y0, double x1, double y1, double grey) {
    FILE *to = furniture(page, &page->rules, "rules", "has_rules");
    unsigned level = (unsigned)(grey * 255);
    if (to) fprintf(to, "%.6f\t%.6f\t%.6f\t%.6f\t%u\n", x0, y0, x1 - x0, y1 - y0, level << 16 | level << 8 | level);
}

/* ---- heading ------------------------------------------------------------------------------------------ */

static int heading(struct page *page, const char *about) {
    struct plot_job *job = page->job;
    struct run_view *run = job->run;
    char title[600], facts[900], from[11], to[11];
    snprintf(title, sizeof title, "%s%s%s", job->plot->title, about[0] ? " · " : "", about);
    char *fitted = text_fit(&run->arena, title, font_size_pt[FONT_TITLE], RIGHT - LEFT);
    if (!fitted) return GW_ERR_NOMEM;
    page_text(page, FONT_TITLE, ALIGN_LEFT, LEFT, TITLE_Y, INK, fitted);

    snprintf(from, sizeof from, "%s", run->begin);
    snprintf(to, sizeof to, "%s", run->end);
    int n = snprintf(facts, sizeof facts, "%s · %s · %s to %s", run->symbols, run->interval, from, to);
    if (isfinite(run->n_folds) && n > 0 && (size_t)n < sizeof facts)
        snprintf(facts + n, sizeof facts - (size_t)n, " · %.0f fold%s · %zu seed%s", run->n_folds,
                 run->n_folds == 1 ? "" : "s", run->n_seeds, run->n_seeds == 1 ? "" : "s");
    double facts_width = text_width(facts, font_size_pt[FONT_BODY]);
    double room = RIGHT - LEFT - facts_width - 0.02;
    char *title_fit = room > 0.1 ? text_fit(&run->arena, run->title, font_size_pt[FONT_BODY], room) : "";
    char *facts_fit = text_fit(&run->arena, facts, font_size_pt[FONT_BODY], RIGHT - LEFT);
    if (!title_fit || !facts_fit) return GW_ERR_NOMEM;
    page_text(page, FONT_BODY, ALIGN_LEFT, LEFT, SUBTITLE_Y, INK_SOFT, title_fit);
    page_text(page, FONT_BODY, ALIGN_RIGHT, RIGHT, SUBTITLE_Y, INK_SOFT, facts_fit);
    page_rule(page, LEFT, RULE_Y, RIGHT, RULE_Y, 0.35);
    return GW_OK;
}

static int caption_text(struct page *page, const char *caption) {
    char *line[3];
    size_t n;
    TRY(text_wrap(&page->job->run->arena, caption, font_size_pt[FONT_SMALL], RIGHT - LEFT, 3, line, &n));
    double y = n > 2 ? CAPTION_Y + 0.013 : CAPTION_Y; /* a third line needs room above the footer */
    for (size_t i = 0; i < n; i++)
        page_text(page, FONT_SMALL, ALIGN_LEFT, LEFT, y - (double)i * LINE_HEIGHT * 0.9, INK_SOFT, line[i]);
    page_rule(page, LEFT, FOOTER_Y + 0.016, RIGHT, FOOTER_Y + 0.016, 0.8);
    char *name = text_fit(&page->job->run->arena, page->job->run->name, font_size_pt[FONT_SMALL], 0.6);
    if (!name) return GW_ERR_NOMEM;
    page_textf(page, FONT_SMALL, ALIGN_LEFT, LEFT, FOOTER_Y, INK_SOFT, "gatewalk · %s", name);
    return GW_OK;
}

void page_prefix(char prefix[PAGE_PREFIX_SIZE], const char *plot, size_t page) {
    snprintf(prefix, PAGE_PREFIX_SIZE, "%.40s-%zu", plot, page);
}

int page_begin(struct plot_job *job, struct page *page, const char *about, const char *caption) {
    memset(page, 0, sizeof *page);
    if (job->n_pages == PLOT_PAGES_MAX) FAIL(GW_ERR_INTERNAL, "plot %s makes too many pages", job->plot->name);
    page->job = job;
    page->top = RULE_Y - 0.03;
    page_prefix(page->prefix, job->plot->name, ++job->n_pages);
    TRY(open_stream(page, "set", &page->variables));
    page_set(page, "page_left", PAGE_LEFT);
    page_set(page, "page_right", PAGE_RIGHT);
    page_set(page, "page_bottom", PAGE_BOTTOM);
    TRY(heading(page, about));
    return caption_text(page, caption);
}

/* ---- legend -------------------------------------------------------------------------------------------- */

int page_legend(struct page *page, const struct legend_entry *entry, size_t n) {
    static const double SAMPLE = 0.032, GAP = 0.006, BETWEEN = 0.022, ROW = 0.024, WIDEST = 0.30;
    double x = LEFT, y = page->top - 0.002;
    for (size_t i = 0; i < n; i++) {
        char *label = text_fit(&page->job->run->arena, entry[i].label, font_size_pt[FONT_BODY], WIDEST);
        if (!label) return GW_ERR_NOMEM;
        double width = SAMPLE + GAP + text_width(label, font_size_pt[FONT_BODY]);
        if (x > LEFT && x + width > RIGHT) {
            x = LEFT;
            y -= ROW;
        }
        FILE *keys = furniture(page, &page->keys, "keys", "has_keys");
        if (keys) fprintf(keys, "%.6f\t%.6f\t%.6f\t%zu\t%d\n", x, x + SAMPLE, y, entry[i].style, (int)entry[i].mark);
        page_text(page, FONT_BODY, ALIGN_LEFT, x + SAMPLE + GAP, y, INK, label);
        x += width + BETWEEN;
    }
    page_set(page, "n_keys", (double)n);
    page->top = y - 0.055;
    return GW_OK;
}

int page_strategy_legend(struct page *page, const bool *include, enum legend_mark mark) {
    struct run_view *run = page->job->run;
    struct legend_entry *entry = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *entry);
    if (!entry) return GW_ERR_NOMEM;
    size_t n = 0;
    for (size_t i = 0; i < run->n_strategies; i++) {
        if (include && !include[i]) continue;
        entry[n].label = run->strategy[i].label;
        entry[n].style = run->strategy[i].style;
        entry[n++].mark = mark;
    }
    return page_legend(page, entry, n);
}
