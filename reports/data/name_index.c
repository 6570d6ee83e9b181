#include "name_index.h"

#include <string.h>

/* The slot of the name, or the free one where it belongs. */
static uint32_t *slot_of(const struct name_index *index, const char *name) {
    size_t at = (size_t)hash_bytes(name, strlen(name), 0) & (index->n_slots - 1);
    while (index->slot[at] && strcmp(index->name[index->slot[at] - 1], name) != 0) at = (at + 1) & (index->n_slots - 1);
    return &index->slot[at];
}

size_t name_index_find(struct name_index *index, const char *name) {
    if (index->n == 0) return SIZE_MAX;
    if (strcmp(index->name[index->last], name) == 0) return index->last;
    const uint32_t found = *slot_of(index, name);
    if (!found) return SIZE_MAX;
    return index->last = found - 1;
}

/* At least every second slot stays free. */
static int grow(struct name_index *index) {
    const size_t room = index->room ? 2 * index->room : 64;
    if (room > UINT32_MAX / 2) FAIL(GW_ERR_NOMEM, "more names than can be counted");
    const char **name = mem_realloc(index->name, room, sizeof *name);
    if (!name) return GW_ERR_NOMEM;
    index->name = name;
    uint32_t *slot = mem_calloc(2 * room, sizeof *slot);
    if (!slot) return GW_ERR_NOMEM;
    mem_free(index->slot);
    index->slot = slot;
    index->n_slots = 2 * room;
    index->room = room;
    for (size_t i = 0; i < index->n; i++) *slot_of(index, index->name[i]) = (uint32_t)i + 1;
    return GW_OK;
}

int name_index_add(struct name_index *index, const char *name, size_t *number) {
    *number = name_index_find(index, name);
    if (*number != SIZE_MAX) return GW_OK;
    if (index->n == index->room) TRY(grow(index));
    const char *kept = index->arena ? arena_strdup(index->arena, name) : name;
    if (!kept) return GW_ERR_NOMEM;
    uint32_t *slot = slot_of(index, kept);
    index->name[index->n] = kept;
    *number = index->last = index->n++;
    *slot = (uint32_t)index->n;
    return GW_OK;
}

void name_index_free(struct name_index *index) {
    mem_free(index->name);
    mem_free(index->slot);
    *index = (struct name_index){.arena = index->arena};
}
