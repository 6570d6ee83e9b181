/* The host's side of a plugin (gatewalk/plugin.h). */
#ifndef GATEWALK_OWN_PLUGIN_HOST_H
#define GATEWALK_OWN_PLUGIN_HOST_H

#include "gatewalk/plugin.h"
#include "program.h"

void plugin_unload(struct program *program);

#endif
