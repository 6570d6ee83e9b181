/* What everything stands on. */
#ifndef GATEWALK_BASE_H
#define GATEWALK_BASE_H

#include "engine/base/core/core.h"
#include "engine/base/core/failure.h"
#include "engine/base/io/io.h"

#endif
