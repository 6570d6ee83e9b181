/* summary.json: every metric per strategy, gate, seed, fold and pooled, and the verdict (layout: run_files.h). */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "run_finding.h"
#include "write.h"

/* null: undefined; infinite: a word, as JSON has no such number. */
static void put_value(struct json_writer *w, const char *key, double value) {
    if (isinf(value))
        json_put_string(w, key, value > 0 ? "inf" : "-inf");
    else
        json_put_number(w, key, value);
}

typedef double (*value_of)(const void *context, size_t metric, size_t k);

static void put_metrics(struct json_writer *w, const struct experiment *e, value_of value, const void *context) {
    char key[GW_METRIC_KEY_MAX];
    for (size_t m = 0; m < gw_metric_count(); m++) {
        const struct gw_metric_desc *metric = gw_metric_at(m);
        for (size_t k = 0; k < (metric->per_k ? e->signals.n_k : 1); k++) {
            gw_metric_key_write(key, metric->name, e->signals.k[k]);
            put_value(w, key, value(context, m, k));
        }
    }
}

static double plain_value(const void *context, size_t m, size_t k) {
    return ((const struct gate_values *)context)->value[m][k];
}

struct over_seeds {
    const struct strategy_result *result;
    int gate;
};

static double mean_value(const void *context, size_t m, size_t k) {
    const struct over_seeds *o = context;
    double sum = 0;
    for (size_t i = 0; i < o->result->n_seeds; i++) sum += o->result->seed[i].pooled[o->gate].value[m][k];
    return sum / (double)o->result->n_seeds;
}

static double sd_value(const void *context, size_t m, size_t k) {
    const struct over_seeds *o = context;
    double mean = mean_value(context, m, k), sum = 0;
    if (o->result->n_seeds < 2) return NAN;
    for (size_t i = 0; i < o->result->n_seeds; i++) {
        double d = o->result->seed[i].pooled[o->gate].value[m][k] - mean;
        sum += d * d;
    }
    return sqrt(sum / (double)(o->result->n_seeds - 1));
}

/* Mean over the seeds and those folds that have one: no fold's probabilities stand beside another's. */
static double fold_mean(const struct strategy_result *result, int gate, size_t metric, size_t n_folds) {
    double sum = 0;
    size_t n = 0;
    for (size_t k = 0; k < result->n_seeds; k++)
        for (size_t f = 0; f < n_folds; f++) {
            const double value = result->seed[k].fold[gate][f].value[metric][0];
            if (isnan(value)) continue;
            sum += value;
            n++;
        }
    return n ? sum / (double)n : (double)NAN;
}

static void put_null(struct json_writer *w, const struct gw_null_result *null, double p_holm) {
    json_begin_object(w, "null");
    json_put_number(w, "observed", null->observed);
    json_put_number(w, "null_mean", null->null_mean);
    json_put_number(w, "null_sd", null->null_sd);
    json_put_number(w, "p_value", null->p_value);
    json_put_number(w, "p_holm", p_holm);
    json_end_object(w);
}

static void put_gate(struct json_writer *w, const struct experiment *e, const struct prepared *p,
                     const struct results *r, size_t s, int gate) {
    const struct strategy_result *result = &r->strategy[s];
    struct over_seeds over = {result, gate};
    json_begin_object(w, gw_gate_name[gate]);
    json_begin_object(w, "mean");
    put_metrics(w, e, mean_value, &over);
    json_end_object(w);
    json_begin_object(w, "sd");
    put_metrics(w, e, sd_value, &over);
    json_end_object(w);
    json_begin_object(w, "by_fold");
    for (size_t m = 0; m < gw_metric_count(); m++)
        if (strcmp(gw_metric_at(m)->name, "average_precision") == 0)
            json_put_number(w, "average_precision", fold_mean(result, gate, m, p->plan.n_folds));
    json_end_object(w);
    json_put_string(w, "isolated_exits", r->scores.isolated[s].own[gate] ? "own" : "label");
    put_null(w, &result->null[gate], result->null_holm[gate]);
    write_null_bands(w, e, &result->null_bands[gate]);
    json_begin_array(w, "seeds");
    for (size_t k = 0; k < result->n_seeds; k++) {
        const struct seed_result *seed = &result->seed[k];
        json_begin_object(w, NULL);
        json_put_int(w, "seed", (int64_t)result->seed[k].number);
        json_begin_object(w, "pooled");
        put_metrics(w, e, plain_value, &seed->pooled[gate]);
        json_end_object(w);
        json_begin_array(w, "folds");
        for (size_t f = 0; f < p->plan.n_folds; f++) {
            json_begin_object(w, NULL);
            json_put_int(w, "fold", (int64_t)f + 1);
            put_metrics(w, e, plain_value, &seed->fold[gate][f]);
            json_end_object(w);
        }
        json_end_array(w);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

/* kind 0: mean over seeds, 1: sd, 2: mean of the optimistic path */
static double portfolio_over_seeds(const struct strategy_result *result, size_t m, int kind) {
    double sum = 0, squares = 0, n = (double)result->n_seeds;
    for (size_t k = 0; k < result->n_seeds; k++)
        sum += kind == 2 ? result->seed[k].optimistic[m] : result->seed[k].portfolio[m];
    if (kind != 1) return sum / n;
    if (result->n_seeds < 2) return NAN;
    for (size_t k = 0; k < result->n_seeds; k++) squares += pow(result->seed[k].portfolio[m] - sum / n, 2);
    return sqrt(squares / (n - 1));
}

static void put_portfolio_values(struct json_writer *w, const char *key, const struct strategy_result *result,
                                 int kind) {
    json_begin_object(w, key);
    for (size_t m = 0; m < gw_portfolio_metric_count(); m++)
        put_value(w, gw_portfolio_metric_at(m)->name, portfolio_over_seeds(result, m, kind));
    json_end_object(w);
}

static void put_portfolio(struct json_writer *w, const struct strategy_result *result) {
    json_begin_object(w, "portfolio");
    put_portfolio_values(w, "mean", result, 0);
    put_portfolio_values(w, "sd", result, 1);
    json_begin_array(w, "seeds");
    for (size_t k = 0; k < result->n_seeds; k++) {
        json_begin_object(w, NULL);
        json_put_int(w, "seed", (int64_t)result->seed[k].number);
        for (size_t m = 0; m < gw_portfolio_metric_count(); m++)
            put_value(w, gw_portfolio_metric_at(m)->name, result->seed[k].portfolio[m]);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
    put_portfolio_values(w, "optimistic", result, 2);
}

/* A fit whose best epoch is the last one it was given would perhaps have gone on improving. */
static void put_fits(struct json_writer *w, const struct experiment *e, const struct fit_list *fits, size_t s) {
    int64_t n = 0, cut_short = 0;
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        if (fit->strategy != s) continue;
        n++;
        cut_short += fit_cut_short(&e->strategy[s].train, &fit->log);
    }
    const size_t of = fits_share_of(fits, s);
    json_put_int(w, "fits", n);
    json_put_string(w, "fits_of", of == SIZE_MAX ? NULL : e->strategy[of].name);
    json_put_int(w, "fits_best_at_last_epoch", cut_short);
}

/* Whose mean it is, and how much each counts, the mean over folds. */
static void put_members(struct json_writer *w, const struct experiment *e, const struct prepared *p,
                        const struct ensemble *ensemble) {
    json_begin_array(w, "members");
    for (size_t i = 0; i < ensemble->n; i++) {
        const struct ensemble_member *member = &ensemble->member[i];
        double weight[GW_N_GATES] = {0};
        for (size_t f = 0; f < p->plan.n_folds; f++)
            for (size_t g = 0; g < GW_N_GATES; g++)
                weight[g] += (ensemble->weight ? (double)ensemble->weight[(f * GW_N_GATES + g) * ensemble->n + i]
                                               : 1 / (double)ensemble->n) /
                             (double)p->plan.n_folds;
        json_begin_object(w, NULL);
        json_put_string(w, "name", e->strategy[member->strategy].name);
        json_put_int(w, "seed", (int64_t)strategy_seed(e, &e->strategy[member->strategy], member->seed));
        for (int g = 0; g < GW_N_GATES; g++) json_put_number(w, gw_gate_name[g], weight[g]);
        json_end_object(w);
    }
    json_end_array(w);
}

/* Whether an ensemble's members are of one encoder: then it is the ensemble's, too. */
static bool one_encoder(const struct experiment *e, const struct ensemble *ensemble) {
    for (size_t i = 1; i < ensemble->n; i++)
        if (e->strategy[ensemble->member[i].strategy].model.encoder !=
            e->strategy[ensemble->member[0].strategy].model.encoder)
            return false;
    return true;
}

static int put_strategy(struct json_writer *w, const struct experiment *e, const struct prepared *p,
                        const struct fit_list *fits, const struct results *r, size_t s) {
    const struct strategy_spec *spec = &e->strategy[s];
    bool model = spec->desc->needs_model, known = model && !r->strategy[s].outside;
    json_begin_object(w, NULL);
    json_put_string(w, "name", spec->name);
    json_put_string(w, "strategy", spec->desc->name);
    const struct ensemble *ensemble = &r->strategy[s].seed[0].scores.ensemble;
    json_put_string(w, "encoder",
                    known && one_encoder(e, ensemble) ? gw_param_word(&gw_model_params, &spec->model, "encoder")
                                                      : NULL);
    json_put_string(w, "attention", known ? gw_param_word(&gw_model_params, &spec->model, "attention") : NULL);
    size_t parameters = known && ensemble->n == 0 ? gw_model_parameter_count(&spec->model) : 0;
    for (size_t i = 0; known && i < ensemble->n; i++)
        parameters += gw_model_parameter_count(&e->strategy[ensemble->member[i].strategy].model);
    json_put_number(w, "parameters", parameters ? (double)parameters : NAN); /* trees have none before they are grown */
    put_fits(w, e, fits, s);
    if (ensemble->n && known) put_members(w, e, p, ensemble);
    write_outside(w, spec->ensemble_of[0] ? NULL : r->strategy[s].outside);
    if (model) {
        json_begin_object(w, "gates");
        for (int g = 0; g < GW_N_GATES; g++) put_gate(w, e, p, r, s, g);
        json_end_object(w);
    } else {
        json_put_string(w, "gates", NULL);
    }
    write_forecast_facts(w, e, p, fits, r, s);
    put_portfolio(w, &r->strategy[s]);
    write_traded_bounds(w, r->strategy[s].bounds);
    TRY(write_breakdown_facts(w, e, p, &r->strategy[s]));
    json_end_object(w);
    return GW_OK;
}

static void put_selection(struct json_writer *w, const struct experiment *e, const struct results *r) {
    const struct selection *s = &r->selection;
    bool known = !isnan(s->deflated_sharpe);
    json_begin_object(w, "selection");
    json_put_int(w, "trials_here", (int64_t)s->n_trials);
    json_put_int(w, "searched", (int64_t)s->n_searched);
    if (s->searched.n_sharpe) { /* of a search: what the deflated Sharpe ratio knows of them */
        json_put_int(w, "searched_traded", (int64_t)s->searched.n_sharpe);
        json_put_number(w, "searched_sharpe_mean", s->searched.mean);
        json_put_number(w, "searched_sharpe_squares", s->searched.squares);
    }
    json_put_string(w, "best", known ? e->strategy[s->best].name : NULL);
    json_put_number(w, "deflated_sharpe", s->deflated_sharpe);
    json_put_number(w, "overfitting_probability", s->overfitting);
    json_end_object(w);
}

static double prevalence(const struct results *r, int gate) {
    double positives = 0;
    for (size_t i = 0; i < r->scores.n_labelled; i++) positives += r->scores.label[gate][i];
    return r->scores.n_labelled ? positives / (double)r->scores.n_labelled : NAN;
}

static void put_header(struct json_writer *w, const struct experiment *e, const struct prepared *p,
                       const struct results *r) {
    const struct gw_fold_plan *plan = &p->plan;
    const struct test_bar *first = r->scores.bar,
                          *last = first + r->scores.n - 1; /* a plan without a test bar is refused */
    char text[40];
    json_put_int(w, "schema", GW_RUN_SCHEMA);
    json_put_string(w, "name", e->name);
    json_put_string(w, "title", e->title);
    json_begin_array(w, "symbols");
    for (size_t s = 0; s < p->market.n_symbols; s++) json_put_string(w, NULL, p->market.symbol[s].symbol);
    json_end_array(w);
    json_put_string(w, "interval", duration_format(p->market.symbol[0].interval_ns, text));
    json_put_string(w, "begin", time_format(p->market.symbol[first->symbol].bar[first->bar].open_ns, text));
    json_put_string(w, "end", time_format(p->market.symbol[last->symbol].bar[last->bar].open_ns, text));
    json_put_int(w, "n_bars", (int64_t)r->scores.n);
    json_put_int(w, "n_folds", (int64_t)plan->n_folds);
    json_begin_array(w, "seeds");
    for (size_t k = 0; k < e->n_seeds; k++) json_put_int(w, NULL, (int64_t)e->seed[k]);
    json_end_array(w);
    json_begin_array(w, "ks");
    for (size_t k = 0; k < e->signals.n_k; k++) json_put_number(w, NULL, e->signals.k[k]);
    json_end_array(w);
    json_put_number(w, "act_on", e->signals.threshold == THRESHOLD_FIXED ? (double)NAN : e->signals.act_on);
    json_put_int(w, "horizon", (int64_t)e->labels.horizon);
    json_put_int(w, "lookback", (int64_t)p->lookback);
    json_put_string(w, "baseline", e->verdict.baseline[0] ? e->verdict.baseline : NULL);
    json_put_number(w, "confidence", e->verdict.confidence);
    json_begin_object(w, "prevalence");
    for (int g = 0; g < GW_N_GATES; g++) json_put_number(w, gw_gate_name[g], prevalence(r, g));
    json_end_object(w);
}

int write_summary(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                  const struct results *r, const char *dir) {
    char path[1024];
    struct out_file file;
    TRY(path_join(path, sizeof path, dir, GW_RUN_SUMMARY));
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    struct run_finding finding;
    json_begin_object(&w, NULL);
    put_header(&w, e, p, r);
    run_finding_make(e, p, fits, r, &finding);
    write_run_finding(&w, e, r, &finding);
    write_columns(&w, e);
    json_begin_array(&w, "strategies");
    for (size_t s = 0; s < e->n_strategies; s++) {
        const int rc = put_strategy(&w, e, p, fits, r, s);
        if (rc < 0) {
            out_abort(&file);
            return rc;
        }
    }
    json_end_array(&w);
    json_begin_array(&w, "verdict");
    for (size_t v = 0; v < r->n_verdicts; v++) write_verdict(&w, e, &r->verdict[v]);
    json_end_array(&w);
    write_family(&w, e, r);
    put_selection(&w, e, r);
    json_end_object(&w);
    out_write(&file, "\n", 1);
    return out_commit(&file);
}
