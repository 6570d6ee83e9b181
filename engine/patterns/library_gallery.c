/* The categories that stand out: their members and what came next, and the windows that a search found. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gatewalk/run_files.h"
#include "library_files.h"

enum { GALLERY = 12, GALLERY_MEMBERS = 10, WINDOWS_SHOWN = 60 };

/* ---- paths ----------------------------------------------------------------------------------------- */

struct path_files {
    struct out_file members, next;
};

static int paths_open(struct path_files *files, const char *dir) {
    TRY(library_csv(&files->members, dir, GW_RUN_PATTERNS_MEMBERS,
                    "category,member,time,similarity,label_long,label_short,step,value"));
    int rc = library_csv(&files->next, dir, GW_RUN_PATTERNS_NEXT,
                         "category,step,q10,q25,q50,q75,q90,return_q10,return_q25,return_q50,return_q75,return_q90");
    if (rc < 0) out_abort(&files->members);
    return rc;
}

static int paths_close(struct path_files *files, int rc) {
    if (rc == GW_OK) rc = out_commit(&files->members);
    if (rc == GW_OK) rc = out_commit(&files->next);
    out_abort(&files->members);
    out_abort(&files->next);
    return rc;
}

void library_put_label(struct out_file *file, int label) {
    if (label == GW_LABEL_MISSING)
        out_printf(file, ",");
    else
        out_printf(file, ",%d", label);
}

/* Numbered from `first` on. */
static int put_members(const struct library *l, struct out_file *file, size_t category, size_t first,
                       const uint32_t *window, size_t n) {
    const size_t bars = library_bars(l), length = bars + l->horizon;
    double *path = mem_calloc(length, sizeof *path);
    char time[40];
    if (!path) return GW_ERR_NOMEM;
    for (size_t m = 0; m < n; m++) {
        library_path(l, window[m], path);
        for (size_t i = 0; i < length; i++) {
            out_printf(file, "%zu,%zu,%s", category, first + m, time_format(library_time(l, window[m]), time));
            library_put(file, 1 - (double)l->distance[window[m]]);
            for (int g = 0; g < GW_N_GATES; g++) library_put_label(file, library_label(l, window[m], g));
            out_printf(file, ",%ld", (long)i - (long)bars + 1);
            library_put(file, path[i]);
            out_printf(file, "\n");
        }
    }
    mem_free(path);
    return GW_OK;
}

static int put_fan(const struct library *l, struct out_file *file, size_t category, const uint32_t *window, size_t n) {
    const size_t size = l->horizon * LIBRARY_QUANTILES;
    double *units = mem_calloc(2 * size, sizeof *units), *returns = units ? units + size : NULL;
    int rc = units ? library_fan(l, window, n, units, returns) : GW_ERR_NOMEM;
    for (size_t step = 0; rc == GW_OK && step < l->horizon; step++) {
        out_printf(file, "%zu,%zu", category, step + 1);
        for (size_t q = 0; q < LIBRARY_QUANTILES; q++) library_put(file, units[step * LIBRARY_QUANTILES + q]);
        for (size_t q = 0; q < LIBRARY_QUANTILES; q++) library_put(file, returns[step * LIBRARY_QUANTILES + q]);
        out_printf(file, "\n");
    }
    mem_free(units);
    return rc;
}

int library_write_windows(const struct library *l, const uint32_t *window, size_t n, const uint32_t *query,
                          const char *title, const char *dir) {
    struct path_files files;
    char path[1024];
    struct out_file file;
    TRY(paths_open(&files, dir));
    int rc = put_members(l, &files.members, 0, 1, window, n < WINDOWS_SHOWN ? n : WINDOWS_SHOWN);
    if (rc == GW_OK && query) rc = put_members(l, &files.members, 0, 0, query, 1);
    if (rc == GW_OK) rc = put_fan(l, &files.next, 0, window, n);
    TRY(paths_close(&files, rc));
    TRY(path_join(path, sizeof path, dir, GW_RUN_PATTERNS));
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    json_begin_object(&w, NULL);
    library_heading(l, &w);
    json_put_string(&w, "title", title);
    json_put_int(&w, "windows", (int64_t)n);
    json_end_object(&w);
    return out_commit(&file);
}

/* ---- the gallery ----------------------------------------------------------------------------------- */

struct ranked {
    double z;
    uint32_t category;
};

static int by_z(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->z != y->z) return x->z > y->z ? -1 : 1;
    return (x->category > y->category) - (x->category < y->category);
}

/* Which categories stand farthest above the null, by the better of their gates, and which farthest below by it. */
static size_t rank_categories(const struct library *l, const struct library_rate *rate, struct ranked *out) {
    size_t n = 0;
    for (size_t c = 0; c < l->categories->n; c++) {
        const double z =
            fmax(rate[c * GW_N_GATES].z, rate[c * GW_N_GATES + 1].z); /* of a NaN and a number, the number */
        if (!isnan(z)) out[n++] = (struct ranked){z, (uint32_t)c};
    }
    if (n) qsort(out, n, sizeof *out, by_z);
    return n;
}

static int put_category(const struct library *l, struct path_files *files, size_t category) {
    uint32_t *window, *thin;
    size_t n;
    TRY(library_members(l, LIBRARY_LEARNED, category, &window, &n));
    int rc = (thin = mem_calloc(GALLERY_MEMBERS, sizeof *thin)) ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK)
        rc = put_members(l, &files->members, category, 1, thin, library_thin(l, window, n, GALLERY_MEMBERS, thin));
    if (rc == GW_OK) rc = put_fan(l, &files->next, category, window, n);
    mem_free(thin);
    mem_free(window);
    return rc;
}

int library_gallery(const struct library *l, const struct library_rate *rate, const char *dir) {
    struct path_files files;
    struct ranked *ranked = mem_calloc(l->categories->n, sizeof *ranked);
    if (!ranked) return GW_ERR_NOMEM;
    const size_t n = rank_categories(l, rate, ranked);
    int rc = paths_open(&files, dir);
    if (rc == GW_OK) {
        for (size_t i = 0; i < n && rc == GW_OK; i++)
            if (i < GALLERY || i + GALLERY >= n) rc = put_category(l, &files, ranked[i].category);
        rc = paths_close(&files, rc);
    }
    mem_free(ranked);
    return rc;
}
