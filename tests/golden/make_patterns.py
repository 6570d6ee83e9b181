#!/usr/bin/python3
"""Golden values for k-means, t-SNE and neighbours (models/patterns) from scikit-learn.

    /usr/bin/python3 tests/golden/make_patterns.py      (from the root of the repository)

writes patterns.txt beside this file, in the format of make_metrics.py. The points are made by the same rule here and in
tests/patterns/points.h, so that the file holds only what scikit-learn says of them."""
import os
import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.manifold import TSNE, trustworthiness

HERE = os.path.dirname(os.path.abspath(__file__))


def uniform(stream, n):
    """[0, 1): SplitMix64 (Steele, Lea & Flood 2014) of the counter i, one sequence a stream."""
    with np.errstate(over="ignore"):
        z = (np.arange(1, n + 1, dtype=np.uint64) + np.uint64(stream << 32)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def points(n, d, clusters, noise):
    """n unit rows around `clusters` centres, point i around centre i % clusters."""
    centre = 2 * uniform(1, clusters * d).reshape(clusters, d) - 1
    u = uniform(2, 4 * n * d).reshape(n, d, 4)
    x = centre[np.arange(n) % clusters] + noise * (u[:, :, 0] + u[:, :, 1] + u[:, :, 2] + u[:, :, 3] - 2)
    square = np.zeros(n)
    for j in range(d):
        square += x[:, j] * x[:, j]
    return (x / np.sqrt(square)[:, None]).astype(np.float32)


def spherical_inertia(x, labels, k):
    """What the partition costs on the sphere, where the best centre is the normed mean: 2n - 2 sum |sum of members|."""
    total = np.zeros((k, x.shape[1]))
    np.add.at(total, labels, x.astype(np.float64))
    return 2 * len(x) - 2 * np.linalg.norm(total, axis=1).sum()


class Golden:
    def __init__(self, name):
        self.file = open(os.path.join(HERE, name), "w")
        self.file.write("# written by make_patterns.py\n")

    def case(self, name, **expects):
        self.file.write(f"case {name}\n")
        for key, value in expects.items():
            self.expect(key, value)

    def array(self, name, values):
        values = np.asarray(values).ravel()
        self.file.write(f"array {name} {len(values)} " + " ".join(f"{float(v):.9g}" for v in values) + "\n")

    def expect(self, name, value):
        self.file.write(f"expect {name} 0 {float(value)!r}\n")


def kmeans_cases(golden):
    for name, n, d, clusters, noise, k in [
        ("kmeans_blobs", 3000, 8, 50, 0.35, 50),
        ("kmeans_cloud", 4000, 16, 7, 1.5, 64),
        ("kmeans_few", 900, 4, 9, 0.3, 6),
    ]:
        x = points(n, d, clusters, noise)
        runs = [KMeans(k, n_init=1, random_state=r).fit(x) for r in range(10)]
        costs = [spherical_inertia(x, run.labels_, k) for run in runs]
        print(name, "best of 10:", min(costs), "worst:", max(costs))
        golden.case(name, n=n, d=d, clusters=clusters, noise=noise, k=k, best=min(costs), worst=max(costs))
    n, d, clusters, noise, k = 400, 8, 12, 0.8, 12
    x = points(n, d, clusters, noise)
    fit = KMeans(k, n_init=1, random_state=0).fit(x)
    fit.cluster_centers_ = fit.cluster_centers_ / np.linalg.norm(fit.cluster_centers_, axis=1, keepdims=True)
    fit.cluster_centers_ = fit.cluster_centers_.astype(np.float32)
    cosine = np.sort(x.astype(np.float64) @ fit.cluster_centers_.astype(np.float64).T, axis=1)
    assert (cosine[:, -1] - cosine[:, -2]).min() > 1e-5, "a point lies between two centres"
    golden.case("kmeans_assign", n=n, d=d, clusters=clusters, noise=noise, k=k)
    golden.array("centre", fit.cluster_centers_)
    golden.array("category", fit.predict(x))
    golden.array("distance", 1 - cosine[:, -1])


def tsne_cases(golden):
    for name, n, d, clusters, noise, perplexity in [
        ("tsne_clusters", 700, 8, 12, 0.45, 30),
        ("tsne_cloud", 600, 5, 3, 1.5, 20),
    ]:
        x = points(n, d, clusters, noise)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = TSNE(2, perplexity=perplexity, init="pca", learning_rate="auto", random_state=0).fit(x)
        trust = trustworthiness(x, fit.embedding_, n_neighbors=12)
        print(name, "KL", fit.kl_divergence_, "trustworthiness", trust)
        golden.case(name, n=n, d=d, clusters=clusters, noise=noise, perplexity=perplexity, kl=fit.kl_divergence_)
        golden.expect("trustworthiness", trust)


def main():
    warnings.simplefilter("ignore", FutureWarning)
    golden = Golden("patterns.txt")
    kmeans_cases(golden)
    tsne_cases(golden)


if __name__ == "__main__":
    main()
