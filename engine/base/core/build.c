/* What this build is made of. The Makefile writes source_hash.h into the build directory. */
#include "gatewalk/version.h"
#include "source_hash.h"

const char *gw_source_hash(void) { return GW_SOURCE_HASH; }

/* The program brings its own, outside the library: a new commit must not make new objects of old sources. */
__attribute__((weak)) const char *gw_build_commit(void) { return "unknown commit"; }
