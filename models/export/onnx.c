/* Nodes and constants of a graph, by the numbers that onnx.proto gives their fields. */
#include "onnx.h"
#include "engine/base/base.h"

#include <string.h>

enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_NAME = 2 };

static struct onnx_value next_name(struct onnx *graph, const char *what) {
    struct onnx_value value;
    snprintf(value.name, sizeof value.name, "%.32s_%zu", what, ++*graph->serial);
    return value;
}

/* ---- constants ------------------------------------------------------------------------------------------ */

static struct onnx_value constant(struct onnx *graph, const char *name, enum onnx_type type, const void *value,
                                  size_t size, size_t n_dims, const size_t *dims) {
    struct onnx_value out = name ? (struct onnx_value){""} : next_name(graph, "constant");
    struct protobuf tensor = {.rc = value ? GW_OK : GW_ERR_NOMEM};
    if (name) snprintf(out.name, sizeof out.name, "%s", name);
    for (size_t i = 0; i < n_dims; i++) {
        protobuf_integer(&tensor, TENSOR_DIMS, dims[i]);
        size *= dims[i];
    }
    protobuf_integer(&tensor, TENSOR_TYPE, type);
    protobuf_text(&tensor, TENSOR_NAME, out.name);
    protobuf_bytes(&tensor, TENSOR_RAW, value, size);
    protobuf_message(graph->constants, GRAPH_INITIALIZER, &tensor);
    return out;
}

struct onnx_value onnx_floats(struct onnx *graph, const char *name, const float *value, size_t n_dims,
                              const size_t *dims) {
    return constant(graph, name, ONNX_FLOAT32, value, sizeof *value, n_dims, dims);
}
struct onnx_value onnx_doubles(struct onnx *graph, const char *name, const double *value, size_t n_dims,
                               const size_t *dims) {
    return constant(graph, name, ONNX_FLOAT64, value, sizeof *value, n_dims, dims);
}
struct onnx_value onnx_integers(struct onnx *graph, const int64_t *value, size_t n) {
    return constant(graph, NULL, ONNX_INT64, value, sizeof *value, 1, &n);
}
struct onnx_value onnx_float(struct onnx *graph, double value) {
    const float narrow = (float)value;
    return onnx_floats(graph, NULL, &narrow, 0, NULL);
}
struct onnx_value onnx_double(struct onnx *graph, double value) {
    return onnx_doubles(graph, NULL, &value, 0, NULL);
}
struct onnx_value onnx_integer(struct onnx *graph, int64_t value) {
    return constant(graph, NULL, ONNX_INT64, &value, sizeof value, 0, NULL);
}

/* ---- tensors of the model -------------------------------------------------------------------------------- */

static const struct tensor *tensor_at(const struct onnx_model *model, size_t tensor) {
    return &model->tensors->item[model->first + tensor];
}

const float *onnx_data(const struct onnx_model *model, size_t tensor) {
    return model->weights + tensor_at(model, tensor)->offset;
}

struct onnx_value onnx_weight(struct onnx *graph, const struct onnx_model *model, size_t tensor) {
    const struct tensor *of = tensor_at(model, tensor);
    const size_t dims[2] = {of->rows, of->columns}, row = of->rows == 1;
    return onnx_floats(graph, of->name, onnx_data(model, tensor), 2 - row, dims + row);
}

struct onnx_value onnx_weight_rows(struct onnx *graph, const struct onnx_model *model, size_t tensor, size_t from,
                                   size_t to, const char *suffix) {
    const struct tensor *of = tensor_at(model, tensor);
    const size_t dims[2] = {to - from, of->columns};
    char name[48];
    snprintf(name, sizeof name, "%s%s", of->name, suffix);
    return onnx_floats(graph, name, onnx_data(model, tensor) + from * of->columns, 2, dims);
}

struct onnx_value onnx_recurrent_weight(struct onnx *graph, const struct onnx_model *model, size_t tensor, size_t units,
                                        size_t gates, const size_t *order) {
    const struct tensor *of = tensor_at(model, tensor);
    const size_t inputs = of->rows, columns = of->columns, dims[3] = {1, columns, inputs};
    const float *from = onnx_data(model, tensor);
    float *turned = mem_calloc(inputs * columns, sizeof *turned);
    for (size_t gate = 0; turned && gate < gates; gate++)
        for (size_t i = 0; i < units; i++)
            for (size_t k = 0; k < inputs; k++)
                turned[(gate * units + i) * inputs + k] = from[k * columns + order[gate] * units + i];
    const struct onnx_value out = onnx_floats(graph, of->name, turned, 3, dims);
    mem_free(turned);
    return out;
}

struct onnx_value onnx_recurrent_bias(struct onnx *graph, const struct onnx_model *model, size_t tensor,
                                      const float *second, size_t units, size_t gates, const size_t *order) {
    const size_t n = gates * units, dims[2] = {1, 2 * n};
    const float *first = onnx_data(model, tensor);
    float *both = mem_calloc(2 * n, sizeof *both);
    for (size_t gate = 0; both && gate < gates; gate++) {
        memcpy(both + gate * units, first + order[gate] * units, units * sizeof *both);
        if (second) memcpy(both + n + gate * units, second + order[gate] * units, units * sizeof *both);
    }
    const struct onnx_value out = onnx_floats(graph, tensor_at(model, tensor)->name, both, 2, dims);
    mem_free(both);
    return out;
}

/* ---- nodes ------------------------------------------------------------------------------------------------ */

static void put_attribute(struct protobuf *node, const struct onnx_attribute *attribute) {
    enum { NAME = 1, FLOAT = 2, INTEGER = 3, TEXT = 4, GRAPH = 6, INTEGERS = 8, TYPE = 20 };
    enum { TYPE_FLOAT = 1, TYPE_INTEGER = 2, TYPE_TEXT = 3, TYPE_GRAPH = 5, TYPE_INTEGERS = 7 };
    struct protobuf out = {.rc = GW_OK};
    unsigned type = TYPE_INTEGER;
    protobuf_text(&out, NAME, attribute->name);
    switch (attribute->kind) {
    case ONNX_AN_INTEGER:
        protobuf_integer(&out, INTEGER, (uint64_t)attribute->integer);
        break;
    case ONNX_SOME_INTEGERS:
        type = TYPE_INTEGERS;
        for (size_t i = 0; i < attribute->n; i++) protobuf_integer(&out, INTEGERS, (uint64_t)attribute->integers[i]);
        break;
    case ONNX_A_FLOAT:
        type = TYPE_FLOAT;
        protobuf_float(&out, FLOAT, attribute->number);
        break;
    case ONNX_A_TEXT:
        type = TYPE_TEXT;
        protobuf_text(&out, TEXT, attribute->text);
        break;
    case ONNX_A_GRAPH:
        type = TYPE_GRAPH;
        protobuf_message(&out, GRAPH, attribute->graph);
        break;
    }
    protobuf_integer(&out, TYPE, type);
    protobuf_message(node, NODE_ATTRIBUTE, &out);
}

void onnx_node(struct onnx *graph, const char *op, size_t n_in, const struct onnx_value *in, size_t n_attributes,
               const struct onnx_attribute *attribute, size_t n_out, struct onnx_value *out) {
    struct protobuf node = {.rc = GW_OK};
    for (size_t i = 0; i < n_in; i++) protobuf_text(&node, NODE_INPUT, in[i].name);
    for (size_t i = 0; i < n_out; i++) {
        if (!*out[i].name) out[i] = next_name(graph, op);
        protobuf_text(&node, NODE_OUTPUT, out[i].name);
    }
    protobuf_text(&node, NODE_OP, op);
    for (size_t i = 0; i < n_attributes; i++) put_attribute(&node, &attribute[i]);
    protobuf_message(&graph->nodes, GRAPH_NODE, &node);
}

struct onnx_value onnx_op(struct onnx *graph, const char *op, size_t n_in, const struct onnx_value *in) {
    struct onnx_value out = {""};
    onnx_node(graph, op, n_in, in, 0, NULL, 1, &out);
    return out;
}

struct onnx_value onnx_op_with(struct onnx *graph, const char *op, size_t n_in, const struct onnx_value *in,
                               const struct onnx_attribute *attribute) {
    struct onnx_value out = {""};
    onnx_node(graph, op, n_in, in, 1, attribute, 1, &out);
    return out;
}

void onnx_name(struct onnx *graph, struct onnx_value value, const char *name) {
    struct onnx_value out;
    snprintf(out.name, sizeof out.name, "%s", name);
    onnx_node(graph, "Identity", 1, &value, 0, NULL, 1, &out);
}

/* ---- graphs ------------------------------------------------------------------------------------------------- */

void onnx_declare(struct protobuf *graph, unsigned field, const char *name, enum onnx_type type, size_t n_dims,
                  const size_t *dims) {
    struct protobuf value = {.rc = GW_OK}, shape = value, tensor = value, kind = value;
    for (size_t i = 0; i < n_dims; i++) {
        struct protobuf dim = {.rc = GW_OK};
        if (dims[i])
            protobuf_integer(&dim, DIM_VALUE, dims[i]);
        else
            protobuf_text(&dim, DIM_NAME, "windows");
        protobuf_message(&shape, SHAPE_DIM, &dim);
    }
    protobuf_integer(&tensor, TENSOR_ELEMENT, type);
    if (n_dims) protobuf_message(&tensor, TENSOR_SHAPE, &shape);
    protobuf_message(&kind, TYPE_TENSOR, &tensor);
    protobuf_text(&value, VALUE_NAME, name);
    protobuf_message(&value, VALUE_TYPE, &kind);
    protobuf_message(graph, field, &value);
}

void onnx_begin_graph(struct onnx *graph, const char *name, struct protobuf *out) {
    protobuf_append(out, &graph->nodes);
    protobuf_free(&graph->nodes);
    protobuf_text(out, GRAPH_NAME, name);
}
