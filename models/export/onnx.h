/* Graphs in ONNX: what the rows of attention.def and encoder.def write themselves down with, each beside its equations.
 *
 *   protobuf.c    protocol buffers       onnx.c       nodes, constants, the file
 *   onnx_ops.c    operators by name      gate_onnx.c  a whole gate: scaler → encoder → attention → head → calibration
 *
 * Shapes: N windows (any number)  T steps  F features  H hidden units, N first. */
#ifndef GATEWALK_MODELS_ONNX_H
#define GATEWALK_MODELS_ONNX_H

#include <stdbool.h>

#include "models/store/tensors.h"
#include "protobuf.h"

enum { ONNX_OPSET = 17, ONNX_IR = 8 };                                  /* of ONNX 1.12 */
enum onnx_type { ONNX_FLOAT32 = 1, ONNX_INT64 = 7, ONNX_FLOAT64 = 11 }; /* TensorProto.DataType */

/* Something that a node makes or that is constant, by its name; an empty name leaves an input out. */
struct onnx_value {
    char name[48];
};

/* A graph in the making; nodes stand in the order in which they are added. */
struct onnx {
    struct protobuf nodes;
    struct protobuf *constants; /* a body's are those of the graph around it */
    size_t *serial;             /* one count of names for a graph and its bodies */
};

/* What a row finds of the model. */
struct onnx_model {
    const struct gw_model_config *config;
    const struct tensor_list *tensors;
    const float *weights;
    size_t first; /* the row's own first tensor in the list */
};

/* ---- constants (onnx.c) ---------------------------------------------------------------------------- */

/* Named so that whoever looks at the graph finds the model's tensors; name NULL: a number. value NULL is what an allocation
 * gave that was refused: the graph fails. */
struct onnx_value onnx_floats(struct onnx *graph, const char *name, const float *value, size_t n_dims,
                              const size_t *dims);
struct onnx_value onnx_doubles(struct onnx *graph, const char *name, const double *value, size_t n_dims,
                               const size_t *dims);
struct onnx_value onnx_integers(struct onnx *graph, const int64_t *value, size_t n); /* [n] */
struct onnx_value onnx_float(struct onnx *graph, double value);                      /* scalars */
struct onnx_value onnx_double(struct onnx *graph, double value);
struct onnx_value onnx_integer(struct onnx *graph, int64_t value);
const float *onnx_data(const struct onnx_model *model, size_t tensor); /* tensor: counted from model->first */
/* A tensor as it is stored, [rows × columns]; rows 1: [columns]. Once each, by its name. */
struct onnx_value onnx_weight(struct onnx *graph, const struct onnx_model *model, size_t tensor);
/* Rows from … to - 1 of one, whose name gets `suffix`. */
struct onnx_value onnx_weight_rows(struct onnx *graph, const struct onnx_model *model, size_t tensor, size_t from,
                                   size_t to, const char *suffix);
/* W or U of a recurrent layer [inputs × gates·units] as ONNX wants it, [1 × gates·units × inputs] with block order[i] of ours
 * as its block i; and biases, [1 × 2·gates·units]: `second` may be NULL for zeros, else [gates·units]. */
struct onnx_value onnx_recurrent_weight(struct onnx *graph, const struct onnx_model *model, size_t tensor, size_t units,
                                        size_t gates, const size_t *order);
struct onnx_value onnx_recurrent_bias(struct onnx *graph, const struct onnx_model *model, size_t tensor,
                                      const float *second, size_t units, size_t gates, const size_t *order);

/* ---- nodes (onnx.c) --------------------------------------------------------------------------------- */

struct onnx_attribute {
    const char *name;
    enum { ONNX_AN_INTEGER, ONNX_SOME_INTEGERS, ONNX_A_FLOAT, ONNX_A_TEXT, ONNX_A_GRAPH } kind;
    int64_t integer;
    const int64_t *integers;
    size_t n;
    float number;
    const char *text;
    struct protobuf *graph; /* freed once written */
};
void onnx_node(struct onnx *graph, const char *op, size_t n_in, const struct onnx_value *in, size_t n_attributes,
               const struct onnx_attribute *attribute, size_t n_out, struct onnx_value *out);
/* The same with one output and given lists: ONNX_OP(graph, "Gemm", ONNX_IN(a, b), {.name = …}, …). */
#define ONNX_IN(...)                                                                                                   \
    sizeof((struct onnx_value[]){__VA_ARGS__}) / sizeof(struct onnx_value), (struct onnx_value[]) { __VA_ARGS__ }
struct onnx_value onnx_op(struct onnx *graph, const char *op, size_t n_in, const struct onnx_value *in);
struct onnx_value onnx_op_with(struct onnx *graph, const char *op, size_t n_in, const struct onnx_value *in,
                               const struct onnx_attribute *attribute);
void onnx_name(struct onnx *graph, struct onnx_value value, const char *name); /* a name that others may ask for */

/* A graph's inputs and outputs: their types, and shapes where dims are given; a dim of 0 is the windows'. */
void onnx_declare(struct protobuf *graph, unsigned field, const char *name, enum onnx_type type, size_t n_dims,
                  const size_t *dims);
enum { ONNX_GRAPH_INPUT = 11, ONNX_GRAPH_OUTPUT = 12 };
/* The nodes as a GraphProto's first fields, without constants; empties the graph's nodes. */
void onnx_begin_graph(struct onnx *graph, const char *name, struct protobuf *out);

/* ---- operators (onnx_ops.c) --------------------------------------------------------------------------- */

struct onnx_value onnx_cast(struct onnx *graph, struct onnx_value x, enum onnx_type type);
struct onnx_value onnx_add(struct onnx *graph, struct onnx_value a, struct onnx_value b);
struct onnx_value onnx_sub(struct onnx *graph, struct onnx_value a, struct onnx_value b);
struct onnx_value onnx_mul(struct onnx *graph, struct onnx_value a, struct onnx_value b);
struct onnx_value onnx_div(struct onnx *graph, struct onnx_value a, struct onnx_value b);
struct onnx_value onnx_matmul(struct onnx *graph, struct onnx_value a, struct onnx_value b);
struct onnx_value onnx_affine(struct onnx *graph, struct onnx_value x, struct onnx_value w, struct onnx_value b);
struct onnx_value onnx_softmax(struct onnx *graph, struct onnx_value x); /* over the last axis */
struct onnx_value onnx_transpose(struct onnx *graph, struct onnx_value x, size_t n, const int64_t *axes);
struct onnx_value onnx_swap(struct onnx *graph, struct onnx_value x); /* the last two of three axes */
/* 0 keeps an axis. */
struct onnx_value onnx_reshape(struct onnx *graph, struct onnx_value x, size_t n, const int64_t *dims);
struct onnx_value onnx_wrap(struct onnx *graph, struct onnx_value x, int64_t axis); /* a new axis of length 1 */
struct onnx_value onnx_unwrap(struct onnx *graph, struct onnx_value x, int64_t axis);
struct onnx_value onnx_slice(struct onnx *graph, struct onnx_value x, int64_t axis, size_t from, size_t to);
struct onnx_value onnx_join(struct onnx *graph, struct onnx_value a, struct onnx_value b, int64_t axis);
struct onnx_value onnx_sum(struct onnx *graph, struct onnx_value x, int64_t axis, bool keep);
struct onnx_value onnx_mean(struct onnx *graph, struct onnx_value x, int64_t axis);
struct onnx_value onnx_prefix_sums(struct onnx *graph, struct onnx_value x, int64_t axis, bool from_the_end);
struct onnx_value onnx_zeros(struct onnx *graph, struct onnx_value x, size_t width); /* [N × width], N as of x */
struct onnx_value onnx_last(struct onnx *graph, struct onnx_value states);           /* [N × T × H] → [N × H] */

/* What several attentions share: Σ_s a_s h_s of weights [N × T]; [c; q]; c or tanh([c; q] W_c) with `wc` the row of W_c. */
struct onnx_value onnx_sum_states(struct onnx *graph, struct onnx_value weight, struct onnx_value states);
struct onnx_value onnx_luong_end(struct onnx *graph, const struct onnx_model *model, struct onnx_value weight,
                                 struct onnx_value states, bool combine, size_t wc);
/* e_s = v · tanh(q + k_s) of queries [N × A] and keys [N × S × A]: [N × S]. */
struct onnx_value onnx_additive(struct onnx *graph, struct onnx_value query, struct onnx_value key,
                                struct onnx_value v);
/* e_s = q W · h_s with q = h_T: [N × T]. */
struct onnx_value onnx_bilinear(struct onnx *graph, struct onnx_value w, struct onnx_value states);
/* An LSTM from zero over [T × N × inputs], its W, U and b from tensor `first` on: [T × N × units]. */
struct onnx_value onnx_lstm(struct onnx *graph, const struct onnx_model *model, size_t first, size_t units,
                            struct onnx_value x);

#endif
