/* A page of the report as a picture in the page: gnuplot's SVG without what draws nothing, as a data URI. */
#include <string.h>

#include "html.h"
#include "svg_path.h"

static const size_t largest_picture = (size_t)64 << 20;

/* Readers elsewhere have other fonts, heat maps are to keep their squares, and a face's weight is no part of its name. */
static const struct {
    const char *from, *to;
} replaced[] = {
    {"font-family=\"Liberation Sans:Bold\"",
     "font-family=\"Liberation Sans,Arial,Helvetica,sans-serif\" font-weight=\"bold\""},
    {"font-family=\"Liberation Sans\"", "font-family=\"Liberation Sans,Arial,Helvetica,sans-serif\""},
    {"preserveAspectRatio='none'", "preserveAspectRatio='none' style='image-rendering:pixelated'"},
};

static const char *line_end(const char *line) {
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

/* A group's opening line that the next line closes again, as gnuplot writes by the hundred. */
static bool is_empty_group(const char *line, const char *next) {
    return strncmp(line, "<g ", 3) == 0 && strncmp(next, "</g>\n", 5) == 0 && next[-2] == '>';
}

/* One line, with what is replaced in it; at `to`, which has room. Returns where it ends. */
static char *shrink_line(char *to, const char *line, const char *end) {
    while (line < end) {
        size_t i = 0;
        for (; i < COUNT_OF(replaced); i++)
            if (strncmp(line, replaced[i].from, strlen(replaced[i].from)) == 0) break;
        if (i < COUNT_OF(replaced)) {
            to = stpcpy(to, replaced[i].to);
            line += strlen(replaced[i].from);
        } else {
            *to++ = *line++;
        }
    }
    return to;
}

/* A replacement is at most three times as long as what it replaces. */
static int shrink(const char *svg, size_t length, char **out, size_t *n_out) {
    char *to = *out = mem_calloc(3 * length + 1, 1);
    if (!to) return GW_ERR_NOMEM;
    for (const char *line = svg, *next; *line; line = next) {
        next = line_end(line);
        if (is_empty_group(line, next)) {
            next = line_end(next);
            continue;
        }
        while (*line == '\t' || *line == ' ') line++;
        const char *path = strstr(line, " d='M"); /* it may go on over many lines */
        if (path && path < next) {
            path += strlen(" d='");
            to = shrink_line(to, line, path);
            to = path_shrink(to, &path);
            next = path;
        } else {
            to = shrink_line(to, line, next);
        }
    }
    *n_out = (size_t)(to - *out);
    return GW_OK;
}

/* As an address holds it: a fourth shorter than base64. */
static void put_address(struct out_file *out, const char *svg, size_t length) {
    size_t from = 0;
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)svg[i];
        if (c > ' ' && c < 0x7F && !strchr("\"#%&<>", c)) continue;
        out_write(out, svg + from, i - from);
        if (c == ' ' || c == '\n' || c == '\t')
            out_write(out, " ", 1);
        else
            out_printf(out, "%%%02X", c);
        from = i + 1;
    }
    out_write(out, svg + from, length - from);
}

int html_picture(struct out_file *out, const char *dir, const struct html_picture *picture) {
    char path[1024], *svg = NULL, *small = NULL;
    size_t length, n;
    TRY(path_join(path, sizeof path, dir, picture->file));
    int rc = file_read_all(path, largest_picture, GW_ERR_TOOL, &svg, &length);
    if (rc == GW_OK && (length < 100 || strncmp(svg, "<?xml", 5) != 0 || !strstr(svg, "</svg>")))
        rc = gw_error_set(GW_ERR_TOOL, "gnuplot left a broken %s", picture->file);
    if (rc == GW_OK) rc = shrink(svg, length, &small, &n);
    if (rc == GW_OK) {
        out_printf(out, "<figure id=\"%s-%zu\"><img alt=\"", picture->plot, picture->page);
        html_text(out, picture->title);
        out_printf(out, ", page %zu\" width=1122 height=793 src=\"data:image/svg+xml;charset=utf-8,", picture->page);
        put_address(out, small, n);
        out_printf(out, "\"></figure>\n");
    }
    mem_free(small);
    mem_free(svg);
    return rc;
}
