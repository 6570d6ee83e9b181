/* Categories of shapes and what followed them. */
#include <stdio.h>
#include <string.h>

#include "engine/base/base.h"
#include "patterns.h"

static int allocate(struct pattern_categories *out, size_t n, size_t latent) {
    *out = (struct pattern_categories){.n = n, .latent = latent};
    out->centre = mem_calloc(n * latent, sizeof *out->centre);
    out->size = mem_calloc(n, sizeof *out->size);
    out->labels = mem_calloc(n * GW_N_GATES, sizeof *out->labels);
    out->hits = mem_calloc(n * GW_N_GATES, sizeof *out->hits);
    out->posterior = mem_calloc(n * GW_N_GATES, sizeof *out->posterior);
    return out->centre && out->size && out->labels && out->hits && out->posterior ? GW_OK : GW_ERR_NOMEM;
}

int pattern_categories_make(size_t n, size_t latent, struct pattern_categories *out) {
    const int rc = allocate(out, n, latent);
    if (rc < 0) pattern_categories_free(out);
    return rc;
}

void pattern_categories_free(struct pattern_categories *categories) {
    mem_free(categories->centre);
    mem_free(categories->size);
    mem_free(categories->labels);
    mem_free(categories->hits);
    mem_free(categories->posterior);
    memset(categories, 0, sizeof *categories);
}

static void count(const struct pattern_windows *windows, const uint32_t *category, struct pattern_categories *out) {
    for (size_t i = 0; i < windows->n; i++) {
        const struct gw_sample *sample = &windows->sample[i];
        out->size[category[i]]++;
        for (size_t gate = 0; gate < GW_N_GATES; gate++) {
            const int8_t *label = windows->series[sample->series].label[gate];
            if (!label || label[sample->row] == GW_LABEL_MISSING) continue;
            out->labels[category[i] * GW_N_GATES + gate]++;
            out->hits[category[i] * GW_N_GATES + gate] += label[sample->row] == 1;
        }
    }
}

/* Mean of Beta(20 prevalence + hits, 20 (1 - prevalence) + misses). */
void pattern_categories_judge(struct pattern_categories *out) {
    for (size_t gate = 0; gate < GW_N_GATES; gate++) {
        uint64_t labels = 0, hits = 0;
        for (size_t c = 0; c < out->n; c++) {
            labels += out->labels[c * GW_N_GATES + gate];
            hits += out->hits[c * GW_N_GATES + gate];
        }
        out->prevalence[gate] = labels ? (double)hits / (double)labels : 0;
        for (size_t c = 0; c < out->n; c++)
            out->posterior[c * GW_N_GATES + gate] =
                ((double)out->hits[c * GW_N_GATES + gate] + PATTERN_PRIOR * out->prevalence[gate]) /
                ((double)out->labels[c * GW_N_GATES + gate] + PATTERN_PRIOR);
    }
}

int pattern_categories_fit(const struct pattern_windows *windows, const float *latents, size_t latent, size_t n,
                           uint64_t seed, const struct pattern_categories *previous, struct pattern_categories *out) {
    const size_t most = windows->n / PATTERN_LEAST, k = n < most ? n : most > 0 ? most : 1;
    const float *start = previous && previous->n == k && previous->latent == latent ? previous->centre : NULL;
    const struct kmeans_config config = {.k = k, .seed = seed};
    int rc = GW_ERR_NOMEM;
    uint32_t *category = mem_calloc(windows->n, sizeof *category);
    memset(out, 0, sizeof *out);
    if (!category) goto end;
    TRY_GOTO(pattern_categories_make(k, latent, out), end);
    TRY_GOTO(kmeans_fit(latents, windows->n, latent, &config, start, out->centre, NULL), end);
    TRY_GOTO(kmeans_assign(latents, windows->n, latent, out->centre, k, category, NULL), end);
    count(windows, category, out);
    pattern_categories_judge(out);
end:
    mem_free(category);
    if (rc < 0) pattern_categories_free(out);
    return rc;
}

double pattern_categories_largest(const struct pattern_categories *categories) {
    uint64_t most = 0, all = 0;
    for (size_t c = 0; c < categories->n; c++) {
        all += categories->size[c];
        if (categories->size[c] > most) most = categories->size[c];
    }
    return all ? (double)most / (double)all : 0;
}

char *pattern_categories_advice(const struct pattern_categories *categories, char out[PATTERN_ADVICE]) {
    const double share = pattern_categories_largest(categories);
    out[0] = '\0';
    if (share >= .1 && categories->n >= 10)
        snprintf(
            out, PATTERN_ADVICE,
            "the largest of %zu categories holds %.0f %% of the windows (5 and less is good); try more categories, a "
            "larger model.contrastive_weight or a wider model.latent",
            categories->n, 100 * share);
    return out;
}
