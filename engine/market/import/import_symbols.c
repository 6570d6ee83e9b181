/* Rows of several symbols in one file: whose each is, and the rows of one of them. */
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

enum { RAW_MAX = 48 };

struct name {
    char raw[RAW_MAX], symbol[GW_SYMBOL_MAX];
    size_t length;
    uint16_t after; /* whose row came next the last time: tables repeat their order, or stay with one symbol */
};

struct import_symbols {
    size_t n, capacity;
    struct name *name;
    uint16_t last;
};

int import_symbols_open(struct import_reader *reader) {
    reader->symbols = mem_calloc(1, sizeof *reader->symbols);
    return reader->symbols ? GW_OK : GW_ERR_NOMEM;
}

void import_symbols_free(struct import_symbols *symbols) {
    if (!symbols) return;
    mem_free(symbols->name);
    mem_free(symbols);
}

size_t import_symbols_count(const struct import_symbols *symbols) { return symbols->n; }
const char *import_symbol_name(const struct import_symbols *symbols, size_t i) { return symbols->name[i].symbol; }

void import_symbol_clean(struct field name, char symbol[GW_SYMBOL_MAX]) {
    size_t n = 0;
    for (size_t i = 0; i < name.length && n + 1 < GW_SYMBOL_MAX; i++) {
        char c = name.text[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!word && n == 0) continue; /* names begin with a letter or digit */
        symbol[n++] = word || c == '_' || c == '.' || c == '-' ? c : '_';
    }
    symbol[n] = '\0';
}

static bool is_name(const struct name *name, struct field text) {
    return name->length == text.length && memcmp(name->raw, text.text, text.length) == 0;
}

static int add(struct import_symbols *symbols, struct field text) {
    if (symbols->n == IMPORT_SYMBOLS_MAX || text.length == 0 || text.length >= RAW_MAX) return 0;
    if (symbols->n == symbols->capacity) {
        size_t wider = 2 * symbols->capacity + 16;
        struct name *grown = mem_realloc(symbols->name, wider, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        symbols->name = grown;
        symbols->capacity = wider;
    }
    struct name *name = &symbols->name[symbols->n];
    *name = (struct name){.length = text.length, .after = (uint16_t)symbols->n};
    memcpy(name->raw, text.text, text.length);
    import_symbol_clean(text, name->symbol);
    for (size_t i = 0; i < symbols->n; i++) /* "A/B" and "A_B" would become one */
        if (strcmp(symbols->name[i].symbol, name->symbol) == 0) return 0;
    if (!*name->symbol) return 0;
    symbols->n++;
    return 1;
}

int import_symbol_find(struct import_symbols *symbols, struct field text, uint16_t *out) {
    size_t i = 0;
    if (symbols->n) {
        size_t guess = symbols->name[symbols->last].after;
        if (is_name(&symbols->name[guess], text)) i = guess;
    }
    while (i < symbols->n && !is_name(&symbols->name[i], text)) i++;
    if (i == symbols->n) {
        int added = add(symbols, text);
        if (added <= 0) return added;
    }
    symbols->name[symbols->last].after = (uint16_t)i;
    *out = symbols->last = (uint16_t)i;
    return 1;
}

/* ---- the rows of one ------------------------------------------------------------------------------ */

static int copy_column(const double *from, const struct import_rows *rows, uint16_t symbol, size_t n, double **to) {
    if (!from) return GW_OK;
    *to = mem_calloc(n, sizeof **to);
    if (!*to) return GW_ERR_NOMEM;
    for (size_t i = 0, k = 0; i < rows->n; i++)
        if (rows->symbol[i] == symbol) (*to)[k++] = from[i];
    return GW_OK;
}

int import_symbol_rows(const struct import_reader *reader, size_t s, struct import_rows *out) {
    const struct import_rows *rows = &reader->rows;
    uint16_t symbol = (uint16_t)s;
    size_t n = 0, k = 0;
    for (size_t i = 0; i < rows->n; i++) n += rows->symbol[i] == symbol;
    *out = (struct import_rows){.n = n, .capacity = n};
    out->bar = mem_calloc(n + 1, sizeof *out->bar);
    out->line = mem_calloc(n + 1, sizeof *out->line);
    if (!out->bar || !out->line) return GW_ERR_NOMEM;
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->symbol[i] != symbol) continue;
        out->bar[k] = rows->bar[i];
        out->line[k++] = rows->line[i];
    }
    TRY(copy_column(rows->quote_volume, rows, symbol, n, &out->quote_volume));
    TRY(copy_column(rows->trade_count, rows, symbol, n, &out->trade_count));
    out->n_extra = rows->n_extra;
    for (size_t c = 0; c < rows->n_extra; c++) TRY(copy_column(rows->extra[c], rows, symbol, n, &out->extra[c]));
    return copy_column(rows->taker_buy_base, rows, symbol, n, &out->taker_buy_base);
}
