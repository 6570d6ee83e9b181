/* Text that grows while it is unpacked: a small file must not fill the memory. */
#include "engine/base/base.h"
#include "import_source.h"

/* What unpacks to more than this many times its size is no market: bars pack to a twentieth at the best. Small files
 * may, since they cost nothing. */
static const size_t RATIO_MAX = 100, RATIO_FREE = (size_t)64 << 20;
enum { FIRST_CAPACITY = 1 << 16 };

static int too_much(const struct growing *out, const char *path) {
    if (out->limit == TEXT_MAX)
        FAIL(GW_ERR_DATA, "%s: unpacks to more than %zu bytes of text; split it into smaller files", path, TEXT_MAX);
    FAIL(GW_ERR_DATA,
         "%s: unpacks to more than %zu times its size, which no market data do; look at what it holds, or unpack it "
         "first",
         path, RATIO_MAX);
}

int growing_reserve(struct growing *out, const char *path) {
    if (out->length > out->limit) return too_much(out, path);
    if (out->length + 1 < out->capacity) return GW_OK;
    size_t wider = out->capacity < out->limit / 2 ? out->capacity * 2 : out->limit + 2;
    char *grown = mem_realloc(out->text, wider, 1);
    if (!grown) return GW_ERR_NOMEM;
    out->text = grown;
    out->capacity = wider;
    return GW_OK;
}

int growing_begin(struct growing *out, size_t packed_length, size_t expected) {
    out->limit = packed_length > RATIO_FREE / RATIO_MAX ? packed_length * RATIO_MAX : RATIO_FREE;
    if (out->limit > TEXT_MAX) out->limit = TEXT_MAX;
    out->length = 0;
    out->capacity = (expected < out->limit ? expected : out->limit - FIRST_CAPACITY) + FIRST_CAPACITY;
    out->text = mem_realloc(NULL, out->capacity, 1); /* unset: zeroing would touch all of it once more */
    return out->text ? GW_OK : GW_ERR_NOMEM;
}
