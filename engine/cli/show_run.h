/* What `run` and `study` show when they are done. */
#ifndef GATEWALK_CLI_SHOW_RUN_H
#define GATEWALK_CLI_SHOW_RUN_H

#include "base.h"

/* Prints table and verdict, renders the report; a missing gnuplot does not undo a finished run. */
int show_run(const char *dir, bool no_report) MUST_USE;

#endif
