#!/usr/bin/python3
"""An independent check of a finished run: recomputes what its files claim from the bars and the scores.

    /usr/bin/python3 tests/golden/check_run.py RUN_DIR [--bars SYMBOL=FILE.csv ...] [--only lstm,bahdanau] [--verbose]

reads run.json, summary.json, the CSV tables and the market data named in run.json (--bars names it anew), and derives
from the definitions, with numpy, pandas and scikit-learn and none of the engine's code: labels, purge, ranking
metrics, PnL@K by isolated trades, coverage, calibration, thresholds, probabilities from the stored models (--models N
folds), every trade of the gate strategies (signal, fills, costs, excursions), the equity curve and its metrics, training
windows and time ratios, the null control, the bootstrap of the verdict, and the states that follow from its numbers.
Prints a table (field, ours = the run's, recomputed, relative difference), worst first, and exits 1 when a line is above
its tolerance. The bootstrap uses other random numbers and is compared in order of magnitude (--replicates 0 skips it)."""
import argparse
import sys

import numpy as np
import pandas as pd
from sklearn import metrics as sk

sys.dont_write_bytecode = True  # the folder holds golden files, not caches
from check_run_files import GATES, SIDE, Report, Run
from check_run_models import check_models
from check_run_trades import check_equity, check_portfolio, check_trades, isolated, sides, true_range
from check_run_verdict import check_facts, check_null, check_verdict


# ---- labels and purge ---------------------------------------------------------------------------------------------


def labels_of(bars, config):
    """upside = highest high of the next h bars over this close, downside = this close over their lowest low."""
    h, n = config["horizon"], len(bars["ns"])
    label = {g: np.full(n, np.nan) for g in GATES}
    if n <= h:
        return None
    window = np.lib.stride_tricks.sliding_window_view
    close = bars["close"][:n - h]
    up = np.maximum(window(bars["high"], h)[1:].max(1) - close, 0)
    down = np.maximum(close - window(bars["low"], h)[1:].min(1), 0)
    least = bars["min_move"][:n - h]
    with np.errstate(invalid="ignore"):
        label["long"][:n - h] = (up > config["ratio"] * down) & (up / close > least)
        label["short"][:n - h] = (down > config["ratio"] * up) & (down / close > least)
    for g in GATES:
        label[g][:n - h][np.isnan(least)] = np.nan
    return label


def check_labels(run, report):
    for symbol, bars in run.bars.items():
        label = labels_of(bars, run.config["labels"])
        if label is None:
            continue
        rows = run.scores[run.scores.symbol == symbol]
        at = np.searchsorted(bars["close_ns"], rows.ns)
        for g in GATES:
            want = label[g][at]
            report.add_all(f"label {symbol} {g}", rows["label_" + g], want, 0.5, 1)


def check_purge(run, report):
    """The last sample's label ends before the next slice; slices and test folds follow one another."""
    h, embargo = run.config["labels"]["horizon"], run.config["folds"]["embargo"]
    f = run.folds
    for symbol, bars in run.bars.items():
        worst = -np.inf
        for _, one in f[f.symbol == symbol].groupby("fold"):
            one = one.set_index("slice")
            for here, after in (("train", "validation"), ("validation", "test")):
                if one.loc[here, "end_sample"] == one.loc[here, "begin_sample" if "begin_sample" in one else "first_sample"]:
                    continue
                last = one.loc[here, "end_sample"] - 1 + h + embargo
                worst = max(worst, last - one.loc[after, "first_bar"])
        report.add(f"purge {symbol}: label overlaps the next slice (bars)", max(worst + 1, 0), 0, 1e-12, 1)
        tests = f[(f.symbol == symbol) & (f.slice == "test")]
        overlap = np.maximum(tests.end_bar.to_numpy()[:-1] - tests.first_bar.to_numpy()[1:], 0).sum()
        report.add(f"test slices {symbol}: bars in two of them", overlap, 0, 1e-12, 1)
        n_scored = len(run.scores[(run.scores.symbol == symbol)].drop_duplicates("ns"))
        report.add(f"test samples {symbol}", (tests.end_sample - tests.first_sample).sum(), n_scored, 1e-12)


# ---- one gate of one seed -----------------------------------------------------------------------------------------


def top_weights(score, fold, k):
    """1 for the best k % of each fold, a fraction for those tied on the border."""
    weight = np.zeros(len(score))
    for f in np.unique(fold):
        rows = np.flatnonzero(fold == f)
        m = max(1, int(np.ceil(round(k * len(rows) / 100, 9))))
        border = np.sort(score[rows])[-m]
        above, tied = rows[score[rows] > border], rows[score[rows] == border]
        weight[above], weight[tied] = 1, (m - len(above)) / len(tied)
    return weight


def calibration_error(score, label, bins=10):
    """Mean over bars of |mean probability - hit rate| in ten bins of equal count; the tied share their hit rate."""
    order = np.argsort(score, kind="stable")
    p = score[order]
    _, tie = np.unique(p, return_inverse=True)
    hit = (np.bincount(tie, label[order]) / np.bincount(tie))[tie]
    bins = min(bins, len(p))
    edge = [i * len(p) // bins for i in range(bins + 1)]
    return sum(abs((p[i:j] - hit[i:j]).sum()) for i, j in zip(edge, edge[1:])) / len(p)


def check_gate(report, name, ours, score, tau, label, fold, pnl, ks):
    n, positives = len(score), label.sum()
    add = lambda key, want, *rest: report.add(f"{name} {key}", ours[key], want, *rest)
    add("n_bars", n)
    add("n_positives", positives)
    add("prevalence", positives / n)
    skill = 0 < positives < n
    add("average_precision", sk.average_precision_score(label, score) if positives else np.nan)
    add("ap_lift", sk.average_precision_score(label, score) * n / positives if positives else np.nan)
    add("roc_auc", sk.roc_auc_score(label, score) if skill else np.nan)
    add("brier", np.mean((score - label) ** 2))
    add("log_loss", -np.mean(np.log(np.where(label == 1, np.clip(score, 1e-15, 1), 1 - np.clip(score, 0, 1 - 1e-15)))))
    add("calibration_error", calibration_error(score, label), 1e-9)
    with np.errstate(invalid="ignore"):
        acted = score >= tau
    add("coverage", acted.mean())
    add("acted_precision", label[acted].mean() if acted.any() else np.nan)
    add("acted_recall", label[acted].sum() / positives if positives else np.nan)
    for k in ks:
        w = top_weights(score, fold, k)
        at = f"at_{k:g}"
        precision = (w * label).sum() / w.sum()
        add(f"precision_{at}", precision)
        add(f"recall_{at}", (w * label).sum() / positives if positives else np.nan)
        add(f"lift_{at}", precision * n / positives if positives else np.nan)
        if pnl is None:
            continue
        can = np.isfinite(pnl[1])
        total = (w * can).sum()
        for c in range(3):
            gain = np.where(can, pnl[c], 0)
            add(f"pnl_mean_{at}_{c}x", (w * gain).sum() / total if total else np.nan, 1e-9, 1e-6)
            add(f"pnl_sum_{at}_{c}x", (w * gain).sum() if total else np.nan, 1e-9, 1e-4)
        gain = np.where(can, pnl[1], 0)
        add(f"hit_rate_{at}", (w * (gain > 0)).sum() / total if total else np.nan)
        lost = -(w * np.minimum(gain, 0)).sum()
        won = (w * np.maximum(gain, 0)).sum()
        add(f"profit_factor_{at}", (won / lost if lost > 0 else np.inf if won > 0 else np.nan) if total else np.nan)


def opposite_gates(run, name, seed, symbol, bars):
    """By bar: whether a long is closed for the short gate, and a short for the long one."""
    rows = run.scores[(run.scores.strategy == name) & (run.scores.seed == seed) & (run.scores.symbol == symbol)]
    at = np.searchsorted(bars["close_ns"], rows.ns)
    side = np.zeros(len(bars["ns"]), int)
    side[at] = sides(rows)
    return {"long": side < 0, "short": side > 0}


def isolated_returns(run, report):
    """Per strategy, symbol, gate and seed: returns at 0x, 1x, 2x costs of the test bars by the strategy's exits and costs, by close
    time. None: exits of a user's own rules, which nobody but gatewalk reads."""
    own = {s["name"]: s.get("costs") for s in run.config["strategies"]}
    out, known = {}, {}
    for strategy in run.summary["strategies"]:
        if not strategy["gates"]:
            continue
        name, gate = strategy["name"], strategy["strategy"] == "gate"
        trading = run.trading.get(name, run.config["trading"])
        costs = own.get(name) or run.config["costs"]
        trail = (trading["trail"], trading["trail_atr"], trading["atr_length"]) if gate else (0, 0, 1)
        kind = trading["stop_moves"], trading["target_moves"], trading["horizon"], trail, tuple(costs.items())
        turns = gate and trading["exit_on_opposite"]
        for symbol, bars in run.bars.items():
            ns = np.unique(run.scores.ns[run.scores.symbol == symbol])
            t = np.searchsorted(bars["close_ns"], ns)
            level = lambda key: trading[key] * bars["min_move"][t] if trading[key] > 0 else None
            exits = level("stop_moves"), level("target_moves"), trading["horizon"]
            distance = trail[0], trail[1] * true_range(bars, t, trail[2]) if trail[1] else 0
            for g in GATES:
                mine = strategy["gates"][g]["isolated_exits"] == "own"
                for seed in (s["seed"] for s in strategy["gates"][g]["seeds"]):
                    key = kind, symbol, g, (name, seed) if turns else None
                    if mine and not gate:
                        report.skip(f"{name} {g}: PnL@K by rules of its own")
                        out[name, symbol, g, seed] = None
                        continue
                    closes = opposite_gates(run, name, seed, symbol, bars)[g] if turns else None
                    if key not in known:
                        known[key] = pd.DataFrame({c: isolated(bars, t, SIDE[g], *exits, costs, c, None, distance, closes)["pnl"]
                                                   for c in range(3)}, index=ns)
                    out[name, symbol, g, seed] = known[key]
    return out


def gates_of(run, only):
    for strategy in run.summary["strategies"]:
        if strategy["gates"] and (not only or strategy["name"] in only):
            for g in GATES:
                for seed in strategy["gates"][g]["seeds"]:
                    s = run.scores
                    rows = s[(s.strategy == strategy["name"]) & (s.seed == seed["seed"]) & s["label_" + g].notna()]
                    yield strategy, g, seed, rows


def check_gates(run, report, returns, only):
    ks = run.summary["ks"]
    for strategy, g, seed, rows in gates_of(run, only):
        name = f"{strategy['name']} s{seed['seed']} {g}"
        pnl = np.full((3, len(rows)), np.nan)
        for symbol in run.bars:
            mine = (rows.symbol == symbol).to_numpy()
            known = returns[strategy["name"], symbol, g, seed["seed"]]
            pnl = None if known is None else pnl
            if known is not None:
                pnl[:, mine] = known.loc[rows.ns[mine]].to_numpy().T
        score = rows["p_" + g].to_numpy(float)
        # nine digits identify a float32; the engine's sums are of float32 values
        score, tau = score.astype(np.float32).astype(float), rows["tau_" + g].to_numpy(np.float32).astype(float)
        args = score, tau, rows["label_" + g].to_numpy(float), rows.fold.to_numpy(), pnl, ks
        check_gate(report, name, seed["pooled"], *args)
        for one in seed["folds"]:
            if one["n_bars"]:
                here = args[3] == one["fold"]
                check_gate(report, f"{name} fold {one['fold']}", one, *(a[here] for a in args[:4]), None if pnl is None else pnl[:, here], ks)
    for strategy in run.summary["strategies"]:
        for g in GATES if strategy["gates"] and (not only or strategy["name"] in only) else ():
            gate = strategy["gates"][g]
            apart = [one["average_precision"] for s in gate["seeds"] for one in s["folds"] if one["average_precision"] is not None]
            report.add(f"{strategy['name']} {g} average precision by fold", gate["by_fold"]["average_precision"],
                       np.mean(apart) if apart else np.nan, 1e-9, 1e-6)
            for key, value in gate["mean"].items():
                values = np.array([s["pooled"][key] for s in gate["seeds"]], float)
                report.add(f"{strategy['name']} {g} mean over seeds of {key}", value, values.mean(), 1e-9, 1e-6)
                sd = values.std(ddof=1) if len(values) > 1 else np.nan
                report.add(f"{strategy['name']} {g} sd over seeds of {key}", gate["sd"][key], sd, 1e-6, 1e-9)


# ---- thresholds ---------------------------------------------------------------------------------------------------


def check_thresholds(run, report, only):
    signals = run.config["signals"]
    share = signals["act_on"] / 100
    for (name, seed), rows in run.scores.groupby(["strategy", "seed"], sort=False):
        if only and name not in only:
            continue
        for g in GATES:
            tau, p = rows["tau_" + g].to_numpy(), rows["p_" + g].to_numpy()
            who = f"{name} s{seed} tau_{g}"
            if signals["threshold"] == "fixed":
                report.add_all(who, tau, np.full(len(rows), signals["fixed_" + g]), 1e-6)
            elif signals["threshold"] == "validation" and signals["pool"] == "all":
                spread = rows.groupby("fold")["tau_" + g].agg(lambda x: x.max() - x.min()).max()
                report.add(f"{who}: changes within a fold", spread, 0, 1e-12, 1)
            elif signals["threshold"] == "rolling" and signals["pool"] == "all":
                m = signals["rolling_bars"]
                keep = max(1, int(np.ceil(round(share * m, 9))))
                want = np.full(len(rows), np.nan)
                for i in range(m, len(rows)):
                    want[i] = np.partition(p[i - m:i], m - keep)[m - keep]
                report.add_all(f"{who} (rolling)", tau[m:], want[m:], 1e-7)


# ---- training -----------------------------------------------------------------------------------------------------


def check_training(run, report):
    times = {t["strategy"]: t for t in run.json["training_time"]}
    base = times.get(run.summary["baseline"])
    samples = run.folds[run.folds.slice == "train"].assign(n=lambda f: f.end_sample - f.first_sample).groupby("fold").n.sum()
    for name, t in times.items():
        epochs = run.training[run.training.strategy == name].groupby(["seed", "fold"]).epoch.max()
        windows = sum(n * samples[fold] for (_, fold), n in epochs.items())
        if len(epochs) and not run.json["fits"]["reused"]:  # what an earlier run trained is not this one's time
            report.add(f"{name} windows = epochs x training samples", t["windows"], windows)
        if t["seconds"]:
            report.add(f"{name} windows per second", t["windows_per_second"], t["windows"] / t["seconds"], 1e-6)
        if base and base["processor_seconds"] and t.get("ratio_to_baseline") is not None:
            report.add(f"{name} training time ratio", t["ratio_to_baseline"], t["processor_seconds"] / base["processor_seconds"], 1e-6)
            report.add(f"{name} training time ratio per window", t["ratio_per_window"],
                       (t["processor_seconds"] / t["windows"]) / (base["processor_seconds"] / base["windows"]), 1e-6)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run_dir")
    parser.add_argument("--bars", action="append", default=[], metavar="SYMBOL=FILE", help="where a symbol's bars are")
    parser.add_argument("--only", default="", help="strategies, separated by commas")
    parser.add_argument("--replicates", type=int, default=200, help="of the bootstrap; 0: leave it out")
    parser.add_argument("--models", type=int, default=1, metavar="N", help="folds whose models are evaluated anew; 0: none")
    parser.add_argument("--verbose", action="store_true", help="print every line, not only the worst")
    args = parser.parse_args()
    run = Run(args.run_dir, dict(b.split("=", 1) for b in args.bars))
    only = set(filter(None, args.only.split(",")))
    report = Report()
    returns = isolated_returns(run, report)
    check_labels(run, report)
    check_purge(run, report)
    check_gates(run, report, returns, only)
    check_thresholds(run, report, only)
    check_models(run, report, args.models, only)
    check_null(run, report, only)
    check_equity(run, report, only)
    check_trades(run, report, only)
    check_portfolio(run, report, only)
    check_training(run, report)
    check_verdict(run, report, returns, args.replicates, only)
    check_facts(run, report)
    sys.exit(report.show(args.verbose))


if __name__ == "__main__":
    main()
