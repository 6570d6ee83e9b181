/* Which gatewalk this is.
 *
 * The version is MAJOR.MINOR.PATCH as of semver.org. As long as MAJOR is 0, MINOR rises with every change of schema (a
 * column, key or meaning in a run directory's files or in an experiment) and of ABI (a struct, constant or function of
 * these headers): read old files with care and compile again what links the library. PATCH rises with everything else.
 * Stored fits do not hang on it: they are used again under the same source hash. */
#ifndef GATEWALK_VERSION_H
#define GATEWALK_VERSION_H

#include "decls.h"

GW_BEGIN_DECLS

#define GW_VERSION "0.2.0"
/* The N of libgatewalk.so.N. It rises by one with every release that changes the ABI, that is in which a program built with
 * the headers of the release before could not be run unchanged. Additions do not count, nor does what is computed. */
#define GW_ABI 0

/* SHA-256 (64 hexadecimal digits) of the sources and compiler flags that decide a fit; the Makefile lists them. */
const char *gw_source_hash(void);
/* `git describe` when the program was built; "unknown commit" outside a checkout, and to programs of other authors that
 * link the library without a gw_build_commit of their own. */
const char *gw_build_commit(void);

GW_END_DECLS

#endif
