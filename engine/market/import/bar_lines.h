/* Bars a line at a time, from a source that nobody vouches for: CSV under a header, or a JSON object a line. Every line is
 * checked as a row of a file is (import_private.h), and a line that is no bar leaves no trace. */
#ifndef GATEWALK_MARKET_BAR_LINES_H
#define GATEWALK_MARKET_BAR_LINES_H

#include "gatewalk/bars.h"

struct bar_line {
    char symbol[GW_SYMBOL_MAX]; /* "": the line names none */
    struct gw_bar bar;
    double quote_volume, trade_count, taker_buy_base; /* NAN when it has none */
    double column[GW_COLUMNS_MAX];                    /* of those asked for, in their order; NAN: not known */
};

struct bar_lines;
/* `name` of the source, for messages, and n columns that every bar must have, by name (their values may be empty or null):
 * the caller's until the end. */
int bar_lines_open(const char *name, const char *const *column, size_t n_columns, struct bar_lines **out) GW_MUST_USE;
void bar_lines_close(struct bar_lines *lines);

enum bar_line_kind { BAR_LINE_NONE, BAR_LINE_BAR, BAR_LINE_UNUSABLE };
/* The next line, without its end. *kind NONE: a blank line or the header. GW_ERR_DATA "name:line:column: …": this line is
 * no bar, the next one may be; *kind is UNUSABLE when the header is wrong, and no later line can be read either.
 * text NULL: a line that was too long to be kept. */
int bar_lines_take(struct bar_lines *lines, const char *text, size_t length, enum bar_line_kind *kind,
                   struct bar_line *out) GW_MUST_USE;
size_t bar_lines_number(const struct bar_lines *lines); /* of the last line taken, from 1 */

#endif
