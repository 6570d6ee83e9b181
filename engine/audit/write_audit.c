/* audit.json: the certificate. */
#include <math.h>

#include "audit.h"
#include "engine/results/run_key.h"
#include "gatewalk/run_files.h"
#include "gatewalk/version.h"

static void put_time(struct json_writer *w, const char *key, int64_t time_ns) {
    char text[40];
    json_put_string(w, key, time_ns == INT64_MIN || time_ns == INT64_MAX ? NULL : time_format(time_ns, text));
}

static void put_text(struct json_writer *w, const char *key, const char *text) {
    json_put_string(w, key, *text ? text : NULL);
}

static void put_difference(struct json_writer *w, const char *key, const struct audit_difference *d,
                           enum audit_stage stage) {
    json_begin_object(w, key);
    json_put_string(w, "stage", stage_id[stage]);
    put_time(w, "time", d->time_ns);
    put_text(w, "symbol", d->symbol);
    put_text(w, "strategy", d->strategy);
    if (d->fold) json_put_int(w, "fold", (int64_t)d->fold);
    json_put_string(w, "value", d->value);
    json_put_number(w, "clean", d->clean);
    json_put_number(w, "poisoned", d->dirty);
    put_time(w, "cut", d->cut_ns);
    json_put_string(w, "poison", poison_id[d->poison]);
    json_end_object(w);
}

static void put_stages(struct json_writer *w, const struct audit *found) {
    json_begin_array(w, "stages");
    for (enum audit_stage stage = 0; stage < N_STAGES; stage++) {
        json_begin_object(w, NULL);
        json_put_string(w, "stage", stage_id[stage]);
        json_put_int(w, "compared", (int64_t)found->n_compared[stage]);
        json_put_string(w, "state",
                        found->first[stage].found       ? "differs"
                        : found->n_compared[stage] == 0 ? "not_compared"
                                                        : "same");
        if (found->first[stage].found) put_difference(w, "first", &found->first[stage], stage);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_history(struct json_writer *w, const struct prepared *p, const struct history_check *check) {
    json_begin_object(w, "history");
    json_begin_array(w, "bars");
    for (size_t k = 0; k < HISTORY_STEPS; k++) json_put_int(w, NULL, (int64_t)check->bars[k]);
    json_end_array(w);
    json_begin_array(w, "features");
    for (size_t f = 0; f < check->n_features; f++) {
        json_begin_object(w, NULL);
        json_put_string(w, "feature", gw_feature_set_name(p->set, f));
        json_begin_array(w, "difference");
        for (size_t k = 0; k < HISTORY_STEPS; k++)
            json_put_number(w, NULL, check->feature[f].n[k] ? check->feature[f].difference[k] : NAN);
        json_end_array(w);
        json_begin_array(w, "exact");
        for (size_t k = 0; k < HISTORY_STEPS; k++)
            json_put_bool(w, NULL, check->feature[f].exact[k] && check->feature[f].n[k]);
        json_end_array(w);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

void put_audit(struct json_writer *w, const struct experiment *e, const struct prepared *p,
               const struct audit_report *r) {
    char key[RUN_KEY_SIZE];
    enum audit_stage first = audit_first(&r->found);
    config_key(e, p, key);
    json_begin_object(w, NULL);
    json_put_int(w, "schema", GW_RUN_SCHEMA);
    json_put_string(w, "state", first == N_STAGES ? "clean" : "leak");
    json_put_string(w, "config_hash", key);
    json_put_string(w, "source_hash", gw_source_hash());
    json_put_string(w, "kernels", gw_kernels_selected());
    json_put_int(w, "cuts", (int64_t)r->n_cuts);
    put_time(w, "first_cut", r->first_cut_ns);
    put_time(w, "last_cut", r->last_cut_ns);
    json_put_int(w, "folds", (int64_t)r->n_folds);
    json_put_int(w, "markets", (int64_t)r->n_markets);
    json_begin_array(w, "poisons");
    for (int k = POISON_NAN; k < N_POISONS; k++) json_put_string(w, NULL, poison_id[k]);
    json_end_array(w);
    json_put_int(w, "refits", (int64_t)r->n_refits);
    json_put_int(w, "seed", (int64_t)e->seed[0]);
    if (first == N_STAGES)
        json_put_string(w, "first", NULL);
    else
        put_difference(w, "first", &r->found.first[first], first);
    put_stages(w, &r->found);
    put_history(w, p, &r->history);
    json_end_object(w);
}

int write_audit(const struct experiment *e, const struct prepared *p, const struct audit_report *report,
                const char *dir) {
    char path[1024];
    struct out_file file;
    TRY(path_join(path, sizeof path, dir, GW_RUN_AUDIT));
    out_sweep(path);
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    put_audit(&w, e, p, report);
    out_write(&file, "\n", 1);
    return out_commit(&file);
}
