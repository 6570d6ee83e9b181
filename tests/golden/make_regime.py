#!/usr/bin/env python3
"""Regimes by a Gaussian hidden Markov model, in logarithms from beginning to end (Rabiner 1989): nothing is scaled, emissions keep
their constants, expectations are sums over all pairs of states at once.

    python3 tests/golden/make_regime.py      writes regime_bars.csv, a market whose regimes are known, and regime.csv: what is
                                             learnt from its bars 40 to 299 and then said of every tenth bar
"""
import os

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
TRAIN = (40, 220)  # of features_bars.csv, for make_features.py
OWN_TRAIN = (40, 300)
CASES = [(2, 1), (3, 1), (4, 3)]


def make_bars(n=400, seed=5):
    """Calm, lively and wild spells of about 25 bars; a gap between bars now and then, so that the true range is needed."""
    rng = np.random.default_rng(seed)
    state = np.cumsum(rng.random(n) < 0.04) % 3
    close, rows = 100.0, []
    for s in state:
        open_ = close * np.exp(0.002 * rng.standard_normal() * (rng.random() < 0.2))
        path = open_ * np.exp(np.cumsum(np.r_[0, rng.standard_normal(12) * [0.0002, 0.0008, 0.003][s]]))
        close = path[-1]
        rows.append([np.round(v, 4) for v in (open_, path.max(), path.min(), close)] + [s])
        rows[-1][1], rows[-1][2] = max(rows[-1][:4]), min(rows[-1][:4])
    return pd.DataFrame(rows, columns=["open", "high", "low", "close", "state"])


def log_sum(a, axis):
    top = a.max(axis=axis, keepdims=True)
    return np.log(np.exp(a - top).sum(axis=axis)) + np.squeeze(top, axis)


def observe(high, low, close, n):
    """Log return and log of the mean true range of n bars (as a share of the price); NaN before there are as many."""
    before = np.r_[np.nan, close[:-1]]
    true_range = np.log(np.fmax(high, before) / np.fmin(low, before))
    true_range[0] = np.nan
    mean = pd.Series(true_range).rolling(n).mean().to_numpy()
    # rolling sums carry rounding errors along: each window anew
    for t in range(n, len(mean)):
        mean[t] = true_range[t - n + 1 : t + 1].mean()
    return np.column_stack([np.log(close / before), np.log(mean + 1e-5)])


def log_density(x, mean, sd):
    z = (x[:, None, :] - mean[None]) / sd[None]
    return (-0.5 * z**2 - np.log(sd[None]) - 0.5 * np.log(2 * np.pi)).sum(axis=2)


def forward(log_b, log_a):
    out = np.empty_like(log_b)
    out[0] = log_b[0] - np.log(log_b.shape[1])
    for t in range(1, len(log_b)):
        out[t] = log_b[t] + log_sum(out[t - 1][:, None] + log_a, 0)
    return out


def backward(log_b, log_a):
    out = np.zeros_like(log_b)
    for t in range(len(log_b) - 2, -1, -1):
        out[t] = log_sum(log_a + (log_b[t + 1] + out[t + 1])[None], 1)
    return out


def moments(x, weight, floor):
    mean = (weight[:, None] * x).sum(axis=0) / weight.sum()
    sd = np.sqrt((weight[:, None] * (x - mean) ** 2).sum(axis=0) / weight.sum())
    return mean, np.maximum(sd, floor)


def learn(x, k):
    floor = np.maximum(0.01 * x.std(axis=0), 1e-9)
    cuts = np.sort(x[:, 1])[[j * len(x) // k for j in range(1, k)]]
    part = np.searchsorted(cuts, x[:, 1], side="right")
    start = [moments(x, (part == j).astype(float), floor) for j in range(k)]
    mean, sd = (np.array(v) for v in zip(*start))
    a = np.where(np.eye(k) > 0, 0.95, 0.05 / (k - 1))
    last = -np.inf
    for rounds in range(101):
        log_b, log_a = log_density(x, mean, sd), np.log(a)
        f, b = forward(log_b, log_a), backward(log_b, log_a)
        likelihood = log_sum(f[-1], 0)
        if likelihood - last < 1e-6 * len(x) or rounds == 100:
            break
        last = likelihood
        pairs = f[:-1, :, None] + log_a[None] + (log_b[1:] + b[1:])[:, None, :] - likelihood
        steps = np.exp(pairs).sum(axis=0) + 1
        a = steps / steps.sum(axis=1, keepdims=True)
        gamma = np.exp(f + b - likelihood)
        mean, sd = (np.array(v) for v in zip(*[moments(x, gamma[:, j], floor) for j in range(k)]))
    order = np.argsort(mean[:, 1], kind="stable")
    return a[order][:, order], mean[order], sd[order], rounds, likelihood


def filtered(x, a, mean, sd):
    """P(state at t | observations up to t), from the first observation on."""
    f = forward(log_density(x, mean, sd), np.log(a))
    return np.exp(f - log_sum(f, 1)[:, None])


def regime(high, low, close, trained, state, states, n):
    """The feature: learnt from the bars `trained` says, NaN before the first observation."""
    x = observe(high, low, close, n)
    known = np.isfinite(x).all(axis=1)
    a, mean, sd, _, _ = learn(x[known & trained], states)
    out = np.full(len(close), np.nan)
    out[known] = filtered(x[known], a, mean, sd)[:, state - 1]
    return out


def main():
    bars = make_bars()
    bars.to_csv(os.path.join(HERE, "regime_bars.csv"), index=False)
    high, low, close = (bars[c].to_numpy(float) for c in ("high", "low", "close"))
    rows = []
    for k, n in CASES:
        x = observe(high, low, close, n)
        a, mean, sd, rounds, likelihood = learn(x[OWN_TRAIN[0] : OWN_TRAIN[1]], k)
        rows += [(k, n, "rounds", 0, rounds), (k, n, "likelihood", 0, likelihood)]
        for i, v in enumerate(np.r_[a.ravel(), mean.ravel(), sd.ravel()]):
            rows.append((k, n, "learnt", i, v))
        p = filtered(x[n:], a, mean, sd)
        for t in range(n, len(x), 10):
            for j in range(k):
                rows.append((k, n, "state%d" % (j + 1), t, p[t - n, j]))
    table = pd.DataFrame(rows, columns=["states", "n", "what", "at", "value"])
    table.to_csv(os.path.join(HERE, "regime.csv"), index=False, float_format="%.17g")


if __name__ == "__main__":
    main()
