/* Words and tables on a terminal. */
#include "text_sink.h"

static const size_t narrowest = 60;

static void section(struct text_sink *to, const char *heading) {
    (void)to;
    (void)heading;
}

static void paragraph(struct text_sink *to, const char *text, size_t indent) {
    text_print_wrapped(to->stream, text, indent, to->width);
}

static void caption(struct text_sink *to, const char *text) { fprintf(to->stream, "%s\n", text); }

static void conclusion(struct text_sink *to, const char *text) {
    fputs("  => ", to->stream);
    text_print_wrapped(to->stream, text, 5, to->width);
}

static void item(struct text_sink *to, const char *state, size_t widest, const char *text) {
    fputs("  ", to->stream);
    if (widest) fprintf(to->stream, "%-*s  ", (int)widest, state);
    text_print_wrapped(to->stream, text, widest ? widest + 4 : 2, to->width);
}

static int table(struct text_sink *to, const struct text_table *rows) {
    return text_table_print(rows, to->stream, to->width);
}

static void gap(struct text_sink *to) { fputc('\n', to->stream); }

struct text_sink text_terminal(FILE *stream, size_t width) {
    return (struct text_sink){.section = section,
                              .caption = caption,
                              .conclusion = conclusion,
                              .paragraph = paragraph,
                              .item = item,
                              .table = table,
                              .gap = gap,
                              .stream = stream,
                              .width = width < narrowest ? narrowest : width};
}
