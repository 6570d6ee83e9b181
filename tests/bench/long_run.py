"""Does memory grow with the time a program runs, and do live numbers drift from the backtest's?

    python3 tests/bench/long_run.py ./gatewalk DIR [folds] [bars] [signal] [--signal-bars N] [--rate BARS_A_SECOND] [--market-bars N]

folds   100 folds x 20 contestants (2,000 fits of small models), its memory sampled: resident at a quarter, half and the end of
        the training, and the peak
bars    a market of 10 M bars (MARKET_BARS), three strategies without models: the peak beside the 48 bytes that a bar takes
signal  SIGNAL_BARS bars through `gatewalk signal --follow` as fast as it takes them, or at --rate (8 hours at 100 bars/s are 2,880,000): memory at every
        eighth, and every probability and threshold beside what `gatewalk score` says of the whole file at once

Everything is made by `gatewalk synth` and lands in DIR. Prints one line a figure; exit 1 when the live numbers differ, or memory grows
by more than 5 % in the second half of the live bars. Of fits it grows by what they leave: scores and thresholds."""
import csv
import json
import os
import subprocess
import sys
import threading
import time

CONTESTANTS, FOLDS, TEST = 20, 100, 60
MOST_SYNTH = 2_000_000  # bars made at once; more are the same walk again, later


def resident_mb(pid, field="VmRSS"):
    try:
        with open(f"/proc/{pid}/status") as f:
            return next((int(line.split()[1]) / 1024 for line in f if line.startswith(field + ":")), 0)
    except OSError:
        return 0


def experiment(path, data, folds, strategies, **more):
    with open(path, "w") as f:
        json.dump({"name": "long", "data": data, "features": ["log_return(1)", "rsi(14)"], "labels": {"horizon": 6, "min_move": 0.002},
                   "folds": folds, "model": {"lookback": 8, "hidden": 4, "dense_units": 4, "attention_units": 4},
                   "training": {"epochs": 2, "patience": 0, "batch_size": 64},
                   "verdict": {"bootstrap": 200, "null_resamples": 20}, "strategies": strategies, **more}, f)


def synth(program, bars, path):
    subprocess.run([program, "synth", "random-walk", "--bars", str(bars), "--seed", "7", "--out", path], check=True, stdout=subprocess.DEVNULL)


def sampled(command):
    """Runs it; [(seconds, resident MB)], peak MB, seconds, standard error."""
    begin, samples, peak = time.time(), [], 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    text = []
    reader = threading.Thread(target=lambda: text.append(process.stderr.read()))
    reader.start()
    while process.poll() is None:
        samples.append((time.time() - begin, resident_mb(process.pid)))
        peak = max(peak, resident_mb(process.pid, "VmHWM"))
        time.sleep(0.05)
    reader.join()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {process.returncode}: {text[0]}")
    return samples, peak, time.time() - begin, text[0]


def n_models(folder):
    try:
        return sum(name.endswith(".safetensors") for name in os.listdir(folder))
    except OSError:
        return 0


def folds(program, where):
    data, path, out = f"{where}/folds.csv", f"{where}/folds.json", f"{where}/folds"
    synth(program, 260 + FOLDS * TEST + 30, data)
    gates = [{"name": f"c{i:02}", "strategy": "gate", "model": {"attention": "none" if i % 2 else "luong_dot", "hidden": 2 + i % 4}}
             for i in range(CONTESTANTS)]
    experiment(path, "folds.csv", {"train": 200, "validation": TEST, "test": TEST}, gates)
    process = subprocess.Popen([program, "run", path, "--out", out, "--force", "--no-report", "--quiet"], stdout=subprocess.DEVNULL)
    at, peak, begin, done = {}, 0, time.time(), 0
    while process.poll() is None:
        done, now = n_models(f"{out}/models"), resident_mb(process.pid)
        at[done], peak = now, max(peak, resident_mb(process.pid, "VmHWM"))
        time.sleep(0.05)
    done = n_models(f"{out}/models")
    if process.returncode != 0:
        sys.exit(f"folds: exit {process.returncode}")
    reach = lambda share: at[min(at, key=lambda n: abs(n - share * done))]
    print(f"folds: {done} fits in {time.time() - begin:.0f} s; resident MB after a tenth {reach(.1):.1f}, a half {reach(.5):.1f}, "
          f"all {reach(.99):.1f}; peak {peak:.1f}")
    # What a fit leaves behind (scores, thresholds, attention of its signals) is kept to the end, and belongs to the results.
    return True


def bars(program, where, n):
    data, path = f"{where}/bars.csv", f"{where}/bars.json"
    part = min(n, MOST_SYNTH)
    synth(program, part, data)
    if n > part:
        with open(data) as f:
            header, *rows = f.read().splitlines()
        with open(data, "w") as f:
            f.write(header + "\n")
            f.writelines(f"{i * 3600},{rows[i % part].split(',', 1)[1]}\n" for i in range(n))
    experiment(path, "bars.csv", {"train": n // 10, "validation": n // 20, "test": n // 20}, ["buy_and_hold", "sma_cross", "momentum"])
    _, peak, seconds, _ = sampled([program, "run", path, "--out", f"{where}/bars", "--force", "--no-report", "--quiet"])
    print(f"bars: {n} bars, 3 strategies: peak {peak:.0f} MB, {peak * 1048576 / n:.0f} bytes a bar (the bars themselves take 48), {seconds:.0f} s")
    return True


FEED = """
import sys, time
rate, begin, sent = float(sys.argv[2]), time.time(), 0
with open(sys.argv[1], "rb") as f:
    sys.stdout.buffer.write(f.readline())
    for line in f:
        sys.stdout.buffer.write(line)
        sent += 1
        if sent % max(1, int(rate / 20)) == 0:
            sys.stdout.buffer.flush()
            time.sleep(max(0, begin + sent / rate - time.time()))
"""


def signal(program, where, n, rate):
    data, path, out, scores = f"{where}/signal.csv", f"{where}/signal.json", f"{where}/signal", f"{where}/signal_scores.csv"
    synth(program, n, data)
    small = f"{where}/small.csv"
    with open(data) as f, open(small, "w") as g:
        g.writelines(line for _, line in zip(range(1501), f))
    experiment(path, {"file": "small.csv", "symbol": "S"}, {"train": 900, "validation": 300, "test": 300},
               [{"name": "stream", "strategy": "gate", "model": {"unroll": "stream", "attention": "luong_dot"}}])
    subprocess.run([program, "run", path, "--out", out, "--force", "--no-report", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([program, "score", out, f"S={data}", "--out", scores], check=True, stdout=subprocess.DEVNULL)
    feed = [sys.executable, "-c", FEED, data, str(rate)] if rate else ["cat", data]
    source = subprocess.Popen(feed, stdout=subprocess.PIPE)  # a pipe has an end that --follow does not wait beyond
    process = subprocess.Popen([program, "signal", out, "--follow"], stdin=source.stdout, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    source.stdout.close()
    resident, differ, compared, worst, begin = [], 0, 0, "", time.time()
    with open(scores) as f:
        said = csv.DictReader(f)
        want = next(said)
        for i, line in enumerate(process.stdout):
            got = json.loads(line)
            if i % (n // 8) == n // 16:
                resident.append(resident_mb(process.pid))
            if want is None or got.get("time") != want.get("time"):
                continue
            compared += 1
            if any(f"{got[key]:.9g}" != f"{float(want[key]):.9g}" for key in ("p_long", "p_short")):
                differ += 1
            want = next(said, None)
    process.wait()
    print(f"signal: {n} bars in {time.time() - begin:.0f} s ({n / (time.time() - begin):.0f} bars/s); resident MB at eighths "
          f"{' '.join(f'{mb:.1f}' for mb in resident)}; {compared} compared with `gatewalk score`, {differ} differ")
    return differ == 0 and compared > n // 2 and resident[-1] < 1.05 * resident[len(resident) // 2]


def main():
    program, where, *rest = sys.argv[1:]
    program = os.path.abspath(program)
    number = lambda name, usual: int(rest[rest.index(name) + 1]) if name in rest else usual
    os.makedirs(where, exist_ok=True)
    os.environ.update(GATEWALK_CACHE="off", GATEWALK_STORE="off")
    wanted = [name for name in ("folds", "signal", "bars") if name in rest] or ["folds", "signal", "bars"]
    good = True
    for name in wanted:
        if name == "folds":
            good &= folds(program, where)
        elif name == "signal":
            good &= signal(program, where, number("--signal-bars", 2_880_000), number("--rate", 0))
        else:
            good &= bars(program, where, number("--market-bars", 10_000_000))
    sys.exit(0 if good else 1)


main()
