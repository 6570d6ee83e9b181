/* Everything that was gathered, in one file: beside the stream's own tensors one of doubles, a row a symbol, that holds the
 * bytes of the features, of the label's ATR and of the last bar's place. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/version.h"
#include "live_private.h"
#include "models/store/stream_file.h"

#define LIVE_TENSOR "live"
#define LIVE_KEY    "live.key"

struct place {
    int64_t last_open_ns;
    uint64_t n_bars;
};

static size_t row_bytes(const struct live *live) {
    return sizeof(struct place) + live->atr_bytes + gw_feature_stream_state_size(live->symbol[0].features);
}

static uint64_t mix_text(const char *text, uint64_t hash) { return hash_bytes(text, strlen(text) + 1, hash); }

/* Whatever decides what the bytes mean. The weights have their own check in the stream's file. */
static void state_key(const struct live *live, char key[17]) {
    const struct gw_feature_set *set = gw_scorer_features(live->scorer);
    uint64_t hash = mix_text(gw_source_hash(), mix_text("gatewalk live 1", 0));
    for (size_t i = 0; i < gw_feature_set_size(set); i++) hash = mix_text(gw_feature_set_name(set, i), hash);
    for (size_t s = 0; s < live->n_symbols; s++) hash = mix_text(live->symbol[s].name, hash);
    hash = hash_bytes(&live->interval_ns, sizeof live->interval_ns, hash);
    hash = hash_bytes(&live->atr_own, sizeof live->atr_own, hash);
    snprintf(key, 17, "%016" PRIx64, hash);
}

/* ---- saving -------------------------------------------------------------------------------------- */

static void put_symbol(const struct live *live, const struct live_symbol *symbol, char *at) {
    struct place place = {symbol->last_open_ns, symbol->n_bars};
    memcpy(at, &place, sizeof place);
    if (live->atr_bytes) memcpy(at + sizeof place, symbol->atr, live->atr_bytes);
    gw_feature_stream_put(symbol->features, at + sizeof place + live->atr_bytes);
}

int live_save(const struct live *live, const char *path) {
    size_t bytes = row_bytes(live);
    char *rows = mem_calloc(live->n_symbols, bytes), key[17];
    if (!rows) return GW_ERR_NOMEM;
    for (size_t s = 0; s < live->n_symbols; s++) put_symbol(live, &live->symbol[s], rows + s * bytes);
    state_key(live, key);
    struct stored_meta meta = {LIVE_KEY, key};
    struct stored_tensor tensor = {.name = LIVE_TENSOR,
                                   .is_double = true,
                                   .n_dims = 2,
                                   .shape = {live->n_symbols, bytes / sizeof(double)},
                                   .data = rows};
    int rc = stream_save_with(live->stream, &meta, &tensor, path);
    mem_free(rows);
    return rc;
}

/* ---- loading ------------------------------------------------------------------------------------- */

static int take_symbol(const struct live *live, const char *path, const char *at, struct live_symbol *symbol) {
    struct place place;
    memcpy(&place, at, sizeof place);
    if (live->atr_bytes) memcpy(symbol->atr, at + sizeof place, live->atr_bytes);
    if (!gw_feature_stream_take(symbol->features, at + sizeof place + live->atr_bytes))
        FAIL(GW_ERR_DATA, "%s: holds the state of other features; start anew", path);
    symbol->last_open_ns = place.last_open_ns;
    symbol->n_bars = place.n_bars;
    return GW_OK;
}

static int take_rows(struct live *live, const char *path, const struct safetensors *file) {
    char key[17];
    const char *stored = safetensors_meta(file, LIVE_KEY);
    size_t bytes = row_bytes(live);
    bool end = false;
    state_key(live, key);
    if (!stored || strcmp(stored, key) != 0)
        FAIL(GW_ERR_DATA, "%s: is the state of another run or program; start anew", path);
    for (size_t i = 0; !end; i++) {
        struct stored_tensor tensor;
        TRY(safetensors_tensor(file, path, i, &tensor, &end));
        if (end || !tensor.data || strcmp(tensor.name, LIVE_TENSOR) != 0) continue;
        if (!tensor.is_double || tensor.n_dims != 2 || tensor.shape[0] != live->n_symbols ||
            tensor.shape[1] != bytes / sizeof(double))
            break;
        for (size_t s = 0; s < live->n_symbols; s++)
            TRY(take_symbol(live, path, (const char *)tensor.data + s * bytes, &live->symbol[s]));
        return GW_OK;
    }
    FAIL(GW_ERR_DATA, "%s: the state of its features is missing; start anew", path);
}

int live_load(struct live *live, const char *path) {
    struct safetensors file;
    struct gw_stream *stream;
    TRY(gw_stream_load(gw_scorer_model(live->scorer), path, &stream));
    int rc = gw_stream_symbols(stream) == live->n_symbols
                 ? safetensors_read(path, &file)
                 : gw_error_set(GW_ERR_DATA, "%s: is the state of %zu symbols, not %zu; start anew", path,
                                gw_stream_symbols(stream), live->n_symbols);
    if (rc == GW_OK) {
        rc = take_rows(live, path, &file);
        safetensors_free(&file);
    }
    if (rc < 0) {
        gw_stream_close(stream);
        return rc;
    }
    gw_stream_close(live->stream);
    live->stream = stream;
    return GW_OK;
}
