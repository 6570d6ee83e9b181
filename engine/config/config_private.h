/* Shared by the files that read, check and write experiments. */
#ifndef GATEWALK_RUN_CONFIG_PRIVATE_H
#define GATEWALK_RUN_CONFIG_PRIVATE_H

#include "config.h"

void experiment_defaults(struct experiment *experiment);
/* Whether a choice may be written as an object of its row's own keys. */
bool config_takes_object(const struct gw_param *param);
/* Reads one object into the struct at `base`; unknown keys and wrong values fail with their place. */
int config_read_section(const struct json_document *document, const json_value *object,
                        const struct key_section *section, void *base) GW_MUST_USE;
/* Fails for a key that is there but does nothing: one that a row declares which `base` does not choose. */
int config_check_used(const struct json_document *document, const json_value *object, const struct key_section *section,
                      const void *base) GW_MUST_USE;
/* "x: unknown key; did you mean y?" */
int config_unknown_key(const struct json_document *document, const json_value *value, const char *const *known,
                       size_t n, const char *where) GW_MUST_USE;
/* The same with the keys of a table. */
int config_unknown_param(const struct json_document *document, const json_value *value,
                         const struct gw_param_table *table, const char *where) GW_MUST_USE;
/* A member that may be there: its text into `out`; `safe`: only what a file may be called. */
int config_text_field(const struct json_document *document, const json_value *object, const char *key, bool safe,
                      char *out, size_t size) GW_MUST_USE;
/* Every member has one of these names. */
int config_known_keys(const struct json_document *document, const json_value *object, const char *const *known,
                      size_t n, const char *where) GW_MUST_USE;
/* "data": a file name, an object with a "file", or an array of either. */
int config_read_data(const struct json_document *document, const json_value *value,
                     struct experiment *experiment) GW_MUST_USE;
/* Room for n sources at least; those beyond e->n_data are zero. */
int config_reserve_data(struct experiment *experiment, size_t n) GW_MUST_USE;
/* Sources that hold several symbols become one a symbol. */
int config_expand_data(struct experiment *experiment) GW_MUST_USE;
/* A source's "extra": a file with known_after or a list of them. */
int config_read_extra(const struct json_document *document, const json_value *value, const char *experiment_path,
                      struct data_source *data) GW_MUST_USE;
void config_write_extra(struct json_writer *w, const struct data_source *data);
/* A relative file is meant relative to the experiment that names it: `file` is changed in place. `key`: for messages. */
int config_resolve_path(const struct json_document *document, const json_value *value, const char *experiment_path,
                        const char *key, char file[1024]) GW_MUST_USE;
/* An entry's "scores": a file, a list of files, or an object of the scores keys. */
int config_read_scores(const struct json_document *document, const json_value *entry, const char *experiment_path,
                       struct strategy_spec *spec) GW_MUST_USE;
void config_write_scores(struct json_writer *w, const struct score_source *source);
/* The keys of own_keys and "parameters" in an entry. What kind of strategy they make: PROGRAM_NONE when there are none. */
enum program_kind config_own_kind(const json_value *entry);
bool config_is_own_key(const char *key);
/* Reads, checks and keeps them; the contestant's strategy and trading then are theirs. */
int config_read_own(const struct json_document *document, const json_value *entry, struct experiment *experiment,
                    struct strategy_spec *spec) GW_MUST_USE;
void config_write_own(struct json_writer *w, const struct strategy_spec *spec);
/* config_ensemble.c: "ensemble_of" and "members" of an entry. */
int config_read_ensemble(const struct json_document *document, const json_value *entry, struct experiment *experiment,
                         struct strategy_spec *spec) GW_MUST_USE;
int config_read_members(const struct json_document *document, const json_value *entry, struct experiment *experiment,
                        struct strategy_spec *spec) GW_MUST_USE;
/* Whoever a contestant is made of is wanted as well. */
void config_bring_members(const struct experiment *experiment, size_t strategy, bool wanted[MAX_STRATEGIES]);
int config_read_strategies(const struct json_document *document, const json_value *list,
                           struct experiment *experiment) GW_MUST_USE;
/* One contestant's object over the values already in `spec`; `fallback` when it may leave out "strategy". */
int config_read_strategy(const struct json_document *document, const json_value *object,
                         const struct gw_strategy_desc *fallback, struct strategy_spec *spec) GW_MUST_USE;
void config_use_strategy(struct strategy_spec *spec, const struct gw_strategy_desc *desc);
/* Resolves what depends on other sections and checks the model; warns on stderr. What is wrong is pointed at in `entry`
 * (the contestant's object; NULL: the document's sections) or in the document's sections. */
int experiment_check_strategy(const struct json_document *document, const json_value *entry,
                              const struct experiment *experiment, struct strategy_spec *spec) GW_MUST_USE;
int config_timerange(const char *text, int64_t *from_ns, int64_t *to_ns) GW_MUST_USE;
/* Relations between keys (act_on among k, baseline exists …), pointed at where one of them stands in the document.
 * `keep`: "a,b" of --strategies, or NULL. */
/* After data and broker are read: which currencies are named, and what is one of them worth. */
int config_check_quotes(const struct json_document *document, const json_value *data,
                        struct experiment *experiment) GW_MUST_USE;
int experiment_check(const struct json_document *document, struct experiment *experiment, const char *keep) GW_MUST_USE;

#endif
