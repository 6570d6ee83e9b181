/* Where the words and tables of a run go: to a terminal (here), or into a page (reports/html/). Whoever says something of a run
 * says it once, to whichever of them. */
#ifndef GATEWALK_TEXT_SINK_H
#define GATEWALK_TEXT_SINK_H

#include "text_table.h"

struct text_sink {
    void (*section)(struct text_sink *to, const char *heading); /* what the following is about; a terminal needs none */
    void (*caption)(struct text_sink *to, const char *text); /* of the table that follows, on its own line everywhere */
    void (*paragraph)(struct text_sink *to, const char *text, size_t indent);
    void (*conclusion)(struct text_sink *to, const char *text);
    /* An item of a list: its state, padded to `widest` characters of all states (0: none has one), and what it is of. */
    void (*item)(struct text_sink *to, const char *state, size_t widest, const char *text);
    int (*table)(struct text_sink *to, const struct text_table *table);
    void (*gap)(struct text_sink *to);
    FILE *stream; /* a terminal's */
    size_t width;
};

/* A terminal of that many columns. */
struct text_sink text_terminal(FILE *stream, size_t width);

struct run_view;
/* What was tested on what, in one line. */
void run_facts(const struct run_view *run, char *line, size_t size);
/* All that is said of a run, in the order in which a reader asks; what `gatewalk run` ends with. Its first paragraph is the answer. */
int report_words(struct run_view *run, struct text_sink *to) GW_MUST_USE;

#endif
