/* Scripts are fixed text and hold nothing of a run; what varies are numbers, names of our own files, and data. */
#include "scripts.h"
#include "engine/base/base.h"

#include <errno.h>
#include <string.h>

/* The build makes a string script_x of every x.gp. A row without its file fails to link. */
#define SCRIPT(name) extern const char script_##name[];
#define PLOT(name)   SCRIPT(plot_##name)
#include "reports/plots/plots.def"
#include "scripts.def"
#undef SCRIPT
#undef PLOT

static const struct {
    const char *name, *text;
} scripts[] = {
#define SCRIPT(name) {#name ".gp", script_##name},
#define PLOT(name)   SCRIPT(plot_##name)
#include "reports/plots/plots.def"
#include "scripts.def"
#undef SCRIPT
#undef PLOT
};

static int open_to_write(FILE **stream, const char *dir, const char *name) {
    char path[1024];
    TRY(path_join(path, sizeof path, dir, name));
    *stream = fopen(path, "w");
    if (!*stream) FAIL(GW_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    return GW_OK;
}

static int close_written(FILE **stream, const char *name) {
    if (!*stream) return GW_OK;
    bool bad = ferror(*stream) != 0;
    bad |= fclose(*stream) != 0;
    *stream = NULL;
    if (bad) FAIL(GW_ERR_IO, "cannot write %s for gnuplot: %s", name, strerror(errno));
    return GW_OK;
}

int scripts_write(const char *dir) {
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        FILE *to;
        TRY(open_to_write(&to, dir, scripts[i].name));
        fputs(scripts[i].text, to);
        TRY(close_written(&to, scripts[i].name));
    }
    return GW_OK;
}

/* ---- the list of pages ---------------------------------------------------------------------------------- */

int page_list_open(struct page_list *list, const char *dir, size_t n_pages) {
    *list = (struct page_list){0};
    TRY(open_to_write(&list->stream, dir, "report.set"));
    static const char *const array[] = {"page_prefix", "page_script", "page_picture"};
    for (size_t i = 0; i < COUNT_OF(array); i++) fprintf(list->stream, "array %s[%zu]\n", array[i], n_pages);
    fprintf(list->stream, "page_count = %zu\narray font_size[%d]\n", n_pages, N_FONTS);
    for (size_t i = 0; i < N_FONTS; i++) fprintf(list->stream, "font_size[%zu] = %g\n", i + 1, font_size_pt[i]);
    return GW_OK;
}

void picture_name(char name[100], const char *plot, size_t page) {
    if (page == 1)
        snprintf(name, 100, "%.60s.png", plot);
    else
        snprintf(name, 100, "%.60s-%zu.png", plot, page);
}

void svg_name(char name[100], const char *plot, size_t page) {
    page_prefix(name, plot, page);
    strcat(name, ".svg");
}

int page_list_add(struct page_list *list, const char *plot, size_t page) {
    char picture[100], prefix[PAGE_PREFIX_SIZE];
    if (!name_is_safe(plot))
        FAIL(GW_ERR_INTERNAL, "%s is no name for a plot", plot); /* it stands between quotes below */
    picture_name(picture, plot, page);
    page_prefix(prefix, plot, page);
    size_t n = ++list->n;
    fprintf(list->stream, "page_prefix[%zu] = '%s'\npage_script[%zu] = 'plot_%s.gp'\npage_picture[%zu] = '%s'\n", n,
            prefix, n, plot, n, picture);
    return GW_OK;
}

int page_list_close(struct page_list *list) { return close_written(&list->stream, "report.set"); }
