/* study.json: the path a study took, with the numbers each choice was made on. */
#include <math.h>

#include "engine/base/base.h"
#include "study_private.h"

/* One of the training's parameters, null when the chosen rows do not have it. */
static void put_own(struct json_writer *w, const char *name, const struct gw_train_config *train) {
    struct gw_param_key key;
    if (gw_param_find(&gw_train_params, name, &key) && gw_param_active(&key, train))
        json_put_param(w, key.param, gw_param_base_const(&key, train));
    else
        json_put_string(w, name, NULL);
}

static void put_variant(struct json_writer *w, const struct study_variant *variant, bool chosen) {
    json_begin_object(w, NULL);
    json_put_string(w, "name", variant->spec.name);
    json_put_string(w, "attention", gw_param_word(&gw_model_params, &variant->spec.model, "attention"));
    json_put_string(w, "unroll", gw_param_word(&gw_model_params, &variant->spec.model, "unroll"));
    json_put_string(w, "loss", gw_param_word(&gw_train_params, &variant->spec.train, "loss"));
    put_own(w, "pos_weight", &variant->spec.train);
    json_put_int(w, "parameters", (int64_t)gw_model_parameter_count(&variant->spec.model));
    json_put_int(w, "fits", (int64_t)variant->n_fits);
    json_put_number(w, "validation_average_precision", variant->n_fits ? variant->validation_ap : NAN);
    json_put_number(w, "validation_loss", variant->n_fits ? variant->validation_loss : NAN);
    json_put_bool(w, "chosen", chosen);
    json_end_object(w);
}

int study_write(const struct study *study, const char *dir) {
    char path[1024];
    struct out_file file;
    TRY(path_join(path, sizeof path, dir, GW_RUN_STUDY));
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    json_begin_object(&w, NULL);
    json_put_int(&w, "schema", GW_RUN_SCHEMA);
    json_put_string(&w, "name", study->name);
    json_put_string(&w, "title", study->title);
    json_put_string(&w, "criterion", "validation_average_precision");
    json_put_int(&w, "search_seeds", (int64_t)(study->search_seeds ? study->search_seeds : study->experiment->n_seeds));
    json_put_int(&w, "search_folds", (int64_t)study->search_folds);
    json_begin_array(&w, "stages");
    for (size_t i = 0; i < study->n_stages; i++) {
        const struct study_stage *stage = &study->stage[i];
        json_begin_object(&w, NULL);
        json_put_string(&w, "name", stage->name);
        json_put_string(&w, "chosen", stage->variant[stage->chosen].spec.name);
        json_put_bool(&w, "carried", stage->carry);
        json_put_bool(&w, "final", stage->final);
        json_begin_array(&w, "variants");
        for (size_t v = 0; v < stage->n_variants; v++) put_variant(&w, &stage->variant[v], v == stage->chosen);
        json_end_array(&w);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_begin_array(&w, "final");
    for (size_t s = 0; s < study->experiment->n_strategies; s++)
        json_put_string(&w, NULL, study->experiment->strategy[s].name);
    json_end_array(&w);
    json_end_object(&w);
    return out_commit(&file);
}
