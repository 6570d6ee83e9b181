/* What memory.c has to know of parked blocks (core.h): those that are none of the heap's. */
#ifndef GATEWALK_BASE_PARKED_H
#define GATEWALK_BASE_PARKED_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a parked block; 0: it is none. */
size_t parked_bytes(const void *block);
/* Unmaps it; false: it is none. */
bool parked_release(void *block);

#endif
