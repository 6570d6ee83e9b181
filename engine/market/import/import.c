/* The import from end to end; import.h has the map. */
#include <string.h>

#include "engine/base/base.h"
#include "import_cache.h"
#include "import_private.h"
#include "import_tz.h"

/* Vendors append interval and period to a symbol: "BTCUSDT-15m-2021-01", "XBTUSD_60". */
static size_t without_suffixes(const char *stem, size_t length) {
    for (;;) {
        size_t cut = length;
        while (cut > 0 && stem[cut - 1] != '-' && stem[cut - 1] != '_') cut--;
        if (cut < 2 || cut == length || stem[cut] < '0' || stem[cut] > '9') return length;
        length = cut - 1;
    }
}

void import_symbol_of_path(const char *path, char symbol[GW_SYMBOL_MAX]) {
    static const char *const endings[] = {".gz",  ".zip", ".xz",  ".bz2",  ".zst", ".lz4", ".7z",    ".tgz",
                                          ".tar", ".csv", ".txt", ".json", ".prn", ".tsv", ".jsonl", ".ndjson"};
    const char *slash = strrchr(path, '/'), *stem = slash ? slash + 1 : path;
    size_t length = strlen(stem);
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t e = strlen(endings[i]);
        if (length > e && strncasecmp(stem + length - e, endings[i], e) == 0) length -= e;
    }
    length = without_suffixes(stem, length);
    import_symbol_clean((struct field){stem, length}, symbol);
    if (!*symbol) strcpy(symbol, "symbol");
}

static int judge_symbol(const char *symbol) {
    if (!name_is_safe(symbol))
        FAIL(GW_ERR_CONFIG, "symbol \"%s\": use letters, digits and _ . - only, beginning with a letter or digit",
             symbol);
    if (strlen(symbol) >= GW_SYMBOL_MAX)
        FAIL(GW_ERR_CONFIG, "symbol \"%s\": is longer than %d characters", symbol, GW_SYMBOL_MAX - 1);
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

/* What the layout says of the columns: those that are read, those that are not. */
static void tell_columns(struct import_reader *reader, const struct import_sample *sample) {
    struct gw_import_report *report = &reader->report;
    const struct import_layout *layout = &reader->layout;
    struct sample_row header = {0};
    size_t used = 0, unused = 0;
    bool named = layout->skip_lines > 0 && sample->n_lines && sample->line[0].number <= layout->skip_lines;
    if (named) sample_row_split(sample, 0, layout->delimiter, &header);
    for (size_t i = 0; i < layout->n_columns; i++) {
        bool skipped = layout->column[i] == COLUMN_SKIP, known = named && i < header.n_fields;
        size_t *at = skipped ? &unused : &used, size = sizeof report->columns_used;
        char *text = skipped ? report->columns_ignored : report->columns_used;
        report->has_volume = report->has_volume || layout->column[i] == COLUMN_VOLUME;
        if (*at + 48 >= size) continue;
        struct field name = known ? header.field[i] : (struct field){"", 0};
        int shown = name.length < 40 ? (int)name.length : 40;
        if (shown)
            *at += (size_t)snprintf(text + *at, size - *at, "%s%.*s", *at ? ", " : "", shown, name.text);
        else if (named || skipped)
            *at += (size_t)snprintf(text + *at, size - *at, "%scolumn %zu", *at ? ", " : "", i + 1);
        else
            *at +=
                (size_t)snprintf(text + *at, size - *at, "%s%s", *at ? ", " : "", import_role_name(layout->column[i]));
    }
    text_clean(report->columns_used);
    text_clean(report->columns_ignored);
}

static void tell_zone(struct import_reader *reader) {
    static const char *const words[] = {"UTC, as the times state no zone", "Eastern Standard Time all year", "New York",
                                        "UTC, though the times are a broker's: say whose timezone it is"};
    struct gw_import_report *report = &reader->report;
    bool broker = reader->layout.zone == ZONE_BROKER, civil = reader->time_style == TIME_CIVIL;
    report->zone_is_guessed = civil && !reader->tz && (broker || reader->layout.zone == ZONE_UTC);
    report->zone_is_broker = civil && !reader->tz && broker;
    snprintf(report->zone, sizeof report->zone, "%s",
             !civil       ? "UTC, by the times themselves"
             : reader->tz ? reader->options.timezone
                          : words[reader->layout.zone]);
}

static int parse(struct import_reader *reader) {
    const struct gw_import_format *format;
    struct import_sample sample;
    TRY(judge_text(reader->path, reader->text, reader->end));
    import_sample_take(&sample, reader->path, reader->text, reader->end, reader->options.format != NULL);
    TRY(import_format_find(&sample, reader->options.format, &format, &reader->layout));
    TRY(import_columns_choose(reader, &sample));
    snprintf(reader->report.format, sizeof reader->report.format, "%s", format->name);
    for (size_t i = 0; i < reader->layout.n_columns; i++) {
        if (reader->layout.column[i] == COLUMN_SYMBOL && !reader->symbols) TRY(import_symbols_open(reader));
        if (reader->layout.column[i] != COLUMN_SKIP) reader->used[reader->n_used++] = (uint8_t)i;
    }
    TRY(format->read ? format->read(reader) : import_rows_read(reader));
    if (!*reader->report.columns_used) tell_columns(reader, &sample);
    tell_zone(reader);
    TRY(judge_damage(reader));
    if (reader->rows.n == 0 && reader->report.n_bad_rows)
        FAIL(GW_ERR_DATA, "%s:%s (and no good row)", reader->path, reader->report.first_problem);
    if (reader->rows.n == 0) FAIL(GW_ERR_DATA, "%s:1:1: holds no bars; check that it is the right file", reader->path);
    return GW_OK;
}

/* ---- from rows to bars ------------------------------------------------------------------------------ */

int import_hand_over(struct import_reader *reader, struct gw_bars *out) {
    struct import_rows *rows = &reader->rows;
    if (rows->n_extra && !(out->column = mem_calloc(rows->n_extra, sizeof *out->column))) return GW_ERR_NOMEM;
    for (size_t c = 0; c < rows->n_extra; c++) {
        strcpy(out->column[c].name, reader->extra_name[c]);
        out->column[c].value = rows->extra[c];
        rows->extra[c] = NULL;
        out->n_columns++;
    }
    out->interval_ns = reader->report.interval_ns;
    out->n = rows->n;
    out->bar = rows->bar;
    out->quote_volume = rows->quote_volume;
    out->trade_count = rows->trade_count;
    out->taker_buy_base = rows->taker_buy_base;
    rows->bar = NULL;
    rows->quote_volume = rows->trade_count = rows->taker_buy_base = NULL;
    gw_bars_fingerprint(out);
    return GW_OK;
}

/* What names may be told apart and written into headers. */
static int judge_columns(const struct gw_import_options *options) {
    if (options->n_columns > GW_COLUMNS_MAX) FAIL(GW_ERR_CONFIG, "more than %d columns are asked for", GW_COLUMNS_MAX);
    for (size_t i = 0; i < options->n_columns; i++)
        if (!name_is_safe(options->column[i]) || strlen(options->column[i]) >= GW_COLUMN_NAME_MAX)
            FAIL(GW_ERR_CONFIG, "column \"%.64s\": use at most %d letters, digits, '_', '-' and '.'",
                 options->column[i], GW_COLUMN_NAME_MAX - 1);
    return GW_OK;
}

void import_found_free(struct import_found *found) {
    for (size_t i = 0; i < found->n; i++) gw_bars_free(&found->bars[i]);
    mem_free(found->bars);
    mem_free(found->report);
    *found = (struct import_found){0};
}

/* The bars pass to `found`, also when it has no room. */
int import_found_add(struct import_found *found, struct gw_bars *bars, const struct gw_import_report *report) {
    if (found->n == found->capacity) {
        size_t wider = 2 * found->capacity + 1;
        struct gw_bars *more_bars = mem_realloc(found->bars, wider, sizeof *more_bars);
        if (more_bars) found->bars = more_bars;
        struct gw_import_report *more = more_bars ? mem_realloc(found->report, wider, sizeof *more) : NULL;
        if (!more) {
            gw_bars_free(bars);
            return GW_ERR_NOMEM;
        }
        found->report = more;
        found->capacity = wider;
    }
    found->bars[found->n] = *bars;
    found->report[found->n++] = *report;
    *bars = (struct gw_bars){0};
    return GW_OK;
}

static int finish(struct import_reader *reader, const char *symbol, struct import_found *found) {
    struct gw_bars bars = {0};
    TRY(import_order(reader));
    if (!reader->part) TRY(import_keep_range(reader));
    TRY(import_facts(reader));
    snprintf(bars.symbol, sizeof bars.symbol, "%s", symbol);
    int rc = import_hand_over(reader, &bars);
    if (rc < 0) {
        gw_bars_free(&bars);
        return rc;
    }
    return import_found_add(found, &bars, &reader->report);
}

/* A file of several symbols: each goes on as if it had a file to itself. */
static int finish_each(struct import_reader *reader, struct import_found *found) {
    size_t n = import_symbols_count(reader->symbols);
    for (size_t i = 0; i < reader->layout.n_columns; i++)
        if (reader->layout.column[i] == COLUMN_SYMBOL) reader->layout.column[i] = COLUMN_SKIP;
    for (size_t s = 0; s < n; s++) {
        struct import_reader one = *reader;
        one.symbols = NULL;
        int rc = import_symbol_rows(reader, s, &one.rows);
        one.report.n_rows = one.rows.n;
        if (rc == GW_OK && one.rows.n) rc = finish(&one, import_symbol_name(reader->symbols, s), found);
        import_rows_free(&one.rows);
        TRY(rc);
        TRY(interrupt_check());
    }
    return GW_OK;
}

/* One text. `symbol`: its name, unless the rows say another. */
static int import_text(struct import_reader *reader, const char *text, size_t length, const char *symbol, bool renamed,
                       struct import_found *found) {
    bool mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
    reader->text = text + (mark ? 3 : 0);
    reader->end = text + length;
    int rc = parse(reader);
    if (rc == GW_OK && reader->symbols && import_symbols_count(reader->symbols) > 1) {
        rc = finish_each(reader, found);
    } else if (rc == GW_OK) {
        bool told = reader->symbols && !renamed;
        rc = finish(reader, told ? import_symbol_name(reader->symbols, 0) : symbol, found);
    }
    import_rows_free(&reader->rows);
    import_symbols_free(reader->symbols);
    reader->symbols = NULL;
    return rc;
}

/* ---- one file ----------------------------------------------------------------------------------------- */

/* An archive is a folder in one file. A member whose name is only a date is called after the archive. */
static int import_members(const struct import_reader *as, const struct import_source *source, const char *symbol,
                          struct import_found *found, struct gw_import_report *failed) {
    for (size_t i = 0; i < source->n_members; i++) {
        const struct import_member *member = &source->member[i];
        char path[IMPORT_PATH_MAX], name[GW_SYMBOL_MAX];
        struct import_reader reader = *as;
        reader.part = true;
        reader.path = path;
        snprintf(path, sizeof path, "%s/%s", as->path, member->name);
        import_symbol_of_path(member->name, name);
        bool dated = strspn(name, "0123456789-_.") == strlen(name);
        int rc =
            import_text(&reader, source->text + member->begin, member->length, dated ? symbol : name, false, found);
        *failed = reader.report;
        TRY(rc);
        TRY(interrupt_check());
    }
    return GW_OK;
}

static int import_bytes(struct import_reader *as, const struct import_cache *cache, const char *file,
                        const char *symbol, bool renamed, struct import_found *found, struct gw_import_report *failed) {
    struct import_source source;
    struct import_found own = {0};
    TRY(import_source_load(file, cache->on, &source));
    int rc = GW_OK;
    if (source.n_members) {
        rc = import_members(as, &source, symbol, &own, failed);
        if (rc == GW_OK) rc = import_merge(as->path, &as->options, &own);
    } else {
        rc = import_text(as, source.text, source.length, symbol, renamed, &own);
        *failed = as->report;
    }
    if (rc == GW_OK && own.n == 1 && !as->part)
        import_cache_save(cache, source.raw_hash, source.raw_length, &own.bars[0], &own.report[0]);
    for (size_t i = 0; i < own.n && rc == GW_OK; i++) rc = import_found_add(found, &own.bars[i], &own.report[i]);
    import_found_free(&own);
    import_source_free(&source);
    return rc;
}

int import_file(const char *path, const struct gw_import_options *options, bool part, struct import_found *found,
                struct gw_import_report *failed) {
    struct import_reader reader = {.path = path, .options = *options, .part = part};
    struct import_cache cache;
    struct gw_bars bars = {0};
    char symbol[GW_SYMBOL_MAX];
    if (options->symbol) TRY(judge_symbol(options->symbol));
    TRY(judge_columns(options));
    if (strcmp(path, "-") == 0) reader.path = "standard input", reader.options.no_cache = true;
    if (options->symbol)
        strcpy(symbol, options->symbol);
    else
        import_symbol_of_path(strcmp(path, "-") == 0 ? "stdin" : path, symbol);
    if (options->time_format) TRY(import_time_format_check(options->time_format));
    if (options->timezone) TRY(import_tz_open(options->timezone, &reader.tz));
    import_cache_open(&cache, &reader.options, symbol, reader.tz ? import_tz_hash(reader.tz) : 0);
    int rc;
    if (!part && import_cache_load(&cache, path, &bars, failed))
        rc = import_found_add(found, &bars, failed);
    else
        rc = import_bytes(&reader, &cache, path, symbol, options->symbol != NULL, found, failed);
    import_tz_close(reader.tz);
    return rc;
}
