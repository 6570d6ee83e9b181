/* What a run would do, in words. */
#ifndef GATEWALK_CLI_SHOW_OUTLOOK_H
#define GATEWALK_CLI_SHOW_OUTLOOK_H

#include "engine/walk/walk.h"

void show_outlook(const struct walk_outlook *outlook);

#endif
