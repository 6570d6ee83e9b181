"""Golden numbers of quantised weights: python3 tests/golden/make_quantise.py  (needs numpy)

NF4 from its definition (QLoRA, Dettmers et al. 2023, and the code published with it): of a standard normal distribution the quantiles
between .9677083 and .5, 8 steps up and 7 down, with 0 among them, divided by the largest. Blocks of 64 by their largest magnitude."""
from pathlib import Path
from statistics import NormalDist

import numpy as np

OFFSET = 0.9677083


def nf4():
    z = NormalDist().inv_cdf
    up = [z(p) for p in np.linspace(OFFSET, .5, 9)[:-1]]
    down = [-z(p) for p in np.linspace(OFFSET, .5, 8)[:-1]]
    levels = np.sort(np.array(down + [0.] + up))
    return levels / levels.max()


def quantise(w, kind, levels):
    codes, scales, back = [], [], []
    for at in range(0, len(w), 64):
        block = w[at:at + 64].astype("f8")
        most = np.abs(block).max()
        x = block / most if most > 0 else block
        if kind == "int4":
            code = np.abs(x[:, None] - levels).argmin(1)
            values = levels[code] * most
        else:
            code = np.rint(127 * x).astype(int)
            values = code / 127 * most
        codes += list(code)
        scales.append(most)
        back += list(values)
    return codes, scales, back


def main():
    rng = np.random.default_rng(11)
    w = np.concatenate([rng.normal(0, .1, 64), rng.uniform(-2, 2, 64), np.zeros(3), [.5, -1]]).astype("f4")
    levels = nf4()
    with open(Path(__file__).parent / "quantise.txt", "w") as out:
        print("levels", *(f"{x:.9g}" for x in levels), file=out)
        print("w", *(f"{x:.9g}" for x in w), file=out)
        for kind in ("int8", "int4"):
            codes, scales, back = quantise(w, kind, levels)
            print(f"{kind}.code", *codes, file=out)
            print(f"{kind}.scale", *(f"{x:.9g}" for x in scales), file=out)
            print(f"{kind}.back", *(f"{x:.9g}" for x in back), file=out)


main()
