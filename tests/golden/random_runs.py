#!/usr/bin/python3
"""Random small experiments, each run by gatewalk and recomputed by check_run.py, its independent twin.

    /usr/bin/python3 tests/golden/random_runs.py ./gatewalk DIR FROM TO

makes experiments FROM to TO - 1, each from its number alone: one to three symbols with gaps, late beginnings and flat bars, features, labels,
folds, thresholds, scalers, calibration, costs and exits. One line an experiment; a folder of DIR stays where something differs, exit 1 then.
What the twin has no words for (broker accounts, sizing, caps; check_simulated.py knows them) is left out. A null control's spread may
differ by chance, and so may a ratio whose mean is 0."""
import datetime
import json
import os
import random
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FEATURES = ["log_return(1)", "log_return(4)", "rsi(14)", "ma_gap(10)", "atr(14)", "bollinger_b(20)", "volume_z(48)", "range", "body",
            "hour_sin", "realised_vol(24)", "rsi(14)@1h"]
SMALL = {"hidden": 4, "dense_units": 4}
MODELS = [{"encoder": "logistic"}, SMALL, {**SMALL, "attention": "bahdanau", "attention_units": 4}, {**SMALL, "attention": "luong_dot"}]
# key: (how often it is given, what it may be)
TRADING = {"size": (.4, [.1, .5, 1, 2]), "target_moves": (.3, [0, .5, 1, 3]), "stop_moves": (.3, [0, .3, 1]),
           "horizon": (.3, [0, 1, 3, 10, 50]), "exit_on_opposite": (.3, [True]), "trade_short": (.15, [False]), "trade_long": (.1, [False]),
           "limit_offset": (.2, [.0005, .002]), "limit_atr": (.15, [.3]), "limit_bars": (.5, [1, 5]), "trail": (.2, [.005, .02]),
           "trail_atr": (.15, [1.5]), "atr_length": (.3, [5, 20])}
COSTS = {"taker_bps": (.3, [0, 7]), "maker_bps": (.3, [-1, 3]), "half_spread_bps": (.3, [0, 2]), "slippage_bps": (.3, [0, 4]),
         "slippage_volatility": (.2, [.1]), "funding_bps_per_day": (.2, [5, -3]), "borrow_bps_per_day": (.2, [4]), "multiplier": (.3, [0, 2])}
BROKER = {"limit_touch": (.2, [True]), "target_through": (.2, [True]), "initial_cash": (.2, [1000, 1e6])}


def some(draw, keys):
    return {key: draw.choice(values) for key, (often, values) in keys.items() if draw.random() < often}


def bars(draw, program, path, seed, late):
    kind = draw.choice(["planted", "garch", "random-walk"])
    subprocess.run([program, "synth", kind, "--bars", str(draw.randint(2300, 3200)), "--seed", str(seed), "--out", path], check=True,
                   stdout=subprocess.DEVNULL)
    with open(path) as stream:
        head, *rows = stream.read().splitlines()
    for _ in range(draw.choice([0, 0, 1, 3])):  # gaps
        at = draw.randrange(200, len(rows) - 100)
        del rows[at:at + draw.randint(1, 60)]
    for _ in range(draw.choice([0, 0, 0, 20])):  # bars in which nothing moves
        at = draw.randrange(len(rows))
        part = rows[at].split(",")
        rows[at] = ",".join(part[:2] + [part[1]] * 3 + part[5:])
    if draw.random() < .25:  # by milliseconds since 1970
        for at, row in enumerate(rows):
            time, rest = row.split(",", 1)
            rows[at] = f"{round(datetime.datetime.fromisoformat(time.replace('Z', '+00:00')).timestamp() * 1000)},{rest}"
    with open(path, "w") as stream:
        stream.write("\n".join([head] + rows[draw.randint(0, 300) if late else 0:]) + "\n")


def contestant(draw, i):
    trading = some(draw, TRADING)
    if not {"limit_offset", "limit_atr"} & set(trading):
        trading.pop("limit_bars", None)
    if "trail" in trading:
        trading.pop("trail_atr", None)
    made = {"name": f"g{i}", "strategy": "gate", "model": draw.choice(MODELS), "trading": trading}
    if draw.random() < .2:
        made["model"] = {**made["model"], "unroll": "stream"}
    if draw.random() < .2:
        made["costs"] = {"taker_bps": draw.choice([0, 10])}
    return made


def experiment(draw, program, folder, number):
    n = draw.choice([1, 1, 2, 3])
    for s in range(n):
        bars(draw, program, os.path.join(folder, f"S{s}.csv"), number * 10 + s, s > 0 and draw.random() < .5)
    k = draw.choice([[1, 5, 10], [2, 7], [.5, 1, 3, 20]])
    threshold = draw.choice(["validation", "validation", "rolling", "fixed"])
    signals = {"k": k, "act_on": draw.choice(k), "threshold": threshold}
    signals.update({"rolling": {"rolling_bars": draw.choice([50, 200])}, "fixed": {"fixed_long": .3, "fixed_short": .3}}.get(threshold, {}))
    if n > 1:
        signals["pool"] = draw.choice(["all", "all", "each", "cross_section"])
    labels = {"horizon": draw.choice([1, 4, 12, 24]), "ratio": draw.choice([0, 1, 2])}
    labels.update(draw.choice([{"min_move": .002}, {"min_move": .006}, {"min_move_atr": 1}, {"min_move_atr": 2.5}]))
    folds = {"mode": draw.choice(["rolling", "expanding"]), "train": draw.choice([700, 900]), "validation": draw.choice([200, 300]),
             "test": draw.choice([150, 300]), **some(draw, {"embargo": (.3, [1, 20])})}
    if draw.random() < .2:
        folds["step"] = folds["test"] + draw.choice([10, 100])
    training = {"epochs": 2, "batch_size": 64, "learning_rate": .01,
                **some(draw, {"calibration": (.3, ["platt", "isotonic"]), "retrain": (.2, ["warm"])})}
    return {"name": "random", "data": [{"file": f"S{s}.csv", "symbol": f"S{s}"} for s in range(n)],
            "features": draw.sample(FEATURES, draw.randint(1, 5)), "seeds": draw.choice([1, 1, 2]), "labels": labels, "folds": folds,
            "signals": signals, "scaler": some(draw, {"kind": (.3, ["robust", "none"]), "clip": (.3, [3])}),
            "model": {"lookback": draw.choice([4, 9])}, "training": training, "costs": some(draw, COSTS), "broker": some(draw, BROKER),
            "verdict": {"bootstrap": 300, "null_resamples": 400, "importance": False, "random_entries": 5},
            "strategies": [contestant(draw, i) for i in range(draw.randint(1, 3))] + ["sma_cross", "buy_and_hold"]}


def main():
    program, top, first, end = os.path.abspath(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.environ.update(GATEWALK_STORE="off", GATEWALK_CACHE="off")
    failed = 0
    for number in range(first, end):
        folder = os.path.join(top, str(number))
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "experiment.json"), "w") as stream:
            json.dump(experiment(random.Random(number), program, folder, number), stream, indent=1)
        said = lambda *command: subprocess.run(command, cwd=folder, capture_output=True, text=True)
        run = said(program, "run", "experiment.json", "--out", "run", "--no-report", "--quiet", "--jobs", "1", "--force")
        twin = said("/usr/bin/python3", os.path.join(HERE, "check_run.py"), "run", "--replicates", "0") if run.returncode == 0 else run
        own = said(program, "verify", "run", "--quiet") if run.returncode == 0 else run
        right = run.returncode == twin.returncode == own.returncode == 0
        failed += not right
        last = (twin.stdout.strip() or twin.stderr.strip() or own.stderr.strip()).splitlines()
        print(number, "ok   " if right else "WRONG", last[-1] if last else "", flush=True)
        for line in [line for line in twin.stdout.splitlines() if "DIFFERS" in line][:4]:
            print("     ", " ".join(line.split()), flush=True)
        if right:
            shutil.rmtree(folder)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
