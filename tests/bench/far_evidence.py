#!/usr/bin/env python3
"""Evidence 500 to 1,500 bars back: an LSTM that carries its state, or windows of 2,048 bars, against one that sees 96 bars.

usage: far_evidence.py GATEWALK DIR [--seed 2] [--bars 200000] [--attention bahdanau]
       far_evidence.py GATEWALK DIR --windows none,top_k,local_p,linear,tiled [--train 16000] [--epochs 2]

Walks one fold of a market of `synth planted --evidence 500..1500` (three quarters to train, a tenth to validate, the rest to
test): "lstm" is the plain LSTM over windows of 96 bars, "far" one of the same size that streams (training.segment 1,024 after a
warm-up of 1,536 bars, chrono start); --attention adds "attends", which attends to the last 1,536 states besides.

--windows walks the forms for long lookbacks instead: each over windows of 2,048 bars, beside "lstm" over 96, all with H 16, chrono
start, the query beside the context and the same --train windows and --epochs (a window of 2,048 bars costs 20 times one of 96, so
that these are few). Only the python standard library is needed.
"""
import argparse
import json
import os
import subprocess


FORMS = {
    "none": {},
    "bahdanau": {"attention": "bahdanau"},
    "local_p": {"attention": "local_p", "local_span": 64},
    "top_k": {"attention": "sparse"},
    "entmax15": {"attention": "sparse", "sparse_rule": "entmax15"},
    "linear": {"attention": "linear", "heads": 1, "key_dim": 16},
    "tiled": {"attention": "multihead", "tiled": True, "heads": 1, "key_dim": 16},
}
LONG = 2048


def long_windows(a):
    """Contestants and folds of --windows."""
    common = {"luong_combine": True, "lookback": LONG}
    strategies = [{"name": "lstm", "strategy": "gate"}]
    strategies += [{"name": name, "strategy": "gate", "model": dict(FORMS[name], **(common if FORMS[name] else {"lookback": LONG}))}
                   for name in a.windows.split(",")]
    folds = {"train": a.train + LONG, "validation": 3000, "test": 12000}
    return strategies, folds, {"epochs": a.epochs, "batch_size": 64, "learning_rate": .003}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("gatewalk")
    p.add_argument("dir")
    p.add_argument("--seed", type=int, default=2)
    p.add_argument("--bars", type=int, default=200000)
    p.add_argument("--attention")
    p.add_argument("--windows")
    p.add_argument("--train", type=int, default=16000)
    p.add_argument("--epochs", type=int, default=2)
    a = p.parse_args()
    if a.windows:
        a.bars = a.train + LONG + 3000 + 12000 + LONG + 200
    os.makedirs(a.dir, exist_ok=True)
    bars, path = os.path.join(a.dir, "far.csv"), os.path.join(a.dir, "far.json")
    subprocess.run([a.gatewalk, "synth", "planted", "--evidence", "500..1500", "--bars", str(a.bars), "--seed", str(a.seed),
                    "--out", bars], check=True)
    far = {"unroll": "stream", "lookback": 1536, "warm": 3072}
    training = {"epochs": 40, "segment": 1024, "segment_warmup": 1536, "segments": 2, "learning_rate": 0.01}
    strategies = [
        {"name": "lstm", "strategy": "gate", "training": {"epochs": 10, "learning_rate": 0.003}},
        {"name": "far", "strategy": "gate", "model": dict(far, forget_init="chrono"), "training": training}]
    if a.attention:
        strategies.append({"name": "attends", "strategy": "gate", "training": dict(training, epochs=20),
                           "model": dict(far, attention=a.attention, luong_combine=True)})
    experiment = {
        "name": "far", "data": [{"file": "far.csv", "symbol": "FAR", "interval": "15m"}],
        "features": ["log_return(1)", "range", "upper_wick", "lower_wick", "volume_ratio(96)", "volume_z(96)"],
        "folds": {"train": a.bars * 3 // 4, "validation": a.bars // 10, "test": a.bars * 7 // 50},
        "model": {"lookback": 96, "hidden": 16, "dense_units": 32, "dropout": 0.1},
        "training": {"optimizer": "adamw", "schedule": "cosine", "warmup_epochs": 0.5, "patience": 0,
                     "monitor": "average_precision", "precision": "bf16"},
        "verdict": {"importance": False, "random_entries": 0, "bootstrap": 1000, "null_resamples": 100},
        "seeds": 1, "strategies": strategies}
    if a.windows:
        experiment["strategies"], experiment["folds"], more = long_windows(a)
        experiment["model"]["forget_init"] = "chrono"
        experiment["training"].update(more)
    with open(path, "w") as f:
        json.dump(experiment, f, indent=1)
    subprocess.run([a.gatewalk, "run", path, "--no-report", "--out", os.path.join(a.dir, "run"), "--force"], check=True,
                   env=dict(os.environ, GATEWALK_STORE="off"))


if __name__ == "__main__":
    main()
