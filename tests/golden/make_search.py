#!/usr/bin/python3
"""Golden numbers of the searchers, from implementations that are not ours. Needs python3-scipy.

search_sobol.csv   the first 64 points of 32 dimensions, times 64: scipy.stats.qmc.Sobol
search_parzen.csv  densities and masses of tree-structured Parzen estimators: scipy.stats.truncnorm, bandwidths as the paper has them
search_joint.csv   the same of all keys together: products of such kernels, widths by Scott's rule
search_asha.csv    the order of evaluations of asynchronous successive halving (Li et al. 2020, algorithm 2) on costs that are a formula,
            one evaluation after another, and with three in work at once
usage: /usr/bin/python3 tests/golden/make_search.py     (writes them beside this file)
"""
import os

import numpy as np
from scipy.stats import qmc, truncnorm

OUT = os.path.dirname(os.path.abspath(__file__))


def write(name, header, rows):
    with open(os.path.join(OUT, name), "w") as f:
        f.write(header + "\n")
        for row in rows:
            f.write(",".join(f"{x:.17g}" if isinstance(x, float) else str(x) for x in row) + "\n")


def sobol():
    points = qmc.Sobol(32, scramble=False).random(64) * 64
    assert np.all(points == np.round(points))
    write("search_sobol.csv", ",".join(f"d{d + 1}" for d in range(32)), points.astype(int).tolist())


def mixture(seen):
    seen = np.sort(seen)
    edges = np.concatenate([[0.0], seen, [1.0]])
    width = np.maximum(np.diff(edges)[:-1], np.diff(edges)[1:])
    width = np.clip(width, 1 / min(100, len(seen) + 1), 1)
    mean, width = np.append(seen, 0.5), np.append(width, 1.0)
    return [truncnorm((0 - m) / w, (1 - m) / w, m, w) for m, w in zip(mean, width)]


def parzen():
    rng, rows = np.random.default_rng(7), []
    for case, n in enumerate([0, 1, 2, 5, 30, 150]):
        seen = rng.uniform(size=n).round(6)
        if n == 5:
            seen[1] = seen[0]
        parts = mixture(seen)
        for at in [0.0, 0.1, 0.25, 0.5, 0.77, 0.999]:
            density = float(np.mean([p.pdf(at) for p in parts]))
            mass = float(np.mean([p.cdf(min(at + 0.125, 1)) - p.cdf(at) for p in parts]))
            rows.append([case, n, " ".join(f"{x:.6f}" for x in seen), at, density, mass])
    write("search_parzen.csv", "case,n,seen,at,density,mass", rows)


def has(point, d):
    """Two numbers, one of three choices, a number that is there for the second of them alone, a whole number of ten."""
    return d != 3 or 1 / 3 <= point[2] < 2 / 3


def kernel(d, seen, width, n, at):
    if d == 2:
        share = 1 / 3
        return share if seen is None else (share + n * (int(3 * seen) == int(3 * at))) / (n + 1)
    if seen is None:
        return 0.1 if d == 4 else 1.0
    p = truncnorm((0 - seen) / width, (1 - seen) / width, seen, width)
    if d < 4:
        return p.pdf(at)
    low = int(10 * at) / 10
    return p.cdf(low + 0.1) - p.cdf(low)


def together(trials, at):
    n = len(trials)
    width = max(0.15 * max(n, 1) ** (-1 / (5 + 4)), 0.5 / min(100, n + 2))
    parts = []
    for trial in trials + [None]:
        part = 1.0
        for d in range(5):
            if has(at, d):
                part *= kernel(d, trial[d] if trial is not None and has(trial, d) else None, width, n, at[d])
        parts.append(part)
    return float(np.mean(parts))


def joint():
    rng, rows = np.random.default_rng(11), []
    text = lambda point: " ".join(f"{x:.6f}" if has(point, d) else "nan" for d, x in enumerate(point))
    for case, (good, n) in enumerate([(1, 1), (1, 10), (4, 25), (20, 50)]):
        trials = [list(p) for p in rng.uniform(size=(n, 5)).round(6)]
        for at in [list(p) for p in rng.uniform(size=(8, 5)).round(6)]:
            rows.append([case, good, n, " ".join(map(text, trials)), text(at), together(trials[:good], at), together(trials[good:], at)])
    write("search_joint.csv", "case,good,n,trials,at,density_good,density_other", rows)


def cost(trial, rung):
    return (trial * 7919 + rung * 31 + 5) % 101


def asha(trials, rungs, reduction, lag):
    """A decision knows the results of all but the last lag - 1 decisions before it; where nothing can be done, of all."""
    done, begun = [], 0
    while True:
        def promotion(known):
            for rung in range(rungs - 2, -1, -1):
                at = sorted(((cost(t, r), i, t) for i, (t, r) in enumerate(known) if r == rung))
                for _, _, trial in at[: len(at) // reduction]:
                    if (trial, rung + 1) not in done:
                        return trial, rung + 1
            return None

        for known in (done[: max(0, len(done) + 1 - lag)], done):
            job = promotion(known)
            if job or begun < trials:
                break
        if not job:
            if begun == trials:
                return done
            job, begun = (begun, 0), begun + 1
        done.append(job)


def main():
    sobol()
    parzen()
    joint()
    rows = []
    for lag in (1, 3):
        rows += [[lag, trial, rung] for trial, rung in asha(27, 3, 3, lag)]
    write("search_asha.csv", "lag,trial,rung", rows)


main()
