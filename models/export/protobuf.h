/* The wire format of protocol buffers as far as ONNX needs it: fields that are varints, 4-byte floats or lengths with bytes. */
#ifndef GATEWALK_MODELS_PROTOBUF_H
#define GATEWALK_MODELS_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

/* A message in the making. A refused allocation is kept in `rc`; what is written after it goes nowhere. */
struct protobuf {
    unsigned char *bytes; /* owned */
    size_t n, room;
    int rc;
};
void protobuf_free(struct protobuf *message);

void protobuf_integer(struct protobuf *message, unsigned field, uint64_t value);
void protobuf_float(struct protobuf *message, unsigned field, float value);
void protobuf_bytes(struct protobuf *message, unsigned field, const void *bytes, size_t n);
void protobuf_text(struct protobuf *message, unsigned field, const char *text);
/* A message within a message; takes over its rc, and frees it. */
void protobuf_message(struct protobuf *message, unsigned field, struct protobuf *inner);
void protobuf_append(struct protobuf *message, const struct protobuf *fields); /* the fields as they are */

#endif
