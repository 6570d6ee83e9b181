#include "study_view.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

/* The walk that follows a search leaves out the folds before the last searched one (folds.skip). */
const char *study_caveat(void) {
    return "The search saw validation slices only, and every test bar of the final comparison comes after the last of "
           "them.";
}

/* The loss with the weight of positives, where that is not 1: "bce ×3". */
static int read_loss(struct run_view *run, const json_value *from, const char **loss) {
    double weight = member_number(from, "pos_weight");
    char text[96];
    if (!(*loss = member_text(run, from, "loss"))) return GW_ERR_NOMEM;
    if (!(weight > 0) || weight == 1) return GW_OK;
    snprintf(text, sizeof text, "%.60s ×%g", *loss, weight);
    return (*loss = text_safe(&run->arena, text)) ? GW_OK : GW_ERR_NOMEM;
}

static int read_variant(struct run_view *run, const json_value *from, struct study_variant_view *variant) {
    variant->name = member_text(run, from, "name");
    variant->attention = member_text(run, from, "attention");
    TRY(read_loss(run, from, &variant->loss));
    variant->parameters = member_number(from, "parameters");
    variant->fits = member_number(from, "fits");
    variant->average_precision = member_number(from, "validation_average_precision");
    variant->chosen = json_bool(json_get(from, "chosen"), false);
    return variant->name && variant->attention && variant->loss ? GW_OK : GW_ERR_NOMEM;
}

static int read_stage(struct run_view *run, const json_value *from, struct study_stage_view *stage) {
    const json_value *list = json_get(from, "variants");
    stage->name = member_text(run, from, "name");
    stage->carried = json_bool(json_get(from, "carried"), false);
    stage->final = json_bool(json_get(from, "final"), false);
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_size(list) && stage->n < STUDY_VARIANTS_MAX; i++)
        TRY(read_variant(run, json_at(list, i), &stage->variant[stage->n++]));
    return stage->name ? GW_OK : GW_ERR_NOMEM;
}

static int read_final(struct run_view *run, const json_value *list, const char **final) {
    char line[900] = "";
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_size(list); i++) {
        size_t used = strlen(line);
        snprintf(line + used, sizeof line - used, "%s%.60s", used ? ", " : "", json_string(json_at(list, i), "?"));
    }
    *final = text_safe(&run->arena, line);
    return *final ? GW_OK : GW_ERR_NOMEM;
}

static int read_study(struct run_view *run, const json_value *root, struct study_view *study) {
    const json_value *list = json_get(root, "stages");
    study->search_seeds = member_number(root, "search_seeds");
    study->search_folds = study->baseline = NAN;
    double most_fits = 0;
    TRY(read_final(run, json_get(root, "final"), &study->final));
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_size(list) && study->n < STUDY_STAGES_MAX; i++) {
        struct study_stage_view *stage = &study->stage[study->n++];
        TRY(read_stage(run, json_at(list, i), stage));
        for (size_t v = 0; v < stage->n; v++) {
            const struct study_variant_view *variant = &stage->variant[v];
            if (stage->carried && variant->chosen) study->baseline = variant->average_precision;
            most_fits = fmax(most_fits, variant->fits);
        }
    }
    if (most_fits > 0 && study->search_seeds > 0) study->search_folds = most_fits / study->search_seeds;
    return GW_OK;
}

int study_view_read(struct run_view *run, const struct study_view **study) {
    char path[1024];
    struct json_document *document;
    *study = NULL;
    TRY(path_join(path, sizeof path, run->dir, GW_RUN_STUDY));
    if (!file_exists(path)) return GW_OK;
    struct study_view *view = arena_alloc(&run->arena, 1, sizeof *view);
    if (!view) return GW_ERR_NOMEM;
    TRY(run_file_load(path, &document));
    int rc = read_study(run, json_root(document), view);
    json_free(document);
    if (rc == GW_OK) *study = view;
    return rc;
}
