/* What others call: a path of any kind becomes the histories of one symbol or of several. */
#include <string.h>
#include <sys/stat.h>

#include "engine/base/base.h"
#include "import_private.h"

/* "A, B, C …" */
static void name_all(const struct import_found *found, char *text, size_t size) {
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < found->n && used + GW_SYMBOL_MAX + 8 < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", found->bars[i].symbol);
    if (*text && used + GW_SYMBOL_MAX + 8 >= size) snprintf(text + used, size - used, " …");
}

static void keep_only(struct import_found *found, size_t which) {
    for (size_t i = 0; i < found->n; i++)
        if (i != which) gw_bars_free(&found->bars[i]);
    found->bars[0] = found->bars[which];
    found->report[0] = found->report[which];
    found->n = 1;
}

/* Of several histories the one with this name; a single one takes it. */
static int select_symbol(const char *path, const char *symbol, struct import_found *found) {
    char names[200];
    for (size_t i = 0; i < found->n; i++) {
        if (strcmp(found->bars[i].symbol, symbol) != 0) continue;
        keep_only(found, i);
        return GW_OK;
    }
    if (found->n == 1) {
        snprintf(found->bars[0].symbol, sizeof found->bars[0].symbol, "%s", symbol);
        gw_bars_fingerprint(&found->bars[0]);
        return GW_OK;
    }
    name_all(found, names, sizeof names);
    FAIL(GW_ERR_DATA, "%s: holds no symbol \"%s\", but %s", path, symbol, names);
}

static int import_any(const char *path, const struct gw_import_options *options, struct import_found *found,
                      struct gw_import_report *failed) {
    if (!import_path_is_many(path)) return import_file(path, options, false, found, failed);
    struct gw_import_options parts = *options;
    parts.symbol = NULL;
    return import_many(path, &parts, found);
}

int gw_market_import(const char *path, const struct gw_import_options *options, struct gw_market *out,
                     struct gw_import_report **reports) {
    const struct gw_import_options none = {0};
    struct import_found found = {0};
    struct gw_import_report failed = {0};
    *out = (struct gw_market){0};
    if (!options) options = &none;
    int rc = import_any(path, options, &found, &failed);
    if (rc == GW_OK && options->symbol) rc = select_symbol(path, options->symbol, &found);
    if (rc < 0) {
        import_found_free(&found);
        return rc;
    }
    *out = (struct gw_market){.n_symbols = found.n, .symbol = found.bars};
    if (reports)
        *reports = found.report;
    else
        mem_free(found.report);
    return GW_OK;
}

int gw_bars_import(const char *path, const struct gw_import_options *options, struct gw_bars *out,
                   struct gw_import_report *report) {
    const struct gw_import_options none = {0};
    struct import_found found = {0};
    struct gw_import_report failed = {0};
    char names[200];
    *out = (struct gw_bars){0};
    if (!options) options = &none;
    int rc = import_any(path, options, &found, &failed);
    if (rc == GW_OK && options->symbol) rc = select_symbol(path, options->symbol, &found);
    if (rc == GW_OK && found.n > 1) {
        name_all(&found, names, sizeof names);
        rc = gw_error_set(GW_ERR_DATA, "%s: holds %zu symbols; name the one that is meant: %s", path, found.n, names);
    }
    if (report) *report = rc == GW_OK ? found.report[0] : failed; /* also after a failure: how far it came */
    if (rc == GW_OK) {
        *out = found.bars[0];
        found.n = 0;
    }
    import_found_free(&found);
    return rc;
}

/* ---- names, for those who only want to know ------------------------------------------------------- */

bool import_holds_one(const char *path, const struct gw_import_options *options) {
    enum { BEGINNING = 1 << 16 };
    char *text = mem_realloc(NULL, BEGINNING, 1);
    size_t length;
    bool many = false, one = false;
    if (text && import_source_peek(path, text, BEGINNING, &length, &many) && !many) {
        const struct gw_import_format *format;
        struct import_sample sample;
        struct import_layout layout;
        bool mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
        import_sample_take(&sample, path, text + (mark ? 3 : 0), text + length, options->format != NULL);
        one = import_format_find(&sample, options->format, &format, &layout) == GW_OK && !format->many;
        for (size_t i = 0; one && i < layout.n_columns; i++) one = layout.column[i] != COLUMN_SYMBOL;
    }
    mem_free(text);
    return one;
}

int gw_import_symbols(const char *path, const struct gw_import_options *options, char (*name)[GW_SYMBOL_MAX],
                      size_t most, size_t *n) {
    struct gw_market market;
    const struct gw_import_options none = {0};
    *n = 0;
    if (!options) options = &none;
    bool many = import_path_is_many(path);
    struct stat status;
    bool regular = stat(path, &status) == 0 && S_ISREG(status.st_mode);
    if (strcmp(path, "-") != 0 && !many && !regular) return GW_OK; /* what a pipe says can be heard once */
    if (regular && !many && import_holds_one(path, options)) return GW_OK;
    TRY(gw_market_import(path, options, &market, NULL));
    *n = market.n_symbols;
    for (size_t i = 0; i < market.n_symbols && i < most; i++) strcpy(name[i], market.symbol[i].symbol);
    gw_market_free(&market);
    return GW_OK;
}

void gw_import_reports_free(struct gw_import_report *reports) { mem_free(reports); }
