/* cross_section: a portfolio over all symbols. At a bar's close every symbol is ranked by its probability; the top_k of the
 * long gate are held long, those of the short gate short, where these sides are traded. Weights are set at entry: equal,
 * by probability, or by the inverse of volatility. What leaves the ranks is sold; at most `turnover` of equity changes
 * hands at a rebalance, worst holdings first, then best entries.
 *
 * Bars of one moment come symbol by symbol. The moment is complete when the last symbol of the moment before has come;
 * one that ends leaves that moment undecided, one that begins takes part from its second bar on. The first moment waits for
 * all of them. */
#include <math.h>
#include <stdlib.h>

#include "engine/base/base.h"
#include "parts.h"
#include "strategies.h"

enum weights { WEIGHTS_EQUAL, WEIGHTS_SCORE, WEIGHTS_INVERSE_VOLATILITY };
static const struct gw_choice weight_row[] = {
    [WEIGHTS_EQUAL] = {.name = "equal", .help = "gross / top_k each"},
    [WEIGHTS_SCORE] = {.name = "score", .help = "in proportion to the probability"},
    [WEIGHTS_INVERSE_VOLATILITY] = {.name = "inverse_vol", .help = "in proportion to 1 / volatility over weight_bars"},
};
static const struct gw_choices weight_choices = {.row = weight_row, .n = COUNT_OF(weight_row)};

struct cross_params {
    size_t top_k, keep_k, rebalance_bars, weight_bars;
    int weights;
    double gross, turnover;
};
static const struct gw_param params[] = {
    GW_SIZE_PARAM(struct cross_params, top_k, "symbols", 5, 1, 10000, "cross_section: held on each side"),
    GW_SIZE_PARAM(struct cross_params, keep_k, "symbols", 0, 0, 10000,
                  "cross_section: what is held stays while it ranks so high; 0 = top_k"),
    GW_CHOICE_PARAM(struct cross_params, weights, &weight_choices, 0, "cross_section: how a side is shared out"),
    GW_NUMBER_PARAM(struct cross_params, gross, "of equity", 1, 1e-6, 100, "cross_section: both sides together"),
    GW_NUMBER_PARAM(struct cross_params, turnover, "of equity", 0, 0, 100,
                    "cross_section: most that is bought and sold at a rebalance; 0 = no limit"),
    GW_SIZE_PARAM(struct cross_params, rebalance_bars, "bars", 1, 1, 1e6,
                  "cross_section: from one ranking to the next"),
    GW_SIZE_PARAM(struct cross_params, weight_bars, "bars", 96, 2, 1e6, "cross_section: of the volatility in weights"),
};

/* A symbol as it was at its own bar of this moment. */
struct cell {
    int64_t seen_ns;
    float p[GW_N_GATES];
    double volatility; /* of a bar's log return; NaN: not known */
    double held;       /* its sign is the side */
    double weight;     /* given at entry */
    bool pending;
    size_t rank[GW_N_GATES]; /* from 0; SIZE_MAX: none */
};
struct ranked {
    uint32_t symbol;
    float p;
};
struct state {
    struct cell *cell;     /* [n] */
    struct ranked *ranked; /* [n] work space */
    size_t n, moments;
    int64_t now;
    uint32_t last, expected; /* highest symbol of this moment so far; of the one before */
    bool decided;
};

static int open_state(void *memory, const struct gw_strategy_config *config,
                      const struct gw_strategy_setting *setting) {
    struct state *s = memory;
    (void)config;
    s->n = setting->n_symbols;
    s->cell = mem_calloc(s->n, sizeof *s->cell);
    s->ranked = mem_calloc(s->n, sizeof *s->ranked);
    s->expected = (uint32_t)(s->n - 1);
    s->now = INT64_MIN;
    return s->cell && s->ranked ? GW_OK : GW_ERR_NOMEM;
}

static void close_state(void *memory) {
    struct state *s = memory;
    mem_free(s->cell);
    mem_free(s->ranked);
}

static double volatility(const struct gw_history *history, size_t n) {
    if (history->n <= n) return NAN;
    double sum = 0, squares = 0;
    for (size_t ago = n; ago-- > 0;) {
        const struct gw_bar *bar = gw_history_bar(history, ago);
        const double r = log(bar->close / (bar - 1)->close);
        sum += r;
        squares += r * r;
    }
    return sqrt(fmax(0, (squares - sum * sum / (double)n) / (double)(n - 1)));
}

/* ---- ranks ------------------------------------------------------------------------------------------------------- */

static int by_probability(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->p != y->p) return x->p < y->p ? 1 : -1;
    return (x->symbol > y->symbol) - (x->symbol < y->symbol);
}

static bool takes_part(const struct state *s, const struct cross_params *own, const struct cell *cell, int gate) {
    return cell->seen_ns == s->now && !isnan(cell->p[gate]) &&
           (own->weights != WEIGHTS_INVERSE_VOLATILITY || cell->volatility > 0);
}

/* A symbol that both gates want is ranked where its probability is higher, and nowhere on a tie. */
static void rank(struct state *s, const struct cross_params *own, int gate, bool both) {
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct cell *cell = &s->cell[i];
        s->cell[i].rank[gate] = SIZE_MAX;
        if (!takes_part(s, own, cell, gate) || (both && !(cell->p[gate] > cell->p[1 - gate]))) continue;
        s->ranked[n++] = (struct ranked){(uint32_t)i, cell->p[gate]};
    }
    qsort(s->ranked, n, sizeof *s->ranked, by_probability);
    for (size_t r = 0; r < n; r++) s->cell[s->ranked[r].symbol].rank[gate] = r;
}

static double share_of(const struct cross_params *own, const struct cell *cell, int gate) {
    if (own->weights == WEIGHTS_SCORE) return cell->p[gate];
    return own->weights == WEIGHTS_INVERSE_VOLATILITY ? 1 / cell->volatility : 1;
}

/* What a share of 1 weighs. Equal weights do not grow when fewer than top_k can be ranked. */
static double unit_of(const struct state *s, const struct cross_params *own, int gate, double gross) {
    double sum = 0;
    if (own->weights == WEIGHTS_EQUAL) return gross / (double)own->top_k;
    for (size_t i = 0; i < s->n; i++)
        if (s->cell[i].rank[gate] < own->top_k) sum += share_of(own, &s->cell[i], gate);
    return sum > 0 ? gross / sum : 0;
}

/* ---- orders ------------------------------------------------------------------------------------------------------- */

struct budget {
    double left; /* of equity; infinite without a limit */
};
/* What is too large for the rest of it waits; what follows may fit. */
static bool spend(struct budget *budget, double weight) {
    if (weight > budget->left * (1 + 1e-12)) return false;
    budget->left -= weight;
    return true;
}

static bool stays(const struct state *s, const struct cross_params *own, const struct cell *cell) {
    const int gate = cell->held > 0 ? GW_GATE_LONG : GW_GATE_SHORT;
    const size_t keep = own->keep_k ? own->keep_k : own->top_k;
    return cell->seen_ns != s->now || cell->rank[gate] < keep;
}

/* Those whose rank is unknown go first, then the lowest. */
static void leave(struct state *s, const struct cross_params *own, struct budget *budget,
                  struct gw_order_sink *orders) {
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct cell *cell = &s->cell[i];
        if (cell->held == 0 || cell->pending || stays(s, own, cell)) continue;
        const float p = cell->p[cell->held > 0 ? GW_GATE_LONG : GW_GATE_SHORT];
        s->ranked[n++] = (struct ranked){(uint32_t)i, isnan(p) ? INFINITY : -p};
    }
    qsort(s->ranked, n, sizeof *s->ranked, by_probability);
    for (size_t i = 0; i < n; i++) {
        struct cell *cell = &s->cell[s->ranked[i].symbol];
        if (!spend(budget, cell->weight)) continue;
        gw_order_put(orders, &(struct gw_order){.symbol = s->ranked[i].symbol, .kind = GW_ORDER_CLOSE});
        cell->held = 0;
    }
}

static void enter(struct state *s, const struct cross_params *own, int gate, double gross, struct budget *budget,
                  struct gw_order_sink *orders) {
    const double unit = unit_of(s, own, gate, gross);
    size_t n = 0, held = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct cell *cell = &s->cell[i];
        held += gate == GW_GATE_LONG ? cell->held > 0 : cell->held < 0;
        if (cell->held == 0 && !cell->pending && cell->rank[gate] < own->top_k)
            s->ranked[n++] = (struct ranked){(uint32_t)i, cell->p[gate]};
    }
    qsort(s->ranked, n, sizeof *s->ranked, by_probability);
    for (size_t i = 0; i < n && held < own->top_k; i++) {
        struct cell *cell = &s->cell[s->ranked[i].symbol];
        const double weight = unit * share_of(own, cell, gate);
        if (!(weight > 0) || !spend(budget, weight)) continue;
        gw_order_put(orders, &(struct gw_order){.symbol = s->ranked[i].symbol,
                                                .side = gate == GW_GATE_LONG ? GW_SIDE_LONG : GW_SIDE_SHORT,
                                                .size = weight,
                                                .probability = cell->p[gate]});
        cell->weight = weight;
        held++;
    }
}

static void decide(struct state *s, const struct gw_strategy_config *config, struct gw_order_sink *orders) {
    const struct cross_params *own = gw_strategy_own(config);
    const bool traded[GW_N_GATES] = {[GW_GATE_LONG] = config->trade_long, [GW_GATE_SHORT] = config->trade_short};
    const bool both = traded[0] && traded[1];
    struct budget budget = {own->turnover > 0 ? own->turnover : INFINITY};
    if (s->moments++ % own->rebalance_bars != 0) return;
    for (int gate = 0; gate < GW_N_GATES; gate++) rank(s, own, gate, both);
    leave(s, own, &budget, orders);
    for (int gate = 0; gate < GW_N_GATES; gate++)
        if (traded[gate]) enter(s, own, gate, both ? own->gross / 2 : own->gross, &budget, orders);
}

static void on_bar(void *memory, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                   struct gw_order_sink *orders) {
    struct state *s = memory;
    const struct cross_params *own = gw_strategy_own(config);
    if (!event->score) return;
    if (event->close_ns != s->now) {
        if (s->now != INT64_MIN) s->expected = s->last;
        s->now = event->close_ns;
        s->last = 0;
        s->decided = false;
    }
    struct cell *cell = &s->cell[event->symbol];
    cell->seen_ns = event->close_ns;
    for (int gate = 0; gate < GW_N_GATES; gate++) cell->p[gate] = event->score->p[gate];
    cell->held = event->position.quantity;
    cell->pending = event->position.pending;
    if (own->weights == WEIGHTS_INVERSE_VOLATILITY) cell->volatility = volatility(&event->history, own->weight_bars);
    if (event->symbol > s->last) s->last = event->symbol;
    if (s->decided || event->symbol < s->expected) return;
    s->decided = true;
    decide(s, config, orders);
}

static int check(const void *memory, const char *key[GW_STRATEGY_KEYS_MAX]) {
    const struct cross_params *own = memory;
    if (!own->keep_k || own->keep_k >= own->top_k) return GW_OK;
    key[0] = "keep_k";
    key[1] = "top_k";
    FAIL(GW_ERR_CONFIG,
         "keep_k is %zu, less than top_k %zu: what was just bought would be sold; give 0 or more than top_k",
         own->keep_k, own->top_k);
}

const struct gw_strategy_desc strategy_cross_section = {
    .name = "cross_section",
    .help = "hold the symbols that a model ranks highest, long and short; weights equal, by score or by volatility",
    .own = GW_PARAM_TABLE(params),
    .needs_model = true,
    .state_size = sizeof(struct state),
    .open = open_state,
    .close = close_state,
    .on_bar = on_bar,
    .check = check,
};
