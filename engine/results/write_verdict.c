/* The verdict of summary.json: for every pair the differences, the success test and the conclusion, all of it facts. The
 * sentences are made where they are shown. */
#include <math.h>

#include "write.h"

const char *const outcome_id[N_OUTCOMES] = {[OUTCOME_NOT_MEASURED] = "not_measured",
                                            [OUTCOME_NO_DIFFERENCE] = "no_difference",
                                            [OUTCOME_BETTER] = "better",
                                            [OUTCOME_WORSE] = "worse",
                                            [OUTCOME_MIXED] = "mixed"};
const char *const simpler_id[N_SIMPLER] = {
    [SIMPLER_BEHIND] = "behind", [SIMPLER_AS_GOOD] = "as_good", [SIMPLER_BETTER] = "better"}; /* not asked: null */

static const char *delta_key(int delta, char key[GW_METRIC_KEY_MAX]) {
    return gw_metric_key_write(key, gw_delta_metric[delta].name, gw_delta_metric[delta].k);
}

/* The members of an object that has begun. */
static void put_delta(struct json_writer *w, const struct gw_delta *delta) {
    json_put_number(w, "candidate", delta->candidate);
    json_put_number(w, "baseline", delta->baseline);
    json_put_number(w, "delta", delta->value);
    json_put_number(w, "lo", delta->lo);
    json_put_number(w, "hi", delta->hi);
    json_put_number(w, "p_value", delta->p_value);
    json_put_number(w, "p_holm", delta->p_holm);
    json_put_bool(w, "excludes_zero", delta->significant);
    json_put_bool(w, "significant", delta->holds);
}

static void put_gates(struct json_writer *w, const struct pair_verdict *v) {
    char key[GW_METRIC_KEY_MAX];
    json_begin_object(w, "gates");
    for (int g = 0; g < GW_N_GATES; g++) {
        json_begin_object(w, gw_gate_name[g]);
        json_put_number(w, "block_length", v->gate[g].block_length);
        json_put_int(w, "n_bars", (int64_t)v->n_bars[g]);
        for (int d = 0; d < GW_N_DELTAS; d++) {
            json_begin_object(w, delta_key(d, key));
            put_delta(w, &v->gate[g].delta[d]);
            json_end_object(w);
        }
        json_end_object(w);
    }
    json_end_object(w);
}

static void put_log_loss(struct json_writer *w, const struct pair_verdict *v) {
    json_begin_object(w, "log_loss");
    for (int g = 0; g < GW_N_GATES; g++) {
        const struct gw_forecast_test *test = &v->log_loss[g];
        json_begin_object(w, gw_gate_name[g]);
        json_put_number(w, "delta", test->mean);
        json_put_number(w, "statistic", test->statistic);
        json_put_number(w, "p_value", test->p_value);
        json_put_bool(w, "bartlett", test->bartlett);
        json_end_object(w);
    }
    json_end_object(w);
}

void write_criterion(struct json_writer *w, const struct criterion *criterion) {
    char key[GW_METRIC_KEY_MAX];
    json_put_string(w, "id", criterion->id);
    json_put_string(w, "metric", criterion->compares == TRAINING_TIME ? NULL : delta_key(criterion->compares, key));
    json_put_string(w, "bound", criterion_bound_id[criterion->bound]);
    json_put_number(w, "need", criterion->need);
    json_put_string(w, "unit", criterion->unit);
    json_put_string(w, "on", criterion_gates_id[criterion->gates]);
}

/* Each gate's numbers stand in the row again, so that the success test reads as a table of its own. */
static void put_criterion(struct json_writer *w, const struct pair_verdict *v, size_t i) {
    const struct criterion *criterion = &success_test[i];
    const struct criterion_result *result = &v->criterion[i];
    json_begin_object(w, NULL);
    write_criterion(w, criterion);
    json_put_string(w, "state", criterion_state_id[result->state]);
    json_put_bool(w, "significant", result->significant);
    json_begin_array(w, "gates");
    for (int g = 0; criterion->gates != NO_GATE && g < GW_N_GATES; g++) {
        json_begin_object(w, NULL);
        json_put_string(w, "gate", gw_gate_name[g]);
        json_put_string(w, "state", criterion_state_id[result->at_gate[g]]);
        put_delta(w, &v->gate[g].delta[criterion->compares]);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

/* The significant differences of one sign. */
static void put_significant(struct json_writer *w, const char *name, const struct pair_verdict *v, bool better) {
    char key[GW_METRIC_KEY_MAX];
    json_begin_array(w, name);
    for (int g = 0; g < GW_N_GATES; g++)
        for (int d = 0; d < GW_N_DELTAS; d++) {
            const struct gw_delta *delta = &v->gate[g].delta[d];
            if (!delta->holds || (delta->value > 0) != better) continue;
            json_begin_object(w, NULL);
            json_put_string(w, "gate", gw_gate_name[g]);
            json_put_string(w, "metric", delta_key(d, key));
            json_end_object(w);
        }
    json_end_array(w);
}

void write_verdict(struct json_writer *w, const struct experiment *e, const struct pair_verdict *v) {
    json_begin_object(w, NULL);
    json_put_string(w, "candidate", e->strategy[v->candidate].name);
    json_put_string(w, "baseline", e->strategy[v->baseline].name);
    put_gates(w, v);
    put_log_loss(w, v);
    json_begin_array(w, "criteria");
    for (size_t i = 0; i < N_CRITERIA; i++) put_criterion(w, v, i);
    json_end_array(w);
    json_begin_object(w, "conclusion");
    json_put_string(w, "state", outcome_id[v->outcome]);
    put_significant(w, "better", v, true);
    put_significant(w, "worse", v, false);
    json_put_int(w, "comparisons", (int64_t)v->n_comparisons);
    json_put_string(w, "simpler_gate", simpler_id[v->simpler]);
    json_end_object(w);
    json_end_object(w);
}

static void put_best(struct json_writer *w, const char *name, const struct experiment *e,
                     const struct best_difference *best) {
    char key[GW_METRIC_KEY_MAX];
    json_begin_object(w, name);
    json_put_int(w, "differences", (int64_t)best->test.n);
    json_put_string(w, "candidate", best->found ? e->strategy[best->candidate].name : NULL);
    json_put_string(w, "gate", best->found ? gw_gate_name[best->gate] : NULL);
    json_put_string(w, "metric", best->found ? delta_key(best->delta, key) : NULL);
    json_put_number(w, "statistic", best->test.statistic);
    json_put_number(w, "p_lower", best->test.p_lower);
    json_put_number(w, "p_value", best->test.p_value);
    json_put_number(w, "p_upper", best->test.p_upper);
    json_end_object(w);
}

void write_family(struct json_writer *w, const struct experiment *e, const struct results *r) {
    if (r->n_verdicts == 0) {
        json_put_string(w, "family", NULL);
        return;
    }
    json_begin_object(w, "family");
    json_put_int(w, "comparisons", (int64_t)r->family.n_comparisons);
    json_put_number(w, "block_length", r->family.block_length);
    put_best(w, "best", e, &r->family.best);
    put_best(w, "best_attention", e, &r->family.best_attention);
    json_end_object(w);
}

/* Every strategy on record could have been compared by as many differences as one of this run. */
static size_t comparisons_on_data(const struct results *r) {
    const struct selection *s = &r->selection;
    const size_t here = s->n_trials - s->n_searched, all = s->on_data.n_trials;
    return r->family.n_comparisons + (all > here ? all - here : 0) * GW_N_GATES * GW_N_DELTAS;
}

int write_still_significant(struct json_writer *w, const struct experiment *e, const struct results *r) {
    enum { EACH = GW_N_GATES * GW_N_DELTAS };
    double p_value[MAX_STRATEGIES * EACH] = {0}, adjusted[MAX_STRATEGIES * EACH];
    char key[GW_METRIC_KEY_MAX];
    const size_t n = r->n_verdicts * EACH, all = comparisons_on_data(r);
    for (size_t i = 0; i < n; i++)
        p_value[i] = r->verdict[i / EACH].gate[i % EACH / GW_N_DELTAS].delta[i % GW_N_DELTAS].p_value;
    TRY(gw_holm(p_value, n, all, adjusted));
    json_put_int(w, "comparisons_on_data", (int64_t)all);
    json_begin_array(w, "still_significant");
    for (size_t i = 0; i < n; i++) {
        const struct pair_verdict *v = &r->verdict[i / EACH];
        const int gate = (int)(i % EACH / GW_N_DELTAS), delta = (int)(i % GW_N_DELTAS);
        if (!v->gate[gate].delta[delta].holds || !(adjusted[i] <= 1 - e->verdict.confidence + 1e-12)) continue;
        json_begin_object(w, NULL);
        json_put_string(w, "candidate", e->strategy[v->candidate].name);
        json_put_string(w, "baseline", e->strategy[v->baseline].name);
        json_put_string(w, "gate", gw_gate_name[gate]);
        json_put_string(w, "metric", delta_key(delta, key));
        json_end_object(w);
    }
    json_end_array(w);
    return GW_OK;
}
