/* The resolved experiment, every key with the value it took: what run.json records. It is an experiment itself: run
 * again, it gives the same results. */
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"

static void write_span(struct json_writer *w, const char *key, const struct gw_span *span) {
    char text[40];
    if (span->ns)
        json_put_string(w, key, duration_format(span->ns, text));
    else
        json_put_int(w, key, (int64_t)span->bars);
}

static void write_key(struct json_writer *w, const struct key_desc *key, const void *base) {
    const void *field = (const char *)base + key->offset;
    switch ((enum key_type)key->type) {
    case KEY_SIZE:
        json_put_int(w, key->name, (int64_t) * (const size_t *)field);
        break;
    case KEY_NUMBER:
        json_put_number(w, key->name, *(const double *)field);
        break;
    case KEY_BOOL:
        json_put_bool(w, key->name, *(const bool *)field);
        break;
    case KEY_WORD:
    case KEY_TEXT48:
        json_put_string(w, key->name, field);
        break;
    case KEY_SPAN:
        write_span(w, key->name, field);
        break;
    case KEY_KS: {
        const struct signal_config *signals = base;
        json_begin_array(w, key->name);
        for (size_t i = 0; i < signals->n_k; i++) json_put_number(w, NULL, signals->k[i]);
        json_end_array(w);
        break;
    }
    }
}

static void write_section(struct json_writer *w, const struct key_section *section, const void *base) {
    json_begin_object(w, section->name);
    for (size_t k = 0; k < section->n_keys; k++) write_key(w, &section->key[k], base);
    json_end_object(w);
}

static void write_strategy(struct json_writer *w, const struct strategy_spec *spec) {
    json_begin_object(w, NULL);
    json_put_string(w, "name", spec->name);
    json_put_string(w, "strategy", spec->desc->name);
    if (spec->ensemble_of[0]) json_put_string(w, "ensemble_of", spec->ensemble_of);
    for (size_t s = 0; s < config_n_sections; s++) {
        const struct key_section *section = &config_section[s];
        if (!section->per_strategy) continue;
        if (!strategy_trains(spec) && strcmp(section->name, "trading") != 0) continue;
        write_section(w, section, (const char *)spec + section->common_offset);
    }
    json_end_object(w);
}

static void write_sources(const struct experiment *e, struct json_writer *w) {
    char text[40];
    json_begin_array(w, "data");
    for (size_t i = 0; i < e->n_data; i++) {
        json_begin_object(w, NULL);
        json_put_string(w, "file", e->data[i].file);
        if (e->data[i].symbol[0]) json_put_string(w, "symbol", e->data[i].symbol);
        json_put_string(w, "format", e->data[i].format);
        if (e->data[i].interval_ns) json_put_string(w, "interval", duration_format(e->data[i].interval_ns, text));
        json_put_bool(w, "repair", e->data[i].repair);
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
    json_put_string(w, "name", e->name);
    json_put_string(w, "title", e->title);
    write_sources(e, w);
    write_timerange(e, w);
    json_begin_array(w, "features");
    for (size_t i = 0; i < e->n_features; i++) json_put_string(w, NULL, e->feature[i]);
    json_end_array(w);
    json_begin_array(w, "seeds");
    for (size_t i = 0; i < e->n_seeds; i++) json_put_int(w, NULL, (int64_t)e->seed[i]);
    json_end_array(w);
    /* The common model, training and trading too: isolated trades (PnL@K) follow the common trading. */
    for (size_t s = 0; s < config_n_sections; s++)
        write_section(w, &config_section[s], (const char *)e + config_section[s].offset);
    json_begin_array(w, "strategies");
    for (size_t i = 0; i < e->n_strategies; i++) write_strategy(w, &e->strategy[i]);
    json_end_array(w);
    json_end_object(w);
}
