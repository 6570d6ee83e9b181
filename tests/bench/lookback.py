#!/usr/bin/env python3
"""What a lookback costs: training time a window and peak memory of attentions against the lookback.

usage: lookback.py GATEWALK DIR [--lookbacks 96,256,512,1024,2048,4096] [--windows 64] [--features 20] [--forms NAME,...]
                   [--repeats 1] [--picture FILE.png|.pdf|.svg]

Every figure is one fit on one thread in a process of its own: `windows` training windows in batches of 32, one epoch, H 64. Time is
the processor time of that epoch by the window (as run.json has it; the least of --repeats), memory what the process had resident at
most less that of the same at a lookback of 1. DIR/lookback.csv keeps what was measured: repeated, the command measures what is
missing (remove the file to begin anew). --picture draws both with gnuplot. Only the python standard library is needed.
"""
import argparse
import csv
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
COLUMNS = ["form", "lookback", "ms", "mb"]

PICTURE = """
set datafile separator ","
set multiplot layout 1, 2
set logscale xy 2
set xlabel "lookback T, bars"
set xtics (%(tics)s)
set xrange [%(low)d * .9 : %(high)d * 1.1]
set grid xtics ytics back lt 1 lw 1 lc rgb "#cccccc"
set border 3 lc rgb "#666666"
set tics nomirror
set key top left reverse Left samplen 1.5 spacing 1.1
set format y "%%g"
set title "Training, processor time in ms a window"
plot for [i = 1 : words(forms)] table using (strcol(1) eq word(forms, i) ? $2 : NaN):3 with linespoints ls i title word(names, i)
set title "Peak memory above that of T = 1, MB"
unset key
plot for [i = 1 : words(forms)] table using (strcol(1) eq word(forms, i) ? $2 : NaN):4 with linespoints ls i notitle
unset multiplot
"""
COLOURS = "#222222 #4477aa #66ccee #228833 #ccbb44 #ee6677 #aa3377 #bb5500".split()


def bars_for(a, lookback):
    path = os.path.join(a.dir, f"bars{lookback}.csv")
    n = lookback + a.features + a.windows + a.windows // 2 + 1 + 40  # one fold
    subprocess.run([a.gatewalk, "synth", "random-walk", "--bars", str(n), "--seed", "1", "--out", path], check=True,
                   stdout=subprocess.DEVNULL)
    return path


def one(a, form, lookback):
    features = [f"log_return({i + 1})" for i in range(a.features)]
    experiment = {
        "name": "lookback", "data": bars_for(a, lookback), "features": features, "labels": {"horizon": 1, "min_move": .002},
        "folds": {"train": lookback + a.features + a.windows, "validation": a.windows // 2 + 1, "test": 40},
        "model": dict({"lookback": lookback}, **form),
        "training": {"epochs": 1, "batch_size": 32, "block": 32},
        "verdict": {"bootstrap": 100, "null_resamples": 0, "importance": False, "random_entries": 0},
        "seeds": [1], "strategies": [{"name": "x", "strategy": "gate"}]}
    path, out = os.path.join(a.dir, "lookback.json"), os.path.join(a.dir, "run")
    with open(path, "w") as f:
        json.dump(experiment, f)
    subprocess.run(["rm", "-rf", out], check=True)  # a finished fit has no training time
    env = dict(os.environ, OMP_NUM_THREADS="1", GATEWALK_STORE="off")
    child = subprocess.Popen([a.gatewalk, "run", path, "--out", out, "--jobs", "1", "--quiet", "--no-report"], env=env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"lookback {lookback}, {form}: {said.decode()}")
    with open(os.path.join(out, "run.json")) as f:
        took = json.load(f)["training_time"][0]
    return 1e3 * took["processor_seconds"] / took["windows"], usage.ru_maxrss / 1024


def known(path):
    if not os.path.exists(path):
        return {}
    with open(path, newline="") as f:
        return {(row["form"], int(row["lookback"])): (float(row["ms"]), float(row["mb"])) for row in csv.DictReader(f)}


def write(path, found):
    with open(path + ".new", "w", newline="") as f:
        table = csv.writer(f, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows([form, lookback, f"{ms:.4f}", f"{mb:.1f}"] for (form, lookback), (ms, mb) in found.items())
    os.replace(path + ".new", path)


def measure(a, path, found):
    floor = None
    for form in a.forms:
        for lookback in a.lookbacks:
            if (form, lookback) in found:
                continue
            if floor is None:
                floor = one(a, {}, 1)[1]
            tries = [one(a, FORMS[form], lookback) for _ in range(a.repeats)]
            found[form, lookback] = min(ms for ms, _ in tries), min(mb for _, mb in tries) - floor
            write(path, found)


def draw(a, path):
    styles = "".join(f'set style line {i + 1} lc rgb "{colour}" lw 2 pt {(5, 7, 9, 11)[i % 4]} ps .7\n' for i, colour in enumerate(COLOURS))
    kind = {".png": "pngcairo size 1200,520", ".pdf": "pdfcairo size 12,5.2", ".svg": "svg size 1200,520"}[os.path.splitext(a.picture)[1]]
    script = f'set terminal {kind} font "sans,11"\nset output "{a.picture}"\ntable = "{path}"\nforms = "{" ".join(a.forms)}"\n'
    script += f'names = "{" ".join(a.forms)}"\nset termoption noenhanced\n' + styles
    script += PICTURE % {"tics": ", ".join(map(str, a.lookbacks)), "low": min(a.lookbacks), "high": max(a.lookbacks)}
    subprocess.run(["gnuplot"], input=script.encode(), check=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("gatewalk")
    p.add_argument("dir")
    p.add_argument("--lookbacks", default="96,256,512,1024,2048,4096")
    p.add_argument("--windows", type=int, default=64)
    p.add_argument("--features", type=int, default=20)
    p.add_argument("--forms", default=",".join(FORMS))
    p.add_argument("--repeats", type=int, default=1)
    p.add_argument("--picture")
    a = p.parse_args()
    a.lookbacks, a.forms = [int(t) for t in a.lookbacks.split(",")], a.forms.split(",")
    a.gatewalk, a.dir = os.path.abspath(a.gatewalk), os.path.abspath(a.dir)
    os.makedirs(a.dir, exist_ok=True)
    path = os.path.join(a.dir, "lookback.csv")
    found = known(path)
    measure(a, path, found)
    print("ms a window / MB".ljust(18) + "".join(f"{t:>16}" for t in a.lookbacks))
    for form in a.forms:
        cells = (found[form, lookback] for lookback in a.lookbacks)
        print(form.ljust(18) + "".join(f"{ms:9.2f} /{mb:5.0f}" for ms, mb in cells))
    if a.picture:
        draw(a, path)


if __name__ == "__main__":
    main()
