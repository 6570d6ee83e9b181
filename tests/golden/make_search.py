#!/usr/bin/python3
"""Golden numbers of the searchers, from implementations that are not ours. Needs python3-scipy, python3-sklearn.

search_sobol.csv   the first 64 points of 32 dimensions, times 64: scipy.stats.qmc.Sobol
search_parzen.csv  densities and masses of tree-structured Parzen estimators: scipy.stats.truncnorm, bandwidths as the paper has them
search_joint.csv   the same of all keys together: products of such kernels, widths by Scott's rule
search_gp.csv      Gaussian processes of numbers and choices: mean and variance at a point, the logarithm of the marginal likelihood and its
            gradient of sklearn.gaussian_process.GaussianProcessRegressor; a choice is there as one-hot columns of one length
search_gp_scales.csv  the scales where that likelihood times the priors of engine/search/gp_learn.c is largest: scipy's L-BFGS-B from
            many starts
search_asha.csv    the order of evaluations of asynchronous successive halving (Li et al. 2020, algorithm 2) on costs that are a formula,
            one evaluation after another, and with three in work at once
usage: /usr/bin/python3 tests/golden/make_search.py     (writes them beside this file)
"""
import os

import numpy as np
from scipy.optimize import minimize
from scipy.stats import qmc, truncnorm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

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


# ---- Gaussian processes: three numbers and, third of four keys, one of three choices ----------------------------------


def columns(x):
    """One-hot columns over the root of 2 lie 1 apart."""
    return np.column_stack([x[:, 0], x[:, 1], *[(x[:, 2] == c) / np.sqrt(2) for c in range(3)], x[:, 3]])


def by_key(values):
    return [values[0], values[1], sum(values[2:5]), values[5]]


def kernel_of(scales, noise):
    length, signal, white = scales[:4], scales[4], scales[5]
    k = ConstantKernel(signal) * Matern([length[0], length[1], *[length[2]] * 3, length[3]], nu=2.5)
    return k + WhiteKernel(white) if noise else k


def likelihood(x, y, scales):
    process = GaussianProcessRegressor(kernel_of(scales, True), alpha=0, optimizer=None).fit(columns(x), y)
    value, slope = process.log_marginal_likelihood(process.kernel_.theta, eval_gradient=True)
    return value, [*by_key(slope[1:7]), slope[0], slope[7]]


def observations(rng, n):
    x = np.column_stack([rng.uniform(size=(n, 2)), rng.integers(0, 3, n), rng.uniform(size=n)]).round(6)
    y = np.sin(5 * x[:, 0]) + (x[:, 2] == 1) * x[:, 1] + 0.1 * rng.normal(size=n)
    return x, ((y - y.mean()) / (y.std() or 1)).round(9)


def text(values):
    return " ".join(f"{v:.17g}" for v in np.ravel(values))


def gaussian_processes():
    rng, rows = np.random.default_rng(11), []
    for n in (1, 2, 7, 40):
        x, y = observations(rng, n)
        if n == 7:
            x[3] = x[1]  # the same point twice, with another result
        for _ in range(3):
            scales = np.exp([*rng.normal(-0.5, 0.7, 4), rng.normal(0, 0.5), rng.normal(-4, 1)]).round(9)
            value, slope = likelihood(x, y, scales)
            process = GaussianProcessRegressor(kernel_of(scales, False), alpha=scales[5], optimizer=None).fit(columns(x), y)
            for at in (observations(rng, 1)[0], x[:1]):
                mean, deviation = process.predict(columns(at), return_std=True)
                rows.append([n, text(x), text(y), text(scales), text(at), float(mean[0]), float(deviation[0] ** 2), value, text(slope)])
    write("search_gp.csv", "n,x,y,scales,at,mean,variance,likelihood,gradient", rows)


def learnt_scales():
    """The logarithms have normal priors: the lengths about -0.5 (1 wide), the signal about 0 (1), the noise about -4.6 (1.5)."""
    rng, rows = np.random.default_rng(12), []
    middle, width = np.array([-0.5] * 4 + [0, -4.6]), np.array([1.0] * 5 + [1.5])

    def loss(at, x, y):
        value, slope = likelihood(x, y, np.exp(at))
        z = (at - middle) / width
        return -value + z @ z / 2, -np.array(slope) + z / width

    for n in (8, 25, 60):
        x, y = observations(rng, n)
        found = [minimize(loss, middle + width * rng.normal(size=6), (x, y), "L-BFGS-B", True, options={"ftol": 1e-14, "gtol": 1e-9})
                 for _ in range(12)]
        best = min(found, key=lambda f: f.fun)
        rows.append([n, text(x), text(y), text(best.x), best.fun])
    write("search_gp_scales.csv", "n,x,y,scales,loss", rows)


def main():
    sobol()
    parzen()
    joint()
    gaussian_processes()
    learnt_scales()
    rows = []
    for lag in (1, 3):
        rows += [[lag, trial, rung] for trial, rung in asha(27, 3, 3, lag)]
    write("search_asha.csv", "lag,trial,rung", rows)


main()
