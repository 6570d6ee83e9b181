/* CSV with a header line: columns in any order, under the names that vendors give them. */
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

/* Names as header_key() writes them (lower case letters and digits). Of a pair that vendors write side by side the
 * lower rank wins. */
static const struct alias {
    const char *key;
    uint8_t role;
    int rank;
} aliases[] = {
    {"opentime", COLUMN_TIME, 1},
    {"opentimems", COLUMN_TIME, 1},
    {"unix", COLUMN_TIME, 1},
    {"unixtimestamp", COLUMN_TIME, 1},
    {"timestamp", COLUMN_TIME, 2},
    {"timestamputc", COLUMN_TIME, 2},
    {"ts", COLUMN_TIME, 2},
    {"datetime", COLUMN_TIME, 3},
    {"datetimeutc", COLUMN_TIME, 3},
    {"date", COLUMN_TIME, 4},
    {"dateutc", COLUMN_TIME, 4},
    {"day", COLUMN_TIME, 5},
    {"time", COLUMN_TIME, 6},
    {"timeutc", COLUMN_TIME, 6},
    {"gmttime", COLUMN_TIME, 6},
    {"localtime", COLUMN_TIME, 7},
    {"candletime", COLUMN_TIME, 7},
    {"starttime", COLUMN_TIME, 7},
    {"begin", COLUMN_TIME, 7},
    {"t", COLUMN_TIME, 8},
    {"index", COLUMN_TIME, 9},
    {"symbol", COLUMN_SYMBOL, 1},
    {"ticker", COLUMN_SYMBOL, 2},
    {"tic", COLUMN_SYMBOL, 3},
    {"instrument", COLUMN_SYMBOL, 4},
    {"pair", COLUMN_SYMBOL, 5},
    {"asset", COLUMN_SYMBOL, 6},
    {"coin", COLUMN_SYMBOL, 7},
    {"name", COLUMN_SYMBOL, 8},
    {"open", COLUMN_OPEN, 1},
    {"o", COLUMN_OPEN, 2},
    {"openprice", COLUMN_OPEN, 2},
    {"high", COLUMN_HIGH, 1},
    {"h", COLUMN_HIGH, 2},
    {"highprice", COLUMN_HIGH, 2},
    {"max", COLUMN_HIGH, 3},
    {"low", COLUMN_LOW, 1},
    {"l", COLUMN_LOW, 2},
    {"lowprice", COLUMN_LOW, 2},
    {"min", COLUMN_LOW, 3},
    {"close", COLUMN_CLOSE, 1},
    {"c", COLUMN_CLOSE, 2},
    {"closeprice", COLUMN_CLOSE, 2},
    {"closelast", COLUMN_CLOSE, 3},
    {"last", COLUMN_CLOSE, 4},
    {"volume", COLUMN_VOLUME, 1},
    {"basevolume", COLUMN_VOLUME, 2},
    {"baseassetvolume", COLUMN_VOLUME, 2},
    {"tickvolume", COLUMN_VOLUME, 3},
    {"tickvol", COLUMN_VOLUME, 3},
    {"vol", COLUMN_VOLUME, 4},
    {"v", COLUMN_VOLUME, 4},
    {"quotevolume", COLUMN_QUOTE_VOLUME, 1},
    {"quoteassetvolume", COLUMN_QUOTE_VOLUME, 1},
    {"volumecurrency", COLUMN_QUOTE_VOLUME, 2},
    {"volumequote", COLUMN_QUOTE_VOLUME, 2},
    {"turnover", COLUMN_QUOTE_VOLUME, 3},
    {"tradecount", COLUMN_TRADE_COUNT, 1},
    {"trades", COLUMN_TRADE_COUNT, 1},
    {"numberoftrades", COLUMN_TRADE_COUNT, 1},
    {"numtrades", COLUMN_TRADE_COUNT, 1},
    {"count", COLUMN_TRADE_COUNT, 2},
    {"takerbuybase", COLUMN_TAKER_BUY, 1},
    {"takerbuybaseassetvolume", COLUMN_TAKER_BUY, 1},
    {"takerbuybasevolume", COLUMN_TAKER_BUY, 1},
    {"takerbuyvolume", COLUMN_TAKER_BUY, 2},
    /* German, French and Spanish; letters with marks fall out of a key. */
    {"datum", COLUMN_TIME, 4},
    {"zeit", COLUMN_TIME, 6},
    {"uhrzeit", COLUMN_TIME, 6},
    {"zeitserver", COLUMN_TIME, 6},
    {"erffnung", COLUMN_OPEN, 1},
    {"eroeffnung", COLUMN_OPEN, 1},
    {"erffnungskurs", COLUMN_OPEN, 1},
    {"erster", COLUMN_OPEN, 2},
    {"hoch", COLUMN_HIGH, 1},
    {"hchst", COLUMN_HIGH, 1},
    {"tageshoch", COLUMN_HIGH, 2},
    {"tief", COLUMN_LOW, 1},
    {"tagestief", COLUMN_LOW, 2},
    {"schluss", COLUMN_CLOSE, 1},
    {"schlusskurs", COLUMN_CLOSE, 1},
    {"volumen", COLUMN_VOLUME, 1},
    {"heure", COLUMN_TIME, 6},
    {"ouverture", COLUMN_OPEN, 1},
    {"ouv", COLUMN_OPEN, 1},
    {"haut", COLUMN_HIGH, 1},
    {"plushaut", COLUMN_HIGH, 1},
    {"bas", COLUMN_LOW, 1},
    {"plusbas", COLUMN_LOW, 1},
    {"clture", COLUMN_CLOSE, 1},
    {"cloture", COLUMN_CLOSE, 1},
    {"clot", COLUMN_CLOSE, 1},
    {"fecha", COLUMN_TIME, 4},
    {"hora", COLUMN_TIME, 6},
    {"apertura", COLUMN_OPEN, 1},
    {"mximo", COLUMN_HIGH, 1},
    {"maximo", COLUMN_HIGH, 1},
    {"mnimo", COLUMN_LOW, 1},
    {"minimo", COLUMN_LOW, 1},
    {"cierre", COLUMN_CLOSE, 1},
};

static const struct alias *alias_of(const char *key) {
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        if (strcmp(aliases[i].key, key) == 0) return &aliases[i];
    return NULL;
}

unsigned import_header_role(struct field name, int *rank) {
    char key[64];
    header_key(name, key, sizeof key);
    const struct alias *alias = alias_of(key);
    *rank = alias ? alias->rank : 0;
    return alias ? alias->role : COLUMN_SKIP;
}

/* The delimiter that parts the header into most fields. */
static char guess_delimiter(const struct sample_line *line) {
    static const char candidates[] = ",;\t|";
    char best = ',';
    size_t most = 0;
    for (const char *d = candidates; *d; d++) {
        size_t n = 0;
        bool quoted = false;
        for (const char *c = line->begin; c < line->end; c++) {
            if (*c == '"') quoted = !quoted;
            n += !quoted && *c == *d;
        }
        if (n <= most) continue;
        most = n;
        best = *d;
    }
    return best;
}

struct choice {
    int rank[N_COLUMN_ROLES];
    size_t column[N_COLUMN_ROLES]; /* index + 1, 0: none */
};

static void choose(struct choice *choice, unsigned role, int rank, size_t column) {
    if (choice->column[role] && choice->rank[role] <= rank) return;
    choice->rank[role] = rank;
    choice->column[role] = column + 1;
}

/* Taking one of two columns would be a guess about what the bars are. */
static int held_twice(const struct import_sample *sample, const struct sample_row *header, unsigned role, size_t one,
                      size_t two) {
    const struct field *a = &header->field[one], *b = &header->field[two];
    FAIL(GW_ERR_DATA, "%s:%zu:%td: columns %zu (\"%.*s\") and %zu (\"%.*s\") both hold the %s; remove or rename one",
         sample->path, sample->line[0].number, b->text - sample->line[0].begin + 1, one + 1,
         (int)(a->length < 40 ? a->length : 40), a->text, two + 1, (int)(b->length < 40 ? b->length : 40), b->text,
         import_role_name(role));
}

/* Vendors write one time in two forms, "unix" beside "date", and MetaTrader's export counts ticks beside a volume that
 * is 0 for most of its markets: there the rank decides. */
static bool known_pair(const struct alias *a, const struct alias *b) {
    if (a->rank == b->rank) return false;
    return a->role == COLUMN_TIME || a->role == COLUMN_SYMBOL ||
           (strcmp(a->key, "tickvol") == 0 && strcmp(b->key, "vol") == 0);
}

static int judge_twice(const struct import_sample *sample, const struct sample_row *header) {
    const struct alias *seen[IMPORT_COLUMNS_MAX];
    for (size_t i = 0; i < header->n_fields; i++) {
        char key[64];
        header_key(header->field[i], key, sizeof key);
        seen[i] = alias_of(key);
        for (size_t j = 0; seen[i] && j < i; j++) {
            if (seen[j] && seen[j]->role == seen[i]->role && !known_pair(seen[j], seen[i]))
                return held_twice(sample, header, seen[i]->role, j, i);
        }
    }
    return GW_OK;
}

/* "volumema": an average of the volume, as charting sites write beside it, is none. */
static bool is_indicator(const char *key) {
    static const char *const endings[] = {"ma",  "sma",     "ema",   "wma",    "mean",
                                          "avg", "average", "delta", "change", "ratio"};
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (strcmp(key + 6, endings[i]) == 0) return true;
    return false;
}

/* "Volume BTC", "Volume USDT", "Volume_(BTC)": base volume comes first, then quote volume. */
static int choose_named_volumes(const struct import_sample *sample, struct choice *choice,
                                const struct sample_row *header) {
    for (size_t i = 0; i < header->n_fields; i++) {
        char key[64];
        header_key(header->field[i], key, sizeof key);
        if (strncmp(key, "volume", 6) != 0 || alias_of(key) || is_indicator(key)) continue;
        unsigned role = choice->column[COLUMN_VOLUME] ? COLUMN_QUOTE_VOLUME : COLUMN_VOLUME;
        if (choice->column[role]) return held_twice(sample, header, role, choice->column[role] - 1, i);
        choose(choice, role, 9, i);
    }
    return GW_OK;
}

static bool is_one_of(const char *key, const char *const *list) {
    while (*list && strcmp(*list, key) != 0) list++;
    return *list != NULL;
}

/* A date column and a time column that is only a time of day belong together. */
static void join_date_and_clock(struct choice *choice, const struct sample_row *header, const struct sample_row *row) {
    static const char *const dates[] = {"date", "day", "datum", "fecha", NULL}, *const clocks[] = {"time",    "zeit",
                                                                                                   "uhrzeit", "heure",
                                                                                                   "hora",    NULL};
    size_t date = choice->column[COLUMN_TIME], clock = 0;
    char key[64];
    if (!date) return;
    header_key(header->field[date - 1], key, sizeof key);
    if (!is_one_of(key, dates)) return;
    for (size_t i = 0; i < header->n_fields; i++) {
        header_key(header->field[i], key, sizeof key);
        if (is_one_of(key, clocks)) clock = i + 1;
    }
    int64_t ns;
    if (!clock || clock > row->n_fields || date > row->n_fields) return;
    if (field_has_shape(row->field[date - 1], "9999-99-99 ") || import_clock_parse(row->field[clock - 1], &ns)) return;
    choice->column[COLUMN_CLOCK] = clock;
}

/* A table's index often has no name: `df.to_csv()`. Row numbers there are no times. */
static bool is_index_of_times(struct field name, struct field value) {
    bool nameless = name.length == 0 || field_equals(name, "unnamed: 0");
    bool number = field_is_number(value) && value.length < 9; /* 20200131 may be a date, 1577836800 a time */
    return nameless && value.length >= 6 && (value.length == 8 || !number) && value.text[0] >= '0' &&
           value.text[0] <= '9';
}

/* The counters and day numbers that would pass for seconds of 1970. */
static int judge_first_time(const struct import_sample *sample, const struct choice *choice,
                            const struct sample_row *row) {
    size_t k = choice->column[COLUMN_TIME] - 1;
    double value;
    if (k >= row->n_fields || choice->column[COLUMN_CLOCK] || !number_parse(row->field[k], &value)) return GW_OK;
    if (value >= 20000 && value < 80000)
        FAIL(GW_ERR_DATA,
             "%s:%zu:%td: time \"%.*s\" looks like a day number of a spreadsheet; save the dates as 2020-01-31",
             sample->path, sample->line[1].number, row->field[k].text - sample->line[1].begin + 1,
             (int)row->field[k].length, row->field[k].text);
    return GW_OK;
}

/* 1234,5 in the first row's prices: no other delimiter than the comma could stand there. */
static bool has_decimal_comma(const struct import_layout *layout, const struct choice *choice,
                              const struct sample_row *row) {
    double value;
    size_t n = 0;
    if (layout->delimiter == ',') return false;
    for (unsigned role = COLUMN_OPEN; role <= COLUMN_CLOSE; role++) {
        size_t k = choice->column[role] - 1;
        if (choice->column[role] == 0 || k >= row->n_fields) return false;
        struct field field = row->field[k];
        n += memchr(field.text, ',', field.length) != NULL && !memchr(field.text, '.', field.length);
        bool comma = memchr(field.text, ',', field.length) != NULL;
        if (!comma && (memchr(field.text, '.', field.length) || !number_parse(field, &value))) return false;
    }
    return n > 0;
}

static int judge_complete(const struct import_sample *sample, const struct choice *choice) {
    static const struct {
        unsigned role;
        const char *name;
    } needed[] = {{COLUMN_TIME, "time"},
                  {COLUMN_OPEN, "open"},
                  {COLUMN_HIGH, "high"},
                  {COLUMN_LOW, "low"},
                  {COLUMN_CLOSE, "close"}};
    for (size_t i = 0; i < COUNT_OF(needed); i++)
        if (!choice->column[needed[i].role])
            FAIL(GW_ERR_DATA, "%s:%zu:1: the header names no %s column; add it", sample->path, sample->line[0].number,
                 needed[i].name);
    return 1;
}

/* MetaTrader's own headers: "<DATE>", or "TickVol" beside "Vol". */
static bool is_broker_export(const struct sample_row *header) {
    char key[64];
    for (size_t i = 0; i < header->n_fields && i < IMPORT_COLUMNS_MAX; i++) {
        header_key(header->field[i], key, sizeof key);
        if (header->field[i].length && header->field[i].text[0] == '<') return true;
        if (strcmp(key, "tickvol") == 0 || strcmp(key, "tickvolume") == 0) return true;
    }
    return false;
}

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row header, row;
    struct choice choice = {0};
    size_t known = 0;
    layout->delimiter = guess_delimiter(&sample->line[0]);
    sample_row_split(sample, 0, layout->delimiter, &header);
    sample_row_split(sample, 1, layout->delimiter, &row);
    if (header.n_fields < 2 || header.n_fields > IMPORT_COLUMNS_MAX) return 0;
    for (size_t i = 0; i < header.n_fields; i++) {
        char key[64];
        header_key(header.field[i], key, sizeof key);
        const struct alias *alias = alias_of(key);
        if (!alias) continue;
        known++;
        choose(&choice, alias->role, alias->rank, i);
    }
    if (known < 2) return 0;
    if (!choice.column[COLUMN_TIME] && row.n_fields && is_index_of_times(header.field[0], row.field[0]))
        choose(&choice, COLUMN_TIME, 9, 0);
    TRY(judge_twice(sample, &header));
    TRY(choose_named_volumes(sample, &choice, &header));
    join_date_and_clock(&choice, &header, &row);
    for (unsigned role = COLUMN_TIME; role < N_COLUMN_ROLES; role++)
        if (choice.column[role]) layout->column[choice.column[role] - 1] = (uint8_t)role;
    layout->n_columns = header.n_fields;
    layout->skip_lines = sample->line[0].number;
    TRY(judge_complete(sample, &choice));
    TRY(judge_first_time(sample, &choice, &row));
    layout->decimal_comma = has_decimal_comma(layout, &choice, &row);
    if (is_broker_export(&header)) layout->zone = ZONE_BROKER;
    return 1;
}

const struct gw_import_format import_format_header = {
    .name = "header",
    .help = "CSV whose first line names the columns time, open, high, low, close, volume in any order",
    .detect = detect,
};
