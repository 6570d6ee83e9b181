/* Rows into strictly increasing time. Newest-first files are an order like any other and are turned round;
 * beyond that a row out of order or a second row for one time is an error, unless repair was asked for. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

/* ---- moving rows --------------------------------------------------------------------------- */

static void swap_doubles(double *block, size_t i, size_t j) {
    if (!block) return;
    double kept = block[i];
    block[i] = block[j];
    block[j] = kept;
}

static void reverse(struct import_rows *rows) {
    for (size_t i = 0, j = rows->n; i + 1 < j--; i++) {
        struct gw_bar bar = rows->bar[i];
        uint32_t line = rows->line[i];
        rows->bar[i] = rows->bar[j];
        rows->bar[j] = bar;
        rows->line[i] = rows->line[j];
        rows->line[j] = line;
        swap_doubles(rows->quote_volume, i, j);
        swap_doubles(rows->trade_count, i, j);
        swap_doubles(rows->taker_buy_base, i, j);
        for (size_t c = 0; c < rows->n_extra; c++) swap_doubles(rows->extra[c], i, j);
    }
}

static void move_row(struct import_rows *to, size_t i, const struct import_rows *from, size_t j) {
    to->bar[i] = from->bar[j];
    to->line[i] = from->line[j];
    if (to->quote_volume) to->quote_volume[i] = from->quote_volume[j];
    if (to->trade_count) to->trade_count[i] = from->trade_count[j];
    if (to->taker_buy_base) to->taker_buy_base[i] = from->taker_buy_base[j];
    for (size_t c = 0; c < to->n_extra; c++) to->extra[c][i] = from->extra[c][j];
}

/* Bottom-up merge sort of indexes: stable, so rows of one time stay in file order. */
static void sort_indexes(const struct gw_bar *bar, uint32_t *index, uint32_t *spare, size_t n) {
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * width) {
            size_t middle = begin + width < n ? begin + width : n, end = middle + width < n ? middle + width : n;
            size_t a = begin, b = middle;
            for (size_t i = begin; i < end; i++) {
                bool left = a < middle && (b >= end || bar[index[a]].open_ns <= bar[index[b]].open_ns);
                spare[i] = left ? index[a++] : index[b++];
            }
        }
        memcpy(index, spare, n * sizeof *index);
    }
}

/* What the rows have and their layout does not say: histories that were joined have no layout. */
static int complete_room(const struct import_rows *from, struct import_rows *to) {
    double *const have[] = {from->quote_volume, from->trade_count, from->taker_buy_base};
    double **const room[] = {&to->quote_volume, &to->trade_count, &to->taker_buy_base};
    for (size_t i = 0; i < COUNT_OF(have); i++)
        if (have[i] && !*room[i] && !(*room[i] = mem_calloc(from->n, sizeof(double)))) return GW_ERR_NOMEM;
    return GW_OK;
}

int import_sort(struct import_reader *reader) {
    struct import_rows *rows = &reader->rows, sorted;
    struct import_reader blank = {.layout = reader->layout};
    uint32_t *index = mem_calloc(rows->n, 2 * sizeof *index);
    int rc = index ? import_rows_reserve(&blank, rows->n) : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = complete_room(rows, &blank.rows);
    if (rc == GW_OK) {
        for (size_t i = 0; i < rows->n; i++) index[i] = (uint32_t)i;
        sort_indexes(rows->bar, index, index + rows->n, rows->n);
        sorted = blank.rows;
        for (size_t i = 0; i < rows->n; i++) move_row(&sorted, i, rows, index[i]);
        sorted.n = rows->n;
        blank.rows = *rows; /* freed below */
        *rows = sorted;
    }
    import_rows_free(&blank.rows);
    mem_free(index);
    return rc;
}

/* ---- judging ------------------------------------------------------------------------------- */

static bool same_double(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static bool same_row(const struct import_rows *rows, size_t i, size_t j) {
    const struct gw_bar *a = &rows->bar[i], *b = &rows->bar[j];
    for (size_t c = 0; c < rows->n_extra; c++)
        if (!same_double(rows->extra[c][i], rows->extra[c][j])) return false;
    return a->open_ns == b->open_ns && a->open == b->open && a->high == b->high && a->low == b->low &&
           a->close == b->close && a->volume == b->volume &&
           (!rows->quote_volume || same_double(rows->quote_volume[i], rows->quote_volume[j])) &&
           (!rows->trade_count || same_double(rows->trade_count[i], rows->trade_count[j])) &&
           (!rows->taker_buy_base || same_double(rows->taker_buy_base[i], rows->taker_buy_base[j]));
}

static int judge_backward(struct import_reader *reader) {
    struct import_rows *rows = &reader->rows;
    char now[40], before[40];
    for (size_t i = 1; i < rows->n; i++) {
        if (rows->bar[i].open_ns >= rows->bar[i - 1].open_ns) continue;
        if (reader->report.n_backward++ == 0) reader->report.first_backward_line = rows->line[i];
        if (!reader->options.repair && !reader->options.tolerant)
            FAIL(GW_ERR_DATA, "%s:%u:1: time goes back to %s after %s on line %u; sort the rows, or import with repair",
                 reader->path, rows->line[i], time_format(rows->bar[i].open_ns, now),
                 time_format(rows->bar[i - 1].open_ns, before), rows->line[i - 1]);
    }
    return reader->report.n_backward ? import_sort(reader) : GW_OK;
}

/* Sorted rows: equal times stand side by side. The first row of a time is kept. */
static int judge_duplicates(struct import_reader *reader) {
    struct import_rows *rows = &reader->rows;
    char time[40];
    size_t kept = rows->n ? 1 : 0;
    for (size_t i = 1; i < rows->n; i++) {
        if (rows->bar[i].open_ns != rows->bar[kept - 1].open_ns) {
            if (kept != i) move_row(rows, kept, rows, i);
            kept++;
            continue;
        }
        bool same = same_row(rows, kept - 1, i);
        if (reader->report.n_duplicates++ == 0) reader->report.first_duplicate_line = rows->line[i];
        if (!same) reader->report.n_conflicts++;
        if (reader->options.tolerant || (same && reader->options.repair)) continue;
        FAIL(GW_ERR_DATA, "%s:%u:1: a second row for %s, %s as line %u; %s", reader->path, rows->line[i],
             time_format(rows->bar[i].open_ns, time), same ? "the same" : "with other values,", rows->line[kept - 1],
             same ? "delete it, or import with repair" : "only you can know which one is right: delete the other");
    }
    rows->n = kept;
    return GW_OK;
}

int import_order(struct import_reader *reader) {
    struct import_rows *rows = &reader->rows;
    size_t up = 0, down = 0;
    for (size_t i = 1; i < rows->n; i++) {
        up += rows->bar[i].open_ns > rows->bar[i - 1].open_ns;
        down += rows->bar[i].open_ns < rows->bar[i - 1].open_ns;
    }
    if (rows->n && up == rows->n - 1) return GW_OK; /* strictly increasing as it stands */
    if (down > up) {
        reverse(rows);
        reader->report.newest_first = true;
    }
    TRY(judge_backward(reader));
    return judge_duplicates(reader);
}

int import_keep_range(struct import_reader *reader) {
    struct import_rows *rows = &reader->rows;
    int64_t from = reader->options.from_ns ? reader->options.from_ns : INT64_MIN;
    int64_t to = reader->options.to_ns ? reader->options.to_ns : INT64_MAX;
    char first[40], last[40];
    size_t kept = 0, n = rows->n;
    if (n == 0) FAIL(GW_ERR_DATA, "%s:1:1: holds no bars; check that it is the right file", reader->path);
    if (rows->bar[0].open_ns >= from && rows->bar[n - 1].open_ns < to) return GW_OK; /* rows are in order */
    time_format(rows->bar[0].open_ns, first);
    time_format(rows->bar[n - 1].open_ns, last);
    for (size_t i = 0; i < n; i++)
        if (rows->bar[i].open_ns >= from && rows->bar[i].open_ns < to) {
            if (kept != i) move_row(rows, kept, rows, i);
            kept++;
        }
    rows->n = kept;
    if (kept) return GW_OK;
    FAIL(GW_ERR_DATA, "%s: no bars in the asked time range; the file holds %s to %s", reader->path, first, last);
}
