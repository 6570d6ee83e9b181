/* Scores from outside, as facts: summary.json says what became of their rows, run.json which files they are of. */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/walk/outside.h"
#include "write.h"

static const char *const out_of_fold_id[] = {[OUT_OF_FOLD_NOT_STATED] = "not_stated",
                                             [OUT_OF_FOLD_BY_FOLD] = "by_fold",
                                             [OUT_OF_FOLD_BY_TIME] = "by_trained_until",
                                             [OUT_OF_FOLD_BY_BOTH] = "by_both"};
static const char *const tau_id[N_TAU_SOURCES] = {
    [TAU_OWN] = "given", [TAU_VALIDATION] = "validation", [TAU_ROLLING] = "rolling"};

void write_outside(struct json_writer *w, const struct outside *o) {
    if (!o) {
        json_put_string(w, "outside", NULL);
        return;
    }
    const struct outside_account *a = &o->account;
    json_begin_object(w, "outside");
    json_put_int(w, "files", (int64_t)o->n_files);
    json_put_int(w, "rows", (int64_t)a->n_rows);
    json_put_bool(w, "seeded", o->seeded);
    json_put_int(w, "test_bars", (int64_t)a->test_bars);
    json_put_int(w, "test_scored", (int64_t)a->test_scored);
    json_put_int(w, "test_missing", (int64_t)(a->test_bars - a->test_scored));
    json_put_int(w, "validation_bars", (int64_t)a->validation_bars);
    json_put_int(w, "validation_scored", (int64_t)a->validation_scored);
    json_put_int(w, "unused_rows", (int64_t)a->n_unused);
    json_put_int(w, "no_bar_rows", (int64_t)a->n_no_bar);
    json_put_int(w, "duplicate_rows", (int64_t)a->n_duplicates);
    json_put_int(w, "other_rows", (int64_t)a->n_other);
    json_put_string(w, "out_of_fold", out_of_fold_id[o->out_of_fold]);
    json_put_bool(w, "perhaps_shifted", o->perhaps_shifted);
    json_put_bool(w, "answers", o->answers);
    json_begin_object(w, "probabilities");
    for (int g = 0; g < GW_N_GATES; g++) json_put_bool(w, gw_gate_name[g], !o->ranking_only[g]);
    json_end_object(w);
    json_begin_object(w, "threshold_folds");
    for (int i = 0; i < N_TAU_SOURCES; i++) json_put_int(w, tau_id[i], (int64_t)o->tau_folds[i]);
    json_end_object(w);
    json_end_object(w);
}

void write_score_files(struct json_writer *w, const struct experiment *e, const struct prepared *p) {
    char text[40];
    json_begin_array(w, "scores");
    for (size_t s = 0; s < p->n_outside; s++)
        for (size_t i = 0; p->outside[s] && i < p->outside[s]->n_files; i++) {
            const struct outside_file *file = &p->outside[s]->file[i];
            json_begin_object(w, NULL);
            json_put_string(w, "strategy", e->strategy[s].name);
            char *path = realpath(file->path, NULL);
            json_put_string(w, "file", path ? path : file->path);
            free(path);
            json_put_int(w, "bytes", (int64_t)file->n_bytes);
            json_put_int(w, "rows", (int64_t)file->n_rows);
            snprintf(text, sizeof text, "%016" PRIx64, file->hash);
            json_put_string(w, "hash", text);
            json_end_object(w);
        }
    json_end_array(w);
}
