/* The files of a run directory: the contract between the engine that writes them and the reports (and pandas,
 * PyTorch, numpy) that read them. CSV: one header line, commas, no quotes, ISO 8601 UTC times, empty = missing.
 * Everything but run.json, report.pdf, report.html and plots/ holds the same bytes for the same config, data, seed and kernel set: run.json
 * has times and what is known of other runs, and the report shows the training time and the number of trials on record. Of one
 * run directory the report always has the same bytes.
 *
 * run.json           schema, status ("claimed", "running", "finished"), config_hash (of what decides the results, data included,
 *                    names and places not), config (resolved, its files by absolute path), data[] (files by absolute path, fingerprints; the names
 *                    of the columns used and not used, of files of further columns too, and the fingerprints of those and of files of funding and
 *                    finer bars), scores[] {strategy, file (absolute), bytes, rows,
 *                    hash (of the bytes)}: the files of scores from outside, build, kernels, kernels_bf16, jobs,
 *                    phases {name: seconds}, fits {count, reused, shared (another contestant's of this run), windows, windows_per_second}, peak_memory_bytes,
 *                    training_time[] {strategy, seconds (those of whoever shares its fits too), processor_seconds (of all threads; the ratios
 *                    are of these), fits_of, windows, windows_per_second, ratio_to_baseline, ratio_per_window,
 *                    model_bytes (of the files of all its fits), lora_base_bytes (under "lora": of a fold's weights beneath the adapters)},
 *                    criteria[] {candidate, baseline, id, metric, bound, need, unit, on, state, ratio, ratio_per_window,
 *                    candidate_seconds, baseline_seconds (of processor time), reused_fits}: the criteria of the success test that rest on
 *                    times, for every pair of the verdict; "not_measured" when fits of the pair are an earlier run's,
 *                    selection {trials_here, trials_on_data, runs_on_data, deflated_sharpe, overfitting_probability,
 *                    comparisons_on_data, still_significant[] {candidate, baseline, gate, metric}}: that of
 *                    summary.json judged over all trials on the same data in the trial ledger (engine/store/schema_1.sql) at the end
 *                    of the run, this run's included; left out when none was kept
 * summary.json       see below
 * folds.csv          fold,slice,symbol,begin,end,first_bar,end_bar,first_sample,end_sample,purged
 * scores.csv         time,open_time,symbol,strategy,seed,fold,p_long,p_short,label_long,label_short,tau_long,tau_short
 *                    (time: close of the bar, when it is known, here and below; open_time: its open, as in the data;
 *                    p empty for a bar that scores from outside leave out; labels empty when missing; tau: threshold of the traded K in force,
 *                    empty when none is, e.g. for a symbol that validation did not hold: then nothing acts)
 * trades.csv         strategy,seed,symbol,side,signal_time,entry_time,exit_time,entry_price,exit_price,quantity,
 *                    fees,slippage,funding,pnl,return,mae,mfe,bars_held,reason,probability,ambiguous,entry_order,
 *                    exit_order                                                (ids in orders.csv)
 * orders.csv         strategy,seed,id,parent,symbol,kind,side,price,quantity,filled,average_price,state,reason,put_time,
 *                    end_time             (every order, the broker's own exits too; parent: the entry an exit hangs on)
 * equity.csv         time,open_time,strategy,seed,equity,cash,exposure,drawdown
 *                    (open_time: of the bars that close at this time; drawdown <= 0, fraction of the peak)
 * breakdown.csv      strategy,seed,by,group,trades,wins,gains,losses,pnl,mean_return,fees,slippage,funding,bars_held,ambiguous,
 *                    equity_return        (trades by symbol, side, exit reason, month of the exit, hour (UTC) of the entry and fold of
 *                    the signal; equity_return: of the account over a month or the fold's test slice; bars_held: mean)
 * bars.csv           time,open_time,symbol,open,high,low,close,volume   (every symbol's bars from its first test bar to the last)
 * events.jsonl       (only when asked for) one object a line, by contestant and seed, then in the order in which it happened; all have "event",
 *                    "time", "strategy", "seed", and what is not known is null or left out:
 *                    retrain {fold, train_begin, train_end, epochs, best_epoch, validation_loss, validation_ap_long, validation_ap_short}: a
 *                        model of this run speaks from here on
 *                    bar {symbol, open_time, open, high, low, close, volume, p_long, p_short, tau_long, tau_short, position}: closed, and
 *                        what the strategy is about to see
 *                    order {id, symbol, kind, side, state, parent, reason, price, quantity, filled, average_price}: "waiting" when it
 *                        was put, then how it ended (as in orders.csv)
 *                    fill {id, symbol, side, quantity, price, fee}
 *                    fold_end {fold, trades (that ended in it), equity, return}
 * equity_bands.csv   time,open_time,strategy,low,high,random_low,random_high   (at most 500 moments of the equity, as multiples of the initial
 *                    cash: between the worst and the optimistic path at 0, 1 and 2 times the costs, mean over seeds; 90 % of the
 *                    entries at random that are as many, as long and on the same sides as the first seed's trades)
 * training.csv       strategy,seed,fold,epoch,learning_rate,train_loss,validation_loss,ap_long,ap_short,best
 * curves.csv         strategy,seed,gate,curve,x,y,count                        (curve: pr | reliability | histogram | pr_null_low, pr_null_high:
 *                    90 % of the null control's shifts)
 * attention.npy      float32 [n × T]; column s has lag T-1-s bars
 * attention.csv      row,time,open_time,symbol,strategy,seed,fold,gate,probability,label,map   (index of attention.npy; the bars
 *                    among the top K % of their fold; map: "mean" or the head's number from 1; "cross": over the second
 *                    sequence of cross-attention, whose lags count its own bars, in attention_mean.csv too; a decoder's steps are
 *                    numbered as heads are)
 * attention_mean.csv strategy,seed,gate,map,group,lag,weight,n                (group: top, the K % acted on, or rest)
 * gradients.npy      float32 [n × T × F], with verdict.gradients: integrated gradients of a gate's logit before calibration, from
 *                    the window of zeros (every feature at the scaler's center) to the signal's; column s has lag T-1-s bars
 * gradients.csv      row,attention_row,strategy,seed,fold,gate,logit,baseline,sum,steps,complete,rank_correlation   (index of
 *                    gradients.npy and where the signal stands in attention.csv; sum of the values, which is logit - baseline to
 *                    1e-3 where complete is 1; Spearman's of attention and of the values' sizes, summed over features, by lag)
 * gradients_mean.csv strategy,seed,gate,feature,lag,value,size,n             (means over the signals; size: of the absolute value)
 * forecasts.csv      strategy,seed,fold,step,bars,side,n,pinball,naive,inside,error   (of models with a decoder; fold: a number or "all";
 *                    side: best, worst; means over the n test bars that have a path, in ATR at the decision: pinball loss, mean over the
 *                    levels .05 .1 .25 .5 .75 .9 .95, of what was said moved by quantiles of its error on the fold's validation slice,
 *                    and of the quantiles of what came there (naive); inside: share of bars between the outer two; error: of the point)
 * forecast_signals.csv row,step,bars,side,said,q05,q10,q25,q50,q75,q90,q95,came   (row: of attention.npy, map "mean"; came: empty at the end)
 * signals.csv        row,lag,time,open_time,close                             (price path of the rows with map "mean")
 * importance.csv     strategy,seed,gate,kind,feature,value                    (kind: permutation, the drop of AP, or attention,
 *                    the weight; commas inside a feature's name are written as ';')
 * patterns.json, patterns_*.csv: the library of the first gate with the encoder "patterns", its first seed and last fold; also what
 *                    `gatewalk patterns train` leaves. Windows are those of its training slice ("learned") and of the data from its
 *                    test slice on ("later"); times are close times of a window's last bar.
 * patterns.json      schema, name, symbol, interval, begin, end, bars (of a window), latent, categories, horizon, windows_learned,
 *                    windows_later, prevalence {"long", "short"}, largest_share, balance ("good", "uneven", "lopsided"),
 *                    beyond_null (categories and gates with a family-wise p of at most .05), map_divergence, best_epoch, valid_r,
 *                    learnt ("good", "fair", "poor", "not learnt"), advice ("" for none)
 * patterns_training.csv   epoch,learning_rate,train,train_r,train_c,valid,valid_r,valid_c,best
 * patterns_categories.csv category,slice,gate,windows,share,labelled,hits,rate,lo,hi,z,p_value,posterior
 *                    (interval of the block bootstrap; z and family-wise p against labels shifted in time; empty: too few)
 * patterns_members.csv    category,member,time,similarity,label_long,label_short,step,value     (closes about the last one, in
 *                    half ranges of the window, from its first bar to `horizon` bars behind its last, step 0)
 * patterns_next.csv  category,step,q10 … q90,return_q10 … return_q90       (what came next: in half ranges, and as a return)
 * patterns_map.csv   time,symbol,x,y,category,label_long,label_short
 * patterns_rebuilt.csv    window,time,step,open … average,rebuilt_open … rebuilt_average      (as the model sees them)
 * models/STRATEGY-sSEED-fFOLD.safetensors
 * study.json         (of `gatewalk study`) schema, criterion (the member of a variant that it is chosen by: the mean over
 *                    gates, folds and search seeds at the best epoch, on validation slices only), stages[] {name, chosen,
 *                    carried, final, variants[] {name, attention, loss, parameters, fits, validation_average_precision,
 *                    validation_loss, chosen}}, final[] names
 * search.json        (of `gatewalk search`) schema, name, title, strategy, seed, contestant, folds (searched), seeds (of a trial),
 *                    objectives[] {name, goal: "max" | "min"}, space[] {key, kind, low, high, choices[], parent, when[]}, trials
 *                    (configurations that were evaluated), evaluations, reference (of them random ones beside the search), failed,
 *                    chosen {trial, validation[], values[] {key, value}}, importance[] {key, share (of the first objective's variance over
 *                    the space, by that key alone: functional analysis of variance on a forest)}, overfitting_probability (over the trials, on validation),
 *                    final {validation[], test[], untuned[] (or null: the contestant as it was did not walk), null (as
 *                    finding.null.state, of the contestant), deflated_sharpe, state: "something" | "nothing" | "not_measured"}
 * trials.csv         trial,evaluation,rung,budget,paid,reference,state,chosen,front,KEY…,OBJECTIVE…,sharpe_per_bar,key
 *                    (budget: share of the whole; paid: what was trained for this row, without what its trial had had; state: done, failed, invalid; front: of several objectives; a KEY is empty where it
 *                    does not apply, commas are written as ';'; OBJECTIVE: on validation, empty when undefined)
 * best.json          the chosen experiment as its final walk was made, ready for `gatewalk run`
 * audit.json         (of `gatewalk audit`, not of the run) schema, state ("clean" or "leak"), config_hash (as in run.json: of another
 *                    one it says nothing), source_hash, kernels, cuts, first_cut, last_cut, folds, markets (poisoned ones walked through),
 *                    poisons[], refits, seed, first (null, or the first difference: {stage, time (close of the bar), symbol, strategy, fold,
 *                    value, clean, poisoned, cut, poison}), stages[] {stage, compared (values), state ("same", "differs", "not_compared"),
 *                    first}, history {bars[], features[] {feature, difference[] (in standard deviations, computed from that many bars
 *                    alone), exact[]}}
 * plots/NAME.png, report.pdf, report.html
 * Strategies without a model have the single seed 0.
 *
 * "schema" is GW_RUN_SCHEMA, the first member of run.json, summary.json, study.json and search.json. It grows when a member that readers use
 * changes its meaning, its name or its place, or when they need a new one; another new member does not count. Results are facts, that is numbers, ids
 * and states: sentences are made where they are shown.
 *
 * summary.json ("begin", "end": open times of the first and the last test bar):
 * { "schema", "name", "title", "symbols": [], "interval", "begin", "end", "n_bars", "n_folds", "seeds": [1,2],
 *   "ks": [1,5,10], "act_on": 1 (null: fixed thresholds), "horizon", "lookback", "baseline": "lstm", "confidence": 0.95                                 (of all intervals)
 *   "prevalence": {"long", "short"},
 *   "finding": { what the run comes to, in the order in which a reader asks
 *       "null": { "state": "something" | "nothing" | "not_measured", "asked" (contestants × gates), "found" (above the null once corrected),
 *           "strategy", "gate" (the surest), "observed", "null_mean", "p_value", "p_holm" },
 *       "attention": { "state": as of a conclusion, or "not_asked", "baseline", "better", "worse", "as_null" (differences that hold; as
 *           null: for the better, but of a gate that does not beat the null, which does not count), "comparisons",
 *           "surest_better", "surest_worse", "surest_as_null", "surest": null or the difference of least p of those, and of all:
 *               {"candidate", "gate", "metric", "delta", "p_holm", "null_p" (of that candidate's null control)},
 *           "simpler_gate", "control" (the gate without attention of the verdict's last entry), "control_p_holm" (least of that entry;
 *           where simpler_gate is "better", of what the control is better at),
 *           "half_width" (of the narrowest P@1 interval), "need", "times_the_bars" },
 *       "traded": { "state": "nothing_traded" | "lost" | "gained" | "beat_market", "strategy" (with the highest return), "traded",
 *           "gained" (how many trials did), "total_return", "sd", "seeds", "seeds_gained", "market_return" (test bars held, without costs),
 *           "probabilistic_sharpe", "random_p" (of entries at random), "fills_low", "fills_high" (total return, worst path at double and
 *           optimistic path without costs) },
 *       "next": [ {"id": "no_positives", "gate"} | {"id": "more_nulls", "resamples", "needed"} | {"id": "more_seeds"} | {"id": "more_epochs", "strategies"} | {"id": "coverage",
 *           "strategy", "gate", "asked", "got", "rolling"} | {"id": "few_bars", "k", "bars"} | {"id": "more_data", "half_width", "need",
 *           "times_the_bars"} ] },                                             (what would help)
 *   "columns": { "gates": [ {"metric": METRIC, "heading" (null: not on a terminal), "title" (null: not in the report's table),
 *           "format": "fraction" | "percent" | "signed_percent" | "loss" | "ratio" | "count",
 *           "best": "highest" | "lowest" | "none", "spread" (show the deviation over seeds), "priority"} ],
 *       "portfolio": […] },                          (what the tables of reports show, in their order; a METRIC's K goes behind its words: metrics.h)
 *   "strategies": [ { "name", "strategy", "encoder", "attention", "parameters",       (the last three null without model or with one from outside)
 *       "fits", "fits_of" (the contestant whose fits these are, done once; else null), "fits_best_at_last_epoch"                    (of training.epochs: they might have gone on improving)
 *       "outside": null or { "files", "rows", "seeded", "test_bars", "test_scored", "test_missing", "validation_bars",
 *           "validation_scored", "unused_rows", "no_bar_rows", "duplicate_rows", "other_rows",
 *           "out_of_fold": "not_stated" | "by_fold" | "by_trained_until" | "by_both"      (by which column it was checked)
 *           "perhaps_shifted"                        (the times fit better with open and close times exchanged)
 *           "answers", "probabilities": {"long", "short"}       (false: a ranking; calibration is null, no such curves)
 *           "threshold_folds": {"given", "validation", "rolling"} }
 *       "gates": { "long": { "mean": {METRIC: v}, "sd": {METRIC: v}, "by_fold": {"average_precision": mean over seeds and folds},
 *                            "isolated_exits": "own" | "label"       (what ends PnL@K's trades: the strategy's own exits, or, where those
 *                                                                     cannot be told without its whole replay, the label's bracket)
 *                            "null": {"observed","null_mean","null_sd","p_value",
 *                            "p_holm" (corrected for all contestants and gates)},
 *                            "null_bands": {METRIC: {"mean", "low", "high"}}        (the same shifts: 5th and 95th percentile),
 *                            "seeds": [ {"seed", "pooled": {METRIC: v}, "folds": [ {"fold", METRIC: v …} ] } ] },
 *                  "short": … },                                                       (null without model)
 *       "forecast": { "levels": [], "steps": [ {"step", "bars", "best": {"n", "pinball", "naive", "skill" (1 - pinball / naive),
 *           "inside", "error"}, "worst": {…}} ] },           (as in forecasts.csv, all folds, mean over seeds; only with a decoder)
 *       "portfolio": { "mean": {}, "sd": {}, "seeds": [ {"seed", METRIC: v} ] },
 *       "optimistic": { METRIC: v },                    (intrabar rule target first; mean over seeds)
 *       "fills": {"worst": [r0, r1, r2], "default", "optimistic"},       (total return by what happens inside a bar at 0, 1 and 2 times
 *                  the costs, mean over seeds; null for ensembles of strategies)
 *       "random_entry": {"replays", "own" (return of the first seed), "mean", "low", "high" (5th and 95th percentile), "p_value"},
 *                  (entries at random: as many, as long, on the same sides; null when nothing was traded or of yardsticks)
 *       "breakdown": { "symbol": [ {"group", "trades", "win_rate", "gains", "losses", "pnl", "profit_factor", "mean_return", "fees",
 *           "slippage", "funding", "bars_held", "ambiguous", "equity_return"} ], "side": …, "reason", "month", "hour", "fold" }
 *                  (as in breakdown.csv, over the seeds: trades and cash are a seed's mean, mean_return and bars_held those over all
 *                  trades, equity_return the mean of the seeds; "group" is the symbol, "long", "stop", "2024-03", "09", "4" …)
 *   } ],
 *   "verdict": [ { "candidate", "baseline",
 *       "gates": { "long": { "block_length", "n_bars" (labelled bars that both have scored), METRIC: DELTA }, "short": … },
 *       "log_loss": { "long": {"delta","statistic","p_value","bartlett"}, "short": … }
 *                  (the candidate's less the baseline's, Diebold-Mariano with the correction of Harvey, Leybourne & Newbold)
 *       "criteria": [ {"id", "metric": METRIC, "bound": "more_than" | "at_least" | "at_most", "need", "unit" (of need and delta),
 *           "on": "any" (gate) | "each" | "none", "state": "pass" | "fail" | "as_null" | "not_measured" | "see_run", "significant",
 *           "gates": [ {"gate", "state", DELTA …} ] } ],
 *                  (the success test, success_test.def. A state is of the point estimates of gates on which the candidate beats
 *                  the null control; "as_null": the difference would do, but it does not. A pass is significant when the
 *                  difference of a gate that passed is. "see_run": it rests on times, which would make this file another with
 *                  every run, so run.json judges it)
 *       "conclusion": { "state": "better" | "worse" | "mixed" | "no_difference" | "not_measured" (no interval at all),
 *           "better": [ {"gate", "metric"} ], "worse": […]                       (the significant differences)
 *           "comparisons"                       (how many differences "significant" and "p_holm" are corrected for)
 *           "simpler_gate": "behind" | "as_good" | "better"                      (of the last entry, else null) } } ],
 *                  (every gate against the baseline; then, when a gate without attention has a higher P@1 % than the baseline,
 *                  the best attention gate against that one, as "candidate" and "baseline" of a last entry)
 *   "family": null or { "comparisons", "block_length",       (all differences to the baseline, resampled together)
 *       "best": { "differences", "candidate", "gate", "metric" (which stands out most), "statistic", "p_lower", "p_value",
 *           "p_upper" }, "best_attention": … },             (Hansen 2005: of all candidates, of those with attention)
 *   "selection": { "trials_here" (this run's: strategies, each over its seeds and without those that have neither model nor
 *                  parameters, and what a study searched), "searched", "best", "deflated_sharpe", "overfitting_probability" } }
 * DELTA: "candidate","baseline","delta","lo","hi","p_value","p_holm" (Holm 1979), "excludes_zero" (the interval, for this one
 * alone), "significant" (p_holm at the same level).
 * METRIC is a name of metrics.def with its K, if it has one, in place of k (metric_key.h): "precision_at_1",
 * "pnl_mean_at_5_1x". Its value is a number, "inf" or "-inf", or null where it is undefined. */
#ifndef GATEWALK_RUN_FILES_H
#define GATEWALK_RUN_FILES_H

#define GW_RUN_JSON             "run.json"
#define GW_RUN_SUMMARY          "summary.json"
#define GW_RUN_FOLDS            "folds.csv"
#define GW_RUN_SCORES           "scores.csv"
#define GW_RUN_TRADES           "trades.csv"
#define GW_RUN_ORDERS           "orders.csv"
#define GW_RUN_EQUITY           "equity.csv"
#define GW_RUN_BREAKDOWN        "breakdown.csv"
#define GW_RUN_BARS             "bars.csv"
#define GW_RUN_EVENTS           "events.jsonl"
#define GW_RUN_EQUITY_BANDS     "equity_bands.csv"
#define GW_RUN_TRAINING         "training.csv"
#define GW_RUN_CURVES           "curves.csv"
#define GW_RUN_ATTENTION        "attention.npy"
#define GW_RUN_ATTENTION_INDEX  "attention.csv"
#define GW_MAP_CROSS            "cross"
#define GW_RUN_ATTENTION_MEAN   "attention_mean.csv"
#define GW_RUN_SIGNALS          "signals.csv"
#define GW_RUN_GRADIENTS        "gradients.npy"
#define GW_RUN_GRADIENTS_INDEX  "gradients.csv"
#define GW_RUN_GRADIENTS_MEAN   "gradients_mean.csv"
#define GW_RUN_IMPORTANCE       "importance.csv"
#define GW_RUN_FORECASTS        "forecasts.csv"
#define GW_RUN_FORECAST_SIGNALS "forecast_signals.csv"
#define GW_RUN_MODELS           "models"
#define GW_RUN_PLOTS            "plots"
#define GW_RUN_STAGES           "stages"
#define GW_RUN_STUDY            "study.json"
#define GW_RUN_AUDIT            "audit.json"
#define GW_RUN_SEARCH           "search.json"
#define GW_RUN_TRIALS           "trials.csv"
#define GW_RUN_BEST             "best.json"
#define GW_RUN_REPORT           "report.pdf"
#define GW_RUN_HTML             "report.html"

/* Of a library of patterns. */
#define GW_RUN_PATTERNS            "patterns.json"
#define GW_RUN_PATTERNS_TRAINING   "patterns_training.csv"
#define GW_RUN_PATTERNS_CATEGORIES "patterns_categories.csv"
#define GW_RUN_PATTERNS_MEMBERS    "patterns_members.csv"
#define GW_RUN_PATTERNS_NEXT       "patterns_next.csv"
#define GW_RUN_PATTERNS_MAP        "patterns_map.csv"
#define GW_RUN_PATTERNS_REBUILT    "patterns_rebuilt.csv"

/* 1 (without a number in the files): sentences in the verdict. 2: facts. 3: the tables' columns in summary.json. 4: infinite metrics
 * are words, "begin" and "end" are bars' dates. 5: open times beside close times in scores.csv, equity.csv, attention.csv and signals.csv. */
enum { GW_RUN_SCHEMA = 6 };

#endif
