#!/usr/bin/env python3
"""How many trials do searchers need for what random search finds? On planted markets, one a seed: the best average precision on
validation of N random trials of a small streaming LSTM; then how many trials TPE, and how many budgets of a whole trial ASHA, need until
they have as much, and what they have after N / 4; one worker, so every decision knows all results before it (lag 1). Their seeds are
not those of the random search.
usage: tests/bench/search_found.py ./gatewalk [--seeds N] [--trials N]   (20 seeds of 100 trials: about 6 minutes of one processor;
prints the table that lies beside it)"""
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


def reached(path, goal, quarter):
    """Budgets spent until a whole trial has the goal (None: never), the best whole trial by a quarter, and of all; all that was spent."""
    spent, best, early, at = 0.0, 0.0, 0.0, None
    with open(path) as f:
        for row in csv.DictReader(f):
            spent += float(row["budget"])
            if float(row["budget"]) == 1 and row["average_precision"]:
                best = max(best, float(row["average_precision"]))
                if spent <= quarter + 1e-9:
                    early = best
                if at is None and best >= goal:
                    at = spent
    return at, early, best, spent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gatewalk", type=os.path.abspath)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=100)
    a = parser.parse_args()
    quarter, rows = a.trials / 4, []
    searches = {"random": {"trials": a.trials}, "tpe": {"trials": a.trials // 2}, "tpe, keys apart": {"trials": a.trials // 2, "joint": False},
                "asha": {"trials": 3 * a.trials // 4}}  # of ASHA's trials a ninth part each, then of the best ones more: a quarter in all
    for seed in range(1, a.seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            env = dict(os.environ, GATEWALK_STORE="off", GATEWALK_CACHE="off")
            gatewalk = lambda *words: subprocess.run([a.gatewalk, *words], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
            gatewalk("synth", "planted", "--difficulty", "easy", "--bars", "9000", "--seed", str(seed), "--out", "planted.csv")
            with open(os.path.join(folder, "planted.json"), "w") as f:
                json.dump(EXPERIMENT, f)
            found = {}
            for number, (name, settings) in enumerate(searches.items()):
                search = {"contestant": "lstm", "strategy": name.split(",")[0], "folds": 1, "seeds": 1, "reference": 0, "lag": 1,
                          "objective": "average_precision", "seed": 100 * number + seed, **settings}
                with open(os.path.join(folder, "search.json"), "w") as f:
                    json.dump({"experiment": "planted.json", "search": search, "space": SPACE}, f)
                gatewalk("search", "search.json", "--out", f"out-{number}", "--no-report", "--quiet", "--jobs", "1")
                goal = found["random"][2] if found else float("inf")
                found[name] = reached(os.path.join(folder, f"out-{number}", "trials.csv"), goal, quarter)
        rows.append(found)
        print(f"seed {seed:2d}: random {found['random'][2]:.3f}; " + "; ".join(
            f"{name} {'never' if f[0] is None else format(f[0], '.0f')} of {f[3]:.0f}, {f[1]:.3f} by a quarter"
            for name, f in found.items() if name != "random"), flush=True)
    goal = statistics.mean(f["random"][2] for f in rows)
    print(f"\n{a.seeds} seeds, {a.trials} random trials: mean of the best {goal:.4f}, of the best by a quarter "
          f"{statistics.mean(f['random'][1] for f in rows):.4f}")
    for name in list(searches)[1:]:
        within = sum(f[name][0] is not None and f[name][0] <= quarter + 1e-9 for f in rows)
        spent = [f[name][3] if f[name][0] is None else f[name][0] for f in rows]
        print(f"{name:16s} mean of the best by a quarter {statistics.mean(f[name][1] for f in rows):.4f}; has what random found after at least "
              f"{statistics.mean(spent):.0f} trials' budget in the mean (median {statistics.median(spent):.0f}), within a quarter for "
              f"{within} of {a.seeds}, never for {sum(f[name][0] is None for f in rows)}")


if __name__ == "__main__":
    main()
