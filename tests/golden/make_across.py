#!/usr/bin/env python3
"""What features across symbols look at, by pandas: another symbol's close as of each bar's close, and ranks of returns.

Three symbols of one interval that begin at different times, with gaps; one of them lies five minutes off the others' grid.

    python3 tests/golden/make_across.py      writes across.csv
"""
import os

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
MINUTE = 60 * 10**9
INTERVAL = 15 * MINUTE
N_RETURN = 5


def make(name, n, first, seed, holes, offset=0):
    rng = np.random.default_rng(seed)
    slots = np.delete(np.arange(first, first + n + len(holes)), holes)[:n]
    start = pd.Timestamp("2022-03-01T00:00:00Z").value
    close = np.round(50 * np.exp(np.cumsum(rng.standard_normal(n) * 0.01)), 2)
    close[30:33] = close[29]
    return pd.DataFrame({"symbol": name, "open_ns": start + slots * INTERVAL + offset, "close": close})


def main():
    all_bars = {
        "AAA": make("AAA", 90, 0, 1, [20, 21, 50]),
        "BBB": make("BBB", 80, 8, 2, [3, 40, 41, 42, 43, 44, 45]),
        "CCC": make("CCC", 60, 25, 3, [10], offset=-5 * MINUTE),
    }
    for bars in all_bars.values():
        bars["close_ns"] = bars.open_ns + INTERVAL
        bars["back"] = np.log(bars.close / bars.close.shift(N_RETURN))
    for name, bars in all_bars.items():
        for other, its in all_bars.items():
            known = pd.merge_asof(bars[["close_ns"]], its[["close_ns", "close"]], on="close_ns")
            bars[f"{other}.close"] = known.close
            fresh = its[["close_ns", "back"]].assign(at=its.close_ns)
            joined = pd.merge_asof(bars[["close_ns"]], fresh, on="close_ns")
            bars[f"back {other}"] = joined.back.where(joined["at"] > bars.close_ns - INTERVAL)
        others = bars[[f"back {o}" for o in all_bars if o != name]]
        ranks = pd.concat([bars.back.rename("own"), others], axis=1).rank(axis=1)["own"]
        counted = others.notna().sum(axis=1)
        rank = ((ranks - 1) / counted).where(counted > 0, 0.5)
        bars[f"{N_RETURN}.rank"] = rank.where(bars.back.notna())
    out = pd.concat(all_bars.values())
    columns = ["symbol", "open_ns", "close", "AAA.close", "BBB.close", "CCC.close", f"{N_RETURN}.rank"]
    out[columns].to_csv(os.path.join(HERE, "across.csv"), index=False, float_format="%.12g")


if __name__ == "__main__":
    main()
