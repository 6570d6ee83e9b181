/* What a search may choose from: one dimension a key of the experiment. A point is a number in [0, 1) for each of them. */
#ifndef GATEWALK_SEARCH_SPACE_H
#define GATEWALK_SEARCH_SPACE_H

#include "engine/config/config_private.h"

enum { SPACE_MAX = 32, CHOICES_MAX = 64, VALUE_MAX = 64 };

enum space_kind { SPACE_CHOICE, SPACE_INT, SPACE_FLOAT, SPACE_LOG, SPACE_LOG_INT, N_SPACE_KINDS };
extern const char *const space_kind_name[N_SPACE_KINDS]; /* as the file writes them */

struct dimension {
    char key[96];   /* as the file has it: "training.learning_rate" */
    char path[128]; /* its place in the experiment's document (json_set_path) */
    bool own;       /* a key of the contestant, not of the experiment as a whole */
    enum space_kind kind;
    double low, high;          /* of numbers, both included */
    size_t points;             /* of a number on a grid; 0: five, or all of an int that has fewer than ten */
    char *choice[CHOICES_MAX]; /* as JSON; owned */
    size_t n_choices;
    size_t parent;                       /* it is there only when that choice … */
    bool when[CHOICES_MAX];              /* … takes one of these; SIZE_MAX: always */
    const json_value *place, *low_place; /* in the search's document; of the first bound */
};
struct space {
    struct dimension dim[SPACE_MAX];
    size_t n;
};
struct point {
    double u[SPACE_MAX]; /* NAN: not there, as its parent has another value */
};

/* "space": { key: { kind: …, "when": … } … } for the contestant `strategy` (index) of the experiment. */
int space_read(const struct json_document *document, const json_value *value, size_t strategy,
               struct space *out) GW_MUST_USE;
void space_free(struct space *space);
void space_write(struct json_writer *w, const struct space *space, const char *key);

/* Values that a dimension can take; 0: a continuum. */
size_t dimension_levels(const struct dimension *dim);
/* The middle of level i of n: u of a choice, of an int when n is dimension_levels, or of a grid's point, whose ends are the bounds. */
double dimension_level(const struct dimension *dim, size_t i, size_t n);
size_t dimension_grid(const struct dimension *dim); /* points on a grid */
/* Takes away what is not there, and moves what has levels to the middle of its own. */
void space_settle(const struct space *space, struct point *point);
/* The same and numbers as they are written, so that two points with the same values are the same point. */
void space_snap(const struct space *space, struct point *point);
bool space_has(const struct space *space, const struct point *point,
               size_t d); /* do its parents' values let it be there? */
/* The value as JSON, four digits of a number; a choice's own text may be longer than the room and is returned itself. */
const char *dimension_text(const struct dimension *dim, double u, char room[VALUE_MAX]);
/* Where that value lies, as space_settle leaves it: the inverse for numbers. */
size_t dimension_choice(const struct dimension *dim, double u);

#endif
