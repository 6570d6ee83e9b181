/* The resolved experiment, every key with the value it took: what run.json records. It is an experiment itself: run
 * again, it gives the same results. */
#include "config_private.h"
#include "engine/base/base.h"

/* `all`: the common values, also for rows that nobody has chosen yet. */
static void write_section(struct json_writer *w, const struct key_section *section, const void *base, bool all) {
    json_begin_object(w, section->name);
    json_put_params(w, section->table, base, all);
    json_end_object(w);
}

static void write_strategy(struct json_writer *w, const struct strategy_spec *spec) {
    json_begin_object(w, NULL);
    json_put_string(w, "name", spec->name);
    json_put_string(w, "strategy", spec->desc->name);
    config_write_own(w, spec);
    if (spec->ensemble_of[0]) json_put_string(w, "ensemble_of", spec->ensemble_of);
    if (spec->weights == WEIGHTS_VALIDATION) json_put_string(w, "weights", "validation");
    if (spec->models != MODELS_POOLED) json_put_string(w, "models", gw_param_word(&entry_params, spec, "models"));
    if (spec->members[0]) json_put_string(w, "members", spec->members);
    if (strategy_is_outside(spec)) config_write_scores(w, &spec->scores);
    for (size_t s = 0; s < config_n_sections; s++) {
        const struct key_section *section = &config_section[s];
        if (!section->per_strategy) continue;
        const bool of_a_model = section->table == &gw_model_params || section->table == &gw_train_params;
        if (of_a_model && !strategy_trains(spec)) continue;
        write_section(w, section, (const char *)spec + section->common_offset, false);
    }
    json_end_object(w);
}

static void write_sources(const struct experiment *e, struct json_writer *w) {
    char text[GW_PARAM_SHOWN];
    json_begin_array(w, "data");
    for (size_t i = 0; i < e->n_data; i++) {
        json_begin_object(w, NULL);
        for (struct gw_param_key key = {0}; gw_param_next(&data_params, &key);)
            if (*gw_param_show(key.param, &e->data[i], text)) json_put_param(w, key.param, &e->data[i]);
        config_write_extra(w, &e->data[i]);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_day(char out[16], int64_t time_ns) {
    int year, month, day, second, weekday;
    time_to_civil(time_ns, &year, &month, &day, &second, &weekday);
    snprintf(out, 16, "%04d%02d%02d", year, month, day);
}

/* As it is written in an experiment: whole days, the last one included, either side open. */
static void write_timerange(const struct experiment *e, struct json_writer *w) {
    char from[16] = "", to[16] = "", text[40];
    if (e->from_ns == 0 && e->to_ns == 0) return;
    if (e->from_ns != INT64_MIN) put_day(from, e->from_ns);
    if (e->to_ns != INT64_MAX) put_day(to, e->to_ns - NS_PER_DAY);
    snprintf(text, sizeof text, "%s-%s", from, to);
    json_put_string(w, "timerange", text);
}

void experiment_write(const struct experiment *e, struct json_writer *w, const char *key) {
    json_begin_object(w, key);
    json_put_params(w, &experiment_params, e, true);
    write_sources(e, w);
    write_timerange(e, w);
    json_begin_array(w, "features");
    for (size_t i = 0; i < e->n_features; i++) json_put_string(w, NULL, e->feature[i]);
    json_end_array(w);
    json_begin_array(w, "seeds");
    for (size_t i = 0; i < e->n_seeds; i++) json_put_int(w, NULL, (int64_t)e->seed[i]);
    json_end_array(w);
    /* The common model, training and trading too: what every contestant starts from. */
    for (size_t s = 0; s < config_n_sections; s++)
        write_section(w, &config_section[s], (const char *)e + config_section[s].offset, true);
    json_begin_array(w, "strategies");
    for (size_t i = 0; i < e->n_strategies; i++) write_strategy(w, &e->strategy[i]);
    json_end_array(w);
    json_end_object(w);
}
