/* gatewalk list: what there is, from the tables. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "engine/base/base.h"
#include "engine/config/config.h"
#include "gatewalk/import.h"
#include "gatewalk/metrics.h"
#include "gatewalk/report.h"

static const struct option options[] = {
    {"inputs", required_argument, NULL, 'i'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static void print_strategies(void) {
    for (size_t i = 0; i < gw_strategy_count(); i++)
        printf("%-16s %s\n", gw_strategy_at(i)->name, gw_strategy_at(i)->help);
}

static void print_models(size_t inputs) {
    printf("%-16s %12s  %s\n", "attention", "parameters",
           "(lstm encoder, defaults; --inputs sets the number of features)");
    for (size_t i = 0; gw_model_option_name("attention", i); i++) {
        struct gw_model_config config;
        gw_model_config_default(&config);
        config.n_features = inputs;
        snprintf(config.attention, sizeof config.attention, "%s", gw_model_option_name("attention", i));
        printf("%-16s %12zu  %s\n", config.attention, gw_model_parameter_count(&config),
               gw_model_option_help("attention", i));
    }
}

static void print_features(void) {
    for (size_t i = 0; i < gw_feature_count(); i++) {
        const struct gw_feature_desc *f = gw_feature_at(i);
        char spec[96];
        size_t used = (size_t)snprintf(spec, sizeof spec, "%s", f->name);
        for (size_t a = 0; a < f->n_args; a++)
            used += (size_t)snprintf(spec + used, sizeof spec - used, "%s%g%s", a ? "," : "(", f->default_arg[a],
                                     a + 1 == f->n_args ? ")" : "");
        printf("%-26s %s [%s]\n", spec, f->help, f->source);
    }
}

static void print_options(const char *kind) {
    for (size_t i = 0; gw_model_option_name(kind, i); i++)
        printf("%-18s %s\n", gw_model_option_name(kind, i), gw_model_option_help(kind, i));
}

static void print_metrics(void) {
    for (size_t i = 0; i < gw_metric_count(); i++)
        printf("%-24s %-10s %s\n", gw_metric_at(i)->name, gw_metric_at(i)->unit, gw_metric_at(i)->help);
    printf("\nof the traded result:\n");
    for (size_t i = 0; i < gw_portfolio_metric_count(); i++)
        printf("%-24s %-10s %s\n", gw_portfolio_metric_at(i)->name, gw_portfolio_metric_at(i)->unit,
               gw_portfolio_metric_at(i)->help);
}

static void print_plots(void) {
    for (size_t i = 0; i < gw_plot_count(); i++) printf("%-20s %s\n", gw_plot_name(i), gw_plot_help(i));
}

static void print_formats(void) {
    for (size_t i = 0; i < gw_import_format_count(); i++)
        printf("%-20s %s\n", gw_import_format_name(i), gw_import_format_help(i));
}

static void print_kernels(void) {
    for (size_t i = 0; gw_kernels_name(i); i++)
        printf("%-10s %s\n", gw_kernels_name(i), gw_kernels_supported(i) ? "available" : "not on this CPU");
}

static void print_keys(void) {
    for (size_t s = 0; s < config_n_sections; s++) {
        const struct key_section *section = &config_section[s];
        for (size_t k = 0; k < section->n_keys; k++) {
            char name[64], value[48];
            if (config_default_text(section, k, value) < 0) return;
            snprintf(name, sizeof name, "%s.%s", section->name, section->key[k].name);
            printf("%-26s %-17s %-12s %s", name, key_type_name(section->key[k].type), value[0] ? value : "-",
                   section->key[k].help);
            for (size_t i = 0; section->key[k].options && config_option_name(section->key[k].options, i); i++)
                printf("%s%s", i ? ", " : " (", config_option_name(section->key[k].options, i));
            printf("%s\n", section->key[k].options ? ")" : "");
        }
    }
    printf("\nbeside these: name, title, data, timerange, features, seeds, strategies; model, training and trading may "
           "also stand in a strategy.\n");
}

static void print_losses(void) { print_options("loss"); }
static void print_optimizers(void) { print_options("optimizer"); }
static void print_schedules(void) { print_options("schedule"); }
static void print_encoders(void) { print_options("encoder"); }

static const struct {
    const char *name;
    void (*print)(void);
} subjects[] = {
    {"strategies", print_strategies}, {"models", NULL},           {"encoders", print_encoders},
    {"features", print_features},     {"losses", print_losses},   {"optimizers", print_optimizers},
    {"schedules", print_schedules},   {"metrics", print_metrics}, {"plots", print_plots},
    {"formats", print_formats},       {"kernels", print_kernels}, {"keys", print_keys},
};

static int list(const char *name, size_t inputs) {
    const char *names[COUNT_OF(subjects)];
    for (size_t i = 0; i < COUNT_OF(subjects); i++) {
        names[i] = subjects[i].name;
        if (strcmp(name, names[i]) != 0) continue;
        if (subjects[i].print)
            subjects[i].print();
        else
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
    while ((c = cli_option(&command_list, argc, argv, ":h", options)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'i') TRY(cli_count("--inputs", optarg, 1, 100000, &inputs));
    }
    TRY(cli_arguments(&command_list, argc, argv, 1, "what to list"));
    return list(argv[optind], inputs);
}

const struct command command_list = {
    .name = "list",
    .summary = "strategies, models, features, losses, metrics, plots, keys …",
    .usage =
        "usage: gatewalk list SUBJECT [--inputs F]\n"
        "\n"
        "subjects: strategies models encoders features losses optimizers schedules metrics plots formats kernels keys\n"
        "\n"
        "  --inputs F  number of input features, for exact parameter counts of models (default 66)\n"
        "\n"
        "example: gatewalk list models --inputs 66\n",
    .run = command,
};
