/* Experiments as the tests write them: short, and with ' in place of ". */
#ifndef GATEWALK_TEST_EXPERIMENT_TEXT_H
#define GATEWALK_TEST_EXPERIMENT_TEXT_H

#include "engine/base/base.h"
#include "engine/config/config_private.h"
#include "walk/rundir.h"

static inline void write_text(const char *name, const char *text) {
    char *json = mem_strdup(text);
    assert_non_null(json);
    for (char *at = json; *at; at++)
        if (*at == '\'') *at = '"';
    scratch_write(name, json, strlen(json));
    mem_free(json);
}

static inline int load(const char *text, const struct gw_config_override *override, struct experiment **e) {
    *e = NULL;
    write_text("experiment.json", text);
    return experiment_load(scratch("experiment.json"), override, e);
}

/* Everything an experiment needs, on line 1; the keys under test follow on line 2. */
#define BASE                                                                                                           \
    "{'name':'x','data':'d.csv','folds':{'train':900,'validation':90,'test':90},'strategies':['gate','buy_and_hold']"
#define STRATEGIES(list)                                                                                               \
    "{'name':'x','data':'d.csv','folds':{'train':900,'validation':90,'test':90},\n'strategies':" list "}"
#define FOLDS(object) "{'name':'x','data':'d.csv','strategies':['gate'],\n'folds':" object "}"
#define DATA(value)                                                                                                    \
    "{'name':'x','folds':{'train':900,'validation':90,'test':90},'strategies':['gate'],\n'data':" value "}"
#define NAMED(name)                                                                                                    \
    "{'data':'d.csv','folds':{'train':900,'validation':90,'test':90},'strategies':['gate'],\n'name':" name "}"

#endif
