/* Folders and patterns: which files a path stands for, and the bars of the same symbol from all of them in one history. */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/base.h"
#include "import_private.h"

/* ---- paths ------------------------------------------------------------------------------------------ */

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_pattern(const char *path) {
    struct stat status;
    return strpbrk(path, "*?[") && stat(path, &status) != 0;
}

bool import_path_is_many(const char *path) { return is_pattern(path) || is_folder(path); }

static bool is_data_name(const char *path) {
    static const char *const endings[] = {".csv", ".txt", ".tsv", ".prn", ".json", ".jsonl", ".ndjson", ".gz",
                                          ".zip", ".xz",  ".bz2", ".zst", ".lz4",  ".tar",   ".tgz",    ".7z"};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    if (*name == '.' || strncasecmp(name, "readme", 6) == 0) return false;
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t e = strlen(endings[i]);
        if (length > e && strcasecmp(name + length - e, endings[i]) == 0) return true;
    }
    return false;
}

/* In the order of their names. */
int import_list_files(const char *path, glob_t *files) {
    char pattern[IMPORT_PATH_MAX];
    bool folder = is_folder(path);
    size_t n = strlen(path), kept = 0;
    if (n + 3 > sizeof pattern) FAIL(GW_ERR_DATA, "%.60s…: the path is too long", path);
    snprintf(pattern, sizeof pattern, folder ? "%s%s*" : "%s", path, n && path[n - 1] == '/' ? "" : "/");
    int state = glob(pattern, 0, NULL, files);
    if (state == GLOB_NOSPACE) return gw_error_set(GW_ERR_NOMEM, "%s: not enough memory to list it", path);
    if (state == GLOB_ABORTED) return gw_error_set(GW_ERR_IO, "%s: cannot be listed: %s", path, strerror(errno));
    for (size_t i = 0; state == 0 && i < files->gl_pathc; i++) {
        char *file = files->gl_pathv[i];
        if (is_folder(file) || (folder && !is_data_name(file))) {
            free(file);
            continue;
        }
        files->gl_pathv[kept++] = file;
    }
    if (state == 0) {
        files->gl_pathc = kept;
        files->gl_pathv[kept] = NULL;
    }
    if (kept) return GW_OK;
    if (state == 0) globfree(files);
    if (folder)
        FAIL(GW_ERR_DATA, "%s: holds no file of bars; name files below it with a pattern such as \"%s/*/*.csv\"", path,
             path);
    FAIL(GW_ERR_DATA, "%s: no file fits this pattern; check it", path);
}

int import_many(const char *path, const struct gw_import_options *options, struct import_found *found) {
    glob_t files;
    struct gw_import_report failed;
    struct gw_import_options each = *options;
    TRY(import_list_files(path, &files));
    each.from_ns = each.to_ns = 0; /* a file outside the range is no mistake */
    int rc = GW_OK;
    for (size_t i = 0; i < files.gl_pathc && rc == GW_OK; i++) {
        rc = import_file(files.gl_pathv[i], &each, files.gl_pathc > 1, found, &failed);
        if (rc == GW_OK) rc = interrupt_check();
    }
    globfree(&files);
    return rc == GW_OK ? import_merge(path, options, found) : rc;
}

/* ---- one history of many ------------------------------------------------------------------------------- */

static void copy_part(const double *from, size_t n, double *to, size_t at) {
    for (size_t i = 0; to && i < n; i++) to[at + i] = from ? from[i] : NAN;
}

static int has_column(const struct import_found *found, const size_t *part, size_t n, size_t offset) {
    for (size_t k = 0; k < n; k++)
        if (*(double **)((char *)&found->bars[part[k]] + offset)) return 1;
    return 0;
}

static int make_room(const struct import_found *found, const size_t *part, size_t n_parts, size_t n,
                     struct import_rows *rows) {
    static const size_t offset[] = {offsetof(struct gw_bars, quote_volume), offsetof(struct gw_bars, trade_count),
                                    offsetof(struct gw_bars, taker_buy_base)};
    double **const column[] = {&rows->quote_volume, &rows->trade_count, &rows->taker_buy_base};
    *rows = (struct import_rows){.n = n, .capacity = n};
    rows->bar = mem_calloc(n, sizeof *rows->bar);
    rows->line = mem_calloc(n, sizeof *rows->line);
    if (!rows->bar || !rows->line) return GW_ERR_NOMEM;
    for (size_t c = 0; c < COUNT_OF(offset); c++)
        if (has_column(found, part, n_parts, offset[c]) && !(*column[c] = mem_calloc(n, sizeof(double))))
            return GW_ERR_NOMEM;
    return GW_OK;
}

/* Columns that were asked for and any of the parts has; a part without one knows nothing of it. */
static int make_columns(struct import_reader *reader, const struct import_found *found, const size_t *part,
                        size_t n_parts) {
    struct import_rows *rows = &reader->rows;
    for (size_t c = 0; c < reader->options.n_columns; c++) {
        const char *name = reader->options.column[c];
        size_t at = 0;
        bool any = false;
        for (size_t k = 0; k < n_parts; k++) any = any || gw_bars_column(&found->bars[part[k]], name);
        if (!any) continue;
        double *value = rows->extra[rows->n_extra] = mem_calloc(rows->n, sizeof *value);
        if (!value) return GW_ERR_NOMEM;
        reader->extra_name[rows->n_extra++] = name;
        for (size_t k = 0; k < n_parts; at += found->bars[part[k++]].n)
            copy_part(gw_bars_column(&found->bars[part[k]], name), found->bars[part[k]].n, value, at);
    }
    reader->layout.n_extra = rows->n_extra;
    return GW_OK;
}

/* `line` of a row is the number of its part, for messages. */
static void fill_rows(const struct import_found *found, const size_t *part, size_t n_parts, struct import_rows *rows) {
    for (size_t k = 0, at = 0; k < n_parts; k++) {
        const struct gw_bars *bars = &found->bars[part[k]];
        memcpy(rows->bar + at, bars->bar, bars->n * sizeof *bars->bar);
        for (size_t i = 0; i < bars->n; i++) rows->line[at + i] = (uint32_t)k;
        copy_part(bars->quote_volume, bars->n, rows->quote_volume, at);
        copy_part(bars->trade_count, bars->n, rows->trade_count, at);
        copy_part(bars->taker_buy_base, bars->n, rows->taker_buy_base, at);
        at += bars->n;
    }
}

/* Two files that both hold a bar: the same one is left out when repair is asked for, another is nobody's to choose. */
static int judge_overlap(struct import_reader *reader) {
    struct import_rows *rows = &reader->rows;
    char time[40];
    for (size_t i = 1; i < rows->n; i++) {
        if (rows->bar[i].open_ns != rows->bar[i - 1].open_ns) continue;
        bool same = memcmp(&rows->bar[i], &rows->bar[i - 1], sizeof *rows->bar) == 0;
        if (reader->options.tolerant || (same && reader->options.repair)) continue;
        FAIL(GW_ERR_DATA, "%s: two files hold a bar of %s at %s, %s; %s", reader->path, reader->options.symbol,
             time_format(rows->bar[i].open_ns, time), same ? "the same" : "with other values",
             same ? "remove one, or import with repair" : "only you can know which one is right: remove the other");
    }
    return GW_OK;
}

static void add_counts(struct gw_import_report *sum, const struct gw_import_report *part) {
    sum->n_rows += part->n_rows;
    sum->n_bad_rows += part->n_bad_rows;
    sum->n_duplicates += part->n_duplicates;
    sum->n_conflicts += part->n_conflicts;
    sum->n_backward += part->n_backward;
    sum->n_ohlc_violations += part->n_ohlc_violations;
    sum->n_mixed_units += part->n_mixed_units;
    sum->n_empty_volume += part->n_empty_volume;
    sum->n_empty_rows += part->n_empty_rows;
    if (!*sum->first_problem) memcpy(sum->first_problem, part->first_problem, sizeof sum->first_problem);
}

/* Files of one symbol and of different intervals are two markets to every feature. */
static int judge_intervals(const char *path, const struct import_found *found, const size_t *part, size_t n,
                           int64_t interval_ns) {
    char has[40], whole[40];
    for (size_t k = 0; k < n; k++) {
        const struct gw_bars *bars = &found->bars[part[k]];
        if (bars->n < 20 || bars->interval_ns == interval_ns) continue;
        FAIL(GW_ERR_DATA, "%s: files of %s hold bars of %s and of %s; name those of one interval", path, bars->symbol,
             duration_format(bars->interval_ns, has), duration_format(interval_ns, whole));
    }
    return GW_OK;
}

static int merge_parts(const char *path, const struct gw_import_options *options, struct import_found *found,
                       const size_t *part, size_t n_parts) {
    size_t n = 0;
    struct gw_bars *first = &found->bars[part[0]];
    struct import_reader reader = {.path = path, .options = *options, .report = found->report[part[0]]};
    reader.options.symbol = first->symbol;
    for (size_t k = 0; k < n_parts; k++) n += found->bars[part[k]].n;
    for (size_t k = 1; k < n_parts; k++) add_counts(&reader.report, &found->report[part[k]]);
    reader.report.n_gaps = reader.report.n_missing_bars = reader.report.n_off_grid = reader.report.n_overlaps = 0;
    reader.report.n_zero_volume = 0;
    reader.report.longest_gap_ns = 0;
    reader.report.n_parts = n_parts;
    int rc = make_room(found, part, n_parts, n, &reader.rows);
    if (rc == GW_OK) rc = make_columns(&reader, found, part, n_parts);
    if (rc == GW_OK) {
        fill_rows(found, part, n_parts, &reader.rows);
        rc = import_sort(&reader);
    }
    if (rc == GW_OK) rc = judge_overlap(&reader);
    if (rc == GW_OK) rc = import_order(&reader);
    if (rc == GW_OK) rc = import_keep_range(&reader);
    if (rc == GW_OK) rc = import_facts(&reader);
    if (rc == GW_OK) rc = judge_intervals(path, found, part, n_parts, reader.report.interval_ns);
    if (rc == GW_OK) {
        struct gw_bars whole = {.n = 0};
        memcpy(whole.symbol, first->symbol, sizeof whole.symbol);
        rc = import_hand_over(&reader, &whole);
        if (rc < 0) {
            gw_bars_free(&whole);
            import_rows_free(&reader.rows);
            return rc;
        }
        for (size_t k = 0; k < n_parts; k++) gw_bars_free(&found->bars[part[k]]);
        found->bars[part[0]] = whole;
        found->report[part[0]] = reader.report;
    }
    import_rows_free(&reader.rows);
    return rc;
}

int import_merge(const char *path, const struct gw_import_options *options, struct import_found *found) {
    size_t *part = mem_calloc(found->n + 1, sizeof *part), kept = 0;
    int rc = part ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; i < found->n && rc == GW_OK; i++) {
        size_t n = 0;
        if (!found->bars[i].bar) continue; /* went into another one */
        for (size_t j = i; j < found->n; j++)
            if (found->bars[j].bar && strcmp(found->bars[j].symbol, found->bars[i].symbol) == 0) part[n++] = j;
        rc = merge_parts(path, options, found, part, n);
        if (rc == GW_OK) rc = interrupt_check();
    }
    for (size_t i = 0; i < found->n && rc == GW_OK; i++) {
        if (!found->bars[i].bar) continue;
        if (kept != i) {
            found->bars[kept] = found->bars[i];
            found->report[kept] = found->report[i];
            found->bars[i] = (struct gw_bars){0};
        }
        kept++;
    }
    if (rc == GW_OK) found->n = kept;
    mem_free(part);
    return rc;
}
