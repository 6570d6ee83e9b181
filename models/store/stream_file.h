/* A stream's file with something of its owner's in it. */
#ifndef GATEWALK_MODELS_STREAM_FILE_H
#define GATEWALK_MODELS_STREAM_FILE_H

#include "gatewalk/stream.h"
#include "safetensors.h"

/* gw_stream_save with one more entry of metadata and one more tensor of doubles, either may be NULL; gw_stream_load leaves
 * them alone. */
int stream_save_with(const struct gw_stream *stream, const struct stored_meta *more_meta,
                     const struct stored_tensor *more, const char *path) GW_MUST_USE;

#endif
