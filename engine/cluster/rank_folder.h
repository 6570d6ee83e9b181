/* A rank's own folder for the models it is sent and makes, below TMPDIR. One that a killed rank left is taken away by the
 * next that starts there. */
#ifndef GATEWALK_CLUSTER_RANK_FOLDER_H
#define GATEWALK_CLUSTER_RANK_FOLDER_H

#include "engine/base/base.h"

int rank_folder_make(char dir[1024], int *lock) GW_MUST_USE;
void rank_folder_remove(const char *dir, int *lock);

#endif
