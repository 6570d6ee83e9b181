#!/usr/bin/env python3
"""What makes a pattern library's categories and its map, k-means and t-SNE, beside scikit-learn's on the same points.

Usage: python3 tests/bench/peers_categories.py ./gatewalk [ROUNDS]   (needs python3-sklearn from Debian)

Ours and theirs in turn, all cores on both sides: wall and processor seconds, what the partition costs on the sphere, the
divergence that t-SNE leaves. scikit-learn's k-means starts once and, as its own default is, ten times.
"""
import json
import os
import subprocess
import sys
import time
import warnings

from sklearn.cluster import KMeans
from sklearn.manifold import TSNE

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
sys.dont_write_bytecode = True
from make_patterns import points, spherical_inertia  # noqa: E402  the points are those of engine/bench/bench_categories.c, too

POINTS, LATENT, CLUSTERS, CATEGORIES, NOISE = 60000, 32, 250, 300, 0.5


def measured(work):
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - wall, time.process_time() - processor, result


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else "./gatewalk"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    x = points(POINTS, LATENT, CLUSTERS, NOISE)
    warnings.simplefilter("ignore")

    def k_means(starts):
        return lambda: spherical_inertia(x, KMeans(CATEGORIES, n_init=starts, random_state=1).fit(x).labels_, CATEGORIES)

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


if __name__ == "__main__":
    main()
