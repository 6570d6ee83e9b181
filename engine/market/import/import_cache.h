/* Bars that were imported before, kept as files so that the next import of the same bytes with the same options takes
 * milliseconds.
 *
 *   key      which import this is: bytes, options, versions       import_cache.c
 *   entry    one file: .npy array that numpy opens, then a record  import_cache_entry.c
 *   folder   where entries live, and when old ones go             import_cache_folder.c
 *
 * A cache may lose anything at any time and must never be wrong: whatever does not check is read from the source
 * again, and no failure in here fails an import. */
#ifndef GATEWALK_MARKET_IMPORT_CACHE_H
#define GATEWALK_MARKET_IMPORT_CACHE_H

#include "gatewalk/import.h"

enum {
    IMPORT_CACHE_VERSION = 7, /* raise it when an import gives other bars or another report than before */
    IMPORT_CACHE_PATH_MAX = 1024,
    IMPORT_CACHE_CHUNK = 1 << 18, /* bytes handled at a time: they stay in the second-level cache */
};

/* All that the result of a successful import depends on. Compared byte by byte: zeroed before it is filled. */
struct import_cache_key {
    uint32_t cache_version, report_size;
    char program_version[16];
    uint64_t source_hash, source_length; /* of the file as it lies on disk, packed or not */
    int64_t interval_ns, from_ns, to_ns;
    uint32_t repair, tolerant;
    uint64_t zone_hash;
    char timezone[64], time_format[64];
    uint64_t columns;                       /* hash of the names that were asked for */
    char symbol[GW_SYMBOL_MAX], format[32]; /* the symbol as chosen, so the file's name counts only through it */
};

struct import_cache {
    bool on;
    struct import_cache_key key; /* without the source, whose bytes each call states anew */
    char folder[IMPORT_CACHE_PATH_MAX];
};

/* Off when asked to be, and when no folder can be named. `symbol` as chosen. */
void import_cache_open(struct import_cache *cache, const struct gw_import_options *options, const char *symbol,
                       uint64_t zone_hash);
/* The bars and the report that import of this file gave before; false when the cache holds none. */
bool import_cache_load(const struct import_cache *cache, const char *path, struct gw_bars *out,
                       struct gw_import_report *report);
/* Keeps what was made of these bytes. Says so once per process when that fails. */
void import_cache_save(const struct import_cache *cache, uint64_t source_hash, size_t source_length,
                       const struct gw_bars *bars, const struct gw_import_report *report);
/* Of a file's bytes; chunks seed one another, so that a file can be hashed as it is read. */
uint64_t import_cache_hash(const void *bytes, size_t length);

/* ---- entries -------------------------------------------------------------------------------- */

/* False, and nothing in *out, when the file is missing, damaged, or of another key. */
bool import_entry_read(const char *path, const struct import_cache_key *key, struct gw_bars *out,
                       struct gw_import_report *report);
int import_entry_write(const char *path, const struct import_cache_key *key, const struct gw_bars *bars,
                       const struct gw_import_report *report) GW_MUST_USE;
size_t import_entry_size(const struct gw_bars *bars);

/* ---- folder --------------------------------------------------------------------------------- */

/* $GATEWALK_CACHE, else $XDG_CACHE_HOME/gatewalk, else $HOME/.cache/gatewalk; false when none is set or it is "off". */
bool import_folder_find(char *folder, size_t size);
/* "SYMBOL-<32 hex digits>.npy" */
int import_folder_path(const char *folder, const struct import_cache_key *key, char *path, size_t size) GW_MUST_USE;
/* Removes the entries unused for longest until the rest has at most `limit` bytes; other files are not touched. */
void import_folder_trim(const char *folder, uint64_t limit, const char *keep_path);

#endif
