/* The files of the run's pattern library (gatewalk/run_files.h), where a contestant has one. */
#ifndef GATEWALK_WALK_LIBRARY_FILES_H
#define GATEWALK_WALK_LIBRARY_FILES_H

#include "fits.h"

int write_library(const struct experiment *e, const struct prepared *p, const struct fit_list *fits, size_t jobs,
                  const char *dir) GW_MUST_USE;

#endif
