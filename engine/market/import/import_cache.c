/* When the cache is asked and filled; import_cache.h has the map. */
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "gatewalk/version.h"
#include "import_cache.h"

static const size_t SOURCE_MIN = (size_t)1 << 16;     /* smaller files are read as fast as their copy */
static const uint64_t FOLDER_MAX = (uint64_t)2 << 30; /* bytes of all entries */

/* One warning a process is enough, whichever thread comes first. */
static atomic_flag warned = ATOMIC_FLAG_INIT;

static void warn(void) {
    if (!atomic_flag_test_and_set(&warned))
        message("imported bars are not cached: %s (GATEWALK_CACHE names another folder, or \"off\")",
                gw_error_message());
}

void import_cache_open(struct import_cache *cache, const struct gw_import_options *options, const char *symbol,
                       uint64_t zone_hash) {
    struct import_cache_key *key = &cache->key;
    memset(cache, 0, sizeof *cache);
    bool little_endian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__; /* as the entries are */
    cache->on = little_endian && !options->no_cache && import_folder_find(cache->folder, sizeof cache->folder);
    key->cache_version = IMPORT_CACHE_VERSION;
    key->report_size = sizeof(struct gw_import_report);
    key->interval_ns = options->interval_ns;
    key->zone_hash = zone_hash;
    snprintf(key->timezone, sizeof key->timezone, "%s", options->timezone ? options->timezone : "");
    snprintf(key->time_format, sizeof key->time_format, "%s", options->time_format ? options->time_format : "");
    key->from_ns = options->from_ns;
    key->to_ns = options->to_ns;
    key->repair = options->repair;
    key->tolerant = options->tolerant;
    for (size_t i = 0; i < options->n_columns; i++)
        key->columns = hash_bytes(options->column[i], strlen(options->column[i]) + 1, key->columns);
    snprintf(key->program_version, sizeof key->program_version, "%s", GW_VERSION);
    snprintf(key->symbol, sizeof key->symbol, "%s", symbol);
    snprintf(key->format, sizeof key->format, "%s", options->format ? options->format : "auto");
}

/* ---- the source's bytes --------------------------------------------------------------------- */

uint64_t import_cache_hash(const void *bytes, size_t length) {
    const char *at = bytes;
    uint64_t hash = 0;
    for (size_t done = 0, n; done < length; done += n) {
        n = length - done < IMPORT_CACHE_CHUNK ? length - done : IMPORT_CACHE_CHUNK;
        hash = hash_bytes(at + done, n, hash);
    }
    return hash;
}

/* Fills the chunk unless the file ends; a negative count is a failure. */
static ssize_t read_chunk(int fd, char *chunk) {
    size_t used = 0;
    while (used < IMPORT_CACHE_CHUNK) {
        ssize_t got = read(fd, chunk + used, IMPORT_CACHE_CHUNK - used);
        if (got < 0) return -1;
        if (got == 0) break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

static bool hash_stream(int fd, struct import_cache_key *key) {
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < (off_t)SOURCE_MIN) return false;
    char *chunk = mem_realloc(NULL, IMPORT_CACHE_CHUNK, 1);
    ssize_t got = chunk ? IMPORT_CACHE_CHUNK : -1;
    while (got == IMPORT_CACHE_CHUNK) {
        got = read_chunk(fd, chunk);
        if (got <= 0) break;
        key->source_hash = hash_bytes(chunk, (size_t)got, key->source_hash);
        key->source_length += (uint64_t)got;
    }
    mem_free(chunk);
    return got >= 0;
}

/* ---- load and save ---------------------------------------------------------------------------- */

bool import_cache_load(const struct import_cache *cache, const char *path, struct gw_bars *out,
                       struct gw_import_report *report) {
    struct import_cache_key key = cache->key;
    char entry[IMPORT_CACHE_PATH_MAX];
    if (!cache->on) return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer must not hold us here */
    if (fd < 0) return false;
    bool hashed = hash_stream(fd, &key);
    close(fd);
    return hashed && import_folder_path(cache->folder, &key, entry, sizeof entry) == GW_OK &&
           import_entry_read(entry, &key, out, report);
}

static int save(const char *folder, const struct import_cache_key *key, const struct gw_bars *bars,
                const struct gw_import_report *report) {
    char entry[IMPORT_CACHE_PATH_MAX];
    TRY(dir_make_private(folder));
    TRY(import_folder_path(folder, key, entry, sizeof entry));
    TRY(import_entry_write(entry, key, bars, report));
    import_folder_trim(folder, FOLDER_MAX, entry);
    return GW_OK;
}

/* The hash is that of the bytes that were parsed: the file may have changed since it was looked up. */
void import_cache_save(const struct import_cache *cache, uint64_t source_hash, size_t source_length,
                       const struct gw_bars *bars, const struct gw_import_report *report) {
    struct import_cache_key key = cache->key;
    if (!cache->on || source_length < SOURCE_MIN || import_entry_size(bars) > FOLDER_MAX / 4) return;
    key.source_hash = source_hash;
    key.source_length = source_length;
    if (save(cache->folder, &key, bars, report) != GW_OK) warn();
}
