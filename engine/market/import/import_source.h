/* Inside of the source: text that grows while it is unpacked, within bounds. */
#ifndef GATEWALK_MARKET_IMPORT_SOURCE_H
#define GATEWALK_MARKET_IMPORT_SOURCE_H

#include "import_private.h"

/* Of a file, and of what it unpacks to; line numbers fit 32 bits below it. */
static const size_t TEXT_MAX = (size_t)2 << 30;

struct growing {
    char *text;
    size_t length, capacity;
    size_t limit; /* bytes of text that may be unpacked */
};
int growing_begin(struct growing *out, size_t packed_length, size_t expected) GW_MUST_USE;
/* Makes room for more bytes and the final NUL: never for more than one byte beyond the limit. */
int growing_reserve(struct growing *out, const char *path) GW_MUST_USE;

/* Unpacks what libarchive knows from memory; `packed_length` of the file as it lies on disk bounds what may come of it. */
int import_archive_read(const char *path, const char *bytes, size_t length, size_t packed_length,
                        struct import_source *out) GW_MUST_USE;
bool import_archive_peek(const char *path, char *text, size_t size, size_t *length, bool *many);

#endif
