/* Reads a side file: header, times, the columns that were asked for. Nothing is repaired; the first thing that is wrong is
 * named with its place. */
#include "side_file.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "import_cache.h"
#include "import_private.h"
#include "side_private.h"

enum { NONE = -1 };

/* Where a file is being read, and what its header said. */
struct place {
    struct import_reader reader; /* of times */
    const struct side_source *source;
    const char *symbol;
    int64_t known_after_ns;
    const char *line_begin;
    size_t line, n_fields;
    char delimiter;
    int time, known, named; /* columns, NONE: there is none such */
    int value[GW_COLUMNS_MAX];
    enum time_style style, known_style;
    bool any_other; /* rows of other symbols */
};

static int GW_PRINTF_LIKE(3, 4) fail_at(const struct place *p, const char *at, const char *format, ...) {
    char what[500];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    text_clean(what);
    FAIL(GW_ERR_DATA, "%s:%zu:%td: %s", p->source->file, p->line, at ? at - p->line_begin + 1 : (ptrdiff_t)1, what);
}

int side_known_after(const char *text, int64_t *ns) {
    *ns = 0;
    return strspn(text, "0") == 1 && strcmp(text + 1, "s") == 0 ? GW_OK : duration_parse(text, ns);
}

void side_rows_free(struct side_rows *rows) {
    mem_free(rows->time_ns);
    mem_free(rows->known_ns);
    for (size_t c = 0; c < GW_COLUMNS_MAX; c++) mem_free(rows->value[c]);
    *rows = (struct side_rows){0};
}

static int grow(void **block, size_t n, size_t size) {
    void *grown = mem_realloc(*block, n, size);
    if (!grown) return GW_ERR_NOMEM;
    *block = grown;
    return GW_OK;
}

static int make_room(struct side_rows *rows) {
    if (rows->n < rows->capacity) return GW_OK;
    const size_t n = 2 * rows->capacity + 256;
    TRY(grow((void **)&rows->time_ns, n, sizeof *rows->time_ns));
    TRY(grow((void **)&rows->known_ns, n, sizeof *rows->known_ns));
    for (size_t c = 0; c < rows->n_columns; c++) TRY(grow((void **)&rows->value[c], n, sizeof(double)));
    rows->capacity = n;
    return GW_OK;
}

/* ---- a line ----------------------------------------------------------------------------------------------------- */

static int cut(struct place *p, const char *end, struct field field[IMPORT_COLUMNS_MAX], size_t *n) {
    size_t quotes = 0;
    const char *stray = memchr(p->line_begin, '\r', (size_t)(end - p->line_begin)), *quote = NULL;
    if (stray) return fail_at(p, stray, "a carriage return inside the line; end lines with LF or CRLF");
    for (const char *at = p->line_begin; at < end; at++)
        if (*at == '"') quotes++, quote = at;
    if (quotes % 2) return fail_at(p, quote, "a quote is opened and not closed on this line; close it");
    *n = 0;
    for (const char *at = p->line_begin; at;) {
        if (*n == IMPORT_COLUMNS_MAX)
            return fail_at(p, at, "more than %d columns; leave out those that are not needed", IMPORT_COLUMNS_MAX);
        field[(*n)++] = field_next(&at, end, p->delimiter);
    }
    return GW_OK;
}

/* ---- header ------------------------------------------------------------------------------------------------------ */

/* The column of one of these names; fails when there are two. */
static int only_one(const struct place *p, const struct field *name, size_t n, const char *const *known, size_t n_known,
                    int *found) {
    char key[64];
    *found = NONE;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_known; k++) {
            header_key(name[i], key, sizeof key);
            if (strcmp(key, known[k]) != 0) continue;
            if (*found != NONE) return fail_at(p, name[i].text, "a second column for %s; rename one", known[0]);
            *found = (int)i;
        }
    return GW_OK;
}

static int find_time(struct place *p, const struct field *name, size_t n) {
    int best = 0;
    p->time = NONE;
    for (size_t i = 0; i < n; i++) {
        int rank;
        if (import_header_role(name[i], &rank) != COLUMN_TIME) continue;
        if (p->time != NONE && rank == best) return fail_at(p, name[i].text, "a second column of times; rename one");
        if (p->time == NONE || rank < best) p->time = (int)i, best = rank;
    }
    if (p->time == NONE)
        return fail_at(p, NULL,
                       "the header names no time column; the first line must name the columns, time among them");
    return GW_OK;
}

static int judge_known(const struct place *p, const struct field *name) {
    if (p->known != NONE && *p->source->known_after)
        return fail_at(p, name[p->known].text,
                       "a column known_at and \"known_after\" too: which of them says when a row was "
                       "known? leave one out");
    if (p->known == NONE && !*p->source->known_after)
        return fail_at(p, NULL,
                       "nothing says when a row was known: give \"known_after\" (\"0s\": at its time) or a column "
                       "known_at");
    return GW_OK;
}

static void note(struct field name, char *list, size_t size) {
    const size_t used = strlen(list);
    char text[GW_COLUMN_NAME_MAX];
    snprintf(text, sizeof text, "%.*s", (int)(name.length < sizeof text ? name.length : sizeof text - 1), name.text);
    text_clean(text);
    if (*text && used + strlen(text) + 2 < size) sprintf(list + used, "%s%s", used ? "\n" : "", text);
}

static int choose_values(struct place *p, const struct field *name, size_t n, const char *const *asked, size_t n_asked,
                         struct side_rows *rows, struct side_account *account) {
    bool used[IMPORT_COLUMNS_MAX] = {false};
    for (size_t k = 0; k < n_asked; k++) {
        const int at = import_column_find(name, n, asked[k]);
        if (at == COLUMN_NOT_FOUND) continue;
        if (at == COLUMN_AMBIGUOUS) return fail_at(p, NULL, "two columns are called \"%s\"; rename one", asked[k]);
        if (at == p->time || at == p->known || at == p->named || used[at])
            return fail_at(p, name[at].text, "\"%s\" cannot be a column of values here; rename one", asked[k]);
        used[at] = true;
        note(name[at], account->used, sizeof account->used);
        p->value[rows->n_columns] = at;
        rows->name[rows->n_columns++] = asked[k];
    }
    for (size_t i = 0; i < n; i++)
        if (!used[i] && (int)i != p->time && (int)i != p->known && (int)i != p->named)
            note(name[i], account->ignored, sizeof account->ignored);
    return GW_OK;
}

static int read_header(struct place *p, const char *end, const char *const *asked, size_t n_asked,
                       struct side_rows *rows, struct side_account *account) {
    static const char *const known_names[] = {"knownat", "availableat", "known", "available"};
    static const char *const symbol_names[] = {"symbol"};
    static const char delimiters[] = ",;\t|";
    struct field name[IMPORT_COLUMNS_MAX];
    size_t most = 0, n;
    p->delimiter = ',';
    for (const char *d = delimiters; *d; d++) {
        size_t count = 0;
        for (const char *at = p->line_begin; at < end; at++) count += *at == *d;
        if (count > most) most = count, p->delimiter = *d;
    }
    TRY(cut(p, end, name, &n));
    TRY(find_time(p, name, n));
    TRY(only_one(p, name, n, known_names, COUNT_OF(known_names), &p->known));
    TRY(only_one(p, name, n, symbol_names, COUNT_OF(symbol_names), &p->named));
    TRY(judge_known(p, name));
    p->n_fields = n;
    return choose_values(p, name, n, asked, n_asked, rows, account);
}

/* ---- rows ---------------------------------------------------------------------------------------------------------- */

static int read_time(struct place *p, struct field field, enum time_style *of_file, const char *what, int64_t *ns) {
    enum time_style style = TIME_UNSET;
    const char *wrong = import_time_parse(&p->reader, field, ns, &style);
    if (wrong)
        return fail_at(p, field.text, "%s \"%.*s\": %s", what, (int)(field.length < 40 ? field.length : 40), field.text,
                       wrong);
    if (*of_file == TIME_UNSET) *of_file = style;
    if (*of_file != style)
        return fail_at(p, field.text, "%s is in %s, but in %s on the lines before; use one unit in the whole file",
                       what, import_style_name(style), import_style_name(*of_file));
    return GW_OK;
}

static int read_known(struct place *p, const struct field *field, int64_t time_ns, int64_t *known_ns) {
    char at[40], time[40];
    if (p->known == NONE) {
        if (__builtin_add_overflow(time_ns, p->known_after_ns, known_ns))
            return fail_at(p, field[p->time].text, "known after the year 2262");
        return GW_OK;
    }
    TRY(read_time(p, field[p->known], &p->known_style, "known_at", known_ns));
    if (*known_ns >= time_ns) return GW_OK;
    return fail_at(p, field[p->known].text, "known at %s, before its time %s", time_format(*known_ns, at),
                   time_format(time_ns, time));
}

static int judge_order(const struct place *p, const struct side_rows *rows, struct field field, int64_t time_ns) {
    char now[40], before[40];
    if (rows->n == 0 || time_ns > rows->time_ns[rows->n - 1]) return GW_OK;
    if (time_ns == rows->time_ns[rows->n - 1])
        return fail_at(p, field.text, "a second row for %s%s; only you can know which one is right: delete the other",
                       time_format(time_ns, now), p->named == NONE ? "" : " of this symbol");
    return fail_at(p, field.text, "time goes back to %s after %s; sort the rows", time_format(time_ns, now),
                   time_format(rows->time_ns[rows->n - 1], before));
}

static int read_row(struct place *p, const char *end, struct side_rows *rows) {
    struct field field[IMPORT_COLUMNS_MAX];
    size_t n;
    int64_t time_ns, known_ns;
    TRY(cut(p, end, field, &n));
    if (n != p->n_fields)
        return fail_at(p, field[(n < p->n_fields ? n : p->n_fields + 1) - 1].text,
                       "%zu columns instead of the header's %zu", n, p->n_fields);
    if (p->named != NONE) {
        const struct field name = field[p->named];
        if (name.length == 0) return fail_at(p, name.text, "the symbol is empty");
        if (name.length != strlen(p->symbol) || memcmp(name.text, p->symbol, name.length) != 0) {
            p->any_other = true;
            return GW_OK;
        }
    }
    TRY(read_time(p, field[p->time], &p->style, "time", &time_ns));
    TRY(read_known(p, field, time_ns, &known_ns));
    TRY(judge_order(p, rows, field[p->time], time_ns));
    TRY(make_room(rows));
    rows->time_ns[rows->n] = time_ns;
    rows->known_ns[rows->n] = known_ns;
    for (size_t c = 0; c < rows->n_columns; c++) {
        const struct field value = field[p->value[c]];
        if (!import_extra_value(value, false, &rows->value[c][rows->n]))
            return fail_at(p, value.text, "%s \"%.*s\" is no number, or beyond 1e30; leave unknown values empty",
                           rows->name[c], (int)(value.length < 40 ? value.length : 40), value.text);
    }
    rows->n++;
    return GW_OK;
}

static int read_text(struct place *p, const char *at, const char *end, const char *const *asked, size_t n_asked,
                     struct side_rows *rows, struct side_account *account) {
    bool header = false;
    for (p->line = 1; at < end; p->line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)), *line_end = stop ? stop : end;
        p->line_begin = at;
        at = line_end + 1;
        if (line_end > p->line_begin && line_end[-1] == '\r') line_end--;
        const char *nul = memchr(p->line_begin, '\0', (size_t)(line_end - p->line_begin));
        if (nul) return fail_at(p, nul, "a NUL byte; the file is damaged or not text, fetch it again");
        if (field_trim(p->line_begin, line_end).length == 0) continue;
        if (header) {
            TRY(read_row(p, line_end, rows));
        } else {
            TRY(read_header(p, line_end, asked, n_asked, rows, account));
            header = true;
        }
        if (p->line % 65536 == 0) TRY(interrupt_check());
    }
    if (!header) FAIL(GW_ERR_DATA, "%s:1:1: is empty; a line of column names was expected", p->source->file);
    if (rows->n == 0 && p->any_other)
        FAIL(GW_ERR_DATA, "%s:1:1: holds no row of the symbol %s", p->source->file, p->symbol);
    if (rows->n == 0) FAIL(GW_ERR_DATA, "%s:%zu:1: no row stands below the header", p->source->file, p->line - 1);
    return GW_OK;
}

int side_rows_read(const struct side_source *source, const char *const *asked, size_t n_asked, const char *symbol,
                   struct side_rows *rows, struct side_account *account) {
    struct import_source text = {0};
    struct place p = {.source = source, .symbol = symbol};
    *rows = (struct side_rows){0};
    *account = (struct side_account){0};
    if (*source->known_after) TRY(side_known_after(source->known_after, &p.known_after_ns));
    TRY(import_source_load(source->file, true, &text));
    if (text.n_members) {
        import_source_free(&text);
        FAIL(GW_ERR_DATA, "%s: is an archive of several files; name one table", source->file);
    }
    const bool mark = text.length >= 3 && memcmp(text.text, "\xef\xbb\xbf", 3) == 0;
    account->fingerprint = import_cache_hash(text.text, text.length);
    p.reader.path = source->file;
    p.reader.end = text.text + text.length;
    int rc = read_text(&p, text.text + (mark ? 3 : 0), p.reader.end, asked, n_asked, rows, account);
    account->n_rows = rows->n;
    import_source_free(&text);
    if (rc < 0) side_rows_free(rows);
    return rc;
}
