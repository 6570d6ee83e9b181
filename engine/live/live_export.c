/* One fit of a run as an ONNX file, with the thresholds that the run had found for it. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "live_private.h"
#include "models/store/safetensors.h"

static int export_with_thresholds(const struct live *live, const char *model_path, const char *path) {
    struct safetensors file;
    char seed[24], fold[24];
    TRY(safetensors_read(model_path, &file));
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)live->seed);
    snprintf(fold, sizeof fold, "%zu", live->fold);
    const struct gw_meta_pair meta[] = {
        {"gatewalk.strategy", live->spec->name},
        {"gatewalk.seed", seed},
        {"gatewalk.fold", fold},
        {GW_META_TAU, safetensors_meta(&file, GW_META_TAU)}, /* last: a file need not have it */
    };
    const int rc = gw_scorer_export(live->scorer, meta, COUNT_OF(meta) - !meta[COUNT_OF(meta) - 1].value, path);
    safetensors_free(&file);
    return rc;
}

int live_export(const char *dir, const struct live_choice *choice, const char *path, struct live_exported *out) {
    struct live *live = mem_calloc(1, sizeof *live);
    char model_path[1024];
    if (!live) return GW_ERR_NOMEM;
    int rc = live_find_model(dir, choice, live, model_path);
    if (rc == GW_OK) rc = export_with_thresholds(live, model_path, path);
    if (rc == GW_OK) {
        const struct gw_model_config *config = gw_model_get_config(gw_scorer_model(live->scorer));
        *out = (struct live_exported){.seed = live->seed,
                                      .fold = live->fold,
                                      .lookback = gw_model_reach(config),
                                      .second = gw_model_cross_lookback(config),
                                      .n_features = config->n_features};
        snprintf(out->strategy, sizeof out->strategy, "%s", live->spec->name);
    }
    live_close(live);
    return rc;
}
