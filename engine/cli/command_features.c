/* gatewalk features: what the models of an experiment see, for those who want to look at it or train with something else. */
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "cli_experiment.h"
#include "engine/base/json.h"
#include "engine/walk/fold_data.h"

struct features_arguments {
    struct cli_experiment x;
    size_t fold; /* 0: none */
    bool scaled; /* by the fold's scaler */
};

static const struct command_option options[] = {
    {"out", 'o', "FILE", "FILE.npy or FILE.csv", NULL},
    {"scaled", 'F', "FOLD", "by the scaler of this fold's purged training slice", NULL},
    {"fold", 'f', "FOLD", "unscaled, with what the fitted features of this fold have learnt", NULL},
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
};

static bool ends_in(const char *path, const char *ending) {
    size_t n = strlen(path), e = strlen(ending);
    return n > e && strcmp(path + n - e, ending) == 0;
}

/* ---- numbers ------------------------------------------------------------------------------------- */

/* Rows of all symbols, one symbol after the other, [rows × features]; as the fold's models see them, if one is asked for. */
static int all_rows(const struct prepared *p, const struct fold_data *fold, bool scaled, float **out, size_t *n_rows) {
    size_t F = gw_feature_set_size(p->set), at = 0;
    *n_rows = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++) *n_rows += p->features[s].n_bars;
    float *rows = *out = mem_calloc(*n_rows ? *n_rows : 1, F * sizeof *rows);
    if (!rows) return GW_ERR_NOMEM;
    for (size_t s = 0; s < p->market.n_symbols; at += p->features[s++].n_bars) {
        const size_t n = p->features[s].n_bars;
        memcpy(rows + at * F, p->features[s].value, n * F * sizeof *rows);
        if (fold && fold->learnt)
            TRY(gw_feature_set_apply(p->set, fold->learnt, &p->market.symbol[s], 0, n, rows + at * F));
        if (scaled) gw_scaler_apply(&fold->scaler, rows + at * F, n, rows + at * F);
    }
    return GW_OK;
}

/* In a list parted by commas names hold none: "macd_hist(12;26;9)", as in importance.csv. */
static void put_name(struct out_file *file, const char *name) {
    for (; *name; name++) out_printf(file, "%c", *name == ',' ? ';' : *name);
}

static void put_labels(struct out_file *file, const struct gw_labels *labels, size_t t) {
    for (int g = 0; g < GW_N_GATES; g++)
        if (labels->gate[g][t] == GW_LABEL_MISSING)
            out_printf(file, ",");
        else
            out_printf(file, ",%d", labels->gate[g][t]);
    out_printf(file, "\n");
}

/* Close time, symbol, with `rows` the features too, labels; empty is missing. */
static int write_csv(const struct prepared *p, const float *rows, const char *path) {
    size_t F = gw_feature_set_size(p->set);
    struct out_file file;
    char time[40];
    out_sweep(path);
    TRY(out_open(&file, path));
    out_printf(&file, "time,symbol");
    for (size_t f = 0; rows && f < F; f++) {
        out_printf(&file, ",");
        put_name(&file, gw_feature_set_name(p->set, f));
    }
    out_printf(&file, ",label_long,label_short\n");
    for (size_t s = 0; s < p->market.n_symbols; s++)
        for (size_t t = 0; t < p->features[s].n_bars; t++) {
            out_printf(&file, "%s,%s", time_format(gw_bar_close_ns(&p->market.symbol[s], t), time),
                       p->market.symbol[s].symbol);
            for (size_t f = 0; rows && f < F; f++, rows++)
                if (isnan(*rows))
                    out_printf(&file, ",");
                else
                    out_printf(&file, ",%.9g", (double)*rows);
            put_labels(&file, &p->labels[s], t);
        }
    return out_commit(&file);
}

enum { LEARNT_SHOWN = 10000 };

static void put_learnt(struct json_writer *w, const struct prepared *p, const struct fold_data *data, size_t fold) {
    json_put_number(w, "fitted_by_fold", (double)fold);
    if (gw_feature_set_learnt(p->set) > LEARNT_SHOWN) return; /* the weights of a pattern library */
    json_begin_array(w, "learnt");
    for (size_t i = 0; i < gw_feature_set_learnt(p->set); i++) json_put_number(w, NULL, data->learnt[i]);
    json_end_array(w);
}

static int write_names(const struct prepared *p, const struct fold_data *data, const struct features_arguments *a,
                       const char *path) {
    const struct gw_scaler *scaler = a->scaled ? &data->scaler : NULL;
    struct out_file file;
    out_sweep(path);
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    json_begin_object(&w, NULL);
    json_begin_array(&w, "features");
    for (size_t f = 0; f < gw_feature_set_size(p->set); f++) json_put_string(&w, NULL, gw_feature_set_name(p->set, f));
    json_end_array(&w);
    json_put_number(&w, "scaled_by_fold", scaler ? (double)a->fold : NAN);
    if (data && data->learnt) put_learnt(&w, p, data, a->fold);
    if (scaler) {
        json_put_number(&w, "clip", scaler->clip);
        json_begin_array(&w, "center");
        for (size_t f = 0; f < scaler->n; f++) json_put_number(&w, NULL, scaler->center[f]);
        json_end_array(&w);
        json_begin_array(&w, "inverse_scale");
        for (size_t f = 0; f < scaler->n; f++) json_put_number(&w, NULL, scaler->inverse_scale[f]);
        json_end_array(&w);
    }
    json_end_object(&w);
    return out_commit(&file);
}

/* ---- files --------------------------------------------------------------------------------------- */

/* FILE.csv and FILE.json of FILE.npy. */
struct beside {
    char csv[1024], json[1024];
};

static int name_beside(const char *out, struct beside *beside) {
    const int stem = (int)strlen(out) - 4;
    if (snprintf(beside->csv, sizeof beside->csv, "%.*s.csv", stem, out) >= (int)sizeof beside->csv ||
        snprintf(beside->json, sizeof beside->json, "%.*s.json", stem, out) >= (int)sizeof beside->json)
        FAIL(GW_ERR_USAGE, "--out: the path is too long");
    return GW_OK;
}

/* The files that are written, FILE.json in the place of experiment.json above all, are none of those that are read. */
static int spare(const char *out, const char *experiment, const struct experiment *e) {
    struct beside beside;
    TRY(name_beside(out, &beside));
    const char *const written[] = {out, beside.csv, beside.json};
    for (size_t i = 0; i < (ends_in(out, ".npy") ? COUNT_OF(written) : 1); i++) {
        TRY(cli_spare(written[i], experiment));
        for (size_t s = 0; s < e->n_data; s++) {
            TRY(cli_spare(written[i], e->data[s].file));
            for (size_t x = 0; x < e->data[s].n_extra; x++) TRY(cli_spare(written[i], e->data[s].extra[x].file));
        }
    }
    return GW_OK;
}

static int write_npy(const struct prepared *p, const float *rows, size_t n_rows, const struct fold_data *data,
                     const struct features_arguments *a) {
    struct beside beside;
    TRY(name_beside(a->x.out, &beside));
    size_t shape[2] = {n_rows, gw_feature_set_size(p->set)};
    out_sweep(a->x.out);
    TRY(npy_write(a->x.out, "<f4", sizeof(float), shape, 2, rows));
    TRY(write_csv(p, NULL, beside.csv));
    TRY(write_names(p, data, a, beside.json));
    printf("rows: %s\nnames: %s\n", CLI_SHOWN(beside.csv), CLI_SHOWN(beside.json));
    return GW_OK;
}

static int write_features(const struct prepared *p, const struct fold_data *data, const struct features_arguments *a) {
    size_t n_rows;
    float *rows;
    int rc = all_rows(p, data, a->scaled, &rows, &n_rows);
    if (rc == GW_OK)
        rc = ends_in(a->x.out, ".npy") ? write_npy(p, rows, n_rows, data, a) : write_csv(p, rows, a->x.out);
    mem_free(rows);
    if (rc == GW_OK)
        printf("features: %s (%zu bars, %zu features)\n", CLI_SHOWN(a->x.out), n_rows, gw_feature_set_size(p->set));
    return rc;
}

/* Of a fitted feature there are as many columns as folds: one is asked for. */
static int needs_fold(const struct prepared *p) {
    for (size_t f = 0; f < gw_feature_set_size(p->set); f++)
        if (gw_feature_set_fitted(p->set, f))
            FAIL(GW_ERR_USAGE,
                 "features: \"%s\" is fitted anew for every fold: say which, --fold 1 to %zu (or --scaled)",
                 gw_feature_set_name(p->set, f), p->plan.n_folds);
    return GW_OK;
}

static int fit_and_write(const struct experiment *e, const struct prepared *p, const struct features_arguments *a) {
    struct fold_data data;
    if (!a->fold) {
        TRY(needs_fold(p));
        return write_features(p, NULL, a);
    }
    if (a->fold > p->plan.n_folds)
        FAIL(GW_ERR_USAGE, "--%s %zu: there are %zu folds", a->scaled ? "scaled" : "fold", a->fold, p->plan.n_folds);
    TRY(fold_data_build(e, p, a->fold - 1, NULL, &data));
    int rc = write_features(p, &data, a);
    fold_data_free(&data);
    return rc;
}

/* ---- the command --------------------------------------------------------------------------------- */

static int take_option(struct features_arguments *a, int c) {
    if (c == 'F' || c == 'f') {
        if (a->fold) FAIL(GW_ERR_USAGE, "features: --scaled and --fold each name the fold; give one of them");
        a->scaled = c == 'F';
        return cli_count(a->scaled ? "--scaled" : "--fold", optarg, 1, 100000, &a->fold);
    }
    return cli_experiment_option(&command_features, c, &a->x);
}

static int command(int argc, char **argv) {
    struct features_arguments a = {0};
    struct experiment *experiment;
    struct prepared *prepared;
    int c;
    while ((c = cli_option(&command_features, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(take_option(&a, c));
    }
    TRY(cli_arguments(&command_features, argc, argv, 1, "EXPERIMENT.json"));
    if (!a.x.out || !(ends_in(a.x.out, ".npy") || ends_in(a.x.out, ".csv")))
        FAIL(GW_ERR_USAGE, "features: --out FILE.npy or FILE.csv is missing; see `gatewalk features --help`");
    TRY(experiment_load(argv[optind], &a.x.override, &experiment));
    int rc = spare(a.x.out, argv[optind], experiment);
    if (rc == GW_OK) rc = prepare(experiment, &prepared);
    if (rc == GW_OK) {
        rc = prepared_keep_features(prepared);
        if (rc == GW_OK) rc = fit_and_write(experiment, prepared, &a);
        prepared_free(prepared);
    }
    experiment_free(experiment);
    return rc;
}

const struct command command_features = {
    .name = "features",
    .summary = "features, labels and times of an experiment as the models see them",
    .arguments = "EXPERIMENT.json --out FILE",
    .about =
        "Writes a row a bar, the symbols one after the other. FILE.csv holds everything: close time, symbol, "
        "features, labels, empty where there is none yet. FILE.npy holds the features alone (float32, NaN while "
        "they warm up), with FILE.csv beside it for times, symbols and labels and FILE.json for names and scaler. "
        "Features that are fitted (regime) have other values in every fold: --fold or --scaled says which fold's, at "
        "every bar, and FILE.json has what it learnt.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk features strategies/demo.json --out features.npy --scaled 3",
    .run = command,
};
