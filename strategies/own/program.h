/* Strategies that a user wrote: rules, a script, a plugin. What was written is read once, checked, and then const; what
 * trades by it is a state of its own in every replay. */
#ifndef GATEWALK_OWN_PROGRAM_H
#define GATEWALK_OWN_PROGRAM_H

#include "gatewalk/feature.h"
#include "gatewalk/strategy.h"

enum { PROGRAM_PARAMS_MAX = 32, PROGRAM_FEATURES_MAX = 64, PROGRAM_NAME_MAX = 32, PROGRAM_HELP_MAX = 120 };

enum program_kind { PROGRAM_NONE, PROGRAM_RULES, PROGRAM_SCRIPT, PROGRAM_PLUGIN };
extern const char *const program_kind_name[4]; /* "", and the rows of strategies.def */

/* A parameter that a script or plugin declares. */
enum value_type { VALUE_NUMBER, VALUE_WHOLE, VALUE_BOOL };
struct program_param {
    char name[PROGRAM_NAME_MAX], help[PROGRAM_HELP_MAX];
    enum value_type type;
    double value, initial, low, high;
};

/* What the user gave in "parameters". */
struct given_param {
    char name[PROGRAM_NAME_MAX];
    double value;
    bool is_bool, used;
};

struct program {
    enum program_kind kind;
    const struct gw_strategy_desc
        *desc;       /* what trades by it: a row of strategies.def, or a variant that needs scores */
    char file[1024]; /* script or plugin; "" for rules */
    char *text;      /* the script; NULL for others */
    size_t length;
    uint64_t hash;               /* of all that was written, and of the parameters' values */
    struct gw_feature_set *set;  /* what it looks at beside the bars; NULL: nothing */
    struct program_param *param; /* [n_params] with their values */
    size_t n_params;
    struct rule_book *rules;            /* rule.h */
    struct rule_text *rule_text;        /* as they were written */
    void *library;                      /* of a plugin, loaded */
    const struct gw_plugin *descriptor; /* gatewalk/plugin.h; NULL: known from a record only, and not loaded */
    char path[1024];                    /* of a plugin, absolute */
};
void program_free(struct program *program);

/* Features and their columns against bars: GW_ERR_CONFIG says which needs what. */
int program_check_bars(const struct program *program, const struct gw_bars *bars) GW_MUST_USE;
/* Once everything else of it is known. */
void program_hash(struct program *program, uint64_t hash);
/* Values the user gave that nothing declared: GW_ERR_CONFIG, the name in *given. */
int program_check_given(const struct program *program, struct given_param *given, size_t n,
                        const char **name) GW_MUST_USE;
/* One declaration: takes the value that was given, checks it against the range. GW_ERR_CONFIG. */
int program_declare(struct program *program, const struct program_param *declared, struct given_param *given, size_t n,
                    double *value) GW_MUST_USE;

/* A script, read and run once at its own level. `shown`: its name as messages say it. GW_ERR_CONFIG: "mine.lua:3: …"; *bad is
 * then the given parameter that is wrong, NULL when it is the script. */
int program_of_script(const char *path, const char *shown, struct given_param *given, size_t n_given, const char **bad,
                      struct program **out) GW_MUST_USE;

/* The same of a text that is there already; it is copied. */
int program_of_script_text(const char *text, size_t length, const char *shown, struct given_param *given,
                           size_t n_given, const char **bad, struct program **out) GW_MUST_USE;

/* A plugin, loaded. *bad as above. */
int program_of_plugin(const char *path, const char *shown, struct given_param *given, size_t n_given, const char **bad,
                      struct program **out) GW_MUST_USE;
/* One that a run's record names: such a file may be anybody's, so its code is not loaded and it cannot trade. */
int program_of_recorded_plugin(const char *shown, bool scored, struct program **out) GW_MUST_USE;

/* ---- features at the close ------------------------------------------------------------------------ */

/* The values of a program's features at a symbol's newest bar. All that the history holds is gone through when it is first
 * asked, so the values are those of the whole history, bit by bit those a model sees. */
struct inputs {
    const struct gw_feature_set *set;
    struct gw_feature_stream *stream; /* NULL: no features */
    int64_t interval_ns;
    size_t n_seen; /* bars */
    float *row;    /* [n features] */
};
int inputs_open(struct inputs *inputs, const struct gw_feature_set *set, int64_t interval_ns) GW_MUST_USE;
void inputs_close(struct inputs *inputs);
/* Up to the newest bar; `each` is told of every bar on the way, the newest included (NULL: nobody). */
void inputs_update(struct inputs *inputs, const struct gw_history *history,
                   void (*each)(void *who, const struct gw_bar *bar), void *who);

#endif
