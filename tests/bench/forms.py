#!/usr/bin/env python3
"""Every form of attention, the decoder, cross-attention and the controls against the plain LSTM: one table a market.

usage: forms.py GATEWALK DIR --market planted|easy|hard [--minutes 14]
       forms.py GATEWALK DIR --market planted-200k          (streaming gates, and controls that cost little)
       forms.py GATEWALK DIR --market NAME --data FILE [--minutes 14]

All contestants of a market have the same windows, features, epochs, optimizer and seed. LSTMs have 32 units and the chrono start, as
few epochs are too few for a plain one without it (batch size and start were settled on the validation slice of the market of seed
1, by the plain LSTM alone); nobody else's settings were looked for. What can put the asking state beside its context
(luong_combine) does; "bahdanau_c" is the context alone. Heads are 4 of 16 units each; gru, tcn and
causal_transformer are as wide as the LSTM's parameters allow, transformer looks at 50 bars with a width of 16. "cross" is the plain
LSTM that also attends to 48 bars of 4 h.

Some fits after others are made until --minutes of processor time are used: the same command goes on from there, and when all are
there it walks them together and writes DIR/MARKET.txt. windows/s are by the processor time of training. AP is that of all
test bars ranked together, differences are contestant - LSTM with 95 % paired block-bootstrap intervals, * where Holm's correction
over every difference of the run leaves them. Only the python standard library is needed.
"""
import argparse
import json
import os
import resource
import subprocess
import sys

from learning_curve import experiment, yardsticks

COMBINED = {"luong_combine": True}
FORMS = {  # the rows, in this order
    "lstm": {},
    "bahdanau": {"attention": "bahdanau", **COMBINED},
    "bahdanau_c": {"attention": "bahdanau"},
    "luong_dot": {"attention": "luong_dot", **COMBINED},
    "luong_general": {"attention": "luong_general", **COMBINED},
    "luong_concat": {"attention": "luong_concat", **COMBINED},
    "local_m": {"attention": "local_m", **COMBINED},
    "local_p": {"attention": "local_p", **COMBINED},
    "multihead": {"attention": "multihead", **COMBINED},
    "linear": {"attention": "linear", **COMBINED},
    "top_k": {"attention": "sparse", "sparse_rule": "top_k", **COMBINED},
    "strided": {"attention": "sparse", "sparse_rule": "strided", **COMBINED},
    "sparsemax": {"attention": "sparse", "sparse_rule": "sparsemax", **COMBINED},
    "entmax15": {"attention": "sparse", "sparse_rule": "entmax15", **COMBINED},
    "dual_stage": {"attention": "dual_stage"},
    "mean_pool": {"attention": "mean_pool"},
    "max_pool": {"attention": "max_pool"},
    "decoder": {"attention": "bahdanau", "decoder": "path", **COMBINED},
    "cross": {"cross": {"interval": "4h", "lookback": 48}},
    "logistic": {"encoder": "logistic"},
    "xgboost": {"encoder": "xgboost"},
    "gru": {"encoder": "gru"},
    "tcn": {"encoder": "tcn"},
    "causal_transformer": {"encoder": "causal_transformer"},
    "transformer": {"encoder": "transformer", "pattern_width": 16},
}
SECOND = ["log_return(1)@4h", "range@4h"]  # what cross-attention sees of its bars; everybody has them
SEED_OF_MARKET = 15
MARKETS = {  # bars, difficulty, epochs
    "planted": (60000, "default", 5),
    "easy": (60000, "easy", 2),
    "hard": (60000, "hard", 3),
    "planted-200k": (200000, "default", 16),
}
STREAMED = "planted-200k"
STREAMS = ["lstm", "bahdanau", "bahdanau_c", "luong_dot", "luong_general", "luong_concat", "multihead", "mean_pool", "max_pool"]
CHEAP = ["logistic", "xgboost"]
AT_ONCE = 5  # forms that one call fits
MEASURES = (("average_precision", "AP"), ("precision_at_1", "P@1 %"))


def planted(a):
    n, difficulty, epochs = MARKETS[a.market]
    bars = os.path.join(a.dir, a.market + ".csv")
    if not os.path.exists(bars):
        subprocess.run([a.gatewalk, "synth", "planted", "--bars", str(n), "--seed", str(SEED_OF_MARKET), "--difficulty", difficulty,
                        "--out", bars], check=True, stdout=subprocess.DEVNULL)
    common = argparse.Namespace(difficulty=difficulty, epochs=epochs, baseline="lstm", contestants=[], seeds=1)
    plan = experiment(common, bars, n - 1000)
    if a.market == STREAMED:
        plan["training"]["segments"] = 4
    else:
        plan["training"]["batch_size"] = 64
    return plan


def real(a):
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "strategies", "btc_15m.json")) as stream:
        plan = json.load(stream)
    plan["data"] = [{"file": os.path.abspath(a.data), "symbol": a.market, "interval": "15m"}]
    plan["folds"] = {"mode": "rolling", "train": "240d", "validation": "30d", "test": "230d"}
    plan["model"] = {"lookback": 64, "dense_units": 32, "dropout": .1}
    plan["training"] = {"optimizer": "adamw", "learning_rate": .001, "schedule": "cosine", "warmup_epochs": .5, "epochs": 3,
                        "patience": 0, "batch_size": 64}
    return plan


def plan_of(a):
    plan = real(a) if a.data else planted(a)
    plan["name"] = "forms"
    plan["features"] += SECOND
    plan["model"].update(hidden=32, forget_init="chrono", key_dim=16)
    plan["training"]["precision"] = "bf16"
    plan["verdict"] = {"importance": False, "random_entries": 0, "baseline": "lstm"}
    plan["seeds"] = 1
    plan["strategies"] = [{"name": name, "strategy": "gate", "model": FORMS[name]} for name in forms_of(a)]
    for entry in plan["strategies"]:
        if a.market == STREAMED and entry["name"] in STREAMS:
            entry["model"] = dict(entry["model"], unroll="stream")
    return plan


def forms_of(a):
    return STREAMS + CHEAP if a.market == STREAMED else list(FORMS)


class Market:
    def __init__(self, a):
        self.a, self.stem = a, os.path.join(a.dir, a.market)
        self.plan, self.run, self.costs = self.stem + ".json", os.path.join(a.dir, a.market), self.stem + ".costs.json"

    def walk(self, names, quick):
        settings = ["verdict.bootstrap=100", "verdict.null_resamples=0"] if quick else []
        command = [self.a.gatewalk, "run", self.plan, "--out", self.run, "--force", "--no-report", "--quiet", "--jobs", "2"]
        command += ["--strategies", ",".join(names)] + [x for s in settings for x in ("--set", s)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, GATEWALK_STORE="off"))
        return self.load("run.json")

    def load(self, name):
        with open(os.path.join(self.run, name)) as stream:
            return json.load(stream)

    def known_costs(self):
        if not os.path.exists(self.costs):
            return {}
        with open(self.costs) as stream:
            return json.load(stream)

    def fit(self, names, costs):
        """The fits of some forms, beside those of the LSTM and of who looks furthest back (which says where all slices begin)."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        beside = [name for name in ("lstm", "cross") if name in forms_of(self.a) and name not in names]
        record = self.walk(beside + names, True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        for row in record["training_time"]:
            if row["strategy"] in names:
                costs[row["strategy"]] = {"windows": row["windows"], "processor_seconds": row["processor_seconds"],
                                          "call_seconds": seconds}
        with open(self.costs + ".new", "w") as stream:
            json.dump(costs, stream, indent=1)
        os.replace(self.costs + ".new", self.costs)
        print(f"{self.a.market} {', '.join(names)}: {seconds:.0f} s of processor time", file=sys.stderr, flush=True)
        return seconds

    def fits(self):
        """Are all there?"""
        costs, spent = self.known_costs(), 0
        with open(self.plan, "w") as stream:
            json.dump(plan_of(self.a), stream, indent=1)
        left = [name for name in forms_of(self.a) if name not in costs]
        left.sort(key=lambda name: name not in ("lstm", "cross"))
        while left:
            if spent > 60 * self.a.minutes:
                return False
            n = 1 if left[0] in CHEAP else AT_ONCE  # alone: what a call takes says what growing trees does
            now = [name for name in left[:n] if n == 1 or name not in CHEAP]
            spent += self.fit(now, costs)
            left = [name for name in left if name not in now]
        return True


def mean_of(strategy, gate, key):
    seeds = [seed["pooled"][key] for seed in strategy["gates"][gate]["seeds"]]
    return sum(seeds) / len(seeds)


def difference(verdicts, name, gate, key):
    found = next((v for v in verdicts if v["candidate"] == name and v["baseline"] == "lstm"), None)
    return found["gates"][gate][key] if found else None


def cells(strategy, verdicts, gate, key):
    factor, form = (100, "{:5.1f}") if key == "precision_at_1" else (1, "{:5.3f}")
    signed = form.replace(":5", ":+6" if factor == 1 else ":+5")
    text = form.format(factor * mean_of(strategy, gate, key))
    d = difference(verdicts, strategy["name"], gate, key)
    if d:
        text += f" {signed.format(factor * d['delta'])} [{signed.format(factor * d['lo'])}, {signed.format(factor * d['hi'])}]"
        text += "*" if d["significant"] else " "
    return text.ljust(32)


def heading(market, plan):
    folds, model, training = plan["folds"], plan["model"], plan["training"]
    return (f"{market}: folds {folds['train']} / {folds['validation']} / {folds['test']}, lookback {model['lookback']}, "
            f"H {model['hidden']}, at most {training['epochs']} epochs of batches of {training.get('batch_size', 256)} at a rate of "
            f"{training['learning_rate']}, {training['precision']}, 1 seed")


def windows_a_second(costs, name):
    """By the processor time of training; trees are grown in threads of their own, so the whole call less that of a logistic one."""
    own = costs[name]
    seconds = own["processor_seconds"] or own["call_seconds"] - costs["logistic"]["call_seconds"]
    return own["windows"] / seconds


def table(market):
    summary, costs = market.load("summary.json"), market.known_costs()
    with open(market.plan) as stream:
        plan = json.load(stream)
    lines = [heading(market.a.market, plan)]
    if not market.a.data:
        marks = yardsticks(market.stem + ".truth.csv", market.stem + ".csv", os.path.join(market.run, "scores.csv"))
        lines.append(f"P@1 %, mean of both gates: oracle {100 * marks['oracle']:.1f}, trigger alone {100 * marks['trigger']:.1f}")
    lines.append("form".ljust(20) + "parameters  windows/s   " +
                 "".join(f"{title} {gate}".ljust(32) for _, title in MEASURES for gate in ("long", "short")).rstrip())
    for strategy in summary["strategies"]:
        size, rate = strategy["parameters"], windows_a_second(costs, strategy["name"])
        row = strategy["name"].ljust(20) + f"{size if size else '-':>10} {rate:10,.0f}   "
        row += "".join(cells(strategy, summary["verdict"], gate, key) for key, _ in MEASURES for gate in ("long", "short"))
        lines.append(row.rstrip())
    return "\n".join(lines) + "\n"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("gatewalk")
    p.add_argument("dir")
    p.add_argument("--market", required=True)
    p.add_argument("--data")
    p.add_argument("--minutes", type=float, default=14)
    a = p.parse_args()
    if not a.data and a.market not in MARKETS:
        raise SystemExit(f"--market: one of {', '.join(MARKETS)}, or a name with --data FILE")
    os.makedirs(a.dir, exist_ok=True)
    market = Market(a)
    if not market.fits():
        print(f"{a.market}: {len(market.known_costs())} of {len(forms_of(a))} are fitted; the same command goes on")
        return
    market.walk(forms_of(a), False)
    text = table(market)
    with open(market.stem + ".txt", "w") as stream:
        stream.write(text)
    print(text, end="")


if __name__ == "__main__":
    main()
