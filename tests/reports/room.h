/* A folder for made-up runs, and what a plot writes of one for gnuplot to read. */
#ifndef GATEWALK_TEST_ROOM_H
#define GATEWALK_TEST_ROOM_H

#include "engine/base/base.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"
#include "reports/plots/plot.h"

static char room[64];

static inline void join(char out[1024], const char *dir, const char *name) {
    assert_ok(path_join(out, 1024, dir, name));
}

static inline bool room_open(void) {
    snprintf(room, sizeof room, "/tmp/gatewalk-test-report-XXXXXX");
    return mkdtemp(room) != NULL;
}

static inline bool room_remove(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", room);
    return system(command) == 0;
}

static inline struct fixture fixture_small(size_t n_models) {
    struct fixture f = fixture_rich;
    f.n_models = n_models;
    f.n_others = 1;
    f.n_seeds = 2;
    f.n_folds = 2;
    f.bars_per_fold = 50;
    return f;
}

static inline void run_dir(char out[1024], const char *name, const struct fixture *fixture) {
    join(out, room, name);
    assert_ok(dir_make(out));
    fixture_write(out, fixture);
}

static inline void open_run(struct run_view *run, char dir[1024], const char *name, const struct fixture *fixture) {
    run_dir(dir, name, fixture);
    assert_ok(run_view_open(dir, run));
}

static inline void put_file(const char *dir, const char *name, const char *text) {
    char path[1024];
    join(path, dir, name);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
}

static inline const struct plot_desc *plot_named(const char *name) {
    for (size_t i = 0; plot_at(i); i++)
        if (strcmp(plot_at(i)->name, name) == 0) return plot_at(i);
    fail_msg("no plot %s", name);
    return NULL;
}

/* Lets one plot write its data into `room`; the named file is the caller's. */
static inline char *plot_data(struct run_view *run, struct plot_job *job, const char *plot, const char *file) {
    *job = (struct plot_job){.run = run, .plot = plot_named(plot), .dir = room, .not_shown = ""};
    char path[1024], *text;
    size_t n;
    assert_ok(job->plot->prepare(job));
    join(path, room, file);
    assert_ok(file_read_all(path, (size_t)8 << 20, GW_ERR_IO, &text, &n));
    return text;
}

#endif
