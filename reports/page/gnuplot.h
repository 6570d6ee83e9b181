/* The only door to gnuplot: one process, one private directory, no shell. */
#ifndef GATEWALK_GNUPLOT_H
#define GATEWALK_GNUPLOT_H

#include "engine/base/base.h"

/* A directory of its own (mode 0700) below $TMPDIR or /tmp, for scripts, data and what gnuplot draws. */
struct scratch {
    char dir[512];
    int lock; /* held while the directory is in use: reports that come later remove what a killed one left */
};
int scratch_open(struct scratch *scratch) GW_MUST_USE;
void scratch_close(struct scratch *scratch); /* removes the files in it and itself; safe on a zeroed struct */

/* GW_ERR_TOOL when there is no gnuplot on PATH: says what to install and which command to repeat. */
int gnuplot_find(const char *run_dir, char path[1024]) GW_MUST_USE;

/* Runs `gnuplot -d script` inside the scratch directory. GW_ERR_TOOL with gnuplot's own words when it fails or takes longer
 * than timeout_seconds; GW_ERR_INTERRUPTED on Ctrl-C. What it says on stderr although all went well is dropped. */
int gnuplot_run(const char *gnuplot, const struct scratch *scratch, const char *script,
                double timeout_seconds) GW_MUST_USE;

/* What gnuplot left in the scratch directory under that name, and what begins with `magic`, appears whole at `to_path`. */
int gnuplot_deliver(const struct scratch *scratch, const char *from_name, const char *magic,
                    const char *to_path) GW_MUST_USE;

#endif
