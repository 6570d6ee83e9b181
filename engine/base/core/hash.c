/* Checksums and content keys. XXH3 is stable across versions of the library, so stored values stay valid. */
#include <xxhash.h>

#include "core.h"

uint64_t hash_bytes(const void *data, size_t length, uint64_t seed) {
    return XXH3_64bits_withSeed(length ? data : "", length, seed);
}
