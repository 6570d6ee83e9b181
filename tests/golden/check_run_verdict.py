"""The part of check_run.py that resamples: the bootstrap of the verdict and the null control."""
import numpy as np
from sklearn import metrics as sk

from check_run_files import GATES


def weighted_ap(order, last_of_tie, label, weight):
    """Average precision with multiplicities, bars sorted by falling score."""
    w = weight[order]
    hits, seen = np.cumsum(w * label[order])[last_of_tie], np.cumsum(w)[last_of_tie]
    rise = np.diff(hits, prepend=0)
    return (rise * hits / np.maximum(seen, 1e-300)).sum() / hits[-1]


def top_shares(folds, value, weight, k):
    """What every bar weighs in the mean of value over the best k % of every fold of the resample; those tied on the border
    share alike. folds: (bars by falling score, number of the tie group of each)."""
    share = np.zeros(len(value))
    for rows, tie in folds:
        w = weight[rows]
        m = max(1.0, np.ceil(k * w.sum() / 100 - 1e-9))
        group = np.bincount(tie, w)
        above = np.cumsum(group) - group
        share[rows] = w * np.clip((m - above) / np.maximum(group, 1e-300), 0, 1)[tie]
    share[~np.isfinite(value)] = 0
    return share / share.sum() if share.any() else share


def weighted_top(folds, value, weight, k):
    share = top_shares(folds, value, weight, k)
    return (share * np.nan_to_num(value)).sum() if share.any() else np.nan


def width(sample, draws, horizon, same):
    """How much too narrow replicates of a mean over the best are, when outcomes are tied to each other over the horizon and by
    nothing else (after Bell & McCaffrey 2002). sample, draws: what every bar weighs, (of one side, of the other); same: the
    outcomes are the same for both."""
    def variance(a, b):
        total = 0
        for p in ([a - b] if same else [a, b]):
            c = np.concatenate([np.zeros(horizon), np.cumsum(p), np.full(horizon - 1, p.sum())])
            total += ((c[horizon:] - c[:-horizon]) ** 2).sum() / horizon
        return total

    twins = [variance(x[0] - y[0], x[1] - y[1]) for x, y in zip(draws[0::2], draws[1::2])]
    whole = variance(*sample)
    return np.sqrt(2 * whole / np.mean(twins)) if whole > 0 and np.mean(twins) > 0 else 1


def stationary_counts(rng, n, block):
    """How often each bar is drawn: blocks of geometric length from uniform starts, wrapped round (Politis & Romano)."""
    fresh = rng.random(n) < 1 / block
    fresh[0] = True
    start = rng.integers(n, size=n)
    begins = np.flatnonzero(fresh)
    run = np.arange(n) - np.repeat(begins, np.diff(np.append(begins, n)))
    return np.bincount((np.repeat(start[begins], np.diff(np.append(begins, n))) + run) % n, minlength=n).astype(float)


def verdict_statistics(run, name, gate, returns):
    """A function from multiplicities to the four statistics, mean over seeds, plus the order of the bars."""
    rows = run.scores[(run.scores.strategy == name) & run.scores["label_" + gate].notna()]
    parts = []
    for seed, one in rows.groupby("seed"):
        one = one.sort_values(["fold", "ns"], kind="stable")
        score, label, fold = one["p_" + gate].to_numpy(), one["label_" + gate].to_numpy(float), one.fold.to_numpy()
        order = np.argsort(-score, kind="stable")
        last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
        by_fold = []
        for f in np.unique(fold):
            rows = order[fold[order] == f]
            by_fold.append((rows, np.cumsum(np.append(0, np.diff(score[rows]) != 0))))
        pnl = np.full(len(one), np.nan)
        for symbol in run.bars:
            mine = (one.symbol == symbol).to_numpy()
            known = returns[name, symbol, gate, seed]
            if known is not None:
                pnl[mine] = known[1].loc[one.ns[mine]].to_numpy()
        parts.append((order, last, label, by_fold, pnl))

    def statistics(weight):
        values = [(weighted_ap(o, l, y, weight), weighted_top(b, y, weight, 1), weighted_top(b, y, weight, 5),
                   weighted_top(b, pnl, weight, 1)) for o, l, y, b, pnl in parts]
        return np.mean(values, axis=0)

    def shares(weight):
        """Of every bar in the last three of them."""
        return [np.mean([top_shares(b, v(y, pnl), weight, k) for _, _, y, b, pnl in parts], axis=0)
                for k, v in ((1, lambda y, pnl: y), (5, lambda y, pnl: y), (1, lambda y, pnl: pnl))]

    return statistics, shares, [pnl for *_, pnl in parts], len(parts), len(parts[0][2])


def check_verdict(run, report, returns, replicates, only):
    names = ["average_precision", "precision_at_1", "precision_at_5", "pnl_mean_at_1_1x"]
    confidence = run.config["verdict"]["confidence"]
    horizon = run.config["labels"]["horizon"] * len(run.bars)  # symbols alternate within a bar
    for v in run.summary["verdict"]:
        if only and v["candidate"] not in only:
            continue
        for g in GATES:
            a, shares_a, pnl_a, seeds_a, n = verdict_statistics(run, v["candidate"], g, returns)
            b, shares_b, pnl_b, seeds_b, _ = verdict_statistics(run, v["baseline"], g, returns)
            alike = all(np.array_equal(p, pnl_a[0], equal_nan=True) for p in pnl_a + pnl_b)
            ones = np.ones(n)
            block, at_a, at_b = v["gates"][g]["block_length"], a(ones), b(ones)
            draws, weights = [], []
            rng = np.random.default_rng(20240501)
            for _ in range(replicates if block and seeds_a and seeds_b else 0):
                w = stationary_counts(rng, n, block)
                draws.append(a(w) - b(w))
                if len(weights) < 256:
                    weights.append((shares_a(w), shares_b(w)))
            sample = (shares_a(ones), shares_b(ones))
            for i, key in enumerate(names):
                d = v["gates"][g][key]
                if i == 3 and np.isnan(at_a[i] - at_b[i]) and d["delta"] is not None:
                    continue  # a side's exits are not computed anew, which is said by name
                who = f"verdict {v['candidate']} {g} {key}"
                report.add(f"{who} candidate", d["candidate"], at_a[i], 1e-5, 1e-6)
                report.add(f"{who} baseline", d["baseline"], at_b[i], 1e-5, 1e-6)
                report.add(f"{who} delta", d["delta"], at_a[i] - at_b[i], 1e-4, 1e-5)
                if d["lo"] is None or not draws:
                    continue
                values = np.array(draws)[:, i]
                if i > 0:  # about the observed difference, and as wide as they should be
                    of_bar = [(x[i - 1], y[i - 1]) for x, y in weights]
                    wide = width((sample[0][i - 1], sample[1][i - 1]), of_bar, horizon, i < 3 or alike)
                    values = at_a[i] - at_b[i] + wide * (values - np.nanmean(values))
                off = np.sort(np.abs(values - (at_a[i] - at_b[i])))
                half = np.nanquantile(off, confidence)
                report.add(f"{who} centre of the interval", (d["lo"] + d["hi"]) / 2, at_a[i] - at_b[i], 0.3, half)
                few = i > 0 and n * (5 if i == 2 else 1) / 100 < 200  # few picks, few values
                report.add(f"{who} width of the interval", d["hi"] - d["lo"], 2 * half, 0.35 if few else 0.25)
                p = (1 + (off >= abs(at_a[i] - at_b[i])).sum()) / (len(off) + 1)
                report.add(f"{who} p-value", d["p_value"], p, 0.16 if few else 0.12, 1)


# The reference study's success test: the metric, what its difference must do, and in whose words.
SUCCESS_TEST = {
    "average_precision": ("average_precision", lambda d: d > 0),
    "precision_at_1": ("precision_at_1", lambda d: d >= 0.05),
    "precision_at_5": ("precision_at_5", lambda d: d >= 0.03),
    "pnl_at_1": ("pnl_mean_at_1_1x", lambda d: d > 0),
}


def same(report, field, ours, want):
    """Ids and states: equal or not."""
    if ours != want:
        field += f" ({ours}, not {want})"
    report.add(field, ours == want, True)


def check_facts(run, report):
    """States and lists of the verdict, from its differences and from the training times."""
    times = {t["strategy"]: t["processor_seconds"] for t in run.json["training_time"]}
    null = {s["name"]: {g: s["gates"][g]["null"] for g in GATES} for s in run.summary["strategies"] if s["gates"]}
    level = 1 - run.config["verdict"]["confidence"]

    def beats(name, g):
        """The null control, corrected: more than labels of the same autocorrelation give."""
        n = null[name][g]
        return n.get("p_holm") is not None and n["p_holm"] <= level

    timed = {(c["candidate"], c["baseline"]): c for c in run.json["criteria"] if c["id"] == "training_time"}
    for v in run.summary["verdict"]:
        who = f"{v['candidate']} against {v['baseline']}"
        criteria = {c["id"]: c for c in v["criteria"]}
        same(report, f"{who} criteria", list(criteria), [*SUCCESS_TEST, "training_time"])
        for name, (metric, met) in SUCCESS_TEST.items():
            known = {g: v["gates"][g][metric] for g in GATES if v["gates"][g][metric]["delta"] is not None and
                     (not metric.startswith("precision") or v["gates"][g]["average_precision"]["delta"] is not None)}
            would = {g: d for g, d in known.items() if met(d["delta"])}
            passed = [d for g, d in would.items() if beats(v["candidate"], g)]
            want = "pass" if passed else "as_null" if would else "fail" if known else "not_measured"
            same(report, f"{who} {name}", criteria[name]["state"], want)
            same(report, f"{who} {name} significant", criteria[name]["significant"], any(d["significant"] for d in passed))
        lists = {True: [], False: []}
        for g in GATES:
            for metric, d in v["gates"][g].items():
                if isinstance(d, dict) and d["significant"]:
                    lists[d["delta"] > 0].append({"gate": g, "metric": metric})
        conclusion = v["conclusion"]
        same(report, f"{who} better", conclusion["better"], lists[True])
        same(report, f"{who} worse", conclusion["worse"], lists[False])
        measured = any(d["p_value"] is not None for g in GATES for d in v["gates"][g].values() if isinstance(d, dict))
        state = {(1, 1): "mixed", (1, 0): "better", (0, 1): "worse", (0, 0): "no_difference" if measured else "not_measured"}
        same(report, f"{who} conclusion", conclusion["state"], state[bool(lists[True]), bool(lists[False])])
        row = timed[v["candidate"], v["baseline"]]
        a, b = times.get(v["candidate"], 0), times.get(v["baseline"], 0)
        ratio = a / b if a and b and not row["reused_fits"] else None
        report.add(f"{who} training time ratio", row["ratio"], ratio, 1e-6)
        same(report, f"{who} training time", row["state"],
             "not_measured" if ratio is None else "pass" if ratio <= 2 else "fail")


def check_null(run, report, only):
    """Labels turned round within their folds, the same for all seeds: the average precision of the scores' level alone."""
    rng = np.random.default_rng(7)
    for strategy in run.summary["strategies"]:
        if not strategy["gates"] or (only and strategy["name"] not in only):
            continue
        for g in GATES:
            null = strategy["gates"][g]["null"]
            if null["null_mean"] is None:
                continue
            rows = run.scores[(run.scores.strategy == strategy["name"]) & run.scores["label_" + g].notna()]
            seeds = [one.sort_values(["fold", "ns"], kind="stable") for _, one in rows.groupby("seed")]
            y, fold = seeds[0]["label_" + g].to_numpy(), seeds[0].fold.to_numpy()
            scores = [one["p_" + g].to_numpy() for one in seeds]
            values = []
            for _ in range(int(np.clip(4e6 / len(y) / len(seeds), 60, 1000))):
                turned = y.copy()
                for f in np.unique(fold):
                    at = np.flatnonzero(fold == f)
                    turned[at] = np.roll(y[at], rng.integers(1, max(2, len(at))))
                values.append(np.mean([sk.average_precision_score(turned, p) for p in scores]))
            who = f"{strategy['name']} {g} null control"
            sd = np.std(values, ddof=1)
            report.add(f"{who} observed", null["observed"], np.mean([sk.average_precision_score(y, p) for p in scores]))
            report.add(f"{who} mean, in standard deviations", (null["null_mean"] - np.mean(values)) / sd, 0, 0.7, 1)
            report.add(f"{who} standard deviation", null["null_sd"], sd, 0.4)
