/* "finding" of summary.json: what the run comes to, as states, names and numbers. */
#include <math.h>

#include "run_finding.h"
#include "write.h"

static const char *const found_id[N_FOUND] = {
    [FOUND_NOT_MEASURED] = "not_measured", [FOUND_NOTHING] = "nothing", [FOUND_SOMETHING] = "something"};
static const char *const traded_id[N_TRADED] = {[TRADED_NOTHING] = "nothing_traded",
                                                [TRADED_LOST] = "lost",
                                                [TRADED_GAINED] = "gained",
                                                [TRADED_BEAT_MARKET] = "beat_market"};

static const char *name_of(const struct experiment *e, size_t strategy) {
    return strategy == SIZE_MAX ? NULL : e->strategy[strategy].name;
}

static void put_found(struct json_writer *w, const struct experiment *e, const struct results *r,
                      const struct found_facts *f) {
    const struct gw_null_result *null = f->strategy == SIZE_MAX ? NULL : &r->strategy[f->strategy].null[f->gate];
    json_begin_object(w, "null");
    json_put_string(w, "state", found_id[f->state]);
    json_put_int(w, "asked", (int64_t)f->n_asked);
    json_put_int(w, "found", (int64_t)f->n_found);
    json_put_string(w, "strategy", name_of(e, f->strategy));
    json_put_string(w, "gate", null ? gw_gate_name[f->gate] : NULL);
    json_put_number(w, "observed", null ? null->observed : NAN);
    json_put_number(w, "null_mean", null ? null->null_mean : NAN);
    json_put_number(w, "p_value", null ? null->p_value : NAN);
    json_put_number(w, "p_holm", null ? r->strategy[f->strategy].null_holm[f->gate] : NAN);
    json_end_object(w);
}

static void put_surest(struct json_writer *w, const char *key, const struct experiment *e, const struct surest *one) {
    char metric[GW_METRIC_KEY_MAX];
    if (!one->difference) {
        json_put_string(w, key, NULL);
        return;
    }
    gw_metric_key_write(metric, gw_delta_metric[one->delta].name, gw_delta_metric[one->delta].k);
    json_begin_object(w, key);
    json_put_string(w, "candidate", name_of(e, one->candidate));
    json_put_string(w, "gate", gw_gate_name[one->gate]);
    json_put_string(w, "metric", metric);
    json_put_number(w, "delta", one->difference->value);
    json_put_number(w, "p_holm", one->difference->p_holm);
    json_put_number(w, "null_p", one->null_p);
    json_end_object(w);
}

static void put_attention(struct json_writer *w, const struct experiment *e, const struct results *r,
                          const struct attention_facts *a) {
    json_begin_object(w, "attention");
    json_put_string(w, "state", a->asked ? outcome_id[a->state] : "not_asked");
    json_put_string(w, "baseline", a->asked ? name_of(e, r->baseline) : NULL);
    json_put_int(w, "better", (int64_t)a->n_better);
    json_put_int(w, "worse", (int64_t)a->n_worse);
    json_put_int(w, "as_null", (int64_t)a->n_as_null);
    json_put_int(w, "comparisons", (int64_t)r->family.n_comparisons);
    put_surest(w, "surest_better", e, &a->better);
    put_surest(w, "surest_worse", e, &a->worse);
    put_surest(w, "surest_as_null", e, &a->as_null);
    put_surest(w, "surest", e, &a->any);
    json_put_string(w, "simpler_gate", simpler_id[a->simpler]);
    json_put_string(w, "control", name_of(e, a->control));
    json_put_number(w, "control_p_holm", a->control_p);
    json_put_number(w, "half_width", a->half_width);
    json_put_number(w, "need", a->need);
    json_put_number(w, "times_the_bars", a->needed);
    json_end_object(w);
}

static void put_traded(struct json_writer *w, const struct experiment *e, const struct results *r,
                       const struct traded_facts *t) {
    json_begin_object(w, "traded");
    json_put_string(w, "state", traded_id[t->state]);
    json_put_string(w, "strategy", name_of(e, t->strategy));
    json_put_int(w, "traded", (int64_t)t->n_traded);
    json_put_int(w, "gained", (int64_t)t->n_gained);
    json_put_number(w, "total_return", t->total_return);
    json_put_number(w, "sd", t->sd);
    json_put_int(w, "seeds", t->strategy == SIZE_MAX ? 0 : (int64_t)r->strategy[t->strategy].n_seeds);
    json_put_int(w, "seeds_gained", (int64_t)t->n_seeds_gained);
    json_put_number(w, "market_return", t->market_return);
    json_put_number(w, "probabilistic_sharpe", t->probabilistic_sharpe);
    const struct traded_bounds *bounds = t->strategy == SIZE_MAX ? NULL : r->strategy[t->strategy].bounds;
    json_put_number(w, "random_p", bounds && bounds->n_random ? bounds->random_p : NAN);
    json_put_number(w, "fills_low", bounds ? bounds->total_return[FILL_WORST][COST_LEVELS - 1] : NAN);
    json_put_number(w, "fills_high", bounds ? bounds->total_return[FILL_OPTIMISTIC][0] : NAN);
    json_end_object(w);
}

/* What would help, most pressing first. */
static void put_next(struct json_writer *w, const struct experiment *e, const struct run_finding *f) {
    json_begin_array(w, "next");
    for (int g = 0; g < GW_N_GATES; g++) {
        if (!f->no_positives[g]) continue;
        json_begin_object(w, NULL);
        json_put_string(w, "id", "no_positives");
        json_put_string(w, "gate", gw_gate_name[g]);
        json_end_object(w);
    }
    if (f->found.needed > 0) {
        json_begin_object(w, NULL);
        json_put_string(w, "id", "more_nulls");
        json_put_int(w, "resamples", (int64_t)e->verdict.null_resamples);
        json_put_number(w, "needed", f->found.needed);
        json_end_object(w);
    }
    if (e->n_seeds == 1 && f->found.n_asked) {
        json_begin_object(w, NULL);
        json_put_string(w, "id", "more_seeds");
        json_end_object(w);
    }
    if (f->n_cut_short) {
        json_begin_object(w, NULL);
        json_put_string(w, "id", "more_epochs");
        json_put_int(w, "strategies", (int64_t)f->n_cut_short);
        json_end_object(w);
    }
    if (f->coverage.far) {
        json_begin_object(w, NULL);
        json_put_string(w, "id", "coverage");
        json_put_string(w, "strategy", e->strategy[f->coverage.strategy].name);
        json_put_string(w, "gate", gw_gate_name[f->coverage.gate]);
        json_put_number(w, "asked", f->coverage.asked);
        json_put_number(w, "got", f->coverage.got);
        json_put_bool(w, "rolling", e->signals.threshold == THRESHOLD_ROLLING);
        json_end_object(w);
    }
    if (f->fewest_of_k < FEW_BARS) {
        json_begin_object(w, NULL);
        json_put_string(w, "id", "few_bars");
        json_put_number(w, "k", f->k_of_fewest);
        json_put_number(w, "bars", f->fewest_of_k);
        json_end_object(w);
    }
    if (f->attention.asked && f->attention.state == OUTCOME_NO_DIFFERENCE && f->attention.needed > 1) {
        json_begin_object(w, NULL);
        json_put_string(w, "id", "more_data");
        json_put_number(w, "half_width", f->attention.half_width);
        json_put_number(w, "need", f->attention.need);
        json_put_number(w, "times_the_bars", f->attention.needed);
        json_end_object(w);
    }
    json_end_array(w);
}

void write_run_finding(struct json_writer *w, const struct experiment *e, const struct results *r,
                       const struct run_finding *f) {
    json_begin_object(w, "finding");
    put_found(w, e, r, &f->found);
    put_attention(w, e, r, &f->attention);
    put_traded(w, e, r, &f->traded);
    put_next(w, e, f);
    json_end_object(w);
}
