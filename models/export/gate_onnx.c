/* A stored fit as one ONNX file, from windows of raw features to p_long and p_short:
 *
 *   features [N × T × F] → scaler → encoder → attention → dense → logits → calibration → p_long [N], p_short [N]
 *   second [N × T' × F] → scaler → LSTM of a second sequence ↗ (of gates with model.cross)
 *
 * Scaler and calibration are reckoned in float64 and the rest in float32, as everywhere. Encoders and attentions write their own
 * part (onnx in their rows). */
#include <math.h>
#include <string.h>

#include "gatewalk/scorer.h"
#include "gatewalk/version.h"

#include "engine/base/base.h"
#include "gate_onnx.h"
#include "models/api/gate_model.h"

static const char *const output_name[GW_N_GATES] = {"p_long", "p_short"};

/* ---- what can be written --------------------------------------------------------------------------------------- */

static int judge(const struct gw_gate_model *model) {
    const struct R(network) *net = &model->gate.net;
    if (net->stream)
        FAIL(GW_ERR_CONFIG,
             "model.unroll \"stream\" cannot be exported: its score follows from a state that is carried "
             "from bar to bar, and the graph is one window's; use \"window\"");
    if (model->gate.n_snapshots)
        FAIL(
            GW_ERR_CONFIG,
            "training.snapshots cannot be exported: the graph is one network's, and the model is a mixture of %zu; use "
            "\"none\"",
            model->gate.n_snapshots);
    if (!net->encoder->onnx)
        FAIL(GW_ERR_CONFIG, "encoder \"%s\" cannot be exported: %s", net->encoder->name,
             net->encoder->no_onnx ? net->encoder->no_onnx : "it has no form in ONNX yet");
    if (net->encoder->sequence && !net->attention->onnx)
        FAIL(GW_ERR_CONFIG, "attention \"%s\" cannot be exported: it has no form in ONNX yet", net->attention->name);
    return GW_OK;
}

/* ---- the graph --------------------------------------------------------------------------------------------------- */

struct scaling {
    const struct gw_scaler *scaler;
    struct onnx_value center, inverse_scale;
};

static struct scaling put_scaler(struct onnx *graph, const struct gw_scaler *scaler) {
    return (struct scaling){scaler, onnx_doubles(graph, "scaler.center", scaler->center, 1, &scaler->n),
                            onnx_doubles(graph, "scaler.inverse_scale", scaler->inverse_scale, 1, &scaler->n)};
}

/* y = (x - center) * inverse_scale, clipped, in double. */
static struct onnx_value scaled(struct onnx *graph, const struct scaling *by, struct onnx_value x) {
    const double clip = by->scaler->clip;
    struct onnx_value y = onnx_sub(graph, onnx_cast(graph, x, ONNX_FLOAT64), by->center);
    y = onnx_mul(graph, y, by->inverse_scale);
    if (isfinite(clip)) y = onnx_op(graph, "Clip", ONNX_IN(y, onnx_double(graph, -clip), onnx_double(graph, clip)));
    return onnx_cast(graph, y, ONNX_FLOAT32);
}

/* The features that the second sequence shows of its rows; where there is no bar yet, NaN, zeros stand. */
static struct onnx_value put_second(struct onnx *graph, const struct R(cross) *cross, const struct scaling *by,
                                    const uint32_t *column) {
    int64_t *list = mem_calloc(cross->n_features ? cross->n_features : 1, sizeof *list);
    for (size_t i = 0; list && i < cross->n_features; i++) list[i] = column[i];
    const struct onnx_value x = scaled(graph, by, (struct onnx_value){"second"});
    const struct onnx_value there =
        onnx_op(graph, "Where", ONNX_IN(onnx_op(graph, "IsNaN", 1, &x), onnx_float(graph, 0), x));
    const struct onnx_value y =
        onnx_op_with(graph, "Gather", ONNX_IN(there, onnx_integers(graph, list, cross->n_features)),
                     &(struct onnx_attribute){.name = "axis", .integer = 2});
    mem_free(list);
    return y;
}

/* `second`: the scaled features of the second sequence of a gate that has one. */
static struct onnx_value put_network(struct onnx *graph, const struct R(gate) *gate, struct onnx_value x,
                                     struct onnx_value second) {
    const struct R(network) *net = &gate->net;
    struct onnx_model model = {.config = &net->config, .tensors = &net->tensors, .weights = gate->weights};
    struct onnx_value y = net->encoder->onnx(graph, &model, x);
    if (net->encoder->sequence) {
        const struct onnx_value h = y;
        model.first = net->attention_first;
        y = net->decoder.on ? R(decoder_onnx)(net, graph, &model, h) : net->attention->onnx(graph, &model, h);
        if (net->cross.on) y = R(cross_onnx)(&net->cross, graph, &model, second, h, y);
    }
    model.first = net->dense_first;
    if (net->dense) {
        y = onnx_affine(graph, y, onnx_weight(graph, &model, 0), onnx_weight(graph, &model, 1));
        y = onnx_op(graph, "Relu", 1, &y);
        model.first += 2;
    }
    return onnx_affine(graph, y, onnx_weight(graph, &model, 0), onnx_weight(graph, &model, 1));
}

/* Piecewise linear through the knots, level beyond them: between knots k and k + 1, where k counts those at or below p. */
static struct onnx_value put_isotonic(struct onnx *graph, const struct calibration *by, struct onnx_value p) {
    if (by->n == 1) /* one knot: everything has its height */
        return onnx_add(graph, onnx_mul(graph, p, onnx_double(graph, 0)), onnx_double(graph, by->y[0]));
    const struct onnx_value x = onnx_doubles(graph, NULL, by->x, 1, &by->n),
                            y = onnx_doubles(graph, NULL, by->y, 1, &by->n);
    const struct onnx_value below = onnx_op(graph, "LessOrEqual", ONNX_IN(x, onnx_wrap(graph, p, 1)));
    const struct onnx_value count = onnx_sum(graph, onnx_cast(graph, below, ONNX_INT64), 1, false);
    const struct onnx_value one = onnx_integer(graph, 1);
    const struct onnx_value high = onnx_op(
        graph, "Min", ONNX_IN(onnx_op(graph, "Max", ONNX_IN(count, one)), onnx_integer(graph, (int64_t)by->n - 1)));
    const struct onnx_value low = onnx_sub(graph, high, one);
    const struct onnx_value x_low = onnx_op(graph, "Gather", ONNX_IN(x, low)),
                            y_low = onnx_op(graph, "Gather", ONNX_IN(y, low));
    const struct onnx_value run = onnx_sub(graph, onnx_op(graph, "Gather", ONNX_IN(x, high)), x_low),
                            rise = onnx_sub(graph, onnx_op(graph, "Gather", ONNX_IN(y, high)), y_low);
    struct onnx_value way = onnx_div(graph, onnx_sub(graph, p, x_low), run);
    way = onnx_op(graph, "Clip", ONNX_IN(way, onnx_double(graph, 0), onnx_double(graph, 1)));
    return onnx_add(graph, y_low, onnx_mul(graph, rise, way));
}

static struct onnx_value put_calibration(struct onnx *graph, const struct calibration *by, struct onnx_value logit) {
    struct onnx_value z = logit;
    if (by->kind == GW_CALIBRATION_PLATT)
        z = onnx_add(graph, onnx_mul(graph, z, onnx_double(graph, by->slope)), onnx_double(graph, by->intercept));
    const struct onnx_value p = onnx_op(graph, "Sigmoid", 1, &z);
    return by->kind == GW_CALIBRATION_ISOTONIC ? put_isotonic(graph, by, p) : p;
}

static void put_gates(struct onnx *graph, const struct R(gate) *gate, struct onnx_value logits) {
    const struct onnx_value wide = onnx_cast(graph, logits, ONNX_FLOAT64);
    for (size_t i = 0; i < GW_N_GATES; i++) {
        const struct onnx_value logit = onnx_op_with(graph, "Gather", ONNX_IN(wide, onnx_integer(graph, (int64_t)i)),
                                                     &(struct onnx_attribute){.name = "axis", .integer = 1});
        const struct onnx_value p = put_calibration(graph, &gate->calibration[i], logit);
        onnx_name(graph, onnx_cast(graph, p, ONNX_FLOAT32), output_name[i]);
    }
}

static void put_graph(const struct gw_gate_model *model, const struct gw_scaler *scaler, const uint32_t *column,
                      struct protobuf *out) {
    const struct R(network) *net = &model->gate.net;
    const size_t input[3] = {0, R(network_reach)(net), net->config.n_features}, output[1] = {0};
    const size_t second[3] = {0, net->cross.lookback, net->config.n_features};
    struct protobuf constants = {.rc = GW_OK};
    size_t serial = 0;
    struct onnx graph = {.constants = &constants, .serial = &serial};
    const struct scaling by = put_scaler(&graph, scaler);
    const struct onnx_value x = scaled(&graph, &by, (struct onnx_value){"features"});
    const struct onnx_value of_second =
        net->cross.on ? put_second(&graph, &net->cross, &by, column) : (struct onnx_value){""};
    put_gates(&graph, &model->gate, put_network(&graph, &model->gate, x, of_second));
    onnx_begin_graph(&graph, "gate", out);
    protobuf_append(out, &constants);
    protobuf_free(&constants);
    onnx_declare(out, ONNX_GRAPH_INPUT, "features", ONNX_FLOAT32, COUNT_OF(input), input);
    if (net->cross.on) onnx_declare(out, ONNX_GRAPH_INPUT, "second", ONNX_FLOAT32, COUNT_OF(second), second);
    for (size_t i = 0; i < GW_N_GATES; i++)
        onnx_declare(out, ONNX_GRAPH_OUTPUT, output_name[i], ONNX_FLOAT32, COUNT_OF(output), output);
}

/* ---- the file ------------------------------------------------------------------------------------------------------ */

enum {
    MODEL_IR = 1,
    MODEL_PRODUCER = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_META = 14
};

static void put_meta(struct protobuf *out, const char *key, const char *value) {
    struct protobuf pair = {.rc = GW_OK};
    protobuf_text(&pair, 1, key);
    protobuf_text(&pair, 2, value);
    protobuf_message(out, MODEL_META, &pair);
}

int gate_onnx(const struct gw_gate_model *model, const struct gw_scaler *scaler, const uint32_t *cross_column,
              struct protobuf *out) {
    struct protobuf graph = {.rc = GW_OK}, opset = {.rc = GW_OK};
    TRY(judge(model));
    protobuf_integer(out, MODEL_IR, ONNX_IR);
    protobuf_text(out, MODEL_PRODUCER, "gatewalk");
    protobuf_text(out, MODEL_PRODUCER_VERSION, GW_VERSION);
    put_graph(model, scaler, cross_column, &graph);
    protobuf_message(out, MODEL_GRAPH, &graph);
    protobuf_text(&opset, 1, "");
    protobuf_integer(&opset, 2, ONNX_OPSET);
    protobuf_message(out, MODEL_OPSET, &opset);
    return out->rc;
}

/* Names of features, a blank between them, as the stored fit has them. */
static void put_features(struct protobuf *out, const struct gw_feature_set *set) {
    size_t length = 1;
    for (size_t i = 0; i < gw_feature_set_size(set); i++) length += strlen(gw_feature_set_name(set, i)) + 1;
    char *text = mem_calloc(length, 1), *at = text;
    if (!text) {
        out->rc = GW_ERR_NOMEM;
        return;
    }
    for (size_t i = 0; i < gw_feature_set_size(set); i++)
        at += sprintf(at, "%s%s", i ? " " : "", gw_feature_set_name(set, i));
    put_meta(out, GW_META_FEATURES, text);
    mem_free(text);
}

/* Whose bars the second sequence is of. */
static void put_cross(struct protobuf *out, const struct gw_model_config *config) {
    char interval[40];
    if (config->cross == GW_CROSS_NONE) return;
    const struct cross_params *own = cross_own(config);
    if (own->cross_interval) put_meta(out, "gatewalk.second_interval", duration_format(own->cross_interval, interval));
    if (config->cross == GW_CROSS_SYMBOL) put_meta(out, "gatewalk.second_symbol", own->cross_symbol);
}

static int write_bytes(const struct protobuf *model, const char *path) {
    struct out_file file;
    if (model->rc < 0) return model->rc;
    TRY(out_open(&file, path));
    out_write(&file, model->bytes, model->n);
    return out_commit(&file);
}

int gw_scorer_export(const struct gw_scorer *scorer, const struct gw_meta_pair *meta, size_t n_meta, const char *path) {
    struct protobuf model = {.rc = GW_OK};
    char interval[40];
    int rc = gate_onnx(gw_scorer_model(scorer), gw_scorer_scaler(scorer), scorer_cross_column(scorer), &model);
    if (rc == GW_OK) put_features(&model, gw_scorer_features(scorer));
    if (gw_scorer_interval_ns(scorer) > 0)
        put_meta(&model, GW_META_INTERVAL, duration_format(gw_scorer_interval_ns(scorer), interval));
    if (rc == GW_OK) put_cross(&model, gw_model_get_config(gw_scorer_model(scorer)));
    for (size_t i = 0; i < n_meta; i++) put_meta(&model, meta[i].key, meta[i].value);
    if (rc == GW_OK) rc = write_bytes(&model, path);
    protobuf_free(&model);
    return rc;
}
