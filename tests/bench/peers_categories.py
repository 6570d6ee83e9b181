#!/usr/bin/env python3
"""What makes a pattern library's categories and its map, k-means and t-SNE, beside scikit-learn's on the same points.

Usage: python3 tests/bench/peers_categories.py ./gatewalk [ROUNDS]   (needs python3-sklearn from Debian)

Ours and theirs in turn, all cores on both sides: wall and processor seconds, what the partition costs on the sphere, the
divergence that t-SNE leaves. scikit-learn's k-means starts once and, as its own default is, ten times.
"""
import json
import subprocess
import sys
import time
import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.manifold import TSNE

POINTS, LATENT, CLUSTERS, CATEGORIES, NOISE = 60000, 32, 250, 300, 0.5


def uniform(stream, n):
    """[0, 1): SplitMix64 (Steele, Lea & Flood 2014) of the counter i, one sequence a stream."""
    with np.errstate(over="ignore"):
        z = (np.arange(1, n + 1, dtype=np.uint64) + np.uint64(stream << 32)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def points():
    """As engine/bench/bench_categories.c makes them."""
    centre = 2 * uniform(1, CLUSTERS * LATENT).reshape(CLUSTERS, LATENT) - 1
    u = uniform(2, 4 * POINTS * LATENT).reshape(POINTS, LATENT, 4)
    x = centre[np.arange(POINTS) % CLUSTERS] + NOISE * (u.sum(2) - 2)
    return (x / np.linalg.norm(x, axis=1)[:, None]).astype(np.float32)


def spherical_inertia(x, labels):
    """On the sphere the best centre is the normed mean: 2n - 2 sum |sum of members|."""
    total = np.zeros((CATEGORIES, x.shape[1]))
    np.add.at(total, labels, x.astype(np.float64))
    return 2 * len(x) - 2 * np.linalg.norm(total, axis=1).sum()


def measured(work):
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - wall, time.process_time() - processor, result


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else "./gatewalk"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    x = points()
    warnings.simplefilter("ignore")

    def k_means(starts):
        return lambda: spherical_inertia(x, KMeans(CATEGORIES, n_init=starts, random_state=1).fit(x).labels_)

    def t_sne(n):
        return lambda: TSNE(init="pca", learning_rate="auto", n_jobs=-1).fit(x[:n]).kl_divergence_

    peers = [("k-means of 60,000 into 300", "once", k_means(1)), ("k-means of 60,000 into 300", "ten times", k_means(10)),
             ("t-SNE of 5,000", "", t_sne(5000)), ("t-SNE of 10,000", "", t_sne(10000))]
    for number in range(rounds):
        out = subprocess.run([binary, "bench", "categories", "--json"], check=True, capture_output=True, text=True).stdout
        rows = json.loads(out)
        for name, how, work in peers:
            wall, processor, result = (row["value"] for row in rows if row["what"].startswith(name))
            theirs = measured(work)
            print(f"round {number + 1}: {name}: {wall:.2f} s, {processor:.2f} s of processor, {result:.5g}; scikit-learn {how} "
                  f"{theirs[0]:.2f} s, {theirs[1]:.2f} s, {theirs[2]:.5g}: {theirs[0] / wall:.1f} x by the clock, "
                  f"{theirs[1] / processor:.1f} x by the processor", flush=True)


main()
