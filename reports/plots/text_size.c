/* How wide text is, so that tables, legends and captions can be set before gnuplot sees them. */
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"

/* Advance widths of Helvetica for U+0020 … U+007E in 1/1000 em (Adobe core font metrics); Liberation Sans and Nimbus Sans
 * share them. DejaVu Sans, which steps in where they are missing, is up to SLACK times as wide. */
static const unsigned short advance[95] = {
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};
enum { OTHER_ADVANCE = 640, WIDE_ADVANCE = 1000, ELLIPSIS_ADVANCE = 1000 };
static const double SLACK = 1.16;

/* Width of one character in 1/1000 em; *text moves past it. */
static unsigned take(const char **text) {
    unsigned char c = (unsigned char)*(*text)++;
    if (c < 0x80) return c >= 0x20 && c < 0x7F ? advance[c - 0x20] : 0;
    while (((unsigned char)**text & 0xC0) == 0x80) (*text)++;
    return c >= 0xE3 ? WIDE_ADVANCE : OTHER_ADVANCE; /* from U+3000 on: East Asian and symbols */
}

static double units(double size_pt) { return SLACK * size_pt / 1000.0 / PAGE_WIDTH_PT; }

double text_width(const char *text, double size_pt) {
    double sum = 0;
    while (*text) sum += take(&text);
    return sum * units(size_pt);
}

/* How many bytes of text fit into `width`. */
static size_t fitting(const char *text, double size_pt, double width) {
    const char *at = text;
    for (double sum = 0; *at;) {
        const char *next = at;
        sum += take(&next) * units(size_pt);
        if (sum > width + 1e-9) break; /* a text fits into its own width, however the sum was rounded */
        at = next;
    }
    return (size_t)(at - text);
}

/* The start of the longest tail of `text` that fits. */
static size_t tail_start(const char *text, double size_pt, double width) {
    size_t at = 0;
    while (text[at] && text_width(text + at, size_pt) > width + 1e-9) {
        do at++;
        while (((unsigned char)text[at] & 0xC0) == 0x80);
    }
    return at;
}

char *text_fit(struct arena *arena, const char *text, double size_pt, double width) {
    size_t length = strlen(text), keep = fitting(text, size_pt, width), tail = length;
    double room = width - ELLIPSIS_ADVANCE * units(size_pt);
    if (keep < length) {
        /* Names differ at their ends as often as at their beginnings; sentences are read from the left. */
        bool is_name = !strchr(text, ' ');
        if (is_name && room > 0) tail = tail_start(text, size_pt, 0.35 * room);
        keep = fitting(text, size_pt, room - text_width(text + tail, size_pt));
    }
    char *out = arena_alloc(arena, length + 4, 1);
    if (!out) return NULL;
    memcpy(out, text, keep);
    if (keep < length) {
        memcpy(out + keep, "…", strlen("…"));
        strcpy(out + keep + strlen("…"), text + tail);
    }
    return out;
}

int text_wrap(struct arena *arena, const char *text, double size_pt, double width, size_t max_lines, char **line,
              size_t *n_lines) {
    *n_lines = 0;
    while (text += strspn(text, " "), *text && *n_lines < max_lines) {
        size_t length = strlen(text), take_bytes = fitting(text, size_pt, width);
        bool last = *n_lines + 1 == max_lines;
        if (take_bytes < length && !last) {
            size_t space = take_bytes;
            while (space > 0 && (text[space] != ' ' || text[space + 1] == '%')) space--; /* "5 %" stays together */
            if (space > 0) take_bytes = space; /* else: one very long word is cut */
            if (take_bytes == 0) take_bytes = 1;
        }
        char *copy;
        if (last) {
            copy = text_fit(arena, text, size_pt, width);
            take_bytes = length;
        } else {
            copy = arena_alloc(arena, take_bytes + 1, 1);
            if (copy) memcpy(copy, text, take_bytes);
        }
        if (!copy) return GW_ERR_NOMEM;
        line[(*n_lines)++] = copy;
        text += take_bytes;
    }
    return GW_OK;
}
