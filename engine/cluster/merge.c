/* Shares put together: every fit of the walk is looked for in the shares' directories by its key, and the walk goes on from
 * there as an interrupted one would. */
#include <stdio.h>
#include <string.h>

#include "cluster.h"
#include "engine/base/base.h"
#include "engine/base/json.h"
#include "gatewalk/model.h"
#include "models/store/safetensors.h"

struct merge {
    char *const *share;
    size_t n, n_found;
};

/* Copied only when it is whole and of this fit. */
static int take(const char *from, const struct fit *fit, bool *taken) {
    struct safetensors file;
    char *text;
    size_t length;
    *taken = false;
    if (!file_exists(from)) return GW_OK;
    int rc = safetensors_read(from, &file);
    if (rc == GW_ERR_DATA) {
        message("note: %s; that fit is looked for elsewhere or done again", gw_error_message());
        return GW_OK;
    }
    TRY(rc);
    const char *key = safetensors_meta(&file, "gatewalk.fit_key");
    bool same = key && strcmp(key, fit->key) == 0;
    safetensors_free(&file);
    if (!same) return GW_OK;
    TRY(file_read_own(from, SIZE_MAX / 2, GW_ERR_IO, &text, &length));
    struct out_file out;
    rc = out_open(&out, fit->model_path);
    if (rc == GW_OK) {
        out_write(&out, text, length);
        rc = out_commit(&out);
    }
    mem_free(text);
    *taken = rc == GW_OK;
    return rc;
}

static int find(const struct merge *m, const struct fit *fit, bool *found) {
    const char *name = strrchr(fit->model_path, '/') + 1;
    char path[1300];
    *found = false;
    for (size_t i = 0; i < m->n && !*found; i++) {
        int length = snprintf(path, sizeof path, "%s/" GW_RUN_MODELS "/%s", m->share[i], name);
        if (length < 0 || (size_t)length >= sizeof path) FAIL(GW_ERR_USAGE, "%s: the path is too long", m->share[i]);
        TRY(take(path, fit, found));
    }
    return GW_OK;
}

static int execute(void *context, const struct experiment *e, const struct prepared *p, struct fit_list *fits,
                   size_t jobs) {
    struct merge *m = context;
    for (size_t i = 0; i < fits->n; i++) {
        bool found;
        if (fits->fit[i].source) continue;
        TRY(interrupt_check());
        TRY(fits_place_holds(fits));
        TRY(find(m, &fits->fit[i], &found));
        m->n_found += found;
    }
    const size_t n = fits->n - fits->n_shared;
    if (m->n_found < n) message("note: %zu of %zu fits are in none of the shares and are done here", n - m->n_found, n);
    return fits_execute(e, p, fits, jobs);
}

/* Shares fit together when they are of one configuration, the same data and kernels: run.json says which. */
static int check_same(char *const *share, size_t n) {
    char first[3][80] = {"", "", ""};
    static const char *const key[] = {"config_hash", "kernels", "kernels_bf16"};
    static const char *const what[] = {"of another configuration or of other data",
                                       "computed by other kernels (give all shares the same --kernels)",
                                       "computed by other kernels (give all shares the same --kernels)"};
    for (size_t i = 0; i < n; i++) {
        char path[1024];
        struct json_document *run;
        TRY(path_join(path, sizeof path, share[i], GW_RUN_JSON));
        TRY(json_load(path, GW_ERR_DATA, &run));
        size_t bad = COUNT_OF(key);
        for (size_t k = 0; k < COUNT_OF(key) && bad == COUNT_OF(key); k++) {
            const char *value = json_string(json_get(json_root(run), key[k]), "");
            if (i == 0)
                snprintf(first[k], sizeof first[k], "%s", value);
            else if (strcmp(first[k], value) != 0)
                bad = k;
        }
        json_free(run);
        if (bad < COUNT_OF(key))
            FAIL(GW_ERR_DATA, "%s: its fits are %s than those of %s", share[i], what[bad], share[0]);
    }
    return GW_OK;
}

/* "reports/out/big.shard-3-of-16" → "reports/out/big" */
static int name_of_whole(const char *share, char out[1024]) {
    const char *mark = strstr(share, ".shard-");
    if (!mark || mark == share || mark - share > 900)
        FAIL(GW_ERR_USAGE, "%s: is not called as `run --shard` calls a share; give --out DIR", share);
    snprintf(out, 1024, "%.*s", (int)(mark - share), share);
    return GW_OK;
}

int cluster_merge(char *const *shares, size_t n, struct gw_run_options *options, char dir[1024]) {
    struct merge merge = {.share = shares, .n = n};
    struct gw_fit_executor executor = {.execute = execute, .context = &merge};
    struct experiment *e;
    char kernels[32], whole[1024];
    TRY(check_same(shares, n));
    if (!options->out_dir) {
        TRY(name_of_whole(shares[0], whole));
        options->out_dir = whole;
    }
    TRY(experiment_of_share(shares[0], &e, kernels));
    int rc = gw_kernels_select(kernels);
    options->executor = &executor;
    if (rc == GW_OK) rc = run_experiment(e, options, dir);
    experiment_free(e);
    return rc;
}
