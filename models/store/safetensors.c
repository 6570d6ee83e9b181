/* Reading and writing the container, without knowing what the tensors mean. */
#include "safetensors.h"
#include "engine/base/base.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_DIGITS = 16 };
static const char no_hash[] = "0000000000000000";
static const size_t largest_file = (size_t)1 << 30;

static size_t item_size(const struct stored_tensor *tensor) { return tensor->is_double ? 8 : 4; }

/* ---- writing ---------------------------------------------------------------------------------------------- */

static void put_tensor(struct json_writer *w, const struct stored_tensor *tensor, size_t *offset) {
    size_t bytes = stored_count(tensor) * item_size(tensor);
    json_begin_object(w, tensor->name);
    json_put_string(w, "dtype", tensor->is_double ? "F64" : "F32");
    json_begin_array(w, "shape");
    for (size_t d = 0; d < tensor->n_dims; d++) json_put_int(w, NULL, (int64_t)tensor->shape[d]);
    json_end_array(w);
    json_begin_array(w, "data_offsets");
    json_put_int(w, NULL, (int64_t)*offset);
    json_put_int(w, NULL, (int64_t)(*offset + bytes));
    json_end_array(w);
    json_end_object(w);
    *offset += bytes;
}

/* The header with a hash of zeros, padded with spaces to 8 bytes. mem_free() it. */
static int build_header(const struct stored_meta *meta, size_t n_meta, const struct stored_tensor *tensor,
                        size_t n_tensors, char **header, size_t *length) {
    struct json_writer w = {.compact = true};
    char *text;
    size_t offset = 0;
    json_begin_object(&w, NULL);
    json_begin_object(&w, "__metadata__");
    json_put_string(&w, "hash", no_hash);
    for (size_t i = 0; i < n_meta; i++) json_put_string(&w, meta[i].key, meta[i].value);
    json_end_object(&w);
    for (size_t i = 0; i < n_tensors; i++) put_tensor(&w, &tensor[i], &offset);
    json_end_object(&w);
    TRY(json_take_text(&w, &text, length));
    *header = mem_realloc(text, *length + 8 + 1, 1);
    if (!*header) mem_free(text);
    if (!*header) return GW_ERR_NOMEM;
    (*header)[(*length)++] = '\n';
    while (*length % 8 != 0) (*header)[(*length)++] = ' ';
    (*header)[*length] = '\0';
    return GW_OK;
}

static void hash_text(uint64_t hash, char text[HASH_DIGITS + 1]) {
    snprintf(text, HASH_DIGITS + 1, "%016" PRIx64, hash);
}

static uint64_t hash_all(const char *header, size_t length, const struct stored_tensor *tensor, size_t n_tensors) {
    uint64_t hash = hash_bytes(header, length, length);
    for (size_t i = 0; i < n_tensors; i++)
        hash = hash_bytes(tensor[i].data, stored_count(&tensor[i]) * item_size(&tensor[i]), hash);
    return hash;
}

int safetensors_write(const char *path, const struct stored_meta *meta, size_t n_meta,
                      const struct stored_tensor *tensor, size_t n_tensors) {
    char *header, digits[HASH_DIGITS + 1];
    size_t length;
    struct out_file file;
    TRY(build_header(meta, n_meta, tensor, n_tensors, &header, &length));
    hash_text(hash_all(header, length, tensor, n_tensors), digits);
    memcpy(strstr(header, no_hash), digits, HASH_DIGITS);
    int rc = out_open(&file, path);
    if (rc == GW_OK) {
        uint64_t prefix = length;
        out_write(&file, &prefix, sizeof prefix);
        out_write(&file, header, length);
        for (size_t i = 0; i < n_tensors; i++)
            out_write(&file, tensor[i].data, item_size(&tensor[i]) * stored_count(&tensor[i]));
        rc = out_commit(&file);
    }
    mem_free(header);
    return rc;
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

const char *safetensors_meta(const struct safetensors *file, const char *key) {
    return json_string(json_get(json_get(json_root(file->document), "__metadata__"), key), NULL);
}

static size_t whole(const json_value *value) {
    double number = json_number(value, -1);
    return number >= 0 && number < 1e15 && number == (double)(size_t)number ? (size_t)number : SIZE_MAX;
}

int safetensors_tensor(const struct safetensors *file, const char *path, size_t i, struct stored_tensor *out,
                       bool *end) {
    const json_value *root = json_root(file->document), *member = json_at(root, i);
    if (member && strcmp(json_key(member), "__metadata__") == 0) {
        memset(out, 0, sizeof *out);
        *end = false;
        return GW_OK;
    }
    *end = i >= json_size(root);
    if (*end) return GW_OK;
    const char *dtype = json_string(json_get(member, "dtype"), "");
    const json_value *shape = json_get(member, "shape"), *offsets = json_get(member, "data_offsets");
    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%.63s", json_key(member));
    out->is_double = strcmp(dtype, "F64") == 0;
    out->n_dims = json_size(shape);
    size_t first = whole(json_at(offsets, 0)), last = whole(json_at(offsets, 1)), count = 1;
    bool sound = (out->is_double || strcmp(dtype, "F32") == 0) && out->n_dims >= 1 && out->n_dims <= 2;
    for (size_t d = 0; sound && d < out->n_dims; d++) {
        out->shape[d] = whole(json_at(shape, d));
        sound = out->shape[d] < largest_file && !__builtin_mul_overflow(count, out->shape[d], &count);
    }
    sound = sound && first <= last && last <= file->payload_size && count < largest_file &&
            last - first == count * item_size(out);
    if (!sound)
        FAIL(GW_ERR_DATA, "%s: tensor \"%s\" has a wrong type, shape or place; train the model anew", path, out->name);
    out->data = file->payload + first;
    return GW_OK;
}

/* The hash was taken with zeros in its own place. */
static int check_hash(const char *path, struct safetensors *file, char *header, size_t length) {
    char stored[HASH_DIGITS + 1], digits[HASH_DIGITS + 1];
    const char *text = safetensors_meta(file, "hash");
    if (!text || strlen(text) != HASH_DIGITS) FAIL(GW_ERR_DATA, "%s: carries no hash: not a gatewalk model", path);
    memcpy(stored, text, sizeof stored);
    char *place = memmem(header, length, stored, HASH_DIGITS);
    if (!place) FAIL(GW_ERR_DATA, "%s: carries no hash: not a gatewalk model", path);
    memcpy(place, no_hash, HASH_DIGITS);
    uint64_t hash = hash_bytes(header, length, length);
    bool end = false;
    for (size_t i = 0; !end; i++) {
        struct stored_tensor tensor;
        TRY(safetensors_tensor(file, path, i, &tensor, &end));
        if (!end && tensor.data) hash = hash_bytes(tensor.data, stored_count(&tensor) * item_size(&tensor), hash);
    }
    memcpy(place, stored, HASH_DIGITS);
    hash_text(hash, digits);
    if (strcmp(digits, stored) != 0)
        FAIL(GW_ERR_DATA, "%s: is damaged (hash %s, its bytes give %s); train the model anew", path, stored, digits);
    return GW_OK;
}

/* Every payload byte must belong to exactly one tensor, or some could change unnoticed by the hash. */
static int check_cover(const char *path, const struct safetensors *file) {
    size_t expected = 0;
    bool end = false;
    for (size_t i = 0; !end; i++) {
        struct stored_tensor tensor;
        TRY(safetensors_tensor(file, path, i, &tensor, &end));
        if (end || !tensor.data) continue;
        if ((const char *)tensor.data != file->payload + expected)
            FAIL(GW_ERR_DATA, "%s: tensor \"%s\" overlaps or leaves a hole; train the model anew", path, tensor.name);
        expected += stored_count(&tensor) * item_size(&tensor);
    }
    if (expected != file->payload_size)
        FAIL(GW_ERR_DATA, "%s: %zu bytes after the last tensor; train the model anew", path,
             file->payload_size - expected);
    return GW_OK;
}

static int read_header(const char *path, struct safetensors *file, size_t size) {
    uint64_t length;
    if (size < sizeof length) FAIL(GW_ERR_DATA, "%s: is too short for a model file", path);
    memcpy(&length, file->bytes, sizeof length);
    if (length > size - sizeof length)
        FAIL(GW_ERR_DATA, "%s: is cut off or not a safetensors file (header of %" PRIu64 " bytes, file of %zu)", path,
             length, size);
    char *header = file->bytes + sizeof length;
    file->payload = header + length;
    file->payload_size = size - sizeof length - (size_t)length;
    TRY(json_parse(path, header, (size_t)length, GW_ERR_DATA, &file->document));
    TRY(check_cover(path, file));
    return check_hash(path, file, header, (size_t)length);
}

int safetensors_read(const char *path, struct safetensors *file) {
    size_t size;
    memset(file, 0, sizeof *file);
    TRY(file_read_own(path, largest_file, GW_ERR_DATA, &file->bytes, &size));
    int rc = read_header(path, file, size);
    if (rc < 0) safetensors_free(file);
    return rc;
}

void safetensors_free(struct safetensors *file) {
    json_free(file->document);
    mem_free(file->bytes);
    memset(file, 0, sizeof *file);
}

bool safetensors_find(const struct safetensors *file, const char *path, const char *const *name, size_t n,
                      struct stored_tensor *found) {
    bool end = false;
    for (size_t i = 0; !end; i++) {
        struct stored_tensor tensor;
        if (safetensors_tensor(file, path, i, &tensor, &end) < 0) return false;
        for (size_t k = 0; !end && tensor.data && k < n; k++)
            if (strcmp(tensor.name, name[k]) == 0) found[k] = tensor;
    }
    return true;
}

struct stored_tensor stored_matrix(const char *name, bool is_double, size_t rows, size_t columns, const void *data) {
    struct stored_tensor out = {.is_double = is_double, .n_dims = 2, .shape = {rows, columns}, .data = data};
    snprintf(out.name, sizeof out.name, "%s", name);
    return out;
}

bool stored_is(const struct stored_tensor *tensor, bool is_double, size_t rows, size_t columns) {
    return tensor->data && tensor->is_double == is_double && tensor->n_dims == 2 && tensor->shape[0] == rows &&
           tensor->shape[1] == columns;
}
