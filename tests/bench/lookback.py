#!/usr/bin/env python3
"""What a lookback costs: training time a window and peak memory of attentions against the lookback.

usage: lookback.py GATEWALK DIR [--lookbacks 96,256,1024,2048,4096] [--windows 64] [--features 20] [--forms NAME,...]

Every figure is one fit on one thread in a process of its own: `windows` training windows in batches of 32, one epoch, H 64.
Time is the process's processor time (training, one validation of half as many windows, 40 scored bars), memory what it had
resident at most, both less those of the same at a lookback of 1. Only the python standard library is needed.
"""
import argparse
import json
import os
import subprocess

FORMS = {
    "none": {},
    "bahdanau": {"attention": "bahdanau"},
    "local_p": {"attention": "local_p"},
    "top_k": {"attention": "sparse"},
    "entmax15": {"attention": "sparse", "sparse_rule": "entmax15"},
    "linear": {"attention": "linear"},
    "multihead": {"attention": "multihead"},
    "tiled": {"attention": "multihead", "tiled": True},
}


def one(a, bars, form, lookback):
    features = [f"log_return({i + 1})" for i in range(a.features)]
    experiment = {
        "name": "lookback", "data": bars, "features": features, "labels": {"horizon": 1, "min_move": .002},
        "folds": {"train": lookback + a.features + a.windows, "validation": a.windows // 2 + 1, "test": 40},
        "model": dict({"lookback": lookback}, **form),
        "training": {"epochs": 1, "batch_size": 32, "block": 32},
        "verdict": {"bootstrap": 100, "null_resamples": 1, "importance": False},
        "seeds": [1], "strategies": [{"name": "x", "strategy": "gate"}]}
    path, out = os.path.join(a.dir, "lookback.json"), os.path.join(a.dir, "run")
    with open(path, "w") as f:
        json.dump(experiment, f)
    env = dict(os.environ, OMP_NUM_THREADS="1", GATEWALK_STORE=os.path.join(a.dir, "store.db"))
    child = subprocess.Popen([a.gatewalk, "run", path, "--out", out, "--force", "--jobs", "1", "--quiet"], env=env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"lookback {lookback}, {form}: {said.decode()}")
    return (usage.ru_utime + usage.ru_stime) / a.windows * 1e3, usage.ru_maxrss / 1024


def main():
    p = argparse.ArgumentParser()
    p.add_argument("gatewalk")
    p.add_argument("dir")
    p.add_argument("--lookbacks", default="96,256,1024,2048,4096")
    p.add_argument("--windows", type=int, default=64)
    p.add_argument("--features", type=int, default=20)
    p.add_argument("--forms", default=",".join(FORMS))
    a = p.parse_args()
    os.makedirs(a.dir, exist_ok=True)
    lookbacks = [int(t) for t in a.lookbacks.split(",")]
    print("ms a window / MB".ljust(18) + "".join(f"{t:>16}" for t in lookbacks))
    floor = None
    for name in a.forms.split(","):
        line = name.ljust(18)
        for lookback in lookbacks:
            bars = os.path.join(a.dir, f"bars{lookback}.csv")
            n = lookback + a.features + a.windows + a.windows // 2 + 1 + 40  # one fold
            if not os.path.exists(bars):
                subprocess.run([a.gatewalk, "synth", "random-walk", "--bars", str(n), "--seed", "1", "--out", bars],
                               check=True, stdout=subprocess.DEVNULL)
            if floor is None:
                floor = one(a, bars, {}, 1)
            ms, mb = one(a, bars, FORMS[name], lookback)
            line += f"{ms - floor[0]:9.2f} /{mb - floor[1]:5.0f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
