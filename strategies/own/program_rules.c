/* Rules as a program. */
#include <string.h>

#include "engine/base/base.h"
#include "plugin_host.h"
#include "rule.h"
#include "strategies/strategies.h"

const char *const rule_name[N_RULES] = {
    [RULE_ENTER_LONG] = "enter_long", [RULE_EXIT_LONG] = "exit_long", [RULE_ENTER_SHORT] = "enter_short",
    [RULE_EXIT_SHORT] = "exit_short", [RULE_SIZE] = "size",           [RULE_STOP] = "stop",
    [RULE_TARGET] = "target",         [RULE_TRAIL] = "trail",         [RULE_LIMIT] = "limit",
    [RULE_TRIGGER] = "trigger",       [RULE_GOOD_BARS] = "good_bars", [RULE_MAX_BARS] = "max_bars",
};

static int parse_all(struct program *program, const struct rule_text *text, enum rule *which) {
    struct rule_book *book = program->rules;
    for (int r = 0; r < N_RULES; r++) {
        *which = (enum rule)r;
        if (!*text->text[r]) continue;
        TRY(rule_parse(book, text->text[r], r < N_CONDITIONS, &book->rule[r]));
    }
    *which = RULE_ENTER_LONG;
    if (!book->rule[RULE_ENTER_LONG].n && !book->rule[RULE_ENTER_SHORT].n)
        FAIL(GW_ERR_CONFIG, "rules never enter: give \"enter_long\" or \"enter_short\"");
    *which = RULE_GOOD_BARS;
    if (book->rule[RULE_GOOD_BARS].n && !book->rule[RULE_LIMIT].n && !book->rule[RULE_TRIGGER].n)
        FAIL(GW_ERR_CONFIG,
             "there is no limit and no trigger that could wait so long; entries at the market do not wait");
    return GW_OK;
}

static int build_set(struct program *program) {
    const char *spec[PROGRAM_FEATURES_MAX];
    for (size_t i = 0; i < program->rules->n_features; i++) spec[i] = program->rules->feature[i];
    return program->rules->n_features ? gw_feature_set_parse(spec, program->rules->n_features, &program->set) : GW_OK;
}

int program_of_rules(const struct rule_text *text, enum rule *which, struct program **out) {
    struct program *program = mem_calloc(1, sizeof *program);
    if (!program) return GW_ERR_NOMEM;
    program->kind = PROGRAM_RULES;
    program->rules = mem_calloc(1, sizeof *program->rules);
    program->rule_text = mem_calloc(1, sizeof *program->rule_text);
    int rc = program->rules && program->rule_text ? parse_all(program, text, which) : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = build_set(program);
    if (rc < 0) {
        program_free(program);
        return rc;
    }
    *program->rule_text = *text;
    uint64_t hash = 0;
    for (int r = 0; r < N_RULES; r++) hash = hash_bytes(text->text[r], strlen(text->text[r]) + 1, hash);
    program_hash(program, hash);
    program->desc = program->rules->has_scores_names ? &strategy_rules_scored : &strategy_rules;
    *out = program;
    return GW_OK;
}

void program_free(struct program *program) {
    if (!program) return;
    gw_feature_set_free(program->set);
    plugin_unload(program);
    mem_free(program->text);
    mem_free(program->param);
    mem_free(program->rules);
    mem_free(program->rule_text);
    mem_free(program);
}
