/* Looks at the first lines of a file and asks every format whether it is the one. */
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

#define IMPORT_FORMAT(format) extern const struct gw_import_format import_format_##format;
#include "formats.def"
#undef IMPORT_FORMAT

static const struct gw_import_format *const formats[] = {
#define IMPORT_FORMAT(format) &import_format_##format,
#include "formats.def"
#undef IMPORT_FORMAT
};

size_t gw_import_format_count(void) { return COUNT_OF(formats); }
const char *gw_import_format_name(size_t i) { return formats[i]->name; }
const char *gw_import_format_help(size_t i) { return formats[i]->help; }

/* ---- the sample --------------------------------------------------------------------------- */

void import_sample_take(struct import_sample *sample, const char *path, const char *text, const char *end,
                        bool forced) {
    *sample = (struct import_sample){.path = path, .text = text, .end = end, .forced = forced};
    size_t number = 0;
    while (text < end && sample->n_lines < IMPORT_SAMPLE_LINES) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop) stop = end;
        number++;
        struct field line = field_trim(text, stop);
        if (line.length)
            sample->line[sample->n_lines++] =
                (struct sample_line){.begin = text, .end = line.text + line.length, .number = number};
        text = stop + 1;
    }
}

void sample_row_split(const struct import_sample *sample, size_t line, char delimiter, struct sample_row *row) {
    row->n_fields = 0;
    if (line >= sample->n_lines) return;
    const char *at = sample->line[line].begin;
    while (at) {
        struct field field = field_next(&at, sample->line[line].end, delimiter);
        if (row->n_fields < IMPORT_COLUMNS_MAX) row->field[row->n_fields] = field;
        row->n_fields++;
    }
}

bool field_is_number(struct field field) {
    double value;
    return number_parse(field, &value);
}

bool field_is_whole(struct field field) {
    size_t i = field.length > 0 && field.text[0] == '-', digits = 0;
    for (; i < field.length && field.text[i] >= '0' && field.text[i] <= '9'; i++) digits++;
    bool point_zero = i + 2 == field.length && field.text[i] == '.' && field.text[i + 1] == '0';
    return digits > 0 && (i == field.length || point_zero);
}

bool field_has_shape(struct field field, const char *shape) {
    size_t n = strlen(shape);
    if (field.length < n) return false;
    for (size_t i = 0; i < n; i++) {
        char c = field.text[i];
        if (shape[i] == '9' ? c < '0' || c > '9' : c != shape[i]) return false;
    }
    return true;
}

void header_key(struct field field, char *key, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < field.length && n + 1 < size; i++) {
        char c = field.text[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) key[n++] = c;
    }
    key[n] = '\0';
}

bool sample_has_header(const struct import_sample *sample, size_t line, char delimiter, const char *const *names,
                       size_t n) {
    struct sample_row row;
    sample_row_split(sample, line, delimiter, &row);
    if (row.n_fields != n) return false;
    for (size_t i = 0; i < n; i++) {
        char key[64];
        header_key(row.field[i], key, sizeof key);
        if (strcmp(key, names[i]) != 0) return false;
    }
    return true;
}

void layout_columns(struct import_layout *layout, const char *letters) {
    static const char role[] = "-tcsOHLCvqnb"; /* in the order of enum import_column */
    for (size_t i = 0; letters[i]; i++) layout->column[i] = (uint8_t)(strchr(role, letters[i]) - role);
    layout->n_columns = strlen(letters);
}

static bool row_fits(const struct sample_row *row, const struct import_layout *layout) {
    double value[N_COLUMN_ROLES] = {0};
    for (size_t i = 0; i < row->n_fields; i++) {
        unsigned role = layout->column[i];
        if (role < COLUMN_OPEN) continue;
        if (!(layout->decorated ? number_parse_decorated : number_parse)(row->field[i], &value[role])) return false;
    }
    const double high = value[COLUMN_HIGH] * (1 + 1e-9), low = value[COLUMN_LOW] * (1 - 1e-9);
    return value[COLUMN_LOW] > 0 && value[COLUMN_VOLUME] >= 0 && high >= value[COLUMN_OPEN] &&
           high >= value[COLUMN_CLOSE] && low <= value[COLUMN_OPEN] && low <= value[COLUMN_CLOSE];
}

void sample_try(const struct import_sample *sample, size_t line, const struct import_layout *layout, size_t *fit,
                size_t *misfit) {
    struct sample_row row;
    *fit = *misfit = 0;
    for (; line < sample->n_lines; line++) {
        sample_row_split(sample, line, layout->delimiter, &row);
        if (row.n_fields != layout->n_columns) continue; /* the row engine will complain of it */
        if (row_fits(&row, layout))
            ++*fit;
        else
            ++*misfit;
    }
}

/* ---- the choice --------------------------------------------------------------------------- */

static int unknown_name(const char *name) {
    const char *names[COUNT_OF(formats)];
    for (size_t i = 0; i < COUNT_OF(formats); i++) names[i] = formats[i]->name;
    const char *near = nearest_word(name, names, COUNT_OF(formats));
    if (near) FAIL(GW_ERR_CONFIG, "unknown import format \"%s\"; did you mean \"%s\"?", name, near);
    FAIL(GW_ERR_CONFIG, "unknown import format \"%s\"; \"auto\" finds out", name);
}

static int find_named(const struct import_sample *sample, const char *name, const struct gw_import_format **format,
                      struct import_layout *layout) {
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (strcmp(formats[i]->name, name) != 0) continue;
        *layout = (struct import_layout){.delimiter = ','};
        int found = formats[i]->detect(sample, layout);
        if (found < 0) return found;
        *format = formats[i];
        if (found) return GW_OK;
        FAIL(GW_ERR_DATA, "%s:%zu:1: is not in the format \"%s\" (%s); name another one or \"auto\"", sample->path,
             sample->line[0].number, name, formats[i]->help);
    }
    return unknown_name(name);
}

int import_format_find(const struct import_sample *sample, const char *name, const struct gw_import_format **format,
                       struct import_layout *layout) {
    if (sample->n_lines == 0) FAIL(GW_ERR_DATA, "%s:1:1: the file is empty; bars are expected", sample->path);
    if (name && strcmp(name, "auto") != 0) return find_named(sample, name, format, layout);
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        *layout = (struct import_layout){.delimiter = ','};
        int found = formats[i]->detect(sample, layout);
        if (found < 0) return found;
        *format = formats[i];
        if (found) return GW_OK;
    }
    char begin[48]; /* what there is: names in another tongue are known at a glance */
    const size_t length = (size_t)(sample->line[0].end - sample->line[0].begin);
    snprintf(begin, sizeof begin, "%.*s", (int)(length < 44 ? length : 44), sample->line[0].begin);
    text_clean(begin);
    FAIL(GW_ERR_DATA,
         "%s:%zu:1: no known layout of bars; give the columns a header line such as time,open,high,low,close,volume "
         "(this one begins \"%s\")",
         sample->path, sample->line[0].number, begin);
}
