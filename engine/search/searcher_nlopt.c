/* NLopt's searchers without gradients (Johnson 2007-), the library being loaded when one is asked for. It calls for a value
 * where it wants one; here it is told the values that are known, from the first on, and stopped at the first that is not:
 * that is the next trial. So it holds no state between decisions, and one that was interrupted goes on. */
#include <dlfcn.h>
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "searcher.h"

#define LIBRARY "libnlopt.so.0"

static const struct gw_choice algorithms[] = {
    {.name = "GN_DIRECT_L", .help = "dividing rectangles, biased to local ones: global, nothing random"},
    {.name = "GN_CRS2_LM", .help = "controlled random search with local mutation: global"},
    {.name = "GN_ESCH", .help = "an evolutionary search: global"},
    {.name = "LN_SBPLX", .help = "subplex: local, from the middle"},
    {.name = "LN_BOBYQA", .help = "quadratic models: local, from the middle"},
    {.name = "LN_COBYLA", .help = "linear models: local, from the middle"},
};
static const struct gw_choices algorithm_choices = {.row = algorithms, .n = COUNT_OF(algorithms)};
struct nlopt_params {
    int algorithm;
};
static const struct gw_param rows[] = {
    GW_CHOICE_PARAM(struct nlopt_params, algorithm, &algorithm_choices, 0, "of NLopt"),
};

struct nlopt_opt_s;
typedef double (*objective_function)(unsigned n, const double *x, double *gradient, void *data);
static struct library {
    int (*algorithm_from_string)(const char *name);
    struct nlopt_opt_s *(*create)(int algorithm, unsigned n);
    void (*destroy)(struct nlopt_opt_s *opt);
    int (*set_min_objective)(struct nlopt_opt_s *opt, objective_function f, void *data);
    int (*set_lower_bounds1)(struct nlopt_opt_s *opt, double bound);
    int (*set_upper_bounds1)(struct nlopt_opt_s *opt, double bound);
    int (*set_maxeval)(struct nlopt_opt_s *opt, int most);
    int (*set_xtol_rel)(struct nlopt_opt_s *opt, double tolerance);
    int (*force_stop)(struct nlopt_opt_s *opt);
    int (*optimize)(struct nlopt_opt_s *opt, double *x, double *value);
    void (*srand)(unsigned long seed);
} library;

static int load(void) {
    static const struct {
        const char *name;
        size_t offset;
    } symbol[] = {
#define SYMBOL(member) {"nlopt_" #member, offsetof(struct library, member)}
        SYMBOL(algorithm_from_string),
        SYMBOL(create),
        SYMBOL(destroy),
        SYMBOL(set_min_objective),
        SYMBOL(set_lower_bounds1),
        SYMBOL(set_upper_bounds1),
        SYMBOL(set_maxeval),
        SYMBOL(set_xtol_rel),
        SYMBOL(force_stop),
        SYMBOL(optimize),
        SYMBOL(srand),
#undef SYMBOL
    };
    if (library.optimize) return GW_OK;
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        FAIL(GW_ERR_TOOL,
             "search.strategy \"nlopt\" needs the library " LIBRARY " (Debian: apt-get install libnlopt0)");
    struct library found = {0};
    for (size_t i = 0; i < COUNT_OF(symbol); i++) {
        void *address = dlsym(handle, symbol[i].name);
        if (!address) FAIL(GW_ERR_TOOL, LIBRARY " has no %s; version 2.7 or later is needed", symbol[i].name);
        memcpy((char *)&found + symbol[i].offset, &address, sizeof address);
    }
    library = found;
    return GW_OK;
}

struct ask {
    const struct search_view *view;
    struct nlopt_opt_s *opt;
    size_t n; /* values told */
    bool found;
    struct point next;
};

static double tell(unsigned n, const double *x, double *gradient, void *data) {
    struct ask *ask = data;
    (void)gradient;
    if (ask->n < ask->view->n_known) {
        const double cost = ask->view->evaluation[ask->n++].cost[0];
        return isfinite(cost) ? cost : 1e30;
    }
    if (!ask->found)
        for (unsigned d = 0; d < n; d++) ask->next.u[d] = fmin(fmax(x[d], 0), nextafter(1, 0));
    ask->found = true;
    library.force_stop(ask->opt);
    return 1e30;
}

static int ask_library(const struct search_view *view, struct ask *ask) {
    const struct nlopt_params *own = searcher_own(view->settings);
    const unsigned n = (unsigned)view->space->n;
    double x[SPACE_MAX], value;
    TRY(load());
    *ask = (struct ask){.view = view};
    library.srand((unsigned long)view->settings->seed);
    ask->opt = library.create(library.algorithm_from_string(algorithms[own->algorithm].name), n);
    if (!ask->opt) FAIL(GW_ERR_NOMEM, "NLopt cannot begin a search of %u keys", n);
    for (unsigned d = 0; d < n; d++) x[d] = 0.5;
    library.set_min_objective(ask->opt, tell, ask);
    library.set_lower_bounds1(ask->opt, 0);
    library.set_upper_bounds1(ask->opt, 1);
    library.set_maxeval(ask->opt, (int)view->settings->trials + 1);
    library.set_xtol_rel(ask->opt, 1e-6);
    library.optimize(ask->opt, x, &value);
    library.destroy(ask->opt);
    return GW_OK;
}

static int decide(const struct search_view *view, struct evaluation *out, enum decision *decision) {
    struct ask ask;
    *decision = DECISION_END;
    if (view->n_decided >= view->settings->trials) return GW_OK;
    TRY(ask_library(view, &ask));
    if (!ask.found) return GW_OK; /* it has converged */
    out->trial = view->n_decided;
    out->point = ask.next;
    *decision = DECISION_TRY;
    return GW_OK;
}

const struct searcher searcher_nlopt = {
    .name = "nlopt",
    .help = "one of NLopt's searchers without gradients, one trial after another",
    .own = GW_PARAM_TABLE(rows),
    .sequential = true,
    .one_objective = true,
    .begin = load,
    .decide = decide,
};
