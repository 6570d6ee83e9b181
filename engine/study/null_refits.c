#include "null_refits.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/results/run_finding.h"
#include "engine/results/run_key.h"
#include "engine/walk/fit_features.h"
#include "engine/walk/fits.h"
#include "engine/walk/outside.h"
#include "engine/walk/replays.h"
#include "gatewalk/rng.h"
#include "gatewalk/run_files.h"
#include "gatewalk/version.h"

/* ---- labels of noise ---------------------------------------------------------------------------------------------- */

/* The true labels of all symbols, to be given back. */
struct labels_kept {
    int8_t *gate[MAX_SYMBOLS][GW_N_GATES];
};

static int labels_keep(const struct prepared *p, struct labels_kept *kept) {
    memset(kept, 0, sizeof *kept);
    for (size_t s = 0; s < p->market.n_symbols; s++)
        for (int g = 0; g < GW_N_GATES; g++) {
            const size_t n = p->labels[s].n;
            if (!(kept->gate[s][g] = mem_calloc(n ? n : 1, 1))) return GW_ERR_NOMEM;
            memcpy(kept->gate[s][g], p->labels[s].gate[g], n);
        }
    return GW_OK;
}

static void labels_kept_free(struct labels_kept *kept) {
    for (size_t s = 0; s < MAX_SYMBOLS; s++)
        for (int g = 0; g < GW_N_GATES; g++) mem_free(kept->gate[s][g]);
}

/* Labelled bars of a symbol go around their own circle, both gates alike, by the same share of it for all symbols: what
 * moved together still does. At least a tenth of the history lies between a label and its bar. */
static void labels_turn(struct prepared *p, const struct labels_kept *kept, uint64_t seed, size_t refit) {
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "null refit", refit, 0, 0);
    const double share = refit ? 0.1 + 0.8 * gw_rng_uniform(&rng) : 0;
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        size_t begin = 0, end = p->labels[s].n;
        const int8_t *any = kept->gate[s][GW_GATE_LONG];
        while (begin < end && any[begin] == GW_LABEL_MISSING) begin++;
        while (end > begin && any[end - 1] == GW_LABEL_MISSING) end--;
        const size_t n = end - begin, shift = (size_t)(share * (double)n);
        for (int g = 0; g < GW_N_GATES; g++)
            for (size_t i = 0; i < n; i++) p->labels[s].gate[g][begin + i] = kept->gate[s][g][begin + (i + shift) % n];
    }
    fitted_forget(p);
}

/* ---- figures ------------------------------------------------------------------------------------------------------ */

static int put(struct null_refits *out, size_t refit, const char *strategy, int gate, const char *measure,
               double value) {
    if (out->n == out->room) {
        const size_t room = out->room ? 2 * out->room : 256;
        struct null_value *grown = mem_realloc(out->value, room, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        out->value = grown;
        out->room = room;
    }
    struct null_value *v = &out->value[out->n++];
    *v = (struct null_value){.refit = refit, .gate = gate, .value = value};
    snprintf(v->strategy, sizeof v->strategy, "%s", strategy);
    snprintf(v->measure, sizeof v->measure, "%s", measure);
    return GW_OK;
}

static int put_scores(const struct experiment *e, const struct results *r, size_t s, size_t refit,
                      struct null_refits *out) {
    static const char *const shown[] = {"average_precision", "precision_at_k", "pnl_mean_at_k_1x"};
    const struct strategy_result *result = &r->strategy[s];
    char key[GW_METRIC_KEY_MAX];
    for (int g = 0; g < GW_N_GATES; g++)
        for (size_t m = 0; m < gw_metric_count(); m++) {
            const struct gw_metric_desc *metric = gw_metric_at(m);
            bool wanted = false;
            for (size_t i = 0; i < COUNT_OF(shown); i++) wanted |= strcmp(metric->name, shown[i]) == 0;
            for (size_t k = 0; wanted && k < (metric->per_k ? e->signals.n_k : 1); k++) {
                double sum = 0;
                for (size_t i = 0; i < result->n_seeds; i++) sum += result->seed[i].pooled[g].value[m][k];
                TRY(put(out, refit, e->strategy[s].name, g, gw_metric_key_write(key, metric->name, e->signals.k[k]),
                        sum / (double)result->n_seeds));
            }
        }
    return GW_OK;
}

static int put_trading(const struct experiment *e, const struct results *r, size_t s, size_t refit,
                       struct null_refits *out) {
    const struct strategy_result *result = &r->strategy[s];
    for (size_t m = 0; m < gw_portfolio_metric_count(); m++) {
        const char *name = gw_portfolio_metric_at(m)->name;
        double sum = 0;
        if (strcmp(name, "total_return") != 0 && strcmp(name, "sharpe") != 0) continue;
        for (size_t i = 0; i < result->n_seeds; i++) sum += result->seed[i].portfolio[m];
        TRY(put(out, refit, e->strategy[s].name, -1, name, sum / (double)result->n_seeds));
    }
    return GW_OK;
}

static bool meets_all(const struct pair_verdict *v) {
    for (size_t i = 0; i < N_CRITERIA; i++)
        if (success_test[i].compares != TRAINING_TIME && !v->criterion[i].significant) return false;
    return true;
}

static int put_run(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                   const struct results *r, size_t refit, struct null_refits *out) {
    struct run_finding finding;
    double better = 0, passed = 0;
    run_finding_make(e, p, fits, r, &finding);
    for (size_t i = 0; i < r->n_verdicts; i++) {
        const struct pair_verdict *v = &r->verdict[i];
        if (v->baseline != r->baseline) continue;
        passed += meets_all(v);
        for (int g = 0; g < GW_N_GATES; g++)
            for (int d = 0; d < GW_N_DELTAS; d++) better += v->gate[g].delta[d].holds && v->gate[g].delta[d].value > 0;
    }
    TRY(put(out, refit, "", -1, NULL_FOUND_GATES, (double)finding.found.n_found));
    TRY(put(out, refit, "", -1, NULL_BETTER_DIFFERENCES, better));
    TRY(put(out, refit, "", -1, NULL_ATTENTION_BETTER, finding.attention.state == OUTCOME_BETTER));
    TRY(put(out, refit, "", -1, NULL_SUCCESS_TESTS, passed));
    return put(out, refit, "", -1, NULL_TRADED, finding.traded.state);
}

static int put_refit(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                     const struct results *r, size_t refit, struct null_refits *out) {
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (e->strategy[s].desc->needs_model) TRY(put_scores(e, r, s, refit, out));
        if (strategy_is_trial(&e->strategy[s])) TRY(put_trading(e, r, s, refit, out));
    }
    return put_run(e, p, fits, r, refit, out);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

enum { ROW_BYTES = 400 };

/* Each row carries a check of itself, of all before it and of how many there are: the next call goes on from these figures, and one
 * digit changed on the disk, or rows that are gone, would be another p. */
static uint64_t check_of(const char *row, uint64_t before) { return hash_bytes(row, strlen(row), before); }

static int write_table(const struct null_refits *refits, const char *dir) {
    char path[1024], number[32], row[ROW_BYTES];
    uint64_t check = refits->n;
    struct out_file file;
    TRY(path_join(path, sizeof path, dir, NULL_REFITS_TABLE));
    TRY(out_open(&file, path));
    out_printf(&file, "refit,strategy,gate,measure,value,check\n");
    for (size_t i = 0; i < refits->n; i++) {
        const struct null_value *v = &refits->value[i];
        snprintf(row, sizeof row, "%zu,%s,%s,%s,%s", v->refit, v->strategy, v->gate < 0 ? "" : gw_gate_name[v->gate],
                 v->measure, isnan(v->value) ? "" : number_format(v->value, number));
        check = check_of(row, check);
        out_printf(&file, "%s,%016" PRIx64 "\n", row, check);
    }
    return out_commit(&file);
}

enum { REFIT, STRATEGY, GATE, MEASURE, VALUE, CHECK, COLUMNS };

/* Is it as it was written? */
static bool is_kept(char *const *cell, const size_t column[COLUMNS], uint64_t *check) {
    char row[ROW_BYTES], text[20];
    snprintf(row, sizeof row, "%s,%s,%s,%s,%s", cell[column[REFIT]], cell[column[STRATEGY]], cell[column[GATE]],
             cell[column[MEASURE]], cell[column[VALUE]]);
    *check = check_of(row, *check);
    snprintf(text, sizeof text, "%016" PRIx64, *check);
    return strcmp(text, cell[column[CHECK]]) == 0;
}

/* The refit that a row which cannot be trusted may belong to goes with it. */
static void forget_last(const char *path, size_t line, struct null_refits *out, size_t *next) {
    *next = out->n ? out->value[out->n - 1].refit : 0;
    while (out->n && out->value[out->n - 1].refit == *next) out->n--;
    message("note: %s:%zu: is not what was written there; refits from %zu on are done again", path, line, *next);
}

/* What is there is whole refits, in order. */
static int read_table(const char *dir, struct null_refits *out, size_t *next) {
    static const char *const name[COLUMNS] = {"refit", "strategy", "gate", "measure", "value", "check"};
    char path[1024];
    struct table table;
    size_t column[COLUMNS];
    *next = 0;
    TRY(path_join(path, sizeof path, dir, NULL_REFITS_TABLE));
    if (!file_exists(path)) return GW_OK;
    TRY(table_read(path, &table));
    int rc = GW_OK;
    for (size_t c = 0; c < COLUMNS; c++) TRY_GOTO(table_column(&table, name[c], &column[c]), done);
    uint64_t check = table.n_rows;
    for (size_t i = 0; rc == GW_OK && i < table.n_rows; i++) {
        char **cell = table.cell + i * table.n_columns;
        const double number = table_number(&table, i, column[REFIT]);
        const int g = !*cell[column[GATE]] ? -1 : strcmp(cell[column[GATE]], gw_gate_name[GW_GATE_SHORT]) == 0;
        if (!is_kept(cell, column, &check) || !(number >= 0 && number < 1e6)) {
            forget_last(path, i + 2, out, next);
            break;
        }
        *next = (size_t)number + 1;
        rc = put(out, (size_t)number, cell[column[STRATEGY]], g, cell[column[MEASURE]],
                 table_number(&table, i, column[VALUE]));
    }
done:
    table_free(&table);
    return rc;
}

static int write_key(const char *dir, const char *key) {
    char path[1024];
    struct out_file file;
    TRY(path_join(path, sizeof path, dir, NULL_REFITS_JSON));
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    json_begin_object(&w, NULL);
    json_put_int(&w, "schema", GW_RUN_SCHEMA);
    json_put_string(&w, "config_hash", key);
    json_put_string(&w, "sources", gw_source_hash());
    json_put_string(&w, "kernels", gw_kernels_selected());
    json_end_object(&w);
    out_write(&file, "\n", 1);
    return out_commit(&file);
}

static int check_key(const char *dir, const char *key) {
    char path[1024];
    struct json_document *document;
    TRY(path_join(path, sizeof path, dir, NULL_REFITS_JSON));
    if (!file_exists(path)) return write_key(dir, key);
    TRY(json_load(path, GW_ERR_DATA, &document));
    const json_value *root = json_root(document);
    const bool object = json_kind(root) == JSON_OBJECT;
    const bool same = object && strcmp(json_string(json_get(root, "config_hash"), ""), key) == 0 &&
                      strcmp(json_string(json_get(root, "sources"), ""), gw_source_hash()) == 0 &&
                      strcmp(json_string(json_get(root, "kernels"), ""), gw_kernels_selected()) == 0;
    json_free(document);
    if (same) return GW_OK;
    FAIL(GW_ERR_USAGE,
         "%s: holds refits of another configuration, of other data, or by another version or kernel set; remove it or "
         "give another --out",
         dir);
}

/* ---- one refit ---------------------------------------------------------------------------------------------------- */

/* A fit of noise is another fit: its key says so, and the one that a killed process left of another refit is stale. */
static void rename_keys(struct fit_list *fits, size_t refit) {
    for (size_t i = 0; refit && i < fits->n; i++) {
        struct fit *fit = &fits->fit[i];
        const uint64_t hash = hash_bytes(&refit, sizeof refit, hash_bytes(fit->key, strlen(fit->key), 0));
        snprintf(fit->key, sizeof fit->key, "%016" PRIx64, hash);
    }
}

/* When all is done; a call that finds all done takes away what an earlier one could not. */
static int remove_models(const struct experiment *e, const struct prepared *p, const char *dir) {
    struct fit_list fits;
    char models[1024];
    TRY(path_join(models, sizeof models, dir, GW_RUN_MODELS));
    if (!file_exists(models)) return GW_OK;
    TRY(fits_plan(e, p, p->plan.n_folds, dir, &fits));
    for (size_t i = 0; i < fits.n; i++) (void)unlink(fits.fit[i].model_path);
    (void)rmdir(models);
    fits_free(&fits);
    return GW_OK;
}

static int one_refit(const struct experiment *e, const struct prepared *p, const char *dir, const char *run,
                     size_t refit, size_t jobs, int lock, struct null_refits *out) {
    const bool lent = refit == 0 && *run;
    struct fit_list fits = {0};
    struct results r = {0};
    char models[1024];
    TRY(path_join(models, sizeof models, dir, GW_RUN_MODELS));
    if (!lent) TRY(dir_make(models));
    int rc = fits_plan(e, p, p->plan.n_folds, lent ? run : dir, &fits);
    if (rc < 0) goto done;
    if (!lent) fits.lock = lock;
    rename_keys(&fits, refit);
    for (size_t i = 0; lent && i < fits.n; i++) fits.fit[i].borrowed = true;
    TRY_GOTO(fits_execute(e, p, &fits, jobs), done);
    TRY_GOTO(results_replay(e, p, &fits, NULL, &r), done);
    TRY_GOTO(results_measure(e, p, &r, 1), done);
    TRY_GOTO(results_verdict(e, p, &r, jobs), done);
    TRY_GOTO(results_selection(e, &r), done);
    TRY_GOTO(put_refit(e, p, &fits, &r, refit, out), done);
    TRY_GOTO(write_table(out, dir), done);
done:
    results_free(e, &r);
    fits_free(&fits);
    return rc;
}

static void say_done(size_t refit, size_t n, size_t n_taken, double seconds) {
    const size_t done = refit + 1 - n_taken;
    const double left = seconds / (double)done * (double)(n - refit);
    if (refit == 0)
        progress_message("refit 0: the experiment as it is; %zu of noise follow, about %.0f min", n, left / 60);
    else
        progress_message("refit %zu/%zu done, about %.0f min left", refit, n, left / 60);
}

int null_refits_make(const struct experiment *e, struct prepared *p, const char *dir, const char *run, size_t n,
                     size_t jobs, struct null_refits *out) {
    char key[RUN_KEY_SIZE];
    struct labels_kept kept;
    struct experiment *own = mem_calloc(1, sizeof *own); /* the caller's, but for what nobody asks of noise */
    size_t next = 0;
    int lock = -1;
    *out = (struct null_refits){.n_refits = n};
    if (!own) return GW_ERR_NOMEM;
    *own = *e;
    own->verdict.importance = false;
    own->verdict.gradients = 0;
    int rc = labels_keep(p, &kept);
    if (rc < 0) goto done;
    config_key(e, p, key);
    TRY_GOTO(dir_make(dir), done);
    TRY_GOTO(dir_lock(dir, &lock), done);
    TRY_GOTO(run_folder_sweep(dir, true), done); /* what a killed one has left half-written */
    TRY_GOTO(check_key(dir, key), done);
    TRY_GOTO(read_table(dir, out, &next), done);
    out->n_taken = next;
    const double begin = clock_seconds();
    for (size_t refit = next; rc == GW_OK && refit <= n; refit++) {
        labels_turn(p, &kept, e->seed[0], refit);
        rc = one_refit(own, p, dir, run, refit, jobs, lock, out);
        if (rc == GW_OK) say_done(refit, n, next, clock_seconds() - begin);
    }
    labels_turn(p, &kept, e->seed[0], 0);
    if (rc == GW_OK) rc = remove_models(own, p, dir);
    if (next > n + 1) out->n_refits = next - 1;
done:
    dir_unlock(&lock);
    labels_kept_free(&kept);
    mem_free(own);
    if (rc < 0) null_refits_free(out);
    return rc;
}

void null_refits_free(struct null_refits *refits) {
    mem_free(refits->value);
    *refits = (struct null_refits){0};
}

/* ---- what it comes to --------------------------------------------------------------------------------------------- */

static int by_value(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int null_refits_summary(const struct null_refits *refits, const struct null_value *of, struct null_summary *out) {
    double *noise = mem_calloc(refits->n ? refits->n : 1, sizeof *noise);
    size_t reached = 0;
    if (!noise) return GW_ERR_NOMEM;
    *out = (struct null_summary){.own = NAN, .mean = NAN, .upper = NAN, .best = NAN, .p_value = NAN};
    for (size_t i = 0; i < refits->n; i++) {
        const struct null_value *v = &refits->value[i];
        if (v->gate != of->gate || strcmp(v->strategy, of->strategy) != 0 || strcmp(v->measure, of->measure) != 0)
            continue;
        if (v->refit == 0)
            out->own = v->value;
        else if (!isnan(v->value))
            noise[out->n++] = v->value;
    }
    if (out->n) {
        qsort(noise, out->n, sizeof *noise, by_value);
        out->mean = 0;
        for (size_t i = 0; i < out->n; i++) {
            out->mean += noise[i] / (double)out->n;
            reached += noise[i] >= out->own;
        }
        out->upper = noise[(size_t)ceil(0.95 * (double)out->n) - 1];
        out->best = noise[out->n - 1];
        if (!isnan(out->own)) out->p_value = (double)(1 + reached) / (double)(out->n + 1);
    }
    mem_free(noise);
    return GW_OK;
}
