/* Small searches on bars in the scratch folder. */
#ifndef GATEWALK_TESTS_SEARCH_FIXTURE_H
#define GATEWALK_TESTS_SEARCH_FIXTURE_H

#include "engine/base/base.h"
#include "engine/search/search_private.h"
#include "walk/rundir.h"

static const char base_text[] =
    "{'name':'base','data':'EARLY.csv','features':['log_return(1)','range'],"
    "'labels':{'horizon':4,'ratio':1.2,'min_move':0.004},"
    "'folds':{'train':150,'validation':60,'test':60},'signals':{'k':[5,20],'act_on':20},"
    "'model':{'lookback':4,'hidden':4,'attention_units':4,'dense_units':4},"
    "'training':{'epochs':2,'batch_size':64,'block':8,'learning_rate':0.01},"
    "'verdict':{'bootstrap':100,'null_resamples':10,'random_entries':20,'importance':false,'confidence':0.9},'seeds':1,"
    "'strategies':[{'name':'lstm','strategy':'gate'},"
    "{'name':'logistic','strategy':'gate','model':{'encoder':'logistic'}},"
    "{'name':'cross','strategy':'sma_cross'},'buy_and_hold']}";

/* ' stands for " */
static inline void put_json(const char *name, const char *text) {
    char *copy = mem_strdup(text);
    assert_non_null(copy);
    for (char *at = copy; *at; at++)
        if (*at == '\'') *at = '"';
    scratch_write(name, copy, strlen(copy));
    mem_free(copy);
}

static inline int search_setup(void **state) {
    progress_quiet(true);
    if (rundir_setup(state) != 0) return -1;
    setenv("GATEWALK_STORE", "off", 1);
    put_json("base.json", base_text);
    return 0;
}

static inline int search_run(const char *text, const char *name, size_t jobs) {
    char dir[1024], out[700];
    put_json("search.json", text);
    snprintf(out, sizeof out, "%.500s/%s", scratch_dir, name);
    return run_search(scratch("search.json"), NULL, &(struct gw_run_options){.out_dir = out, .jobs = jobs}, dir);
}

static inline struct json_document *search_json(const char *name) {
    char path[200];
    struct json_document *doc;
    snprintf(path, sizeof path, "%s/" GW_RUN_SEARCH, name);
    assert_ok(json_load(scratch(path), GW_ERR_DATA, &doc));
    return doc;
}

static inline void read_trials(const char *name, struct table *out) {
    char path[200];
    snprintf(path, sizeof path, "%s/" GW_RUN_TRIALS, name);
    assert_ok(table_read(scratch(path), out));
}

static inline const char *cell(const struct table *t, size_t row, const char *column) {
    size_t c;
    assert_ok(table_column(t, column, &c));
    return t->cell[row * t->n_columns + c];
}

static inline double number(const struct table *t, size_t row, const char *column) {
    return strtod(cell(t, row, column), NULL);
}

#endif
