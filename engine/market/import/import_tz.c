/* Local time to UTC: the transitions that a TZif file lists, and behind the last one the rule in its footer. */
#include "import_tz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/base.h"
#include "import_tz_rule.h"

enum { FILE_MAX = 1 << 20, NAME_MAX_TZ = 64 };

struct import_tz {
    int64_t shift_s; /* what the name adds to the zone's clock */
    size_t n;        /* transitions */
    int64_t *at;     /* [n] seconds of UTC, rising */
    int32_t *offset; /* [n + 1] seconds east of UTC before at[0], from at[0] on, … */
    struct tz_rule rule;
    bool has_rule;
    uint64_t hash;
    struct { /* where the last answer was found: rows stand close together */
        int64_t begin, end;
        int32_t offset;
    } last;
};

uint64_t import_tz_hash(const struct import_tz *tz) { return tz->hash; }

void import_tz_close(struct import_tz *tz) {
    if (!tz) return;
    mem_free(tz->at);
    mem_free(tz->offset);
    mem_free(tz);
}

/* ---- the file --------------------------------------------------------------------------------- */

static int64_t big_endian(const unsigned char *at, size_t n) {
    uint64_t value = at[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < n; i++) value = value << 8 | at[i];
    return (int64_t)value;
}

/* Counts of a block in the order of its header, and how long it is with times of `width` bytes. */
struct block {
    size_t isut, isstd, leap, time, type, chars, size;
};

static bool read_header(const unsigned char *at, size_t room, size_t width, struct block *block) {
    size_t *const count[] = {&block->isut, &block->isstd, &block->leap, &block->time, &block->type, &block->chars};
    if (room < 44 || memcmp(at, "TZif", 4) != 0) return false;
    for (size_t i = 0; i < COUNT_OF(count); i++) {
        *count[i] = (size_t)big_endian(at + 20 + 4 * i, 4);
        if (*count[i] > FILE_MAX) return false;
    }
    block->size = block->time * (width + 1) + block->type * 6 + block->chars + block->leap * (width + 4) +
                  block->isstd + block->isut;
    return block->type > 0 && block->size <= room - 44;
}

static int take_block(struct import_tz *tz, const unsigned char *at, const struct block *block) {
    const unsigned char *index = at + 8 * block->time, *type = index + block->time;
    tz->at = mem_calloc(block->time + 1, sizeof *tz->at);
    tz->offset = mem_calloc(block->time + 1, sizeof *tz->offset);
    if (!tz->at || !tz->offset) return GW_ERR_NOMEM;
    tz->n = block->time;
    tz->offset[0] = (int32_t)big_endian(type, 4);
    for (size_t i = 0; i < tz->n; i++) {
        tz->at[i] = big_endian(at + 8 * i, 8);
        if (index[i] >= block->type || (i && tz->at[i] <= tz->at[i - 1])) return GW_ERR_DATA;
        tz->offset[i + 1] = (int32_t)big_endian(type + 6 * index[i], 4);
    }
    for (size_t i = 0; i <= tz->n; i++)
        if (tz->offset[i] < -93600 || tz->offset[i] > 93600) return GW_ERR_DATA;
    return GW_OK;
}

/* The second block has times of 64 bits; the first is for programs of before 2005. Behind it stands the rule. */
static int take_file(struct import_tz *tz, const unsigned char *bytes, size_t length) {
    struct block old, block;
    if (!read_header(bytes, length, 4, &old) || bytes[4] < '2') return GW_ERR_DATA;
    const unsigned char *at = bytes + 44 + old.size, *end = bytes + length;
    if (!read_header(at, (size_t)(end - at), 8, &block)) return GW_ERR_DATA;
    TRY(take_block(tz, at + 44, &block));
    at += 44 + block.size;
    if (end - at < 2 || *at != '\n') return GW_OK;
    const unsigned char *stop = memchr(at + 1, '\n', (size_t)(end - at) - 1);
    if (!stop || stop == at + 1) return GW_OK;
    tz->has_rule = tz_rule_parse((const char *)at + 1, (const char *)stop, &tz->rule);
    return tz->has_rule ? GW_OK : GW_ERR_DATA;
}

/* ---- the name --------------------------------------------------------------------------------- */

/* "+02:00", "-5", "+0530": seconds. */
static bool parse_shift(const char *text, int64_t *seconds) {
    int hours = 0, minutes = 0, n = 0;
    bool negative = *text == '-';
    if (*text != '+' && *text != '-') return false;
    text++;
    while (n < 2 && *text >= '0' && *text <= '9') hours = 10 * hours + *text++ - '0', n++;
    if (n == 0) return false;
    if (*text == ':') text++;
    for (n = 0; n < 2 && *text >= '0' && *text <= '9'; n++) minutes = 10 * minutes + *text++ - '0';
    if (*text || (n != 0 && n != 2) || hours > 15 || minutes > 59) return false;
    *seconds = (negative ? -60 : 60) * (60 * (int64_t)hours + minutes);
    return true;
}

/* A name is a path below the database: no way out of it. */
static bool name_fits(const char *name) {
    if (!*name || *name == '/' || *name == '.' || strstr(name, "..") || strlen(name) >= NAME_MAX_TZ) return false;
    for (; *name; name++) {
        bool word = (*name >= '0' && *name <= '9') || (*name >= 'A' && *name <= 'Z') || (*name >= 'a' && *name <= 'z');
        if (!word && !strchr("/_+-", *name)) return false;
    }
    return true;
}

static bool find_file(const char *name, char *path, size_t size) {
    const char *folder = getenv("TZDIR");
    if (!name_fits(name)) return false;
    if (!folder || !*folder) folder = "/usr/share/zoneinfo";
    int n = snprintf(path, size, "%s/%s", folder, name);
    struct stat status;
    return n > 0 && (size_t)n < size && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static int load(struct import_tz *tz, const char *name, const char *path) {
    char *bytes;
    size_t length;
    TRY(file_read_all(path, FILE_MAX, GW_ERR_CONFIG, &bytes, &length));
    int rc = take_file(tz, (const unsigned char *)bytes, length);
    tz->hash = hash_bytes(bytes, length, (uint64_t)tz->shift_s);
    mem_free(bytes);
    if (rc == GW_ERR_DATA) FAIL(GW_ERR_CONFIG, "timezone \"%s\": %s is no time zone file", name, path);
    return rc;
}

/* The zone alone, else a zone with a shift behind it. */
static int open_named(struct import_tz *tz, const char *name) {
    char path[512], zone[NAME_MAX_TZ];
    if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0 || parse_shift(name, &tz->shift_s)) {
        tz->offset = mem_calloc(1, sizeof *tz->offset);
        tz->hash = hash_bytes(&tz->shift_s, sizeof tz->shift_s, 0);
        return tz->offset ? GW_OK : GW_ERR_NOMEM;
    }
    if (find_file(name, path, sizeof path)) return load(tz, name, path);
    size_t cut = strcspn(name, "+");
    if (!name[cut]) cut = strrchr(name, '-') ? (size_t)(strrchr(name, '-') - name) : cut;
    if (name[cut] && cut < sizeof zone && parse_shift(name + cut, &tz->shift_s)) {
        memcpy(zone, name, cut);
        zone[cut] = '\0';
        if (find_file(zone, path, sizeof path)) return load(tz, name, path);
    }
    if (!find_file("Europe/London", path, sizeof path))
        FAIL(GW_ERR_CONFIG,
             "timezone \"%.40s\": this system has no time zones; install tzdata, or give a shift such as "
             "+02:00",
             name);
    FAIL(GW_ERR_CONFIG,
         "timezone \"%.40s\" is none; give a name such as Europe/Berlin, a shift such as +02:00, or both as in "
         "America/New_York+7",
         name);
}

int import_tz_open(const char *name, struct import_tz **out) {
    struct import_tz *tz = mem_calloc(1, sizeof *tz);
    *out = tz;
    if (!tz) return GW_ERR_NOMEM;
    int rc = open_named(tz, name);
    if (rc == GW_OK) return rc;
    import_tz_close(tz);
    *out = NULL;
    return rc;
}

/* ---- time ------------------------------------------------------------------------------------- */

/* Seconds east of UTC at this moment, and between which moments that holds. */
static int32_t offset_at(const struct import_tz *tz, int64_t utc_s, int64_t *begin, int64_t *end) {
    size_t low = 0, high = tz->n;
    if (tz->n && utc_s >= tz->at[tz->n - 1] && tz->has_rule) return tz_rule_offset(&tz->rule, utc_s, begin, end);
    if (!tz->n && tz->has_rule) return tz_rule_offset(&tz->rule, utc_s, begin, end);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (utc_s >= tz->at[middle])
            low = middle + 1;
        else
            high = middle;
    }
    *begin = low ? tz->at[low - 1] : INT64_MIN / 4;
    *end = low < tz->n ? tz->at[low] : INT64_MAX / 4;
    return tz->offset[low];
}

int64_t import_tz_offset_ns(struct import_tz *tz, int64_t utc_ns) {
    int64_t utc_s = utc_ns / NS_PER_SECOND - (utc_ns % NS_PER_SECOND < 0);
    if (utc_s < tz->last.begin || utc_s >= tz->last.end)
        tz->last.offset = offset_at(tz, utc_s, &tz->last.begin, &tz->last.end);
    return (tz->last.offset + tz->shift_s) * NS_PER_SECOND;
}

size_t import_tz_to_utc(struct import_tz *tz, int64_t local_ns, int64_t utc_ns[2]) {
    static const int64_t day_s = 86400;
    int64_t fraction = local_ns % NS_PER_SECOND, found[3], begin, end;
    if (fraction < 0) fraction += NS_PER_SECOND;
    int64_t local_s = (local_ns - fraction) / NS_PER_SECOND - tz->shift_s;
    size_t n = 0;
    /* No clock is a day from UTC: within these bounds there is one answer. */
    if (local_s - 2 * day_s >= tz->last.begin && local_s + 2 * day_s < tz->last.end) {
        utc_ns[0] = (local_s - tz->last.offset) * NS_PER_SECOND + fraction;
        return 1;
    }
    for (int64_t side = -1; side <= 1; side++) { /* offsets of the day before, of now and of the day after */
        int32_t offset = offset_at(tz, local_s + side * day_s, &begin, &end);
        int64_t utc_s = local_s - offset;
        bool holds = offset_at(tz, utc_s, &begin, &end) == offset, known = false;
        for (size_t i = 0; i < n; i++) known = known || found[i] == utc_s;
        if (!holds || known) continue;
        found[n++] = utc_s;
        tz->last.begin = begin, tz->last.end = end, tz->last.offset = offset;
    }
    if (n > 1 && found[1] < found[0]) {
        int64_t kept = found[0];
        found[0] = found[1], found[1] = kept;
    }
    if (n > 2) n = 2;
    for (size_t i = 0; i < n; i++) utc_ns[i] = found[i] * NS_PER_SECOND + fraction;
    return n;
}
