/* gatewalk patterns: a library of shapes, and what came after them. */
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "cli.h"
#include "engine/base/json.h"
#include "gatewalk/report.h"
#include "patterns_show.h"
#include "patterns_train.h"
#include "reports/page/picture.h"

enum { MAX_SETS = 128 };

static const char *word_choice(size_t i) {
    static const char *const word[] = {"train", "show", "find", "map"};
    return i < COUNT_OF(word) ? word[i] : NULL;
}

static const struct command_option options[] = {
    {"category", 'c', "N", "show: which", NULL},
    {"at", 'a', "TIME", "find: the window whose last bar had closed then", NULL},
    {"top", 't', "N", "find: how many (default 20)", NULL},
    {"picture", 'p', "FILE", "show, find, map: draw it, FILE.png or FILE.pdf", NULL},
    {"json", 'J', NULL, "show, find, map: one JSON object", NULL},
    OPTION_STRATEGY,
    OPTION_SEED,
    OPTION_FOLD,
    {"out", 'o', "DIR", "train: where the library goes", NULL},
    {"set", 'e', "KEY=VALUE", "train: a key of model, training or labels (repeatable): model.categories=300", NULL},
    {"format", 'f', "NAME", "train: instead of detecting it", NULL},
    {"force", 'F', NULL, "train: replace the library of another training in the directory", NULL},
    OPTION_JOBS,
    OPTION_KERNELS,
    OPTION_QUIET,
};

struct patterns_arguments {
    struct live_choice choice;
    struct patterns_train_options train;
    const char *set[MAX_SETS], *out, *picture, *at;
    size_t category, top;
    bool has_category, json;
};

static int take_option(struct patterns_arguments *a, int c) {
    switch (c) {
    case 'c':
        a->has_category = true;
        return cli_count("--category", optarg, 0, UINT32_MAX, &a->category);
    case 'a':
        return cli_text("--at", optarg, &a->at);
    case 't':
        return cli_count("--top", optarg, 1, 1000, &a->top);
    case 'p':
        return cli_text("--picture", optarg, &a->picture);
    case 'J':
        a->json = true;
        break;
    case 'o':
        return cli_text("--out", optarg, &a->out);
    case 'e':
        if (a->train.n_set == MAX_SETS) FAIL(GW_ERR_USAGE, "patterns: more than %d --set", MAX_SETS);
        a->set[a->train.n_set++] = optarg;
        break;
    case 'f':
        return cli_text("--format", optarg, &a->train.format);
    case 'F':
        a->train.force = true;
        break;
    case 'j':
        return cli_count("--jobs", optarg, 1, 1024, &a->train.jobs);
    case 'q':
        progress_quiet(true);
        break;
    default:
        return cli_live_option(c, &a->choice);
    }
    return GW_OK;
}

/* ---- train ----------------------------------------------------------------------------------------- */

static int do_train(const char *file, struct patterns_arguments *a) {
    char path[1024];
    struct json_document *document;
    if (!a->out) FAIL(GW_ERR_USAGE, "patterns train: --out DIR is missing; see `gatewalk patterns --help`");
    TRY(gw_kernels_select(a->choice.kernels ? a->choice.kernels : "auto"));
    a->train.set = a->set;
    a->train.seed = a->choice.seed_given ? a->choice.seed : 1;
    TRY(patterns_train(file, a->out, &a->train));
    TRY(path_join(path, sizeof path, a->out, GW_RUN_PATTERNS));
    TRY(json_load(path, GW_ERR_DATA, &document));
    const json_value *facts = json_root(document);
    const char *advice = json_string(json_get(facts, "advice"), "");
    printf("%s: %.0f categories of %.0f windows, R %.4f (%s), the largest holds %.1f %% (%s), %.0f beyond the null\n",
           CLI_SHOWN(a->out), json_number(json_get(facts, "categories"), NAN),
           json_number(json_get(facts, "windows_learned"), NAN), json_number(json_get(facts, "valid_r"), NAN),
           json_string(json_get(facts, "learnt"), ""), 100 * json_number(json_get(facts, "largest_share"), NAN),
           json_string(json_get(facts, "balance"), ""), json_number(json_get(facts, "beyond_null"), NAN));
    if (*advice) printf("%s\n", advice);
    if (json_number(json_get(facts, "largest_share"), 0) >= 0.1)
        printf("one category holds a tenth of the windows or more: try more categories (model.categories), a larger "
               "model.contrastive_weight or a wider model.latent\n");
    json_free(document);
    return GW_OK;
}

/* ---- show, find, map --------------------------------------------------------------------------------- */

static int draw_windows(const struct library *l, const uint32_t *window, size_t n, const uint32_t *query,
                        const char *title, const char *picture) {
    struct picture_room room;
    if (!picture) return GW_OK;
    TRY(picture_open(picture, &room));
    int rc = library_write_windows(l, window, n, query, title, room.dir);
    if (rc == GW_OK) rc = picture_draw(&room, "pattern_windows", picture);
    picture_close(&room);
    return rc;
}

struct rates_job {
    const struct library *library;
    struct library_rate *rate;
};

static int rate_all(void *context) {
    struct rates_job *job = context;
    const size_t cells = job->library->categories->n * GW_N_GATES;
    for (size_t slice = 0; slice < LIBRARY_SLICES; slice++)
        TRY(library_rates(job->library, slice, &(struct library_rates_config){.seed = 1}, job->rate + slice * cells));
    return GW_OK;
}

static int show_category(const struct library *l, const struct patterns_arguments *a, struct json_writer *w) {
    const size_t cells = l->categories->n * GW_N_GATES;
    char title[64];
    if (!a->has_category) FAIL(GW_ERR_USAGE, "patterns show: --category N is missing; see `gatewalk patterns --help`");
    if (a->category >= l->categories->n)
        FAIL(GW_ERR_USAGE, "--category %zu: the library has 0 to %zu", a->category, l->categories->n - 1);
    struct rates_job job = {l, mem_calloc(LIBRARY_SLICES * cells, sizeof *job.rate)};
    if (!job.rate) return GW_ERR_NOMEM;
    int rc = patterns_parallel(a->train.jobs, rate_all, &job);
    const struct library_rate *const rate[LIBRARY_SLICES] = {job.rate, job.rate + cells};
    if (rc == GW_OK) rc = patterns_print_category(l, a->category, rate, w);
    mem_free(job.rate);
    uint32_t *window = NULL;
    size_t n = 0;
    snprintf(title, sizeof title, "category %zu", a->category);
    if (rc == GW_OK) rc = library_members(l, LIBRARY_LEARNED, a->category, &window, &n);
    if (rc == GW_OK) rc = draw_windows(l, window, n, NULL, title, a->picture);
    mem_free(window);
    return rc;
}

static int show_found(const struct library *l, const struct patterns_arguments *a, struct json_writer *w) {
    struct patterns_found found;
    int64_t time_ns;
    char title[96], time[40];
    if (!a->at) FAIL(GW_ERR_USAGE, "patterns find: --at TIME is missing; see `gatewalk patterns --help`");
    if (time_parse(a->at, &time_ns) < 0) return gw_error_prefix(GW_ERR_USAGE, "--at");
    TRY(patterns_find(l, time_ns, a->top, &found));
    int rc = patterns_print_found(l, &found, w);
    snprintf(title, sizeof title, "most alike to the one of %s", time_format(library_time(l, found.query), time));
    if (rc == GW_OK) rc = draw_windows(l, found.window, found.n, &found.query, title, a->picture);
    patterns_found_free(&found);
    return rc;
}

struct map_job {
    const struct library *library;
    struct progress *progress;
    uint32_t *window;
    double *xy, kl;
    size_t n;
};

static int map_all(void *context) {
    struct map_job *job = context;
    return library_map(job->library, job->progress, &job->window, &job->xy, &job->n, &job->kl);
}

static int put_map(const struct library *l, const struct map_job *job, struct json_writer *w) {
    char time[40];
    if (!w) {
        printf("t-SNE of %zu windows of %zu · %s · divergence %.3f\n", job->n, l->n, l->name, job->kl);
        return GW_OK;
    }
    json_put_number(w, "divergence", job->kl);
    json_begin_array(w, "points");
    for (size_t i = 0; i < job->n; i++) {
        json_begin_object(w, NULL);
        json_put_string(w, "time", time_format(library_time(l, job->window[i]), time));
        json_put_number(w, "x", job->xy[2 * i]);
        json_put_number(w, "y", job->xy[2 * i + 1]);
        json_put_int(w, "category", l->category[job->window[i]]);
        json_end_object(w);
    }
    json_end_array(w);
    return GW_OK;
}

static int show_map(const struct library *l, const struct patterns_arguments *a, struct json_writer *w) {
    struct map_job job = {.library = l};
    struct picture_room room;
    if (!a->picture && !w) FAIL(GW_ERR_USAGE, "patterns map: --picture FILE.png or --json is missing");
    if (l->n < 4) FAIL(GW_ERR_DATA, "%s: %zu windows are too few for a map", l->name, l->n);
    TRY(progress_begin(&job.progress, "map", 1000, "iterations"));
    int rc = patterns_parallel(a->train.jobs, map_all, &job);
    progress_end(job.progress);
    if (rc == GW_OK) rc = put_map(l, &job, w);
    if (rc == GW_OK && a->picture) {
        rc = picture_open(a->picture, &room);
        if (rc == GW_OK) {
            rc = library_write_windows(l, job.window, 0, NULL, "", room.dir);
            if (rc == GW_OK) rc = library_write_map(l, job.window, job.xy, job.n, room.dir);
            if (rc == GW_OK) rc = picture_draw(&room, "pattern_map", a->picture);
            picture_close(&room);
        }
    }
    mem_free(job.xy);
    mem_free(job.window);
    return rc;
}

static int look(const char *word, const char *dir, const struct patterns_arguments *a) {
    struct patterns_opened opened;
    struct json_writer writer = {.stream = stdout}, *w = a->json ? &writer : NULL;
    TRY(patterns_open(dir, &a->choice, strcmp(word, "find") == 0, &opened));
    if (w) json_begin_object(w, NULL);
    int rc = strcmp(word, "show") == 0   ? show_category(&opened.library, a, w)
             : strcmp(word, "find") == 0 ? show_found(&opened.library, a, w)
                                         : show_map(&opened.library, a, w);
    if (w && rc == GW_OK) json_end_object(w);
    patterns_close(&opened);
    if (rc == GW_OK && a->picture && !w) printf("picture: %s\n", CLI_SHOWN(a->picture));
    return rc;
}

static int command(int argc, char **argv) {
    struct patterns_arguments a = {.top = 20};
    int c;
    while ((c = cli_option(&command_patterns, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(take_option(&a, c));
    }
    TRY(cli_arguments(&command_patterns, argc, argv, 2, "train FILE, or show, find or map with a RUN_DIR"));
    const char *word = argv[optind], *names[4];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        names[i] = word_choice(i);
        if (strcmp(word, names[i]) == 0)
            return i == 0 ? do_train(argv[optind + 1], &a) : look(word, argv[optind + 1], &a);
    }
    const char *near = nearest_word(word, names, COUNT_OF(names));
    if (near) FAIL(GW_ERR_USAGE, "patterns: unknown word \"%s\"; did you mean \"%s\"?", word, near);
    FAIL(GW_ERR_USAGE, "patterns: unknown word \"%s\"; it takes train, show, find or map", word);
}

const struct command command_patterns = {
    .name = "patterns",
    .summary = "shapes that come back: train a library, show a category, find what is alike, draw the map",
    .arguments = "train FILE --out DIR | show|find|map RUN_DIR",
    .about =
        "train makes a library from the bars of a file, without a walk: for exploring, as nothing there is judged on "
        "bars that it has not seen; one that was interrupted goes on from its last epoch when the same command is "
        "given again. show, find and map look into such a directory or into the fit of a run whose model is "
        "\"encoder\": \"patterns\". show: the members of a category, what came next, how often a clean move did, with "
        "block-bootstrap intervals and a p over the whole family of categories. find: the windows of the past most "
        "alike to the one that had closed at a time, and what followed them. map: t-SNE of at most 10,000 windows.",
    .choice = word_choice,
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk patterns show reports/out/patterns --category 17 --picture category17.png",
    .run = command,
};
