#!/usr/bin/env python3
"""What do searchers find for a quarter of what random search spends? On planted markets, one a seed, a small streaming LSTM:
 (a) the number: the best average precision on validation of N random trials, and after how many trials' budget (of a halving: what was
     paid) TPE, a Gaussian process and ASHA have as much, and what they have after N / 4. Part of the best of many is luck in training.
 (b) the setting: what each search would end with, random search after N trials and the others after N / 4, trained again from eight
     other seeds on the same slices: the mean of those says what the user takes away.
One worker, so every decision knows all results before it (lag 1). The searches' seeds are not those of the random one.
usage: tests/bench/search_found.py ./gatewalk [--seeds N] [--from SEED] [--trials N] [--keep FILE]
(20 seeds of 100 trials: about 17 minutes of one processor; prints the table that lies beside it. --keep FILE: a line a seed is added to
it, and the table is of all its lines, so that it can be made in pieces)"""
import argparse
import csv
import json
import os
import statistics
import subprocess
import tempfile

EXPERIMENT = {
    "name": "planted", "data": "planted.csv", "features": ["log_return(1)", "volume_z(24)", "range", "body"],
    "labels": {"horizon": 24, "ratio": 2, "min_move": 0.01}, "folds": {"train": 5000, "validation": 2500, "test": 500},
    "signals": {"k": [1, 5], "act_on": 5}, "model": {"lookback": 8, "hidden": 8, "dense_units": 8, "unroll": "stream"},
    "training": {"epochs": 9, "patience": 0, "segment": 32}, "seeds": 1,
    "verdict": {"bootstrap": 100, "null_resamples": 10, "random_entries": 10, "importance": False},
    "strategies": [{"name": "lstm", "strategy": "gate", "model": {"attention": "none"}}]}
SPACE = {"training.learning_rate": {"log": [0.00001, 1]}, "training.segments": {"log_int": [1, 64]}, "model.dropout": {"float": [0, 0.9]},
         "training.loss": {"choice": ["bce", "focal"]}, "training.focal_gamma": {"float": [0.5, 5], "when": {"training.loss": "focal"}}}


SEARCHES = {"random": {"strategy": "random"}, "tpe": {"strategy": "tpe"}, "gp": {"strategy": "gp"}, "asha": {"strategy": "asha"},
            "asha, tpe": {"strategy": "asha", "sampler": "tpe"}, "asha, gp": {"strategy": "asha", "sampler": "gp"}}
OTHER_SEEDS = 8


def trials_of(name, trials):
    """Half of the budget, so that what is late is seen: of ASHA's trials a ninth part each, then of the best ones more, a quarter in all."""
    return trials if name == "random" else 19 * trials // 10 if name.startswith("asha") else trials // 2


def read(path):
    """Whole trials as (what was paid until then, average precision, values of the keys); all that was paid."""
    spent, out = 0.0, []
    with open(path) as f:
        for row in csv.DictReader(f):
            spent += float(row["paid"])
            if float(row["budget"]) == 1 and row["average_precision"]:
                out.append((spent, float(row["average_precision"]), {key: row[key] for key in SPACE if row.get(key)}))
    return out, spent


class Market:
    def __init__(self, gatewalk, folder, seed):
        self.gatewalk, self.folder, self.seed, self.n = gatewalk, folder, seed, 0
        self.run("synth", "planted", "--difficulty", "easy", "--bars", "9000", "--seed", str(seed), "--out", "planted.csv")
        with open(os.path.join(folder, "planted.json"), "w") as f:
            json.dump(EXPERIMENT, f)

    def run(self, *words):
        env = dict(os.environ, GATEWALK_STORE="off", GATEWALK_CACHE="off")
        subprocess.run([self.gatewalk, *words], cwd=self.folder, env=env, check=True, stdout=subprocess.DEVNULL)

    def search(self, settings, space):
        self.n += 1
        search = {"contestant": "lstm", "folds": 1, "seeds": 1, "reference": 0, "lag": 1, "objective": "average_precision", **settings}
        with open(os.path.join(self.folder, "search.json"), "w") as f:
            json.dump({"experiment": "planted.json", "search": search, "space": space}, f)
        self.run("search", "search.json", "--out", f"out-{self.n}", "--no-report", "--quiet", "--jobs", "1")
        return read(os.path.join(self.folder, f"out-{self.n}", "trials.csv"))

    def again(self, trial):
        """A setting trained from other seeds: the mean of nine less the first, which the search has seen."""
        value = lambda text: text if text[0].isalpha() else float(text) if "." in text or "e" in text else int(text)
        space = {key: {"choice": [value(text)]} for key, text in trial[2].items()}
        nine = self.search({"strategy": "grid", "seeds": 1 + OTHER_SEEDS}, space)[0][0][1]
        return ((1 + OTHER_SEEDS) * nine - trial[1]) / OTHER_SEEDS


def best(trials, budget):
    return max((t for t in trials if t[0] <= budget + 1e-9), key=lambda t: t[1])


def one_seed(gatewalk, seed, trials):
    out = {"seed": seed}
    with tempfile.TemporaryDirectory() as folder:
        market = Market(gatewalk, folder, seed)
        for number, (name, settings) in enumerate(SEARCHES.items()):
            whole, spent = market.search({**settings, "trials": trials_of(name, trials), "seed": 100 * number + seed}, SPACE)
            if name == "random":
                goal = best(whole, trials)
                out["goal"], out["goal again"] = goal[1], market.again(goal)
            early = best(whole, trials / 4)
            out[name] = {"at": next((t[0] for t in whole if t[1] >= goal[1]), None), "spent": spent, "early": early[1],
                         "half": best(whole, trials / 2)[1], "again": market.again(early)}
    return out


def pair(rows, name, key, against):
    """The mean of a column, and of its difference to another with its standard error."""
    d = [r[name][key] - r[against] for r in rows]
    error = statistics.stdev(d) / len(d) ** 0.5 if len(d) > 1 else float("nan")
    return f"{statistics.mean(r[name][key] for r in rows):.4f} ({statistics.mean(d):+.4f} ±{error:.4f})"


def tell(rows, trials):
    for r in rows:
        print(f"seed {r['seed']:2d}: random {r['goal']:.3f}, again {r['goal again']:.3f}; " + "; ".join(
            f"{name} {'never' if r[name]['at'] is None else format(r[name]['at'], '.0f')} of {r[name]['spent']:.0f}, {r[name]['early']:.3f}, "
            f"again {r[name]['again']:.3f}" for name in SEARCHES if name != "random"))
    print(f"\n{len(rows)} seeds. The best of {trials} random trials: mean {statistics.mean(r['goal'] for r in rows):.4f}; its setting from "
          f"{OTHER_SEEDS} other seeds: {statistics.mean(r['goal again'] for r in rows):.4f}\n")
    print(f"after a quarter of that budget (in brackets: less random search after all of it, ± a standard error of {len(rows)} markets)")
    print(f"{'':10s} {'the best number':26s} {'its setting, other seeds':26s} has random's number after, mean (median); within a quarter, never")
    for name in SEARCHES:
        at = [min(r[name]["at"] or r[name]["spent"], trials / 2) for r in rows]
        within = sum(r[name]["at"] is not None and r[name]["at"] <= trials / 4 + 1e-9 for r in rows)
        never = sum(r[name]["at"] is None or r[name]["at"] > trials / 2 for r in rows)
        late = "" if name == "random" else f"{statistics.mean(at):.0f} ({statistics.median(at):.0f}) of {trials // 2}; {within}, {never}"
        print(f"{name:10s} {pair(rows, name, 'early', 'goal'):26s} {pair(rows, name, 'again', 'goal again'):26s} {late}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gatewalk", type=os.path.abspath)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--from", type=int, default=1, dest="first")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--keep")
    a = parser.parse_args()
    rows = []
    for seed in range(a.first, a.first + a.seeds):
        rows.append(one_seed(a.gatewalk, seed, a.trials))
        if a.keep:
            with open(a.keep, "a") as f:
                f.write(json.dumps(rows[-1]) + "\n")
    if a.keep:
        with open(a.keep) as f:
            rows = [json.loads(line) for line in f]
    tell(rows, a.trials)


if __name__ == "__main__":
    main()
