#!/usr/bin/env python3
"""Does the pattern library find the shapes that were planted, and those of them that foretell?

usage: shapes_found.py GATEWALK DIR [--bars 60000] [--markets 3] [--first 3] [--set KEY=VALUE …] [--walk | --only-walk] [--train N] [--test N]
                       [--own N]

Of every market of `gatewalk synth shapes` (20 kinds, default noise, seeds from --first on) the windows that end with a shape are put into
20 groups by scikit-learn's k-means, best of ten: once by the latents of `gatewalk patterns train` (which is told no truth), once by
the windows themselves, scaled as the library scales them. Printed is the adjusted Rand index of both against the kinds, over the
learned slice and over the last 15 %, on which nothing was trained and no centre was placed. --walk walks strategies/patterns_planted.json's
contestant over the market, with its folds or longer ones, and puts P@1 % beside the oracle's, which picks bars of foretelling shapes alone; --own
puts one beside it that has so many categories and takes its own category's rate for a bar. Needs Debian's python3-sklearn and python3-pandas.
Libraries that exist are not made again.
"""
import argparse
import json
import os
import subprocess

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

HERE = os.path.dirname(os.path.abspath(__file__))
P, PAUSE = 50, 3
CHOSEN = ["categories=300", "pattern_stride=4", "contrastive=nt_xent", "contrastive_weight=1", "temperature=0.1", "epochs=4",
          "precision=bf16"]


def window(bars, last):
    """The window that ends with bar `last` as the library scales it: prices by first close and range, volume by its median."""
    x = bars.iloc[last - P + 1 : last + 1]
    base, half, median = x.close.iloc[0], (x.high.max() - x.low.min()) / 2, x.volume.median()
    average = bars.close.iloc[last - P - 8 : last + 1].rolling(10).mean().iloc[9:]
    prices = [(x[name].to_numpy() - base) / half for name in ("open", "high", "low", "close")]
    return np.concatenate([*prices, np.log((x.volume.to_numpy() + median) / (2 * median)), (average.to_numpy() - base) / half])


def groups(kinds, learned, x):
    """Centres are those of the learned slice's shapes; the index over these, and over the shapes that came later."""
    means = KMeans(len(set(kinds)), n_init=10, random_state=0).fit(x[learned])
    return [adjusted_rand_score(kinds[part], means.predict(x[part])) for part in (learned, ~learned)]


def closes(bars):
    time = pd.to_datetime(bars.time)
    return time + (time.iloc[1] - time.iloc[0])


def rand_indices(library, bars, truth):
    windows, latents = pd.read_csv(os.path.join(library, "windows.csv")), np.load(os.path.join(library, "latents.npy"))
    row_of = {time: row for row, time in enumerate(pd.to_datetime(windows.time))}
    close = closes(bars)
    found = [(row_of[close[bar]], bar, kind) for bar, kind in zip(truth.bar, truth.kind) if close[bar] in row_of]
    rows, last, kinds = (np.array(column) for column in zip(*found))
    raw = np.array([window(bars, bar) for bar in last])
    learned = windows["slice"].to_numpy()[rows] == "learned"
    by_latent, by_window = groups(kinds, learned, latents[rows]), groups(kinds, learned, raw)
    for name, n, ours, theirs in zip(("learned", "later"), (learned.sum(), (~learned).sum()), by_latent, by_window):
        print(f"  {name:8} {n:5} shapes   adjusted Rand index: latents {ours:.3f}, windows {theirs:.3f}", flush=True)


def market(args, seed):
    stem = os.path.join(args.dir, f"shapes-{args.bars}-{seed}")
    if not os.path.exists(stem + ".csv"):
        subprocess.run([args.gatewalk, "synth", "shapes", "--bars", str(args.bars), "--seed", str(seed), "--out", stem + ".csv"],
                       check=True, stdout=subprocess.DEVNULL)
    return stem


def library(args, stem):
    if not os.path.exists(os.path.join(stem, "windows.csv")):
        settings = [word for setting in args.set or CHOSEN for word in ("--set", setting)]
        subprocess.run([args.gatewalk, "patterns", "train", stem + ".csv", "--out", stem, *settings], check=True)


def plan_of(args):
    with open(os.path.join(HERE, "../../strategies/patterns_planted.json")) as stream:
        plan = json.load(stream)
    patterns = next(entry for entry in plan["strategies"] if entry != "buy_and_hold" and entry["name"] == "patterns")
    own = {**patterns, "name": "own", "model": {**patterns["model"], "categories": args.own, "category_rates": "own"}}
    plan["strategies"] = [patterns, own, "buy_and_hold"] if args.own else [patterns, "buy_and_hold"]
    plan["folds"].update({name: bars for name, bars in (("train", args.train), ("test", args.test)) if bars})
    return plan


def walk(args, stem):
    """Predictable for a side are the last bars of shapes that foretell it and those of the pause behind them."""
    plan = plan_of(args)
    with open(stem + ".json", "w") as stream:
        json.dump(plan, stream, indent=1)
    subprocess.run([args.gatewalk, "run", stem + ".json", "--data", stem + ".csv", "--out", stem + "-walk", "--no-report", "--force"], check=True,
                   stdout=subprocess.DEVNULL)
    bars, truth = pd.read_csv(stem + ".csv"), pd.read_csv(stem + ".truth.csv")
    scores = pd.read_csv(os.path.join(stem + "-walk", "scores.csv"))
    bar_of = {time: bar for bar, time in enumerate(closes(bars))}
    scores["bar"] = [bar_of[time] for time in pd.to_datetime(scores.time)]
    side_of = {bar + behind: side for bar, side in zip(truth.bar, truth.side) for behind in range(PAUSE + 1)}
    for name, gate, side in ((name, *of) for name in scores.strategy.unique() for of in (("long", 1), ("short", -1))):
        labelled = scores[scores.strategy == name].dropna(subset=["label_" + gate])
        foretold = np.array([side_of.get(bar, 0) == side for bar in labelled.bar])
        label, p = labelled["label_" + gate].to_numpy(), labelled["p_" + gate].to_numpy()
        keep = max(1, round(len(p) * 0.01))
        best = label[np.argsort(-p, kind="stable")[:keep]].mean()
        oracle = label[foretold].mean()
        print(f"  {name:8} {gate:5} P@1 % {best:.3f}, oracle {oracle:.3f}, share {best / oracle:.2f}, {keep} bars, base {label.mean():.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gatewalk")
    parser.add_argument("dir")
    parser.add_argument("--bars", type=int, default=60000)
    parser.add_argument("--markets", type=int, default=3)
    parser.add_argument("--first", type=int, default=3)
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="instead of: " + " ".join(CHOSEN))
    parser.add_argument("--walk", action="store_true")
    parser.add_argument("--only-walk", action="store_true")
    parser.add_argument("--train", type=int, help="bars a fold learns from, instead of the experiment's")
    parser.add_argument("--test", type=int, help="bars a fold is tested on")
    parser.add_argument("--own", type=int, metavar="N", default=0)
    args = parser.parse_args()
    args.gatewalk = os.path.abspath(args.gatewalk)
    os.makedirs(args.dir, exist_ok=True)
    for seed in range(args.first, args.first + args.markets):
        stem = market(args, seed)
        print(f"market of seed {seed}, {args.bars} bars", flush=True)
        if not args.only_walk:
            library(args, stem)
            rand_indices(stem, pd.read_csv(stem + ".csv"), pd.read_csv(stem + ".truth.csv"))
        if args.walk or args.only_walk:
            walk(args, stem)


if __name__ == "__main__":
    main()
