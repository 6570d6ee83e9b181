/* Numbers of names, in the order in which they were first given: symbols of a universe, looked up for every row of a file. */
#ifndef GATEWALK_NAME_INDEX_H
#define GATEWALK_NAME_INDEX_H

#include "engine/base/base.h"

struct name_index {
    const char **name; /* [n] borrowed, or copies in the arena */
    size_t n, room, n_slots;
    uint32_t *slot;      /* [n_slots] a number and one, 0: free; a power of two */
    size_t last;         /* found before: rows of one name often follow one another */
    struct arena *arena; /* for copies; NULL: names outlive the index */
};

/* The number of a name, a new one when it is not there yet. */
int name_index_add(struct name_index *index, const char *name, size_t *number) GW_MUST_USE;
size_t name_index_find(struct name_index *index, const char *name); /* SIZE_MAX: not there */
void name_index_free(struct name_index *index);

#endif
