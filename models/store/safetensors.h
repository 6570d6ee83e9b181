/* The safetensors container: 8 bytes header length, a JSON header that names tensors, then their bytes, little-endian.
 * One __metadata__ entry, "hash", covers header and payload together, so any changed byte is noticed. */
#ifndef GATEWALK_MODELS_SAFETENSORS_H
#define GATEWALK_MODELS_SAFETENSORS_H

#include "engine/base/base.h"
#include "engine/base/json.h"

enum { STORED_MAX = 320 };

struct stored_tensor {
    char name[64];
    bool is_double; /* F64, else F32 */
    size_t n_dims, shape[2];
    const void *data;
};

struct stored_meta {
    const char *key, *value;
};

/* F64 tensors should come first: their bytes then stay aligned. */
int safetensors_write(const char *path, const struct stored_meta *meta, size_t n_meta,
                      const struct stored_tensor *tensor, size_t n_tensors) GW_MUST_USE;

struct safetensors {
    char *bytes; /* owned: the whole file */
    const char *payload;
    size_t payload_size;
    struct json_document *document; /* the header */
};
/* Checks sizes, header and hash: ERR_DATA. */
int safetensors_read(const char *path, struct safetensors *file) GW_MUST_USE;
void safetensors_free(struct safetensors *file);
const char *safetensors_meta(const struct safetensors *file, const char *key); /* NULL when absent */
/* Tensor i of the header in file order, false past the end; offsets and shape were checked. */
int safetensors_tensor(const struct safetensors *file, const char *path, size_t i, struct stored_tensor *out,
                       bool *end) GW_MUST_USE;
/* All that bear one of these names; where the header has none, found stays as it is. False: a tensor is not sound. */
bool safetensors_find(const struct safetensors *file, const char *path, const char *const *name, size_t n,
                      struct stored_tensor *found);
/* A matrix to be written, and whether one that was found is just that. */
struct stored_tensor stored_matrix(const char *name, bool is_double, size_t rows, size_t columns, const void *data);
bool stored_is(const struct stored_tensor *tensor, bool is_double, size_t rows, size_t columns);
static inline size_t stored_count(const struct stored_tensor *tensor) {
    return tensor->shape[0] * (tensor->n_dims == 2 ? tensor->shape[1] : 1);
}

#endif
