/* Columns beside those of a bar: found by their names in the header, kept when they were asked for. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

static const double LARGEST = 1e30; /* as volumes: squares and sums of it stay far from the ends of a double */

int import_column_find(const struct field *name, size_t n, const char *asked) {
    char want[64], key[64];
    int found = COLUMN_NOT_FOUND;
    header_key((struct field){asked, strlen(asked)}, want, sizeof want);
    for (size_t i = 0; i < n; i++) {
        if (name[i].length == strlen(asked) && memcmp(name[i].text, asked, name[i].length) == 0) return (int)i;
        header_key(name[i], key, sizeof key);
        if (*want && strcmp(key, want) == 0) found = found == COLUMN_NOT_FOUND ? (int)i : COLUMN_AMBIGUOUS;
    }
    return found;
}

bool import_extra_value(struct field field, bool decorated, double *value) {
    static const char *const missing[] = {"nan", "null", "na", "none"};
    *value = NAN;
    if (field.length == 0) return true;
    for (size_t i = 0; i < COUNT_OF(missing); i++)
        if (field_equals(field, missing[i])) return true;
    return (decorated ? number_parse_decorated : number_parse)(field, value) && fabs(*value) <= LARGEST;
}

/* The last line above the rows, when it has a name for every column. */
static bool find_header(const struct import_reader *reader, const struct import_sample *sample,
                        struct sample_row *row) {
    const struct import_layout *layout = &reader->layout;
    if (layout->skip_lines == 0 || layout->n_columns == 0) return false;
    for (size_t i = 0; i < sample->n_lines; i++) {
        if (sample->line[i].number != layout->skip_lines) continue;
        sample_row_split(sample, i, layout->delimiter, row);
        return row->n_fields == layout->n_columns && row->n_fields <= IMPORT_COLUMNS_MAX;
    }
    return false;
}

static int choose(struct import_reader *reader, const struct sample_row *header, const char *asked) {
    struct import_layout *layout = &reader->layout;
    const int at = import_column_find(header->field, header->n_fields, asked);
    if (at == COLUMN_AMBIGUOUS)
        FAIL(GW_ERR_DATA, "%s:%zu:1: two columns are called \"%s\"; rename one", reader->path, layout->skip_lines,
             asked);
    if (at == COLUMN_NOT_FOUND) return GW_OK;
    const unsigned role = layout->column[at];
    if (role != COLUMN_SKIP && role < N_COLUMN_ROLES)
        FAIL(GW_ERR_CONFIG, "%s:%zu: the column \"%s\" is the bars' %s already; features of it need no col()",
             reader->path, layout->skip_lines, asked, import_role_name(role));
    if (role != COLUMN_SKIP)
        FAIL(GW_ERR_CONFIG, "columns \"%s\" and \"%s\" are one and the same of %s; write one of them",
             reader->extra_name[role - N_COLUMN_ROLES], asked, reader->path);
    layout->column[at] = (uint8_t)(N_COLUMN_ROLES + layout->n_extra);
    reader->extra_name[layout->n_extra++] = asked;
    return GW_OK;
}

int import_columns_choose(struct import_reader *reader, const struct import_sample *sample) {
    struct sample_row header;
    if (!find_header(reader, sample, &header)) return GW_OK;
    for (size_t i = 0; i < reader->options.n_columns; i++) TRY(choose(reader, &header, reader->options.column[i]));
    return GW_OK;
}
