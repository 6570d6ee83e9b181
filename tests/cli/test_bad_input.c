/* Bad input, case by case, against the real program: one clear line that points at the mistake, the right exit status,
 * nothing on stdout, and not a byte left behind. */
#include <ctype.h>

#include "bad_config.h"
#include "bad_data.h"
#include "bad_usage.h"
#include "engine/base/base.h"

/* ---- the input ------------------------------------------------------------------------------------- */

struct place {
    size_t line, column; /* 0: not marked */
};

/* Takes the '^' out of `text` and tells where it stood. */
static struct place unmark(char *text) {
    struct place place = {0};
    char *mark = strchr(text, '^');
    if (!mark) return place;
    place.line = place.column = 1;
    for (const char *at = text; at < mark; at++) {
        if (*at == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)*at & 0xC0) != 0x80)
            place.column++;
    }
    memmove(mark, mark + 1, strlen(mark));
    return place;
}

static struct place put_marked(const char *name, const char *text) {
    char *copy = strdup(text);
    if (!copy) abort();
    struct place place = unmark(copy);
    put_text(name, copy);
    free(copy);
    return place;
}

static struct place put_row(const char *row) {
    char text[4000];
    size_t used = (size_t)snprintf(text, sizeof text, "time,open,high,low,close,volume\n");
    for (int i = 0; i < 8; i++) {
        if (i == 4)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", row);
        else
            used += (size_t)snprintf(text + used, sizeof text - used, "%d,10,11,9,10.5,100\n", 1600000000 + 900 * i);
    }
    return put_marked("b.csv", text);
}

static struct place put_edited(const char *find, const char *replace) {
    const char *at = strstr(small_experiment, find);
    if (!at) fail_msg("small.json holds no %s", find);
    assert_null(strstr(at + 1, find)); /* the edit must be meant for one place */
    char *text = NULL;
    if (asprintf(&text, "%.*s%s%s", (int)(at - small_experiment), small_experiment, replace, at + strlen(find)) < 0)
        abort();
    struct place place = put_marked("j.json", text);
    free(text);
    return place;
}

static struct place put_input(const struct bad_case *c) {
    struct place place = {.line = c->place_line, .column = c->place_column};
    if (c->row) return put_row(c->row);
    if (c->file) return put_marked("b.csv", c->file);
    if (c->json) return put_marked("j.json", c->json);
    if (c->find) return put_edited(c->find, c->replace);
    if (c->make) c->make();
    return place;
}

static void clear_input(void) {
    static const char *const names[] = {"b.csv", "j.json", "o", "d", "f"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        unlink(work(names[i]));
        remove_tree(work(names[i]));
    }
}

/* ---- the judgement ----------------------------------------------------------------------------------- */

static void check_line(const struct bad_case *c, const struct run *run, struct place place) {
    static const char prefix[] = "gatewalk: ";
    const char *line = last_line(run->err);
    if (run->n_err == 0 || run->err[run->n_err - 1] != '\n')
        fail_msg("stderr does not end in a line: \"%s\"", run->err);
    if (strncmp(line, prefix, strlen(prefix)) != 0) fail_msg("not our line: %s", line);
    for (const unsigned char *at = (const unsigned char *)line; *at; at++)
        if (iscntrl(*at)) fail_msg("control character %d in the line: %s", *at, line);
    if (!strstr(run->err, "usage: ") && count_lines(run->err) != 1) fail_msg("more than one line: %s", run->err);
    if (place.line) {
        char want[200];
        snprintf(want, sizeof want, "%s%s:%zu:%zu: ", prefix, c->row || c->file || c->make ? "b.csv" : "j.json",
                 place.line, place.column);
        if (strncmp(line, want, strlen(want)) != 0) fail_msg("does not begin with \"%s\": %s", want, line);
    }
    for (size_t i = 0; i < COUNT_OF(c->says) && c->says[i]; i++)
        if (!strstr(line, c->says[i])) fail_msg("does not say \"%s\": %s", c->says[i], line);
}

static void check_case(void **state) {
    const struct bad_case *c = *state;
    clear_input();
    struct place place = put_input(c);
    char *before = list_tree(work_dir, true);
    struct run run;
    run_how(&run, &(struct how){0}, c->args);
    char *after = list_tree(work_dir, true);
    if (run.status != c->exit) fail_msg("exit %d, not %d: %s%s", run.status, c->exit, run.out, run.err);
    check_line(c, &run, place);
    if (run.n_out) fail_msg("on stdout: %s", run.out);
    if (strcmp(before, after) != 0) fail_msg("files before:\n%s\nand after:\n%s", before, after);
    clear_input();
    free(before);
    free(after);
    run_free(&run);
}

/* The folder of a finished run, as "done". */
static int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    struct run run;
    put_small_experiment();
    run_fine(&run, "run", "small.json", "--out", "done", "--no-report", "--quiet");
    run_free(&run);
    return 0;
}

static size_t add(struct CMUnitTest *tests, const struct bad_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++)
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = check_case, .initial_state = (void *)(uintptr_t)&cases[i]};
    return n;
}

int main(void) {
    static struct CMUnitTest tests[COUNT_OF(bad_data) + COUNT_OF(bad_config) + COUNT_OF(bad_usage)];
    size_t n = add(tests, bad_data, COUNT_OF(bad_data));
    n += add(tests + n, bad_config, COUNT_OF(bad_config));
    n += add(tests + n, bad_usage, COUNT_OF(bad_usage));
    return _cmocka_run_group_tests("bad input", tests, n, setup, program_teardown);
}
