#!/usr/bin/env python3
"""Golden values of the feature scalers from scikit-learn.

    python3 tests/golden/make_scaler.py        writes scaler_rows.csv and scaler_golden.csv
"""
import os

import numpy as np
import pandas as pd
from sklearn.preprocessing import RobustScaler, StandardScaler

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    rng = np.random.default_rng(3)
    n = 151
    rows = np.column_stack(
        [
            rng.standard_normal(n) * 0.004,
            60000 + rng.standard_normal(n),  # a mean far larger than its spread
            rng.standard_t(2, n),  # heavy tails
            rng.integers(0, 4, n),  # many ties
            np.where(rng.random(n) < 0.2, rng.random(n), 0),  # mostly zero: IQR 0
            np.full(n, 0.1),  # constant
        ]
    ).astype(np.float32)
    names = ["small", "offset", "heavy", "ties", "sparse", "constant"]
    pd.DataFrame(rows, columns=names).to_csv(os.path.join(HERE, "scaler_rows.csv"), index=False, float_format="%.9g")
    x = rows.astype(np.float64)
    standard, robust = StandardScaler().fit(x), RobustScaler(quantile_range=(25, 75)).fit(x)
    golden = pd.DataFrame(
        {
            "feature": names,
            "mean": standard.mean_,
            "sd": np.sqrt(standard.var_),
            "median": robust.center_,
            # scikit-learn replaces an IQR of 0 by 1; the plain quantiles do not.
            "iqr": np.quantile(x, 0.75, axis=0) - np.quantile(x, 0.25, axis=0),
        }
    )
    assert np.allclose(golden.iqr[:4], robust.scale_[:4], rtol=1e-14)
    golden.to_csv(os.path.join(HERE, "scaler_golden.csv"), index=False, float_format="%.17g")


if __name__ == "__main__":
    main()
