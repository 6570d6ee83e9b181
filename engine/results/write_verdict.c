/* The verdict of summary.json: for every pair the differences, the success test and the conclusion, all of it facts. The
 * sentences are made where they are shown. */
#include <math.h>

#include "write.h"

static const char *const outcome_id[N_OUTCOMES] = {[OUTCOME_NOT_MEASURED] = "not_measured",
                                                   [OUTCOME_NO_DIFFERENCE] = "no_difference",
                                                   [OUTCOME_BETTER] = "better",
                                                   [OUTCOME_WORSE] = "worse",
                                                   [OUTCOME_MIXED] = "mixed"};
static const char *const simpler_id[N_SIMPLER] = {
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
    json_put_bool(w, "significant", delta->significant);
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
            if (!delta->significant || (delta->value > 0) != better) continue;
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
    json_begin_array(w, "criteria");
    for (size_t i = 0; i < N_CRITERIA; i++) put_criterion(w, v, i);
    json_end_array(w);
    json_begin_object(w, "conclusion");
    json_put_string(w, "state", outcome_id[v->outcome]);
    put_significant(w, "better", v, true);
    put_significant(w, "worse", v, false);
    json_put_int(w, "comparisons", GW_N_GATES * GW_N_DELTAS);
    json_put_string(w, "simpler_gate", simpler_id[v->simpler]);
    json_end_object(w);
    json_end_object(w);
}
