#!/usr/bin/python3
"""Golden values for engine/score, from scikit-learn, numpy, pandas, scipy and brute force.

    /usr/bin/python3 tests/golden/make_metrics.py      (from the root of the repository)

writes metrics_gate.txt, metrics_portfolio.txt, metrics_statistics.txt and metrics_corrections.txt beside this file. Their format:
'case NAME' opens a case; 'array NAME N v...' are its inputs; 'expect NAME K v' is what a metric must give for
top-K percent K (0: no K)."""
import itertools
import math
import os
import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import scipy.special
import scipy.stats
from sklearn import metrics as sk

HERE = os.path.dirname(os.path.abspath(__file__))
KS = ["1", "5", "7.5", "10", "100"]
DAY_S = 86400


def number(x):
    x = float(x)
    if math.isnan(x):
        return "nan"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    if x == 0:
        return "-0" if math.copysign(1, x) < 0 else "0"
    return repr(x) if x != int(x) or abs(x) > 1e15 else str(int(x))


class Golden:
    def __init__(self, name):
        self.file = open(os.path.join(HERE, name), "w")
        self.file.write("# written by make_metrics.py\n")

    def case(self, name):
        self.file.write(f"case {name}\n")

    def array(self, name, values):
        values = np.asarray(values, dtype=float).ravel()
        self.file.write(f"array {name} {len(values)} " + " ".join(number(v) for v in values) + "\n")

    def expect(self, name, value, k="0"):
        self.file.write(f"expect {name} {k} {number(value)}\n")


# ---- gate metrics ---------------------------------------------------------------------------------------------


def undefined(function, *arguments):
    try:
        return function(*arguments)
    except (ValueError, ZeroDivisionError):
        return math.nan


def enumerate_top_k(score, fold, k, columns):
    """Mean of sum(column over the selected) over ALL ways to break ties at the border, fold by fold, exactly."""
    totals = [Fraction(0) for _ in columns]
    selected = 0
    for f in np.unique(fold):
        rows = np.flatnonzero(fold == f)
        m = max(1, math.ceil(Fraction(k) * len(rows) / 100))
        order = sorted(rows, key=lambda i: -score[i])
        border = score[order[m - 1]]
        above = [i for i in rows if score[i] > border]
        tied = [i for i in rows if score[i] == border]
        ways = list(itertools.combinations(tied, m - len(above)))
        for c, column in enumerate(columns):
            totals[c] += sum(Fraction(float(column[i])) for i in above)
            totals[c] += sum((sum((Fraction(float(column[i])) for i in way), Fraction(0)) for way in ways),
                             Fraction(0)) / len(ways)
        selected += m
    return selected, totals


def ratio(a, b):
    if b == 0:
        return math.inf if a > 0 else math.nan
    return float(a / b)


def calibration(score, label, n_bins=10):
    n = len(score)
    n_bins = min(n_bins, n)
    shared = pd.Series(label, dtype=float).groupby(score).transform("mean").to_numpy()
    order = np.argsort(score, kind="stable")
    edges = [b * n // n_bins for b in range(n_bins + 1)]
    bins = [order[a:b] for a, b in zip(edges, edges[1:])]
    return [(score[b].mean(), shared[b].mean(), len(b)) for b in bins]


def gate_case(out, name, score, label, fold, acted=None, pnl=None):
    score = np.asarray(score, dtype=np.float32).astype(float)
    label, fold = np.asarray(label), np.asarray(fold)
    n, positives = len(score), int(label.sum())
    out.case(name)
    out.array("score", score)
    out.array("label", label)
    out.array("fold", fold)
    out.expect("n_bars", n)
    out.expect("n_positives", positives)
    out.expect("prevalence", label.mean())
    ap = sk.average_precision_score(label, score) if positives else math.nan
    out.expect("average_precision", ap)
    out.expect("ap_lift", ap / label.mean() if positives else math.nan)
    out.expect("roc_auc", undefined(sk.roc_auc_score, label, score))
    out.expect("brier", sk.brier_score_loss(label, score) if positives else np.mean((score - label) ** 2))
    out.expect("log_loss", sk.log_loss(label, score, eps=1e-15, labels=[0, 1]))
    out.expect("calibration_error", sum(c * abs(x - y) for x, y, c in calibration(score, label)) / n)
    if acted is not None:
        acted = np.asarray(acted)
        out.array("acted", acted)
        out.expect("coverage", acted.mean())
        out.expect("acted_precision", sk.precision_score(label, acted) if acted.any() else math.nan)
        out.expect("acted_recall", sk.recall_score(label, acted) if positives else math.nan)
    columns = [label]
    if pnl is not None:
        for level in range(3):
            out.array(f"pnl{level}", pnl[level])
            enterable = ~np.isnan(pnl[level])
            columns += [enterable, np.where(enterable, pnl[level], 0)]
        p = np.nan_to_num(pnl[1])
        columns += [p > 0, np.maximum(p, 0), np.maximum(-p, 0)]
    for k in KS:
        m, sums = enumerate_top_k(score, fold, k, columns)
        out.expect("precision_at_k", sums[0] / m, k)
        out.expect("recall_at_k", sums[0] / positives if positives else math.nan, k)
        out.expect("lift_at_k", sums[0] / m * n / positives if positives else math.nan, k)
        if pnl is None:
            continue
        for level in range(3):
            count, total = sums[1 + 2 * level:3 + 2 * level]
            out.expect(f"pnl_mean_at_k_{level}x", total / count if count else math.nan, k)
            out.expect(f"pnl_sum_at_k_{level}x", total if count else math.nan, k)
        out.expect("hit_rate_at_k", sums[7] / sums[3] if sums[3] else math.nan, k)
        out.expect("profit_factor_at_k", ratio(sums[8], sums[9]), k)
    if positives:
        precision, recall, _ = sk.precision_recall_curve(label, score)
        out.array("curve_precision", precision[-2::-1])  # without scikit-learn's closing (recall 0, precision 1)
        out.array("curve_recall", recall[-2::-1])
    for what, column in zip(("x", "y", "count"), zip(*calibration(score, label))):
        out.array("reliability_" + what, column)


def make_metrics():
    out = Golden("metrics_gate.txt")
    rng = np.random.default_rng(20240501)
    warnings.simplefilter("ignore")

    def pnl_of(label, missing=0):
        gross = np.round(np.where(label == 1, 0.01, -0.005) + rng.normal(0, 0.002, len(label)), 6)
        gross[rng.permutation(len(label))[:missing]] = np.nan
        gross[::9] = 0.001  # after costs neither a win nor a loss
        return [gross, np.round(gross - 0.001, 6), np.round(gross - 0.002, 6)]

    label = np.array([1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0])
    gate_case(out, "tiny_ties", [.9, .9, .9, .5, .5, .5, .5, .3, .3, .1, .1, 0], label, [0] * 12,
              acted=[1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], pnl=pnl_of(label, 2))
    label = (rng.random(60) < .3).astype(int)
    gate_case(out, "coarse_two_folds", np.round(rng.random(60) * .6 + .3 * label, 1), label, [3] * 25 + [7] * 35,
              acted=(rng.random(60) < .2).astype(int), pnl=pnl_of(label, 5))
    label = (rng.random(400) < .12).astype(int)
    gate_case(out, "fine_three_folds", np.round(scipy.special.expit(rng.normal(-2 + label, 1)), 6), label,
              [0] * 130 + [1] * 101 + [2] * 169, acted=(rng.random(400) < .05).astype(int), pnl=pnl_of(label, 20))
    label = (np.arange(20) % 4 == 0).astype(int)
    gate_case(out, "all_equal", [.25] * 20, label, [0] * 20, acted=[0] * 20, pnl=pnl_of(label))
    gate_case(out, "no_positives", np.round(rng.random(15), 3), np.zeros(15, int), [0] * 15, acted=[1] * 15)
    gate_case(out, "all_positives", np.round(rng.random(15), 3), np.ones(15, int), [0] * 15, pnl=pnl_of(np.ones(15)))
    gate_case(out, "certain_and_wrong", [0, -0.0, 1, 1, .5, 0], np.array([1, 0, 0, 1, 1, 0]), [0] * 6)
    gate_case(out, "worst_first", [.9, .8, .7, .2, .1], np.array([0, 0, 0, 1, 1]), [0] * 5)
    gate_case(out, "one_bar", [.7], np.array([1]), [0], acted=[1], pnl=[np.array([np.nan])] * 3)


# ---- portfolio metrics ----------------------------------------------------------------------------------------


def drawdown_lengths(initial, equity, seconds):
    """(depth, days of the deepest, days of the longest) by splitting the underwater series into spells."""
    value = pd.Series(np.concatenate([[initial], equity]))
    time = np.concatenate([[seconds[0]], seconds]) / DAY_S
    under = value < value.cummax()
    depth = 1 - value / value.cummax()
    spells = []
    for _, spell in under[under].groupby((under != under.shift()).cumsum()[under]):
        first, last = spell.index[0], spell.index[-1]
        end = min(last + 1, len(value) - 1)
        spells.append((depth[first:last + 1].max(), time[end] - time[first - 1]))
    if not spells:
        return 0, 0, 0
    return (*max(spells), max(days for _, days in spells))


def daily_expectations(out, initial, equity, seconds):
    """Returns by UTC day through pandas' own calendar: intervals are closed at the right, so midnight ends its day."""
    at = pd.to_datetime(np.asarray(seconds, dtype="int64"), unit="s")
    day = pd.Series(equity, index=at).resample("D", closed="right", label="left").last().dropna()
    value = pd.Series([initial, *day]).pct_change(fill_method=None)[1:].to_numpy()
    n = len(day)
    if n < 2 or (np.array([initial, *day])[:-1] <= 0).any():
        value = value[:0] if n < 2 else value
        undefined_ratio = True
    else:
        undefined_ratio = False
    per_year = (n - 1) / ((day.index[-1] - day.index[0]).days / 365.25) if n > 1 else math.nan
    root = math.sqrt(per_year)
    sd = np.std(value, ddof=1) if not undefined_ratio else math.nan
    down = math.sqrt(np.mean(np.minimum(value, 0) ** 2)) if not undefined_ratio else math.nan
    out.expect("sharpe_daily", value.mean() / sd * root if sd > 1e-15 else math.nan)
    out.expect("sortino_daily", ratio(value.mean(), down) * root if not undefined_ratio else math.nan)
    window = pd.Series(value).rolling(90)
    with np.errstate(all="ignore"):
        rolling = (window.mean() / window.std() * root).to_numpy() if n >= 90 else np.array([math.nan])
    out.expect("rolling_sharpe_min", np.nanmin(rolling) if np.isfinite(rolling).any() else math.nan)
    out.expect("rolling_sharpe_last", rolling[-1])
    days = pd.Series([initial, *day]).pct_change(fill_method=None)[1:]
    out.expect("best_day", days.max())
    out.expect("worst_day", days.min())


def probabilistic(sharpe, n, skew, kurtosis, benchmark=0):
    error = math.sqrt((1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe ** 2) / (n - 1))
    return scipy.stats.norm.cdf(sharpe, benchmark, error)


def track_record(sharpe, skew, kurtosis, confidence, benchmark=0):
    if sharpe <= benchmark:
        return math.inf
    z = scipy.stats.norm.ppf(confidence) / (sharpe - benchmark)
    return 1 + (1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe ** 2) * z * z


def portfolio_case(out, name, initial, equity, exposure, seconds, periods, turnover, trades):
    out.case(name)
    equity = np.asarray(equity, dtype=float)
    for key, value in (("equity", equity), ("exposure", exposure), ("seconds", seconds), ("initial", [initial]),
                       ("periods_per_year", [periods]), ("turnover", [turnover])):
        out.array(key, value)
    at = np.sort(np.random.default_rng(len(equity)).integers(len(equity), size=len(trades)))  # where each trade ended
    out.array("trade_exit_seconds", np.asarray(seconds)[at])
    out.array("trade_entry_seconds", np.asarray(seconds)[at] - trades.seconds_held)
    out.array("n_ambiguous_bars", [7 * len(trades)])
    for column in ("side", "pnl", "return_fraction", "mae", "mfe", "bars_held", "ambiguous", "fees", "slippage",
                   "funding"):
        out.array("trade_" + column, trades[column])
    r = pd.Series(np.concatenate([[initial], equity])).pct_change().dropna().to_numpy()
    nan, year = math.nan, math.sqrt(periods)
    with np.errstate(all="ignore"):
        cagr = (equity[-1] / initial) ** (periods / len(equity)) - 1 if equity[-1] > 0 else -1
        ruined = (equity[:-1] <= 0).any()
        sd = np.std(r, ddof=1) if len(r) > 1 and not ruined else nan
        down = math.sqrt(np.mean(np.minimum(r, 0) ** 2)) if len(r) > 1 and not ruined else nan
        depth, days, longest = drawdown_lengths(initial, equity, np.asarray(seconds, dtype=float))
        out.expect("total_return", equity[-1] / initial - 1)
        out.expect("cagr", cagr)
        out.expect("volatility", sd * year)
        out.expect("sharpe", r.mean() / sd * year if sd > 1e-15 else nan)
        shape = (scipy.stats.skew(r), scipy.stats.kurtosis(r, fisher=False)) if sd > 1e-15 else (nan, nan)
        out.expect("probabilistic_sharpe", probabilistic(r.mean() / sd, len(r), *shape) if sd > 1e-15 else nan)
        out.expect("min_track_record_years",
                   track_record(r.mean() / sd, *shape, .95) / periods if sd > 1e-15 else nan)
        out.expect("sortino", ratio(r.mean(), down) * year)
        out.expect("calmar", ratio(cagr, depth))
        daily_expectations(out, initial, equity, seconds)
    out.expect("max_drawdown", depth)
    out.expect("max_drawdown_days", days)
    out.expect("longest_drawdown_days", longest)
    within = (np.asarray(exposure)[at] == 0) & (equity[at] > 0)
    notional = (trades.pnl / trades.return_fraction).abs().to_numpy()
    out.expect("exposure", (np.sum(exposure) + np.sum(notional[within] / equity[at][within])) / len(equity))
    out.expect("time_in_market", np.mean((np.asarray(exposure) > 0) | np.isin(np.arange(len(equity)), at)))
    out.expect("max_exposure", np.max(exposure))
    marked = pd.Series(np.concatenate([[initial], equity]))
    out.expect("time_under_water", (marked < marked.cummax())[1:].mean())
    out.expect("turnover", turnover)
    out.expect("turnover_per_year", turnover / (len(equity) / periods))
    n = len(trades)
    win, lose = trades[trades.pnl > 0], trades[trades.pnl <= 0]
    out.expect("n_trades", n)
    out.expect("long_share", (trades.side == 1).mean() if n else nan)
    out.expect("win_rate", len(win) / n if n else nan)
    out.expect("profit_factor", ratio(win.pnl.sum(), -lose.pnl.sum()))
    out.expect("expectancy", trades.pnl.mean() if n else nan)
    spread = trades.return_fraction.std() if n > 1 else nan
    out.expect("sqn", math.sqrt(n) * trades.return_fraction.mean() / spread if spread > 1e-15 else nan)
    out.expect("average_trade", trades.return_fraction.mean())
    out.expect("average_win", win.return_fraction.mean())
    out.expect("average_loss", lose.return_fraction.mean())
    out.expect("best_trade", trades.return_fraction.max())
    out.expect("worst_trade", trades.return_fraction.min())
    out.expect("average_mae", trades.mae.mean())
    out.expect("average_mfe", trades.mfe.mean())
    out.expect("average_bars_held", trades.bars_held.mean())
    out.expect("median_bars_held", trades.bars_held.median())
    out.expect("max_bars_held", trades.bars_held.max())
    out.expect("average_hours_held", trades.seconds_held.mean() / 3600)
    out.expect("n_ambiguous_bars", 7 * n)
    out.expect("ambiguous_share", trades.ambiguous.mean() if n else nan)
    for cost in ("fees", "slippage", "funding"):
        out.expect(cost, trades[cost].sum())


def make_portfolio():
    out = Golden("metrics_portfolio.txt")
    rng = np.random.default_rng(7)

    def trades_of(n, drift=0.0):
        fraction = np.round(rng.normal(drift, .01, n), 6)
        return pd.DataFrame({
            "side": rng.choice([-1, 1], n) if n else [], "pnl": np.round(fraction * 1e4, 4),
            "return_fraction": fraction, "mae": -np.round(abs(rng.normal(0, .01, n)), 6),
            "mfe": np.round(abs(rng.normal(0, .01, n)), 6), "bars_held": rng.integers(1, 25, n),
            "ambiguous": (rng.random(n) < .1).astype(int), "fees": np.round(rng.random(n) * 5, 4),
            "slippage": np.round(rng.random(n), 4), "funding": np.round(rng.normal(0, 1, n), 4)}).astype(float).assign(
            seconds_held=3600.0 * np.arange(1, n + 1))

    def hours(n):
        return 1600000000 + 3600 * np.arange(n)

    walk = np.round(1e5 * np.exp(np.cumsum(rng.normal(.0002, .004, 300))), 4)
    busy = np.round(np.where(rng.random(300) < .4, rng.random(300), 0), 4)
    portfolio_case(out, "walk_with_gap", 1e5, walk, busy, hours(300) + 7200 * (np.arange(300) > 150), 8760, 37.25,
                   trades_of(40))
    portfolio_case(out, "under_water_from_the_start", 1e5, np.round(99000 + 500 * np.sin(np.arange(50)), 3), [1] * 50,
                   DAY_S * np.arange(50), 365.25, 2, trades_of(3))
    portfolio_case(out, "only_up", 1000, 1000 + np.arange(1, 31) ** 1.5, [1] * 30, DAY_S * np.arange(30), 365, 1,
                   trades_of(6, .1))
    portfolio_case(out, "nothing_happened", 1000, [1000] * 20, [0] * 20, hours(20), 8760, 0, trades_of(0))
    portfolio_case(out, "recovered_exactly", 100, [110, 99, 105, 110, 108, 110, 110, 88, 120, 119], [.5] * 10,
                   DAY_S * np.array([0, 1, 2, 3, 5, 9, 10, 11, 12, 13]), 252, 4, trades_of(1))
    portfolio_case(out, "ruined", 100, [90, 40, -5, -5], [2, 3, 0, 0], hours(4), 8760, 5, trades_of(2, -.5))
    steps = np.random.default_rng(11).normal(.001, .02, 400)
    portfolio_case(out, "rolling", 1e4, np.round(1e4 * np.exp(np.cumsum(steps)), 4), [.25] * 400,
                   1600000000 - 1600000000 % DAY_S + DAY_S * np.arange(400) // 2, 730, 3, trades_of(5))
    weekdays = np.array([d for d in range(300) if d % 7 not in (2, 3)])
    portfolio_case(out, "weekdays_at_midnight", 1e4, np.round(1e4 + 10 * np.cumsum(
        np.random.default_rng(12).normal(.1, 1, len(weekdays))), 4), [1] * len(weekdays), DAY_S * (18000 + weekdays),
                   260, 3, trades_of(8))
    portfolio_case(out, "one_point", 100, [101], [1], hours(1), 8760, 1, trades_of(1, .01))


# ---- statistics -----------------------------------------------------------------------------------------------


def block_length(x):
    """Politis & White (2004) with the 2009 correction, stationary bootstrap; autocovariances by FFT."""
    n = len(x)
    e = x - x.mean()
    size = 2 ** (2 * n).bit_length()
    power = abs(np.fft.rfft(e, size)) ** 2
    cov = np.fft.irfft(power, size)[:n] / n
    k_n = max(5, math.ceil(math.sqrt(math.log10(n))))
    m_max = min(math.ceil(math.sqrt(n)) + k_n, n - 1)
    significant = abs(cov / cov[0]) >= 2 * math.sqrt(math.log10(n) / n)
    m_hat = next((m for m in range(m_max - k_n + 1) if not significant[m + 1:m + k_n + 1].any()), None)
    if m_hat is None:
        m_hat = max(k for k in range(1, m_max + 1) if significant[k])
    m = min(2 * max(m_hat, 1), m_max)
    lag = np.arange(-m, m + 1)
    window = np.clip(2 * (1 - abs(lag) / m), 0, 1)
    g = np.sum(window * abs(lag) * cov[abs(lag)])
    d = 2 * np.sum(window * cov[abs(lag)]) ** 2
    b = (2 * g ** 2 / d) ** (1 / 3) * n ** (1 / 3)
    return max(1.0, min(b, math.ceil(min(3 * math.sqrt(n), n / 3))))


def deflated(sharpe, n, skew, kurtosis, trials, variance):
    norm = scipy.stats.norm
    best = 0.0
    if trials > 1:
        best = math.sqrt(variance) * ((1 - np.euler_gamma) * norm.ppf(1 - 1 / trials) +
                                      np.euler_gamma * norm.ppf(1 - 1 / (trials * math.e)))
    return best, norm.cdf((sharpe - best) * math.sqrt(n - 1) /
                          math.sqrt(1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe ** 2))


def overfitting(returns, splits):
    n = len(returns)
    blocks = [returns[b * n // splits:(b + 1) * n // splits] for b in range(splits)]
    below = []
    for chosen in itertools.combinations(range(splits), splits // 2):
        inside = np.vstack([blocks[b] for b in chosen])
        outside = np.vstack([blocks[b] for b in range(splits) if b not in chosen])
        winner = np.argmax(inside.mean(0) / inside.std(0))
        rank = scipy.stats.rankdata(outside.mean(0) / outside.std(0))[winner]
        omega = rank / (returns.shape[1] + 1)
        below.append(.5 if omega == .5 else float(omega < .5))
    return np.mean(below)


def top_of_resample(score, fold, value, count, k):
    """Mean value of the best k % of each fold of the resample, its bars written out as often as they were drawn; the
    tie group on the border gives its mean for the places that are left."""
    at = np.repeat(np.arange(len(score)), count)
    chosen = []
    for f in np.unique(fold[at]):
        mine = at[fold[at] == f]
        left = max(1, math.ceil(Fraction(k) * len(mine) / 100))
        for s in sorted(set(score[mine]), reverse=True):
            if left == 0:
                break
            group = value[mine[score[mine] == s]]
            taken = min(left, len(group))
            chosen += [(v, taken / len(group)) for v in group if not math.isnan(v)]
            left -= taken
    weight = sum(w for _, w in chosen)
    return sum(v * w for v, w in chosen) / weight if weight else math.nan


def make_resamples(out):
    rng = np.random.default_rng(4)
    for name, n, folds, steps in (("plain", 300, 3, 10 ** 6), ("ties", 240, 4, 12), ("one_score", 40, 2, 1),
                                  ("missed_fold", 90, 3, 40)):
        score = np.float32(np.floor(rng.random(n) * steps) / steps)
        label = (rng.random(n) < .3).astype(float)
        value = np.round(rng.normal(0, .01, n), 5)
        value[rng.random(n) < .1] = math.nan
        fold = np.arange(n) * folds // n
        count = np.bincount(rng.integers(n, size=n), minlength=n)
        if name == "missed_fold":
            count[fold == 1] = 0
        out.case("resample_" + name)
        for what, x in (("score", score), ("label", label), ("value", value), ("fold", fold), ("count", count)):
            out.array(what, x)
        at = np.repeat(np.arange(n), count)
        out.expect("average_precision", sk.average_precision_score(label[at], score[at]))
        for k in KS:
            out.expect("precision", top_of_resample(score, fold, label, count, k), k)
            out.expect("value", top_of_resample(score, fold, value, count, k), k)


def holm(p, family=0):
    """By the definition: reject in order of size while p <= level / (what is left); the adjusted value is the lowest level."""
    p = np.asarray(p, dtype=float)
    known = np.flatnonzero(~np.isnan(p))
    m = max(family, len(known))
    order = sorted(known, key=lambda i: p[i])
    adjusted = np.full(len(p), math.nan)
    for place, i in enumerate(order):
        adjusted[i] = min(1, max((m - j) * p[k] for j, k in enumerate(order[:place + 1])))
    return adjusted


def superior_ability(value, replicate, n_bars):
    """Hansen (2005), equations for the studentised statistic and the three null distributions; omega from the replicates."""
    omega = np.sqrt(np.nanmean((replicate - value[:, None]) ** 2, axis=1))
    some = omega > 0
    value, replicate, omega = value[some], replicate[some], omega[some]
    t = max(0, np.max(value / omega))
    threshold = -omega * math.sqrt(2 * math.log(math.log(n_bars)))
    result = []
    for mean in (np.maximum(value, 0), np.where(value >= threshold, value, 0), value):
        z = np.nan_to_num((replicate - mean[:, None]) / omega[:, None], nan=-math.inf)
        result.append((1 + np.sum(np.maximum(z.max(axis=0), 0) >= t)) / (replicate.shape[1] + 1))
    return result


def diebold_mariano(d, h):
    """Diebold & Mariano (1995), Harvey, Leybourne & Newbold (1997) equations 8 and 9."""
    n, e = len(d), d - d.mean()
    covariance = [np.dot(e[k:], e[:n - k]) / n for k in range(h)]
    variance = (covariance[0] + 2 * sum(covariance[1:])) / n
    if variance <= 0:
        variance = (covariance[0] + 2 * sum((1 - k / h) * covariance[k] for k in range(1, h))) / n
    s = d.mean() / math.sqrt(variance) * math.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    return s, 2 * scipy.stats.t.sf(abs(s), n - 1)


def make_corrections():
    out = Golden("metrics_corrections.txt")
    rng = np.random.default_rng(13)
    for name, p, family in (("textbook", [.01, .04, .03, .005], 0), ("ties", [.02, .02, .5, math.nan, .02, 1], 0),
                            ("chosen", [.001, .02, .3], 24), ("none", [math.nan, math.nan], 0)):
        out.case("holm_" + name)
        out.array("p_value", p)
        out.array("family", [family])
        out.array("adjusted", holm(p, family))
    for name, best, n, missing in (("none_better", 0, 6, 0), ("one_better", 3.2, 5, 0), ("hopeless_rest", 1.9, 8, 0),
                                   ("undefined", 1.5, 4, 25), ("flat", 2.0, 3, 0)):
        mixed = np.eye(n) + .4
        z = (mixed @ rng.normal(size=(n, 300))) * rng.uniform(.5, 4, (n, 1))
        value = -abs(rng.normal(0, 1, n)) * z.std(axis=1)
        if name == "hopeless_rest":
            value -= 6 * z.std(axis=1)
        value[n // 2] = best * z[n // 2].std()
        replicate = np.round(value[:, None] + z, 6)
        if name == "flat":
            replicate[0] = value[0]
        if missing:
            replicate[1, rng.permutation(300)[:missing]] = math.nan
        out.case("superior_" + name)
        out.array("value", value)
        out.array("replicate", replicate)
        out.array("n_bars", [5000])
        for what, p in zip(("p_lower", "p_value", "p_upper"), superior_ability(value, replicate, 5000)):
            out.expect(what, p)
    for name, n, h, drift in (("one_step", 40, 1, .2), ("four_steps", 120, 4, .1), ("horizon", 600, 24, -.05),
                              ("negative_sum", 60, 6, .01), ("short", 8, 2, .3)):
        d = np.convolve(rng.normal(size=n + h - 1), np.ones(h) / h, "valid") + drift
        if name == "negative_sum":
            d = np.where(np.arange(n) % 2, 1.0, -1.0) + .1 * rng.normal(size=n) + drift
        d = np.round(d, 6)
        out.case("forecast_" + name)
        out.array("difference", d)
        out.array("horizon", [h])
        statistic, p = diebold_mariano(d, h)
        out.expect("statistic", statistic)
        out.expect("p_value", p)


def make_statistics():
    out = Golden("metrics_statistics.txt")
    rng = np.random.default_rng(99)

    def ar(n, phi):
        x = np.zeros(n)
        for t in range(1, n):
            x[t] = phi * x[t - 1] + rng.normal()
        return np.round(x, 5)

    series = {"white": ar(300, 0), "ar_half": ar(300, .5), "ar_ninety": ar(400, .9), "ar_negative": ar(300, -.6),
              "moving_sum": np.round(np.convolve(rng.normal(size=423), np.ones(24), "valid"), 5),
              "trend": np.arange(200) / 10, "short": ar(12, .5),
              "differenced": np.round(np.diff(rng.normal(size=301)), 5),
              "wave": np.round(np.sin(2 * np.pi * np.arange(200) / 19), 5),  # at the upper limits of the length
              "short_wave": np.round(np.sin(2 * np.pi * np.arange(40) / 11), 5)}
    for name, x in series.items():
        out.case("block_" + name)
        out.array("series", x)
        out.expect("block_length", block_length(x))

    for name, n, trials, variance in (("many_trials", 250, 40, .01), ("two_trials", 120, 2, .004),
                                      ("one_trial", 60, 1, .5)):
        r = np.round(rng.standard_t(5, n) * .01 + .002, 6)
        out.case("deflated_" + name)
        out.array("returns", r)
        out.array("trials", [trials])
        out.array("variance", [variance])
        best, probability = deflated(r.mean() / r.std(ddof=1), n, scipy.stats.skew(r),
                                     scipy.stats.kurtosis(r, fisher=False), trials, variance)
        out.expect("deflated_sharpe", probability)
        out.expect("deflated_sharpe_threshold", best)

    for name, n, trials, splits in (("seven", 61, 7, 6), ("eight", 80, 8, 8), ("two", 40, 2, 4),
                                    ("three", 50, 3, 6)):
        r = np.round(rng.normal(0, .01, (n, trials)) + .001 * np.arange(trials), 5)
        out.case("overfitting_" + name)
        out.array("returns", r)
        out.array("shape", [n, trials, splits])
        out.expect("backtest_overfitting", overfitting(r, splits))
    make_resamples(out)


make_metrics()
make_portfolio()
make_statistics()
make_corrections()
