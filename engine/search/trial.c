/* A point of the space as an experiment: the file again, with the point's values set in it. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "search_private.h"

/* "key=value" for every key that is there, behind those of the command line. */
static int list_sets(const struct search *s, const struct point *point, struct arena *arena, const char **set,
                     size_t *n) {
    for (size_t i = 0; s->override && i < s->override->n_set; i++) set[(*n)++] = s->override->set[i];
    for (size_t d = 0; d < s->space.n; d++) {
        const struct dimension *dim = &s->space.dim[d];
        char room[VALUE_MAX];
        if (isnan(point->u[d])) continue;
        const char *text = dimension_text(dim, point->u[d], room);
        char *line = arena_alloc(arena, strlen(dim->path) + strlen(text) + 2, 1);
        if (!line) return GW_ERR_NOMEM;
        sprintf(line, "%s=%s", dim->path, text);
        set[(*n)++] = line;
    }
    return GW_OK;
}

int trial_experiment(const struct search *s, const struct point *point, bool alone, struct experiment **out) {
    struct gw_config_override override = {0};
    struct arena arena = {0};
    size_t n = 0, most = (s->override ? s->override->n_set : 0) + SPACE_MAX;
    const char **set = mem_calloc(most, sizeof *set);
    if (s->override) override = *s->override;
    int rc = set ? list_sets(s, point, &arena, set, &n) : GW_ERR_NOMEM;
    override.set = set;
    override.n_set = n;
    if (alone) override.strategies = s->settings.contestant;
    const bool hushed = message_hush(true); /* its warnings were said when the experiment was first read */
    if (rc == GW_OK) rc = experiment_load(s->experiment_path, &override, out);
    message_hush(hushed);
    arena_free(&arena);
    mem_free(set);
    return rc;
}

/* ---- before anything runs -------------------------------------------------------------------------------------- */

static size_t corners_of(const struct dimension *dim) {
    return dim->kind == SPACE_CHOICE ? dim->n_choices : dim->low == dim->high ? 1 : 2;
}
static double corner(const struct dimension *dim, size_t i) { return dimension_level(dim, i, corners_of(dim)); }

/* Makes the key be there: its parents take the first value that lets it. */
static void call_in(const struct space *space, struct point *point, size_t d) {
    for (size_t parent = space->dim[d].parent; parent != SIZE_MAX; d = parent, parent = space->dim[d].parent) {
        size_t choice = 0;
        if (!isnan(point->u[parent]) && space->dim[d].when[dimension_choice(&space->dim[parent], point->u[parent])])
            continue;
        while (!space->dim[d].when[choice]) choice++;
        point->u[parent] = ((double)choice + 0.5) / (double)space->dim[parent].n_choices;
    }
}

/* The reason without the "--set KEY=VALUE: " that it begins with. */
static void reason_of(const char *message, char why[700]) {
    const char *behind = strncmp(message, "--set ", 6) == 0 ? strstr(message, ": ") : NULL;
    snprintf(why, 700, "%s", behind ? behind + 2 : message);
}

static int check_point(struct search *s, struct point point, size_t d, size_t other) {
    struct experiment *e;
    char why[700], room[VALUE_MAX], room_other[VALUE_MAX];
    space_settle(&s->space, &point);
    s->n_checked++;
    TRY(interrupt_check());
    const int rc = trial_experiment(s, &point, true, &e);
    if (rc == GW_OK) {
        if (gw_model_reach(&e->strategy[0].model) > gw_model_reach(&s->widest)) s->widest = e->strategy[0].model;
        experiment_free(e);
        return GW_OK;
    }
    if (rc == GW_ERR_NOMEM || rc == GW_ERR_IO || rc == GW_ERR_INTERRUPTED) return rc;
    reason_of(gw_error_message(), why);
    const struct dimension *dim = &s->space.dim[d];
    if (other == d || isnan(point.u[other]))
        return json_fail_key(s->document, dim->place, GW_ERR_CONFIG, "%s at %.60s: %s", dim->key,
                             dimension_text(dim, point.u[d], room), why);
    return json_fail_key(s->document, dim->place, GW_ERR_CONFIG, "%s at %.60s with %s at %.60s: %s", dim->key,
                         dimension_text(dim, point.u[d], room), s->space.dim[other].key,
                         dimension_text(&s->space.dim[other], point.u[other], room_other), why);
}

/* Every key at its bounds and choices, and every pair of keys; the others at their first, and those that a key needs. */
int trials_check(struct search *s) {
    enum { MOST = 3000 };
    struct point low = {{0}};
    s->widest = s->experiment->strategy[s->contestant].model;
    for (size_t d = 0; d < s->space.n; d++) low.u[d] = corner(&s->space.dim[d], 0);
    for (size_t d = 0; d < s->space.n; d++)
        for (size_t i = 0; i < corners_of(&s->space.dim[d]); i++) {
            struct point point = low;
            call_in(&s->space, &point, d);
            point.u[d] = corner(&s->space.dim[d], i);
            TRY(check_point(s, point, d, d));
        }
    for (size_t d = 0; d < s->space.n; d++)
        for (size_t other = 0; other < d; other++)
            for (size_t i = 0; i < corners_of(&s->space.dim[d]); i++)
                for (size_t j = 0; j < corners_of(&s->space.dim[other]) && s->n_checked < MOST; j++) {
                    struct point point = low;
                    call_in(&s->space, &point, other);
                    point.u[other] = corner(&s->space.dim[other], j);
                    if (!space_has(&s->space, &point, d)) continue; /* the pair cannot be */
                    point.u[d] = corner(&s->space.dim[d], i);
                    TRY(check_point(s, point, d, other));
                }
    return GW_OK;
}
