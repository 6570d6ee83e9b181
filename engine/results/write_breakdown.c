/* What each contestant's trades brought, taken apart: breakdown.csv by seed, summary.json over the seeds (columns and members:
 * run_files.h). */
#include <inttypes.h>
#include <math.h>

#include "breakdown.h"
#include "engine/base/base.h"
#include "write.h"

static const char *mean(double sum, size_t n, char text[32]) { return n ? number_format(sum / (double)n, text) : ""; }

static void put_group(struct out_file *out, const struct prepared *p, const char *strategy, uint64_t seed,
                      enum breakdown_by by, const struct breakdown_group *g) {
    const double account = breakdown_equity_return(g);
    char text[32], n[9][32];
    out_printf(out, "%s,%" PRIu64 ",%s,%s,%zu,%zu,%s,%s,%s,%s,%s,%s,%s,%s,%zu,%s\n", strategy, seed,
               breakdown_by_name[by], breakdown_group_name(p, by, g->key, text), g->n, g->wins,
               number_format(g->gains, n[0]), number_format(g->losses, n[1]), number_format(g->gains - g->losses, n[2]),
               mean(g->returns, g->n, n[3]), number_format(g->fees, n[4]), number_format(g->slippage, n[5]),
               number_format(g->funding, n[6]), mean(g->bars_held, g->n, n[7]), g->ambiguous,
               isfinite(account) ? number_format(account, n[8]) : "");
}

static int put_contestant(struct out_file *out, const struct experiment *e, const struct prepared *p,
                          const struct gw_replay_result *replay, const char *strategy, uint64_t seed) {
    struct breakdown breakdown = {0};
    int rc = GW_OK;
    for (int by = 0; rc == GW_OK && by < N_BREAKDOWNS; by++) {
        rc = breakdown_make(e, p, replay, (enum breakdown_by)by, &breakdown);
        for (size_t i = 0; rc == GW_OK && i < breakdown.n; i++)
            put_group(out, p, strategy, seed, (enum breakdown_by)by, &breakdown.group[i]);
    }
    breakdown_free(&breakdown);
    return rc;
}

int write_breakdown(const struct experiment *e, const struct prepared *p, const struct results *r, const char *dir) {
    struct out_file file;
    char path[1024];
    TRY(path_join(path, sizeof path, dir, GW_RUN_BREAKDOWN));
    TRY(out_open(&file, path));
    out_printf(&file, "strategy,seed,by,group,trades,wins,gains,losses,pnl,mean_return,fees,slippage,funding,bars_held,"
                      "ambiguous,equity_return\n");
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++) {
            const struct seed_result *seed = &r->strategy[s].seed[k];
            int rc = put_contestant(&file, e, p, &seed->replay, e->strategy[s].name, seed->number);
            if (rc < 0) {
                out_abort(&file);
                return rc;
            }
        }
    return out_commit(&file);
}

/* ---- summary.json --------------------------------------------------------------------------------------------------- */

static void put_ratio(struct json_writer *w, const char *key, double above, double below) {
    if (below > 0)
        json_put_number(w, key, above / below);
    else if (above > 0)
        json_put_string(w, key, "inf");
    else
        json_put_number(w, key, NAN);
}

/* A seed without such a trade counts as 0; what is a mean is one over all trades of all seeds. */
static void put_fact(struct json_writer *w, const struct prepared *p, enum breakdown_by by,
                     const struct breakdown_group *g, double seeds) {
    const double n = (double)g->n;
    char text[32];
    json_begin_object(w, NULL);
    w->compact = true; /* a line each: there are hundreds */
    json_put_string(w, "group", breakdown_group_name(p, by, g->key, text));
    json_put_number(w, "trades", n / seeds);
    json_put_number(w, "win_rate", g->n ? (double)g->wins / n : (double)NAN);
    json_put_number(w, "gains", g->gains / seeds);
    json_put_number(w, "losses", g->losses / seeds);
    json_put_number(w, "pnl", (g->gains - g->losses) / seeds);
    put_ratio(w, "profit_factor", g->gains, g->losses);
    json_put_number(w, "mean_return", g->n ? g->returns / n : (double)NAN);
    json_put_number(w, "fees", g->fees / seeds);
    json_put_number(w, "slippage", g->slippage / seeds);
    json_put_number(w, "funding", g->funding / seeds);
    json_put_number(w, "bars_held", g->n ? g->bars_held / n : (double)NAN);
    json_put_number(w, "ambiguous", (double)g->ambiguous / seeds);
    json_put_number(w, "equity_return",
                    g->n_equity_returns ? g->equity_returns / (double)g->n_equity_returns : (double)NAN);
    json_end_object(w);
    w->compact = false;
}

int write_breakdown_facts(struct json_writer *w, const struct experiment *e, const struct prepared *p,
                          const struct strategy_result *result) {
    struct breakdown breakdown = {0};
    int rc = GW_OK;
    json_begin_object(w, "breakdown");
    for (int by = 0; rc == GW_OK && by < N_BREAKDOWNS; by++) {
        json_begin_array(w, breakdown_by_name[by]);
        rc = breakdown_pool(e, p, result, (enum breakdown_by)by, &breakdown);
        for (size_t i = 0; rc == GW_OK && i < breakdown.n; i++)
            put_fact(w, p, (enum breakdown_by)by, &breakdown.group[i], (double)result->n_seeds);
        json_end_array(w);
    }
    json_end_object(w);
    breakdown_free(&breakdown);
    return rc;
}
