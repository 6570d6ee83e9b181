/* Whose request is it? The threads' and the matrix library's runtimes end the process when theirs are refused, which is all
 * that a caller could do. */
#ifndef GATEWALK_TEST_RUNTIME_H
#define GATEWALK_TEST_RUNTIME_H

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

static bool is_runtime(const void *caller) {
    Dl_info info;
    if (!dladdr(caller, &info) || !info.dli_fname) return false;
    return strstr(info.dli_fname, "libgomp") || strstr(info.dli_fname, "openblas") ||
           strstr(info.dli_fname, "ld-linux");
}

#endif
