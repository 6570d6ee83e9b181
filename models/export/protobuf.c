/* Varints hold seven bits a byte, the low ones first; a key is the field's number and, in its last three bits, its kind. */
#include "protobuf.h"
#include "engine/base/base.h"

#include <string.h>

enum { KIND_VARINT = 0, KIND_LENGTH = 2, KIND_FOUR_BYTES = 5 };

void protobuf_free(struct protobuf *message) {
    mem_free(message->bytes);
    *message = (struct protobuf){.rc = message->rc};
}

static void put(struct protobuf *message, const void *bytes, size_t n) {
    if (message->rc < 0 || n == 0) return;
    if (n > message->room - message->n) {
        const size_t room = 2 * message->room + n + 256;
        unsigned char *grown = mem_realloc(message->bytes, room, 1);
        if (!grown) {
            message->rc = GW_ERR_NOMEM;
            return;
        }
        message->bytes = grown;
        message->room = room;
    }
    memcpy(message->bytes + message->n, bytes, n);
    message->n += n;
}

static void varint(struct protobuf *message, uint64_t value) {
    unsigned char byte[10];
    size_t n = 0;
    do {
        byte[n] = (unsigned char)(value & 127);
        value >>= 7;
        if (value) byte[n] |= 128;
        n++;
    } while (value);
    put(message, byte, n);
}

static void key(struct protobuf *message, unsigned field, unsigned kind) {
    varint(message, (uint64_t)field << 3 | kind);
}

void protobuf_integer(struct protobuf *message, unsigned field, uint64_t value) {
    key(message, field, KIND_VARINT);
    varint(message, value);
}

/* Little-endian, as every machine that gatewalk runs on. */
void protobuf_float(struct protobuf *message, unsigned field, float value) {
    key(message, field, KIND_FOUR_BYTES);
    put(message, &value, sizeof value);
}

void protobuf_bytes(struct protobuf *message, unsigned field, const void *bytes, size_t n) {
    key(message, field, KIND_LENGTH);
    varint(message, n);
    put(message, bytes, n);
}

void protobuf_text(struct protobuf *message, unsigned field, const char *text) {
    protobuf_bytes(message, field, text, strlen(text));
}

void protobuf_message(struct protobuf *message, unsigned field, struct protobuf *inner) {
    if (inner->rc < 0 && message->rc == GW_OK) message->rc = inner->rc;
    protobuf_bytes(message, field, inner->bytes, inner->n);
    protobuf_free(inner);
}

void protobuf_append(struct protobuf *message, const struct protobuf *fields) {
    if (fields->rc < 0 && message->rc == GW_OK) message->rc = fields->rc;
    put(message, fields->bytes, fields->n);
}
