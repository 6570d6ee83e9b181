/* The symbols that a file, a folder or a pattern stands for, and the least that must be read for each. */
#ifndef GATEWALK_MARKET_IMPORT_UNIVERSE_H
#define GATEWALK_MARKET_IMPORT_UNIVERSE_H

#include "gatewalk/import.h"

struct universe_symbol {
    char symbol[GW_SYMBOL_MAX];
    char file[1024]; /* a file or pattern that holds all of its bars; "": the whole path does */
};
struct universe {
    size_t n;                       /* 0: nothing to tell apart, a file that is sure to hold one symbol or a pipe */
    struct universe_symbol *symbol; /* [n] owned, in the order in which an import of the whole would have them */
};
/* Files of one symbol are known by their names and beginnings; the others are imported to be asked. */
int universe_list(const char *path, const struct gw_import_options *options, struct universe *out) GW_MUST_USE;
void universe_free(struct universe *universe);

#endif
