#!/usr/bin/env python3
"""Learning curves on planted markets: Precision@1 % of gates against the oracle and the trigger-only rule.

usage: learning_curve.py GATEWALK DIR [--bars 60000,200000] [--difficulty default] [--seeds 5] [--epochs 12]
                         [--contestants NAME,...] [--jobs N]

For every size it makes a market, walks one fold (75 % train, 10 % validation, the rest test) with every contestant over the
seeds, and prints P@1 % (mean of both gates, mean and sd over seeds), the oracle's (rank the truly predictable bars first) and
that of the rule that ranks every triggered bar alike. Only the python standard library is needed. Runs continue when repeated.
"""
import argparse
import csv
import json
import math
import os
import statistics
import subprocess

CONTESTANTS = {
    "lstm": {},
    "lstm_chrono": {"forget_init": "chrono"},
    "lstm_h128": {"hidden": 128},
    "bahdanau": {"attention": "bahdanau"},
    "bahdanau_chrono": {"attention": "bahdanau", "forget_init": "chrono"},
    "bahdanau_combine": {"attention": "bahdanau", "luong_combine": True},
    "bahdanau_combine_chrono": {"attention": "bahdanau", "luong_combine": True, "forget_init": "chrono"},
    "luong_general": {"attention": "luong_general"},
    "luong_general_combine_chrono": {"attention": "luong_general", "luong_combine": True, "forget_init": "chrono"},
    "multihead": {"attention": "multihead"},
    "multihead_combine": {"attention": "multihead", "luong_combine": True},
    "multihead_chrono": {"attention": "multihead", "forget_init": "chrono"},
    "mean_pool": {"attention": "mean_pool"},
    "max_pool": {"attention": "max_pool"},
    "logistic": {"encoder": "logistic"},
}


def experiment(args, data, bars):
    usable = bars - 400
    return {
        "name": "curve",
        "data": [{"file": os.path.abspath(data), "symbol": "PLANTED", "interval": "15m"}],
        "features": ["log_return(1)", "range", "upper_wick", "lower_wick", "volume_ratio(96)", "volume_z(96)"],
        "folds": {"train": int(0.75 * usable), "validation": int(0.1 * usable), "test": int(0.15 * usable)},
        "model": {"lookback": 96 if args.difficulty == "hard" else 64, "hidden": 64, "dense_units": 32, "dropout": 0.1},
        "training": {
            "optimizer": "adamw",
            "learning_rate": 0.003,
            "schedule": "cosine",
            "warmup_epochs": 0.5,
            "epochs": args.epochs,
            "patience": 0,
            "monitor": "average_precision",
        },
        "verdict": {"importance": False, "baseline": args.baseline},
        "seeds": args.seeds,
        "strategies": [{"name": name, "strategy": "gate", "model": CONTESTANTS[name]} for name in args.contestants],
    }


def rows(path):
    with open(path, newline="") as stream:
        yield from csv.DictReader(stream)


def precision(ranked, keep):
    """ranked: (key, label), higher keys first; the tie group at the border shares its hit rate."""
    ranked = sorted(ranked, key=lambda item: -item[0])
    border = ranked[keep - 1][0]
    above = [label for key, label in ranked if key > border]
    tied = [label for key, label in ranked if key == border]
    return (sum(above) + (keep - len(above)) * sum(tied) / len(tied)) / keep


def yardsticks(truth_path, bars_path, scores_path):
    """P@1 % of the oracle and of the trigger alone, over the test bars of the first contestant and seed."""
    side = {row["bar"]: (int(row["motif"]), int(row["side"])) for row in rows(truth_path)}
    truth = {}
    for index, row in enumerate(rows(bars_path)):
        truth[row["time"]] = side.get(str(index))
    first, labels = None, {"long": [], "short": []}
    for row in rows(scores_path):
        key = (row["strategy"], row["seed"])
        first = first or key
        if key != first or row["label_long"] == "":
            continue
        labels["long"].append((row["time"], int(row["label_long"])))
        labels["short"].append((row["time"], int(row["label_short"])))
    opens = list(truth)
    # scores carry close times: the close of a bar is the open of the next one on this gapless clock
    event_at_close = {opens[i + 1]: truth[opens[i]] for i in range(len(opens) - 1)}
    result = {}
    for name, wanted in (("oracle", lambda e, s: e is not None and e[0] == 1 and e[1] == s), ("trigger", lambda e, s: e is not None and e[1] == s)):
        values = []
        for gate, sign in (("long", 1), ("short", -1)):
            keep = math.ceil(0.01 * len(labels[gate]))
            values.append(precision([(1.0 if wanted(event_at_close.get(time), sign) else 0.0, label) for time, label in labels[gate]], keep))
        result[name] = sum(values) / 2
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gatewalk")
    parser.add_argument("dir")
    parser.add_argument("--bars", default="60000,200000")
    parser.add_argument("--difficulty", default="default")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--contestants", default="lstm,lstm_chrono,bahdanau,bahdanau_combine,mean_pool,max_pool")
    parser.add_argument("--baseline", default="lstm")
    parser.add_argument("--jobs", default="2")
    args = parser.parse_args()
    args.contestants = args.contestants.split(",")
    os.makedirs(args.dir, exist_ok=True)
    for bars in map(int, args.bars.split(",")):
        stem = os.path.join(args.dir, f"{args.difficulty}-{bars}")
        if not os.path.exists(stem + ".csv"):
            subprocess.run([args.gatewalk, "synth", "planted", "--bars", str(bars), "--seed", "11", "--difficulty", args.difficulty, "--out", stem + ".csv"], check=True, stdout=subprocess.DEVNULL)
        with open(stem + ".json", "w") as stream:
            json.dump(experiment(args, stem + ".csv", bars), stream)
        subprocess.run([args.gatewalk, "run", stem + ".json", "--out", stem, "--no-report", "--jobs", args.jobs], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(stem, "summary.json")) as stream:
            summary = json.load(stream)
        marks = yardsticks(stem + ".truth.csv", stem + ".csv", os.path.join(stem, "scores.csv"))
        print(f"{args.difficulty}, {bars} bars: oracle P@1 % {marks['oracle']:.3f}, trigger alone {marks['trigger']:.3f}", flush=True)
        for strategy in summary["strategies"]:
            gates = strategy["gates"]
            p1 = [(a["pooled"]["precision_at_1"] + b["pooled"]["precision_at_1"]) / 2 for a, b in zip(gates["long"]["seeds"], gates["short"]["seeds"])]
            ap = [(a["pooled"]["average_precision"] + b["pooled"]["average_precision"]) / 2 for a, b in zip(gates["long"]["seeds"], gates["short"]["seeds"])]
            spread = statistics.stdev(p1) if len(p1) > 1 else 0.0
            print(f"  {strategy['name']:18} P@1 % {statistics.mean(p1):.3f} ± {spread:.3f}  AP {statistics.mean(ap):.3f}  seeds {' '.join(f'{p:.2f}' for p in p1)}", flush=True)
        for verdict in summary["verdict"]:
            for gate in ("long", "short"):
                d = verdict["gates"][gate]["precision_at_1"]
                if d["lo"] is not None:
                    print(f"  {verdict['candidate']:18} - {verdict['baseline']} {gate:5} {100 * d['delta']:+.1f} points [{100 * d['lo']:+.1f}, {100 * d['hi']:+.1f}]", flush=True)


if __name__ == "__main__":
    main()
