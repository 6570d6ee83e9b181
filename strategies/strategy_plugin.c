/* plugin: a shared object of the user's own (gatewalk/plugin.h). */
#include <fenv.h>
#include <string.h>

#include "engine/base/base.h"
#include "own/plugin_host.h"
#include "strategies.h"

struct plugin_state {
    const struct program *program;
    struct gw_plugin_setting setting;
    double parameter[PROGRAM_PARAMS_MAX];
    struct inputs *inputs; /* [n_symbols] */
    unsigned char *own;    /* [n_symbols] states of the plugin's */
    size_t stride;
    fenv_t floating; /* as it is to be around the plugin's calls */
};

static int plugin_open(void *memory, const struct gw_strategy_config *config,
                       const struct gw_strategy_setting *setting) {
    struct plugin_state *state = memory;
    const struct program *program = config->program;
    if (!program) FAIL(GW_ERR_CONFIG, "strategy plugin: none is given; give \"plugin\": \"./mine.so\"");
    if (!program->descriptor)
        FAIL(GW_ERR_CONFIG, "%s: is not loaded from a run's record; run its experiment", program->file);
    state->program = program;
    state->stride = (program->descriptor->state_size + 63) / 64 * 64;
    state->inputs = mem_calloc(setting->n_symbols, sizeof *state->inputs);
    state->own = mem_calloc(setting->n_symbols, state->stride ? state->stride : 64);
    if (!state->inputs || !state->own) return GW_ERR_NOMEM;
    for (size_t i = 0; i < program->n_params; i++) state->parameter[i] = program->param[i].value;
    state->setting = (struct gw_plugin_setting){
        .parameter = state->parameter,
        .n_symbols = setting->n_symbols,
        .symbol = setting->symbol,
        .interval_ns = setting->interval_ns,
        .size = config->size,
        .trade_long = config->trade_long,
        .trade_short = config->trade_short,
        .seed = config->seed,
    };
    fegetenv(&state->floating);
    for (size_t s = 0; s < setting->n_symbols; s++)
        TRY(inputs_open(&state->inputs[s], program->set, setting->interval_ns));
    return GW_OK;
}

static void plugin_close(void *memory) {
    struct plugin_state *state = memory;
    const struct gw_plugin *plugin = state->program ? state->program->descriptor : NULL;
    for (size_t s = 0; state->inputs && s < state->setting.n_symbols; s++) {
        inputs_close(&state->inputs[s]);
        if (plugin->close && state->own) plugin->close(state->own + s * state->stride);
    }
    if (state->inputs) fesetenv(&state->floating);
    mem_free(state->inputs);
    mem_free(state->own);
}

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    struct plugin_state *state = memory;
    struct inputs *inputs = &state->inputs[event->symbol];
    (void)config;
    inputs_update(inputs, &event->history, NULL, NULL);
    const struct gw_plugin_bar bar = {.event = event, .feature = inputs->row};
    const char *why =
        state->program->descriptor->on_bar(state->own + event->symbol * state->stride, &state->setting, &bar, orders);
    fesetenv(&state->floating);
    if (!why) return;
    char time[40];
    gw_order_fail(orders, gw_error_set(GW_ERR_CONFIG, "%s: %.400s (%s, at the close of %s)", state->program->file, why,
                                       state->setting.symbol[event->symbol], time_format(event->close_ns, time)));
}

static void on_order(void *memory, const struct gw_strategy_config *config, const struct gw_order_record *order) {
    struct plugin_state *state = memory;
    const struct gw_plugin *plugin = state->program->descriptor;
    (void)config;
    if (!plugin->on_order) return;
    plugin->on_order(state->own + order->symbol * state->stride, &state->setting, order);
    fesetenv(&state->floating);
}

#define PLUGIN(model)                                                                                                  \
    {                                                                                                                  \
        .name = "plugin", .help = "a shared object of your own: trusted code (gatewalk/plugin.h)",                     \
        .needs_model = model, .on_bar = on_bar, .on_order = on_order, .state_size = sizeof(struct plugin_state),       \
        .open = plugin_open, .close = plugin_close                                                                     \
    }
const struct gw_strategy_desc strategy_plugin = PLUGIN(false);
const struct gw_strategy_desc strategy_plugin_scored = PLUGIN(true);
