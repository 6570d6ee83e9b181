/* Graphs in ONNX: every row of the tables is exported or refused with a reason; graphs are well formed; their bytes are those that
 * ONNX Runtime has computed the gates' own scores from (tests/cli/test_export.sh with tests/golden/check_onnx.js).
 * --update writes the pins anew: run the script with a runtime before, as only that knows whether a graph is right. */
#include <string.h>

#include "engine/base/base.h"
#include "models/api/gate_model.h"
#include "models/export/gate_onnx.h"
#include "test.h"

#define PINS "tests/golden/export.txt"
enum { N_FEATURES = 3, VALUES_MAX = 2000, SETTINGS_MAX = 4 };

struct graph_case {
    const char *name;
    const char *setting[SETTINGS_MAX][2];
    enum gw_calibration_kind calibration;
};
static const struct graph_case cases[] = {
    {"none", {{"attention", "none"}}, GW_CALIBRATION_NONE},
    {"layers", {{"layers", "2"}}, GW_CALIBRATION_PLATT},
    {"bahdanau", {{"attention", "bahdanau"}}, GW_CALIBRATION_ISOTONIC},
    {"bahdanau_q", {{"attention", "bahdanau"}, {"luong_combine", "true"}}, GW_CALIBRATION_NONE},
    {"luong_dot", {{"attention", "luong_dot"}, {"luong_combine", "true"}}, GW_CALIBRATION_NONE},
    {"luong_general", {{"attention", "luong_general"}}, GW_CALIBRATION_NONE},
    {"luong_concat", {{"attention", "luong_concat"}, {"luong_combine", "true"}}, GW_CALIBRATION_NONE},
    {"multihead", {{"attention", "multihead"}, {"heads", "2"}}, GW_CALIBRATION_NONE},
    {"multihead_q",
     {{"attention", "multihead"}, {"luong_combine", "true"}, {"causal_mask", "true"}},
     GW_CALIBRATION_NONE},
    {"sinusoidal", {{"attention", "multihead"}, {"position", "sinusoidal"}}, GW_CALIBRATION_NONE},
    {"learned", {{"attention", "multihead"}, {"position", "learned"}}, GW_CALIBRATION_NONE},
    {"alibi", {{"attention", "multihead"}, {"position", "alibi"}}, GW_CALIBRATION_NONE},
    {"linear", {{"attention", "linear"}}, GW_CALIBRATION_NONE},
    {"dual_stage", {{"attention", "dual_stage"}}, GW_CALIBRATION_NONE},
    {"mean_pool", {{"attention", "mean_pool"}}, GW_CALIBRATION_NONE},
    {"max_pool", {{"attention", "max_pool"}}, GW_CALIBRATION_NONE},
    {"local_m", {{"attention", "local_m"}, {"local_span", "3"}}, GW_CALIBRATION_NONE},
    {"local_p", {{"attention", "local_p"}, {"local_span", "3"}}, GW_CALIBRATION_NONE},
    {"top_k", {{"attention", "sparse"}, {"sparse_keep", "4"}}, GW_CALIBRATION_NONE},
    {"strided", {{"attention", "sparse"}, {"sparse_rule", "strided"}, {"sparse_keep", "4"}}, GW_CALIBRATION_NONE},
    {"sparsemax", {{"attention", "sparse"}, {"sparse_rule", "sparsemax"}}, GW_CALIBRATION_NONE},
    {"entmax15", {{"attention", "sparse"}, {"sparse_rule", "entmax15"}}, GW_CALIBRATION_NONE},
    {"decoder",
     {{"attention", "bahdanau"}, {"decoder", "path"}, {"decoder_steps", "3"}, {"luong_combine", "true"}},
     GW_CALIBRATION_NONE},
    {"decoder_c", {{"attention", "bahdanau"}, {"decoder", "path"}, {"decoder_steps", "1"}}, GW_CALIBRATION_NONE},
    {"decoder_dot", {{"attention", "luong_dot"}, {"decoder", "path"}, {"decoder_steps", "2"}}, GW_CALIBRATION_NONE},
    {"decoder_general",
     {{"attention", "luong_general"}, {"decoder", "path"}, {"decoder_steps", "3"}, {"luong_combine", "true"}},
     GW_CALIBRATION_NONE},
    {"decoder_concat",
     {{"attention", "luong_concat"}, {"decoder", "path"}, {"decoder_steps", "3"}},
     GW_CALIBRATION_NONE},
    {"cross", {{"cross", "interval"}, {"cross_lookback", "4"}, {"cross_hidden", "5"}}, GW_CALIBRATION_NONE},
    {"cross_bahdanau",
     {{"attention", "bahdanau"}, {"luong_combine", "true"}, {"cross", "symbol"}, {"cross_symbol", "LEADER"}},
     GW_CALIBRATION_NONE},
    {"gru", {{"encoder", "gru"}, {"layers", "2"}}, GW_CALIBRATION_NONE},
    {"tcn", {{"encoder", "tcn"}}, GW_CALIBRATION_NONE},
    {"causal_transformer", {{"encoder", "causal_transformer"}}, GW_CALIBRATION_NONE},
    {"logistic", {{"encoder", "logistic"}}, GW_CALIBRATION_NONE},
};

static const uint32_t cross_column[] = {2, 0};
static bool update;

/* ---- a gate at its start ----------------------------------------------------------------------------------------- */

static double knot_x[] = {.1, .3, .7}, knot_y[] = {0, .2, .9};

static void build(const struct graph_case *of, struct gw_gate_model *model) {
    struct gw_model_config config;
    *model = (struct gw_gate_model){.trees = NULL};
    gw_model_config_default(&config);
    config.n_features = N_FEATURES;
    config.lookback = 11;
    config.hidden = 6;
    config.dense_units = 5;
    config.cross_features = COUNT_OF(cross_column);
    for (size_t i = 0; i < SETTINGS_MAX && of->setting[i][0]; i++)
        assert_int_equal(gw_model_config_set(&config, of->setting[i][0], of->setting[i][1]), GW_OK);
    assert_int_equal(R(network_init)(&model->gate.net, &config), GW_OK);
    model->gate.weights = mem_calloc(model->gate.net.tensors.size + 1, sizeof(float));
    assert_non_null(model->gate.weights);
    assert_int_equal(R(network_start)(&model->gate.net, 5, model->gate.weights), GW_OK);
    for (size_t i = 0; i < GW_N_GATES; i++)
        model->gate.calibration[i] = (struct calibration){
            .kind = of->calibration, .slope = 1.5, .intercept = -.25, .n = 3, .x = knot_x, .y = knot_y};
}

static void release(struct gw_gate_model *model) {
    for (size_t i = 0; i < GW_N_GATES; i++) model->gate.calibration[i] = (struct calibration){.n = 0};
    R(gate_free)(&model->gate);
}

static int export_case(const struct graph_case *of, struct protobuf *out) {
    double center[N_FEATURES] = {.5, 0, -1}, inverse[N_FEATURES] = {2, 1, 0};
    const struct gw_scaler scaler = {.n = N_FEATURES, .center = center, .inverse_scale = inverse, .clip = 10};
    struct gw_gate_model model;
    build(of, &model);
    *out = (struct protobuf){.rc = GW_OK};
    const int rc = gate_onnx(&model, &scaler, cross_column, out);
    release(&model);
    return rc;
}

/* ---- reading what was written ---------------------------------------------------------------------------------- */

struct cursor {
    const unsigned char *at, *end;
};
struct field {
    unsigned number, kind;
    uint64_t value; /* or its length */
    struct cursor inner;
};

static uint64_t varint(struct cursor *in) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        assert_true(in->at < in->end && shift < 64);
        value |= (uint64_t)(*in->at & 127) << shift;
        if (*in->at++ < 128) return value;
    }
}

static bool next_field(struct cursor *in, struct field *out) {
    if (in->at == in->end) return false;
    const uint64_t key = varint(in);
    *out = (struct field){.number = (unsigned)(key >> 3), .kind = key & 7};
    if (out->kind == 0) {
        out->value = varint(in);
    } else {
        out->value = out->kind == 5 ? 4 : varint(in);
        assert_true(out->kind == 2 || out->kind == 5);
        assert_true(out->value <= (uint64_t)(in->end - in->at));
        out->inner = (struct cursor){in->at, in->at + out->value};
        in->at += out->value;
    }
    return true;
}

/* Names that are known at a point of a graph. */
struct names {
    struct cursor name[VALUES_MAX];
    size_t n;
};

static bool known(const struct names *names, struct cursor name) {
    const size_t length = (size_t)(name.end - name.at);
    for (size_t i = 0; i < names->n; i++)
        if ((size_t)(names->name[i].end - names->name[i].at) == length &&
            memcmp(names->name[i].at, name.at, length) == 0)
            return true;
    return false;
}

static void learn(struct names *names, struct cursor name) {
    if (known(names, name)) fail_msg("the name %.*s stands twice", (int)(name.end - name.at), (const char *)name.at);
    assert_true(names->n < VALUES_MAX);
    names->name[names->n++] = name;
}

static struct cursor find(struct cursor in, unsigned number) {
    for (struct field field; next_field(&in, &field);)
        if (field.number == number) return field.inner;
    fail_msg("field %u is missing", number);
    return in;
}

static void walk_graph(struct cursor graph, struct names *names);

/* Inputs that are known, outputs that are new, bodies that are graphs. */
static void walk_node(struct cursor node, struct names *names) {
    struct cursor in = node;
    for (struct field field; next_field(&in, &field);) {
        if (field.number == 1 && field.value > 0 && !known(names, field.inner))
            fail_msg("%.*s is read before it is made", (int)field.value, (const char *)field.inner.at);
        if (field.number != 5) continue;
        struct cursor attribute = field.inner;
        for (struct field part; next_field(&attribute, &part);)
            if (part.number == 6) walk_graph(part.inner, names);
    }
    for (struct field field; next_field(&node, &field);)
        if (field.number == 2) learn(names, field.inner);
}

static void walk_graph(struct cursor graph, struct names *names) {
    struct cursor in = graph;
    for (struct field field; next_field(&in, &field);)
        if (field.number == 5) learn(names, find(field.inner, 8)); /* constants */
    for (in = graph; in.at < in.end;) {
        struct field field;
        next_field(&in, &field);
        if (field.number == 11) learn(names, find(field.inner, 1));
    }
    for (in = graph; in.at < in.end;) {
        struct field field;
        next_field(&in, &field);
        if (field.number == 1) walk_node(field.inner, names);
    }
    for (in = graph; in.at < in.end;) {
        struct field field;
        next_field(&in, &field);
        if (field.number == 12) assert_true(known(names, find(field.inner, 1)));
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void test_graphs_are_well_formed(void **state) {
    (void)state;
    struct names *names = mem_calloc(1, sizeof *names);
    assert_non_null(names);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct protobuf out;
        assert_int_equal(export_case(&cases[i], &out), GW_OK);
        names->n = 0;
        walk_graph(find((struct cursor){out.bytes, out.bytes + out.n}, 7), names);
        assert_true(
            known(names, (struct cursor){(const unsigned char *)"p_long", (const unsigned char *)"p_long" + 6}));
        assert_true(names->n > 10);
        protobuf_free(&out);
    }
    mem_free(names);
}

static void digest_of(const struct protobuf *out, char text[65]) {
    unsigned char digest[32];
    struct sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, out->bytes, out->n);
    sha256_end(&hash, digest);
    for (size_t i = 0; i < 32; i++) sprintf(text + 2 * i, "%02x", digest[i]);
}

static void test_bytes_are_pinned(void **state) {
    (void)state;
    char line[200], digest[65], want[65] = "", name[64];
    FILE *pins = fopen(PINS, update ? "w" : "r");
    if (!pins) fail_msg("%s cannot be opened", PINS);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct protobuf out;
        assert_int_equal(export_case(&cases[i], &out), GW_OK);
        digest_of(&out, digest);
        protobuf_free(&out);
        if (update) {
            fprintf(pins, "%s %s\n", cases[i].name, digest);
            continue;
        }
        if (!fgets(line, sizeof line, pins) || sscanf(line, "%63s %64s", name, want) != 2)
            fail_msg("%s ends early", PINS);
        assert_string_equal(name, cases[i].name);
        if (strcmp(want, digest) != 0)
            fail_msg(
                "the graph of %s has changed: check it with tests/cli/test_export.sh and ONNX Runtime, then --update",
                name);
    }
    fclose(pins);
}

static bool has_case(const char *kind, const char *name) {
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t s = 0; s < SETTINGS_MAX && cases[i].setting[s][0]; s++)
            if (strcmp(cases[i].setting[s][0], kind) == 0 && strcmp(cases[i].setting[s][1], name) == 0) return true;
    return strcmp(name, "lstm") == 0; /* the default */
}

/* What has no form is refused by its name; what has one is among the cases. */
static void test_every_row_is_exported_or_refused(void **state) {
    (void)state;
    static const char *const kinds[] = {"encoder", "attention"};
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (size_t i = 0; gw_model_option_name(kinds[k], i); i++) {
            const char *name = gw_model_option_name(kinds[k], i);
            const struct graph_case only = {name, {{kinds[k], name}}, GW_CALIBRATION_NONE};
            struct protobuf out;
            const int rc = export_case(&only, &out);
            if (rc == GW_OK && !has_case(kinds[k], name))
                fail_msg("%s \"%s\" has no case in " __FILE__, kinds[k], name);
            if (rc != GW_OK) {
                assert_int_equal(rc, GW_ERR_CONFIG);
                assert_non_null(strstr(gw_error_message(), name));
                assert_non_null(strstr(gw_error_message(), "cannot be exported: "));
                assert_false(has_case(kinds[k], name));
            }
            protobuf_free(&out);
        }
}

static void test_streams_are_refused(void **state) {
    (void)state;
    const struct graph_case stream = {"stream", {{"unroll", "stream"}}, GW_CALIBRATION_NONE};
    struct protobuf out;
    assert_int_equal(export_case(&stream, &out), GW_ERR_CONFIG);
    assert_non_null(strstr(gw_error_message(), "carried from bar to bar"));
    protobuf_free(&out);
}

/* Inputs of a graph by their names and shapes; a dimension that any number of windows has is 0. */
static size_t inputs(struct cursor graph, struct cursor name[2], uint64_t dims[2][3]) {
    size_t n = 0;
    for (struct field field; next_field(&graph, &field);) {
        if (field.number != 11) continue;
        assert_true(n < 2);
        name[n] = find(field.inner, 1);
        struct cursor shape = find(find(find(field.inner, 2), 1), 2);
        size_t d = 0;
        for (struct field dim; next_field(&shape, &dim); d++) {
            struct field value;
            assert_true(d < 3 && next_field(&dim.inner, &value));
            dims[n][d] = value.number == 1 ? value.value : 0;
        }
        n++;
    }
    return n;
}

/* A gate with a second sequence takes it beside its own window, whole rows of both. */
static void test_second_sequences_are_a_second_input(void **state) {
    (void)state;
    struct cursor name[2];
    uint64_t dims[2][3] = {{0}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct protobuf out;
        const bool cross = strncmp(cases[i].name, "cross", 5) == 0;
        assert_int_equal(export_case(&cases[i], &out), GW_OK);
        assert_int_equal(inputs(find((struct cursor){out.bytes, out.bytes + out.n}, 7), name, dims), cross ? 2 : 1);
        if (cross) {
            const uint64_t want[3] = {0, strcmp(cases[i].name, "cross") == 0 ? 4 : 48, N_FEATURES};
            assert_memory_equal(name[1].at, "second", 6);
            assert_memory_equal(dims[1], want, sizeof want);
        }
        protobuf_free(&out);
    }
}

static void test_varints(void **state) {
    (void)state;
    struct protobuf out = {.rc = GW_OK};
    static const unsigned char want[] = {0x08, 0x96, 0x01, 0x12, 0x02, 'h',  'i',  0x1d, 0,    0,    0x80, 0x3f,
                                         0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    protobuf_integer(&out, 1, 150); /* the example of the format's own description */
    protobuf_text(&out, 2, "hi");
    protobuf_float(&out, 3, 1);
    protobuf_integer(&out, 4, (uint64_t)INT64_C(-1));
    assert_int_equal(out.n, sizeof want);
    assert_memory_equal(out.bytes, want, sizeof want);
    protobuf_free(&out);
}

int main(int argc, char **argv) {
    update = argc > 1 && strcmp(argv[1], "--update") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_varints),
        cmocka_unit_test(test_graphs_are_well_formed),
        cmocka_unit_test(test_bytes_are_pinned),
        cmocka_unit_test(test_every_row_is_exported_or_refused),
        cmocka_unit_test(test_streams_are_refused),
        cmocka_unit_test(test_second_sequences_are_a_second_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
