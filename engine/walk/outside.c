/* The outside scores from end to end; outside_private.h has the map. */
#include <string.h>

#include "engine/base/base.h"
#include "outside_private.h"

static int add_file(struct reading *r, const char *path) {
    struct outside *o = r->out;
    if ((o->n_files & (o->n_files - 1)) == 0) { /* full at every power of two */
        struct outside_file *file = arena_alloc(r->memory, o->n_files ? 2 * o->n_files : 1, sizeof *file);
        if (!file) return GW_ERR_NOMEM;
        if (o->n_files) memcpy(file, o->file, o->n_files * sizeof *file);
        o->file = file;
    }
    r->file = &o->file[o->n_files++];
    if (snprintf(r->file->path, sizeof r->file->path, "%s", path) >= (int)sizeof r->file->path)
        FAIL(GW_ERR_DATA, "%s: is too long for a path", path);
    memset(r->style, 0, sizeof r->style);
    r->times = (struct import_reader){.path = r->file->path};
    return GW_OK;
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Text only; a NUL byte means a damaged or binary file. */
static int judge_text(const char *path, const char *text, const char *end) {
    const char *nul = memchr(text, '\0', (size_t)(end - text)), *line = text;
    size_t n = 1, bad;
    for (const char *at = text; nul && at < nul; at++)
        if (*at == '\n') n++, line = at + 1;
    if (nul) FAIL(GW_ERR_DATA, "%s:%zu:%td: a NUL byte; the file is damaged or no text", path, n, nul - line + 1);
    if (utf8_valid(text, (size_t)(end - text), &bad)) return GW_OK;
    for (const char *at = text; at < text + bad; at++)
        if (*at == '\n') n++, line = at + 1;
    FAIL(GW_ERR_DATA, "%s:%zu:%td: no UTF-8 text; save the file as UTF-8", path, n, text + bad - line + 1);
}

static int read_text(struct reading *r, const char *path, const struct import_source *source) {
    bool mark = source->length >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0;
    const char *text = source->text + (mark ? 3 : 0), *end = source->text + source->length;
    TRY(judge_text(path, text, end));
    while (text < end && (*text == '\n' || *text == '\r')) text++;
    const char *begin = source->text + (mark ? 3 : 0);
    struct field first = field_trim(text, end);
    if (first.length == 0) FAIL(GW_ERR_DATA, "%s:1:1: is empty; scores were expected", path);
    if (*first.text == '[')
        FAIL(GW_ERR_DATA, "%s:1:1: is one JSON array; write one object a line instead (JSON lines)", path);
    return *first.text == '{' ? outside_read_json(r, path, begin, end) : outside_read_text(r, path, begin, end);
}

static int read_file(struct reading *r, const char *path) {
    struct import_source source;
    TRY(add_file(r, path));
    TRY(interrupt_check());
    if (ends_with(path, ".npy")) {
        char *bytes;
        TRY(file_read_all(path, (size_t)1 << 30, GW_ERR_DATA, &bytes, &r->file->n_bytes));
        r->file->hash = hash_bytes(bytes, r->file->n_bytes, 0);
        mem_free(bytes);
        return outside_read_array(r, r->file->path);
    }
    TRY(import_source_load(path, true, &source));
    r->file->hash = source.raw_hash;
    r->file->n_bytes = source.raw_length;
    int rc = read_text(r, r->file->path, &source);
    mem_free(source.text);
    return rc;
}

static void tell(const struct reading *r) {
    const struct outside_account *a = &r->out->account;
    progress_message("scores of \"%s\": %zu file%s, %zu rows; %zu of %zu test bars and %zu of %zu validation bars "
                     "scored; %zu rows of other bars, %zu at no bar's time, %zu said twice, %zu of other strategies, "
                     "symbols or seeds",
                     r->spec->name, r->out->n_files, r->out->n_files == 1 ? "" : "s", a->n_rows, a->test_scored,
                     a->test_bars, a->validation_scored, a->validation_bars, a->n_unused, a->n_no_bar, a->n_duplicates,
                     a->n_other);
    if (r->out->perhaps_shifted)
        message("note: the scores of \"%s\" fit the bars better as %s times than as the %s times that they are said to "
                "be; if that is what they are, call the column \"%s\": each score is now put %s bar",
                r->spec->name, r->by_open ? "close" : "open", r->by_open ? "open" : "close",
                r->by_open ? "time" : "open_time", r->by_open ? "at the next" : "at the previous");
}

static int read_contestant(const struct experiment *e, struct prepared *p, size_t strategy) {
    struct outside *o = arena_alloc(&p->outside_memory, 1, sizeof *o);
    struct reading *r = mem_calloc(1, sizeof *r);
    int rc = r && o ? GW_OK : GW_ERR_NOMEM;
    if (rc < 0) goto done;
    *r = (struct reading){.e = e, .p = p, .memory = &p->outside_memory, .spec = &e->strategy[strategy], .out = o};
    TRY_GOTO(outside_join_begin(r), done);
    TRY_GOTO(outside_each_file(r, read_file), done);
    TRY_GOTO(outside_check_times(r), done);
    TRY_GOTO(outside_lay_out(r), done);
    tell(r);
    p->outside[strategy] = o;
done:
    if (r) outside_join_end(r);
    mem_free(r);
    return rc;
}

int outside_prepare(const struct experiment *e, struct prepared *p) {
    p->outside = arena_alloc(&p->outside_memory, e->n_strategies, sizeof *p->outside);
    if (!p->outside) return GW_ERR_NOMEM;
    p->n_outside = e->n_strategies;
    for (size_t s = 0; s < e->n_strategies; s++)
        if (strategy_is_outside(&e->strategy[s])) TRY(read_contestant(e, p, s));
    return GW_OK;
}

const struct outside *outside_of(const struct experiment *e, const struct prepared *p, size_t strategy) {
    size_t member; /* scores from outside are averaged alone */
    if (config_averaged(e, &e->strategy[strategy], 0, strategy, &member) && member != SIZE_MAX)
        return p->outside ? p->outside[member] : NULL;
    return p->outside ? p->outside[strategy] : NULL;
}

size_t outside_repeats(const struct experiment *e, const struct prepared *p, size_t strategy) {
    const struct strategy_spec *spec = &e->strategy[strategy];
    return strategy_is_outside(spec) ? p->outside[strategy]->n_seeds : strategy_repeats(e, spec);
}

uint64_t outside_seed(const struct experiment *e, const struct prepared *p, size_t strategy, size_t k) {
    const struct strategy_spec *spec = &e->strategy[strategy];
    if (!strategy_is_outside(spec)) return strategy_seed(e, spec, k);
    return p->outside[strategy]->seeded ? e->seed[k] : 0;
}
