/* Probabilities and thresholds in scores.csv come from the models in models/, whose files are sound safetensors. */
#include "engine/base/base.h"
#include "results/results.h"

#include "engine/walk/fold_data.h"

/* ---- probabilities and tau against the stored models ------------------------------------------------------------------- */

static int descending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* tau: of ceil(K n) validation probabilities the smallest that may act. */
static void check_tau(const struct run_files *r, const struct fold_data *d, const struct gw_gate_model *model,
                      size_t symbol, const double got[GW_N_GATES]) {
    size_t n = d->n[GW_SLICE_VALIDATION];
    float *p = mem_calloc(n * GW_N_GATES, sizeof *p), *column = mem_calloc(n, sizeof *column);
    assert_true(p && column);
    assert_ok(gw_model_score(model, d->fit_series, d->n_symbols, d->sample[GW_SLICE_VALIDATION], n, p, NULL));
    for (size_t g = 0; g < GW_N_GATES; g++) {
        size_t k = 0;
        for (size_t i = 0; i < n; i++)
            if (r->e->signals.pool == POOL_ALL || d->sample[GW_SLICE_VALIDATION][i].series == symbol)
                column[k++] = p[i * GW_N_GATES + g];
        qsort(column, k, sizeof *column, descending);
        size_t keep = (size_t)ceil(r->e->signals.act_on * (double)k / 100 - 1e-9);
        if (k == 0) assert_true(isnan(got[g])); /* validation did not hold this symbol: no threshold */
        if (k == 0) continue;
        assert_true(keep >= 1);
        assert_true((float)got[g] == column[keep - 1]);
    }
    mem_free(p);
    mem_free(column);
}

static void check_model(const struct run_files *r, size_t row) {
    const struct table *t = &r->scores;
    char path[900];
    struct gw_gate_model *model;
    struct fold_data d;
    struct gw_extra_tensor extra[4];
    size_t n_extra = COUNT_OF(extra), fold = (size_t)number(t, row, "fold") - 1, s = symbol_of(r, t, row);
    snprintf(path, sizeof path, "%s/" GW_RUN_MODELS "/%s-s%s-f%03zu.safetensors", r->dir, cell(t, row, "strategy"),
             cell(t, row, "seed"), fold + 1);
    assert_ok(gw_model_load(path, NULL, 0, &model, NULL, extra, &n_extra));
    assert_int_equal(n_extra, 3);
    struct gw_scaler stored = {.kind = r->e->scaler.kind, .clip = r->e->scaler.clip};
    for (size_t i = 0; i < n_extra; i++) {
        if (strcmp(extra[i].name, "scaler.center") == 0) stored.center = extra[i].value;
        if (strcmp(extra[i].name, "scaler.inverse_scale") == 0) stored.inverse_scale = extra[i].value;
        if (strncmp(extra[i].name, "scaler", 6) == 0) assert_int_equal(extra[i].n, r->e->n_features);
        if (strncmp(extra[i].name, "scaler", 6) != 0) assert_int_equal(extra[i].n, GW_N_GATES * r->e->n_features);
    }
    stored.n = r->e->n_features;
    assert_ok(fold_data_build(r->e, r->p, fold, &(struct fold_known){.scaler = &stored}, &d));
    size_t bar = bar_at(&r->p->market.symbol[s], time_of(t, row, "time"));
    struct gw_sample sample = {(uint32_t)s, (uint32_t)(bar - d.first[s])};
    float p[GW_N_GATES];
    assert_ok(gw_model_score(model, d.score_series, d.n_symbols, &sample, 1, p, NULL));
    assert_true(p[0] == (float)number(t, row, "p_long") && p[1] == (float)number(t, row, "p_short"));
    if (r->e->signals.threshold == THRESHOLD_VALIDATION)
        check_tau(r, &d, model, s, (const double[]){number(t, row, "tau_long"), number(t, row, "tau_short")});
    for (size_t i = 0; i < n_extra; i++) mem_free(extra[i].value);
    fold_data_free(&d);
    gw_model_free(model);
}

/* A few rows of every fit, scored again from its file. */
static void test_scores_and_tau_come_from_the_stored_models(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        size_t n = 0;
        for (size_t row = 0; row < run[i].scores.n_rows; row += 17, n++) check_model(&run[i], row);
        assert_true(n > 100);
    }
}

/* A symbol that validation did not hold has no threshold, and so no trade. */
static void test_unknown_symbol_does_not_act(void **state) {
    (void)state;
    const struct run_files *r = &run[1];
    int64_t first_end = r->p->plan.fold[0].end_ns[GW_SLICE_TEST];
    size_t n = 0, others = 0;
    for (size_t row = 0; row < r->scores.n_rows; row++) {
        if (!is(&r->scores, row, "fold", "1")) continue;
        bool is_new = is(&r->scores, row, "symbol", "NEW");
        n += is_new;
        others += !is_new;
        assert_int_equal(*cell(&r->scores, row, "tau_long") == '\0', is_new);
    }
    assert_true(n > 20 && others > 100);
    for (size_t row = 0; row < r->trades.n_rows; row++)
        assert_false(is(&r->trades, row, "symbol", "NEW") && time_of(&r->trades, row, "signal_time") < first_end);
}

/* Of all symbols that close together only the most probable has a threshold. */
static void test_cross_section(void **state) {
    (void)state;
    const struct run_files *r = &run[2];
    const struct table *t = &r->scores;
    static const char *const p_name[] = {"p_long", "p_short"}, *const tau_name[] = {"tau_long", "tau_short"};
    size_t pairs = 0;
    for (size_t row = 0, end; row < t->n_rows; row = end) {
        for (end = row + 1; end < t->n_rows && is(t, end, "time", cell(t, row, "time")); end++)
            assert_true(same_contestant(t, row, t, end));
        pairs += end - row == 2;
        for (size_t g = 0; g < GW_N_GATES; g++) {
            size_t best = row, with_tau = 0;
            for (size_t i = row; i < end; i++) {
                if (number(t, i, p_name[g]) > number(t, best, p_name[g])) best = i;
                with_tau += *cell(t, i, tau_name[g]) != '\0';
            }
            assert_int_equal(with_tau, 1);
            assert_true(*cell(t, best, tau_name[g]) != '\0');
        }
    }
    assert_true(pairs > 500);
}

/* ---- safetensors --------------------------------------------------------------------------------------------------------- */

static void check_safetensors(const char *path) {
    size_t n, expected = 0, tensors = 0;
    char *bytes = rundir_read(path, &n);
    uint64_t length;
    struct json_document *doc;
    memcpy(&length, bytes, 8);
    assert_true(length < n - 8);
    assert_true((8 + length) % 8 == 0);
    assert_ok(json_parse(path, bytes + 8, length, GW_ERR_DATA, &doc));
    const json_value *root = json_root(doc);
    for (size_t i = 0; i < json_size(root); i++) {
        const json_value *tensor = json_at(root, i);
        if (strcmp(json_key(tensor), "__metadata__") == 0) {
            for (size_t m = 0; m < json_size(tensor); m++) assert_int_equal(json_kind(json_at(tensor, m)), JSON_STRING);
            assert_non_null(json_get(tensor, "gatewalk.fit_key"));
            continue;
        }
        const char *type = json_string(json_get(tensor, "dtype"), "");
        double size = strcmp(type, "F64") == 0 ? 8 : strcmp(type, "F32") == 0 ? 4 : 0;
        const json_value *shape = json_get(tensor, "shape"), *at = json_get(tensor, "data_offsets");
        for (size_t k = 0; k < json_size(shape); k++) size *= json_number(json_at(shape, k), 0);
        assert_int_equal((size_t)json_number(json_at(at, 0), 0), expected);
        expected = (size_t)json_number(json_at(at, 1), 0);
        assert_int_equal((size_t)(json_number(json_at(at, 1), 0) - json_number(json_at(at, 0), 0)), (size_t)size);
        assert_true(size > 0);
        tensors++;
    }
    assert_int_equal(expected, n - 8 - length);
    assert_true(tensors >= 4);
    json_free(doc);
    mem_free(bytes);
}

static void test_every_model_file_parses(void **state) {
    (void)state;
    char name[256][128], dir[900];
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        size_t contestants = 0;
        for (size_t s = 0; s < run[i].e->n_strategies; s++) contestants += run[i].e->strategy[s].desc->needs_model;
        snprintf(dir, sizeof dir, "%s/" GW_RUN_MODELS, run[i].dir);
        int n = rundir_names(dir, name);
        assert_int_equal(n, contestants * run[i].e->n_seeds * run[i].p->plan.n_folds);
        for (int k = 0; k < n; k++) {
            char path[1100];
            snprintf(path, sizeof path, "%s/%.127s", dir, name[k]);
            check_safetensors(path);
        }
    }
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores_and_tau_come_from_the_stored_models),
        cmocka_unit_test(test_unknown_symbol_does_not_act),
        cmocka_unit_test(test_cross_section),
        cmocka_unit_test(test_every_model_file_parses),
    };
    return cmocka_run_group_tests(tests, results_setup, results_teardown);
}
