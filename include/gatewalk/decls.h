/* Around the declarations of every public header: C linkage for C++, and the only names that the library shows. Its
 * objects are compiled with -fvisibility=hidden, so what stands in no public header cannot clash with a name of yours. */
#ifndef GATEWALK_DECLS_H
#define GATEWALK_DECLS_H

#ifdef __cplusplus
#define GW_BEGIN_DECLS _Pragma("GCC visibility push(default)") extern "C" {
#define GW_END_DECLS                                                                                                   \
    }                                                                                                                  \
    _Pragma("GCC visibility pop")
#else
#define GW_BEGIN_DECLS _Pragma("GCC visibility push(default)")
#define GW_END_DECLS   _Pragma("GCC visibility pop")
#endif

#endif
