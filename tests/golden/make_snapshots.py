"""Golden numbers of snapshot ensembles: python3 tests/golden/make_snapshots.py  (needs PyTorch, numpy, scipy)

rates: what PyTorch's CosineAnnealingWarmRestarts takes, three cycles of four updates. weights: the point of the simplex where
the mixture's mean log likelihood is highest, by scipy's SLSQP from many starts: of opinions that overlap, and of some that differ."""
from pathlib import Path

import numpy as np
import scipy.optimize
import torch


def rates(base, cycles, length):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], lr=base)
    schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=length)
    taken = []
    for _ in range(cycles * length):
        taken.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return taken


def best(likelihood, rng):
    n = likelihood.shape[1]
    found = min((scipy.optimize.minimize(
        lambda w: -np.log(likelihood @ w).mean(), start,
        jac=lambda w: -(likelihood / (likelihood @ w)[:, None]).mean(0),
        bounds=[(0, 1)] * n, constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(n)},
        method="SLSQP", options={"ftol": 1e-16, "maxiter": 2000})
        for start in rng.dirichlet(np.ones(n), 20)), key=lambda r: r.fun)
    return found.x, -found.fun


def main():
    rng = np.random.default_rng(5)
    with open(Path(__file__).parent / "snapshots.txt", "w") as out:
        print("rates", *(f"{x:.17g}" for x in rates(.02, 3, 4)), file=out)
        for name, n, rows, spread in (("alike", 5, 60, .8), ("apart", 4, 40, 1.5)):
            came = rng.random(rows) < .3
            logit = np.where(came, .8, -.8)[:, None] + rng.normal(0, spread, (rows, n)) + rng.normal(0, 1, (rows, 1))
            p = 1 / (1 + np.exp(-logit))
            likelihood = np.round(np.where(came[:, None], p, 1 - p), 9)
            weight, value = best(likelihood, rng)
            print(f"{name}.said", *(f"{x:.9g}" for x in likelihood.ravel()), file=out)
            print(f"{name}.weight", *(f"{max(x, 0):.12g}" for x in weight), file=out)
            print(f"{name}.value {value:.15g}", file=out)


main()
