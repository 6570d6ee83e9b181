/* The import from end to end; import.h has the map. */
#include <string.h>

#include "engine/base/base.h"
#include "import_cache.h"
#include "import_private.h"

/* Vendors append interval and period to a symbol: "BTCUSDT-15m-2021-01", "XBTUSD_60". */
static size_t without_suffixes(const char *stem, size_t length) {
    for (;;) {
        size_t cut = length;
        while (cut > 0 && stem[cut - 1] != '-' && stem[cut - 1] != '_') cut--;
        if (cut < 2 || cut == length || stem[cut] < '0' || stem[cut] > '9') return length;
        length = cut - 1;
    }
}

/* "data/BTCUSDT-15m.csv.gz" is BTCUSDT. */
static void symbol_from_path(const char *path, char *symbol) {
    static const char *const endings[] = {".gz", ".zip", ".csv", ".txt", ".json", ".prn", ".tsv"};
    const char *slash = strrchr(path, '/'), *stem = slash ? slash + 1 : path;
    size_t length = strlen(stem), n = 0;
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t e = strlen(endings[i]);
        if (length > e && strncasecmp(stem + length - e, endings[i], e) == 0) length -= e;
    }
    length = without_suffixes(stem, length);
    for (size_t i = 0; i < length && n + 1 < GW_SYMBOL_MAX; i++) {
        char c = stem[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!word && n == 0) continue; /* names begin with a letter or digit */
        symbol[n++] = word || c == '_' || c == '.' || c == '-' ? c : '_';
    }
    symbol[n] = '\0';
    if (n == 0) strcpy(symbol, "symbol");
}

static int choose_symbol(const struct gw_import_options *options, const char *path, char *symbol) {
    if (!options->symbol) {
        symbol_from_path(path, symbol);
        return GW_OK;
    }
    if (!name_is_safe(options->symbol))
        FAIL(GW_ERR_CONFIG, "symbol \"%s\": use letters, digits and _ . - only, beginning with a letter or digit",
             options->symbol);
    if (strlen(options->symbol) >= GW_SYMBOL_MAX)
        FAIL(GW_ERR_CONFIG, "symbol \"%s\": is longer than %d characters", options->symbol, GW_SYMBOL_MAX - 1);
    strcpy(symbol, options->symbol);
    return GW_OK;
}

/* Text only: a NUL byte means a damaged or binary file. */
static int judge_text(const char *path, const char *text, const char *end) {
    const char *nul = memchr(text, '\0', (size_t)(end - text)), *line_begin = text;
    size_t line = 1;
    if (!nul) return GW_OK;
    for (const char *c = text; c < nul; c++) {
        if (*c != '\n') continue;
        line++;
        line_begin = c + 1;
    }
    FAIL(GW_ERR_DATA, "%s:%zu:%td: a NUL byte; the file is damaged or not text, fetch it again", path, line,
         nul - line_begin + 1);
}

/* A few bad rows can be left out with a note; a file full of them is not what it was taken for. */
static int judge_damage(const struct import_reader *reader) {
    const struct gw_import_report *report = &reader->report;
    if (reader->options.tolerant || report->n_bad_rows <= 5 + report->n_rows / 100) return GW_OK;
    FAIL(GW_ERR_DATA, "%s:%s (and %zu more bad rows of %zu: too many to repair)", reader->path, report->first_problem,
         report->n_bad_rows - 1, report->n_rows);
}

static int parse(struct import_reader *reader) {
    const struct gw_import_format *format;
    struct import_sample sample;
    TRY(judge_text(reader->path, reader->text, reader->end));
    import_sample_take(&sample, reader->path, reader->text, reader->end, reader->options.format != NULL);
    TRY(import_format_find(&sample, reader->options.format, &format, &reader->layout));
    snprintf(reader->report.format, sizeof reader->report.format, "%s", format->name);
    for (size_t i = 0; i < reader->layout.n_columns; i++)
        if (reader->layout.column[i] != COLUMN_SKIP) reader->used[reader->n_used++] = (uint8_t)i;
    TRY(format->read ? format->read(reader) : import_rows_read(reader));
    TRY(judge_damage(reader));
    if (reader->rows.n == 0 && reader->report.n_bad_rows)
        FAIL(GW_ERR_DATA, "%s:%s (and no good row)", reader->path, reader->report.first_problem);
    if (reader->rows.n == 0) FAIL(GW_ERR_DATA, "%s:1:1: holds no bars; check that it is the right file", reader->path);
    return GW_OK;
}

/* The rows' memory passes to the bars. */
static void hand_over(struct import_reader *reader, struct gw_bars *out) {
    struct import_rows *rows = &reader->rows;
    out->interval_ns = reader->report.interval_ns;
    out->n = rows->n;
    out->bar = rows->bar;
    out->quote_volume = rows->quote_volume;
    out->trade_count = rows->trade_count;
    out->taker_buy_base = rows->taker_buy_base;
    rows->bar = NULL;
    rows->quote_volume = rows->trade_count = rows->taker_buy_base = NULL;
    gw_bars_fingerprint(out);
}

int gw_bars_import(const char *path, const struct gw_import_options *options, struct gw_bars *out,
                   struct gw_import_report *report) {
    struct import_source source = {0};
    struct import_reader reader = {.path = path};
    struct import_cache cache;
    int rc;
    *out = (struct gw_bars){0};
    if (report) *report = (struct gw_import_report){0};
    if (options) reader.options = *options;
    TRY(choose_symbol(&reader.options, path, out->symbol));
    import_cache_open(&cache, &reader.options, out->symbol);
    if (import_cache_load(&cache, path, out, &reader.report)) {
        if (report) *report = reader.report;
        return GW_OK;
    }
    TRY(import_source_load(path, cache.on, &source));
    bool mark = source.length >= 3 && memcmp(source.text, "\xef\xbb\xbf", 3) == 0;
    reader.text = source.text + (mark ? 3 : 0);
    reader.end = source.text + source.length;
    TRY_GOTO(parse(&reader), done);
    TRY_GOTO(import_order(&reader), done);
    TRY_GOTO(import_keep_range(&reader), done);
    TRY_GOTO(import_facts(&reader), done);
    hand_over(&reader, out);
    import_cache_save(&cache, source.raw_hash, source.raw_length, out, &reader.report);
done:
    if (report) *report = reader.report; /* also after a failure: how far it came */
    import_rows_free(&reader.rows);
    mem_free(source.text);
    return rc;
}
