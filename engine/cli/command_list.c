/* gatewalk list: what there is, from the tables. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "engine/base/base.h"
#include "engine/config/config.h"
#include "engine/search/searcher.h"
#include "gatewalk/import.h"
#include "gatewalk/metrics.h"
#include "gatewalk/report.h"

static const struct command_option options[] = {
    {"inputs", 'i', "F", "number of input features, for exact parameter counts of models (default 66)", NULL},
};

static void print_range(const struct gw_param *param) {
    if (param->type == GW_PARAM_SIZE || param->type == GW_PARAM_NUMBER) printf(" [%g … %g]", param->low, param->high);
}

/* "attention_units 1 … 1024 (64)" of what a row declares itself. */
static void print_own(const struct gw_param_table *own) {
    struct gw_own_params room;
    char text[GW_PARAM_SHOWN];
    gw_param_defaults(own, &room);
    for (size_t i = 0; i < own->n; i++) {
        const struct gw_param *param = &own->param[i];
        printf("  %-22s %-12s %-12s %s", param->name, gw_param_type_name(param), gw_param_show(param, &room, text),
               param->help);
        print_range(param);
        printf("\n");
    }
}

static int print_strategies(void) {
    for (size_t i = 0; i < gw_strategy_count(); i++) {
        printf("%-16s %s\n", gw_strategy_at(i)->name, gw_strategy_at(i)->help);
        print_own(&gw_strategy_at(i)->own);
    }
    return GW_OK;
}

/* The rows of a choice among a model's or a training's settings. */
static const struct gw_choices *choices_of(const char *kind) {
    struct gw_param_key key;
    bool found = gw_param_find(&gw_model_params, kind, &key) || gw_param_find(&gw_train_params, kind, &key);
    return found ? key.param->choices : NULL;
}

/* Attentions that a decoder may ask. */
static void print_decoders(size_t inputs) {
    struct gw_train_config train;
    struct gw_choice row;
    gw_train_config_default(&train);
    printf("\n%-16s %12s  %s\n", "with a decoder", "parameters", "(model.decoder \"path\")");
    for (size_t i = 0; (row = gw_choice_at(choices_of("attention"), i)).name; i++) {
        struct gw_model_config config;
        gw_model_config_default(&config);
        config.n_features = inputs;
        config.attention = (int)i;
        config.decoder = GW_DECODER_PATH;
        if (gw_model_config_check(&config, &train, NULL) == GW_OK)
            printf("%-16s %12zu  an LSTM over steps of the horizon asks the window's states at each\n", row.name,
                   gw_model_parameter_count(&config));
    }
    row = gw_choice_at(choices_of("decoder"), GW_DECODER_PATH);
    print_own(&row.own);
}

/* What may be beside the window of any attention; its width is the data's, here as wide as the window's. */
static void print_crosses(size_t inputs) {
    struct gw_choice row;
    printf("\n%-16s %12s  %s\n", "second sequence", "parameters",
           "(model.cross, beside attention none; as many features of it)");
    for (size_t i = GW_CROSS_NONE + 1; (row = gw_choice_at(choices_of("cross"), i)).name; i++) {
        struct gw_model_config config;
        gw_model_config_default(&config);
        config.n_features = config.cross_features = inputs;
        config.cross = (enum gw_cross_kind)i;
        printf("%-16s %12zu  %s\n", row.name, gw_model_parameter_count(&config), row.help);
        print_own(&row.own);
    }
}

/* What may stand in the LSTM's place; trees and categories have no parameters before they are fitted. */
static void print_controls(size_t inputs) {
    struct gw_choice row;
    printf("\n%-16s %12s  %s\n", "other encoder", "parameters",
           "(model.encoder; `gatewalk list encoders` has their settings)");
    for (size_t i = 1; (row = gw_choice_at(choices_of("encoder"), i)).name; i++) {
        struct gw_model_config config;
        char count[24] = "-";
        gw_model_config_default(&config);
        config.n_features = inputs;
        config.encoder = (int)i;
        const size_t parameters = gw_model_parameter_count(&config);
        if (parameters) snprintf(count, sizeof count, "%zu", parameters);
        printf("%-20s %8s  %s\n", row.name, count, row.help);
    }
}

static void print_models(size_t inputs) {
    const struct gw_choices *attentions = choices_of("attention");
    struct gw_choice row;
    printf("%-16s %12s  %s\n", "attention", "parameters",
           "(lstm encoder, defaults; --inputs sets the number of features)");
    for (size_t i = 0; (row = gw_choice_at(attentions, i)).name; i++) {
        struct gw_model_config config;
        gw_model_config_default(&config);
        config.n_features = inputs;
        config.attention = (int)i;
        printf("%-16s %12zu  %s\n", row.name, gw_model_parameter_count(&config), row.help);
        print_own(&row.own);
    }
    print_decoders(inputs);
    print_crosses(inputs);
    print_controls(inputs);
}

static int print_features(void) {
    for (size_t i = 0; i < gw_feature_count(); i++) {
        const struct gw_feature_desc *f = gw_feature_at(i);
        struct gw_own_params own;
        char spec[96], text[GW_PARAM_SHOWN];
        size_t used = (size_t)snprintf(spec, sizeof spec, "%s", f->name);
        gw_param_defaults(&f->own, &own);
        bool any = f->takes_column;
        if (any)
            used += (size_t)snprintf(spec + used, sizeof spec - used, "(%s", f->column_word ? f->column_word : "name");
        for (size_t k = 0; k < f->own.n && used < sizeof spec; k++, any = true)
            used += (size_t)snprintf(spec + used, sizeof spec - used, "%c%s", any ? ',' : '(',
                                     gw_param_show(&f->own.param[k], &own, text));
        if (any && used < sizeof spec) snprintf(spec + used, sizeof spec - used, ")");
        printf("%-26s %s [%s]\n", spec, f->help, f->source);
        print_own(&f->own);
    }
    return GW_OK;
}

static int print_options(const char *kind) {
    const struct gw_choices *choices = choices_of(kind);
    struct gw_choice row;
    for (size_t i = 0; (row = gw_choice_at(choices, i)).name; i++) {
        printf("%-18s %s\n", row.name, row.help);
        print_own(&row.own);
    }
    return GW_OK;
}

static int print_metrics(void) {
    for (size_t i = 0; i < gw_metric_count(); i++)
        printf("%-24s %-10s %s\n", gw_metric_at(i)->name, gw_metric_at(i)->unit, gw_metric_at(i)->help);
    printf("\nof the traded result:\n");
    for (size_t i = 0; i < gw_portfolio_metric_count(); i++)
        printf("%-24s %-10s %s\n", gw_portfolio_metric_at(i)->name, gw_portfolio_metric_at(i)->unit,
               gw_portfolio_metric_at(i)->help);
    return GW_OK;
}

static int print_plots(void) {
    for (size_t i = 0; i < gw_plot_count(); i++) printf("%-20s %s\n", gw_plot_name(i), gw_plot_help(i));
    return GW_OK;
}

static int print_formats(void) {
    for (size_t i = 0; i < gw_import_format_count(); i++)
        printf("%-20s %s\n", gw_import_format_name(i), gw_import_format_help(i));
    return GW_OK;
}

static int print_kernels(void) {
    for (size_t i = 0; gw_kernels_name(i); i++)
        printf("%-10s %s\n", gw_kernels_name(i),
               gw_kernels_supported(i)                       ? "available"
               : strcmp(gw_kernels_name(i), "openblas") == 0 ? "OpenBLAS cannot be loaded"
                                                             : "not on this CPU");
    return GW_OK;
}

static void print_key(const char *section, const struct gw_param_key *key, const void *base) {
    const struct gw_param *param = key->param;
    char name[64], value[GW_PARAM_SHOWN], owners[256];
    snprintf(name, sizeof name, "%s%s%s", section, *section ? "." : "", param->name);
    gw_param_show(param, gw_param_base_const(key, base), value);
    printf("%-28s %-17s %-18s %-12s %s", name, gw_param_type_name(param), param->unit[0] ? param->unit : "-",
           value[0] ? value : "-", param->help);
    struct gw_choice row;
    for (size_t i = 0; param->choices && (row = gw_choice_at(param->choices, i)).name; i++)
        printf("%s%s", i ? ", " : " (", row.name);
    if (param->choices) printf(")");
    print_range(param);
    if (key->by) printf(" [%s]", gw_param_owners(key, owners));
    printf("\n");
}

static int print_table(const char *section, const struct gw_param_table *table, size_t size) {
    void *base = mem_calloc(1, size);
    if (!base) return GW_ERR_NOMEM;
    gw_param_defaults(table, base);
    for (struct gw_param_key key = {0}; gw_param_next(table, &key);) print_key(section, &key, base);
    mem_free(base);
    return GW_OK;
}

static int print_keys(void) {
    TRY(print_table("", &experiment_params, sizeof(struct experiment)));
    for (size_t i = 0; i < config_n_specials; i++) {
        const struct special_key *key = &config_special[i];
        printf("%-28s %-17s %-18s %-12s %s\n", key->name, key->type, "-", key->initial[0] ? key->initial : "-",
               key->help);
    }
    TRY(print_table("data", &data_params, sizeof(struct data_source)));
    TRY(print_table("data.extra", &extra_params, sizeof(struct side_source)));
    for (size_t s = 0; s < config_n_sections; s++)
        TRY(print_table(config_section[s].name, config_section[s].table, sizeof(struct experiment)));
    printf("strategies.strategy          %-17s %-18s %-12s a row of `gatewalk list strategies`\n", "word", "-", "-");
    TRY(print_table("strategies", &entry_params, sizeof(struct strategy_spec)));
    TRY(print_table("strategies", &own_params, sizeof(struct own_keys)));
    printf("strategies.parameters        %-17s %-18s %-12s {\"name\": value} of what the script or plugin declares\n",
           "object", "-", "-");
    TRY(print_table("strategies.scores", &scores_params, sizeof(struct score_source)));
    printf("\nmodel, training and trading may also stand in a strategy; there a key in [ ] is taken only with the row "
           "that "
           "has it. Sections: ");
    for (size_t s = 0; s < config_n_sections; s++)
        printf("%s%s (%s)", s ? ", " : "", config_section[s].name, config_section[s].help);
    printf(".\n");
    return GW_OK;
}

static int print_schema(void) {
    struct json_writer w = {.stream = stdout};
    return config_write_schema(&w);
}

static int print_losses(void) { return print_options("loss"); }
static int print_optimizers(void) { return print_options("optimizer"); }
static int print_schedules(void) { return print_options("schedule"); }
static int print_searchers(void) {
    for (size_t i = 0; searcher_at(i); i++) {
        printf("%-10s %s\n", searcher_at(i)->name, searcher_at(i)->help);
        print_own(&searcher_at(i)->own);
    }
    return GW_OK;
}

static int print_encoders(void) { return print_options("encoder"); }

static const struct {
    const char *name;
    int (*print)(void);
} subjects[] = {
    {"strategies", print_strategies}, {"models", NULL},
    {"encoders", print_encoders},     {"features", print_features},
    {"losses", print_losses},         {"optimizers", print_optimizers},
    {"schedules", print_schedules},   {"metrics", print_metrics},
    {"plots", print_plots},           {"formats", print_formats},
    {"kernels", print_kernels},       {"keys", print_keys},
    {"schema", print_schema},         {"searchers", print_searchers},
};

static const char *subject_choice(size_t i) { return i < COUNT_OF(subjects) ? subjects[i].name : NULL; }

static int list(const char *name, size_t inputs) {
    const char *names[COUNT_OF(subjects)];
    for (size_t i = 0; i < COUNT_OF(subjects); i++) {
        names[i] = subjects[i].name;
        if (strcmp(name, names[i]) != 0) continue;
        if (subjects[i].print) return subjects[i].print();
        print_models(inputs);
        return GW_OK;
    }
    const char *near = nearest_word(name, names, COUNT_OF(names));
    if (near) FAIL(GW_ERR_USAGE, "list: nothing called \"%s\"; did you mean \"%s\"?", name, near);
    FAIL(GW_ERR_USAGE, "list: nothing called \"%s\"; `gatewalk list --help` names the subjects", name);
}

static int command(int argc, char **argv) {
    size_t inputs = 66;
    int c;
    while ((c = cli_option(&command_list, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'i') TRY(cli_count("--inputs", optarg, 1, 100000, &inputs));
    }
    TRY(cli_arguments(&command_list, argc, argv, 1, "what to list"));
    return list(argv[optind], inputs);
}

const struct command command_list = {
    .name = "list",
    .summary = "strategies, models, features, losses, metrics, plots, keys, schema …",
    .arguments = "SUBJECT",
    .about = "Shows what there is to choose from, as the program itself looks it up.",
    .choice = subject_choice,
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk list models --inputs 66",
    .run = command,
};
