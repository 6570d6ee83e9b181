#!/usr/bin/env python3
"""Golden values of every feature, from the formulas of their sources, written window by window.

Nothing here streams: each value is computed afresh from the whole window (or, for Wilder's and
exponential averages, by the textbook recursion), so that it shares no method with the engine.

    python3 tests/golden/make_features.py      writes features_bars.csv and features_golden.csv
"""
import os

import numpy as np
import pandas as pd

import make_regime

HERE = os.path.dirname(os.path.abspath(__file__))
MINUTE = 60 * 10**9
BASE = 15 * MINUTE


def make_bars(n=260, seed=7):
    """A 15-minute walk with a flat untraded stretch, untraded moving bars, an hour-crossing gap and more."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2021-11-05T22:00:00Z").value
    slots = np.arange(n + 14)
    keep = np.ones(len(slots), bool)
    keep[[20, 21, 35, 60]] = False  # holes inside an hour, at an hour's end
    keep[70:80] = False  # two and a half hours
    slots = slots[keep][:n]
    ret = rng.standard_normal(n) * 0.004 + 0.003 * np.sin(np.arange(n) / 15)
    flat = slice(140, 175)
    ret[flat] = 0
    close = np.round(100 * np.exp(np.cumsum(ret)), 2)
    open_ = np.r_[close[0], close[:-1]].copy()
    jump = rng.random(n) < 0.2
    open_[jump] = np.round(open_[jump] * np.exp(rng.standard_normal(jump.sum()) * 0.003), 2)
    high = np.round(np.maximum(open_, close) * (1 + np.abs(rng.standard_normal(n)) * 0.002), 2)
    low = np.round(np.minimum(open_, close) * (1 - np.abs(rng.standard_normal(n)) * 0.002), 2)
    volume = np.round(np.exp(rng.standard_normal(n)) * 50, 3)
    close[flat] = close[140]
    for column in (open_, high, low):
        column[141:175] = close[140]
    volume[flat] = 0
    volume[200:206] = 0
    share = rng.random(n)
    bars = pd.DataFrame(
        {
            "open_ns": start + slots * BASE,
            "open": open_,
            "high": high,
            "low": low,
            "close": close,
            "volume": volume,
            "quote_volume": np.round(volume * (high + low + close) / 3, 4),
            "trade_count": np.where(volume > 0, rng.integers(1, 400, n), 0),
            "taker_buy_base": np.round(volume * share, 3),
        }
    )
    # A column of the user's own: unknown at first, with holes later, negative now and then.
    x = np.round(np.random.default_rng(3).standard_normal(n).cumsum(), 3)
    x[:9] = x[90] = x[150:153] = np.nan
    bars["x"] = x
    # Another symbol's close: unknown at first, a hole, a stretch without a move; and a rank that somebody reckoned.
    peer = np.random.default_rng(11)
    close = np.round(40 * np.exp(np.cumsum(0.7 * ret + peer.standard_normal(n) * 0.003)), 3)
    close[100:112] = close[100]
    close[:12] = close[130] = np.nan
    bars["x.close"] = close
    rank = np.round(peer.random(n) * 4) / 4
    rank[:5] = rank[77] = np.nan
    bars["x.rank"] = rank
    # A funding rate that changes every eight bars, and open interest, with holes and a zero.
    future = np.random.default_rng(12)
    funding = np.repeat(np.round(1e-4 + 2e-4 * future.standard_normal(n // 8 + 1), 6), 8)[:n]
    funding[:6] = funding[44:47] = np.nan
    bars["funding_rate"] = funding
    interest = np.round(2e6 * np.exp(np.cumsum(future.standard_normal(n) * 0.01)), 1)
    interest[:3] = interest[70] = np.nan
    interest[200] = 0
    bars["open_interest"] = interest
    assert (bars.high >= bars[["open", "close"]].max(axis=1)).all()
    assert (bars.low <= bars[["open", "close"]].min(axis=1)).all()
    return bars


# ---- tools: a function of each window, and the two recursions -----------------------------------


def windows(n, *columns, f):
    """f(window of each column) for every full window of n finite values, NaN elsewhere."""
    out = np.full(len(columns[0]), np.nan)
    for t in range(n - 1, len(out)):
        parts = [c[t - n + 1 : t + 1] for c in columns]
        if all(np.isfinite(p).all() for p in parts):
            out[t] = f(*parts)
    return out


def recursive(x, n, weight):
    """Plain mean of the first n finite values, then the exponential recursion."""
    out = np.full(len(x), np.nan)
    first = int(np.flatnonzero(np.isfinite(x))[0])
    if first + n > len(x):
        return out
    out[first + n - 1] = x[first : first + n].mean()
    for t in range(first + n, len(x)):
        out[t] = (1 - weight) * out[t - 1] + weight * x[t]
    return out


def wilder(x, n):
    return recursive(x, n, 1 / n)


def ema(x, n):
    return recursive(x, n, 2 / (n + 1))


def div(a, b, neutral):
    a, b = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float))
    out = np.full(a.shape, float(neutral))
    np.divide(a, b, out=out, where=~(b == 0))
    out[np.isnan(a) | np.isnan(b)] = np.nan
    return out


def lag(x, k=1):
    return np.r_[np.full(k, np.nan), x[:-k]]


def zscore(w):
    return 0.0 if np.ptp(w) == 0 else (w[-1] - w.mean()) / w.std()


# ---- features ------------------------------------------------------------------------------------


class Features:
    def __init__(self, b):
        self.o, self.h, self.l, self.c, self.v = (b[k].to_numpy(float) for k in ("open", "high", "low", "close", "volume"))
        self.q, self.trades, self.taker = (b[k].to_numpy(float) for k in ("quote_volume", "trade_count", "taker_buy_base"))
        self.funding, self.interest = (b[k].to_numpy(float) if k in b else None for k in ("funding_rate", "open_interest"))
        self.time = pd.to_datetime(b.open_ns, utc=True)
        self.r = np.log(self.c / lag(self.c))
        self.tp = (self.h + self.l + self.c) / 3

    def log_return(self, n=1):
        return np.log(self.c / lag(self.c, n))

    def momentum(self, n=20):
        def f(w):
            rv = np.sqrt(np.sum(w**2))
            return np.sum(w) / rv if rv > 0 else 0.0

        return windows(n, self.r, f=f)

    def gap(self):
        return self.o / lag(self.c) - 1

    def range(self):
        return (self.h - self.l) / self.c

    def body(self):
        return div(self.c - self.o, self.h - self.l, 0)

    def upper_wick(self):
        return div(self.h - np.maximum(self.o, self.c), self.h - self.l, 0)

    def lower_wick(self):
        return div(np.minimum(self.o, self.c) - self.l, self.h - self.l, 0)

    def high_low_pos(self):
        return div(self.c - self.l, self.h - self.l, 0.5)

    def day(self):
        return 2 * np.pi * (self.time.dt.hour * 60 + self.time.dt.minute).to_numpy() / 1440

    def week(self):
        return 2 * np.pi * self.time.dt.weekday.to_numpy() / 7

    def hour_sin(self):
        return np.sin(self.day())

    def hour_cos(self):
        return np.cos(self.day())

    def weekday_sin(self):
        return np.sin(self.week())

    def weekday_cos(self):
        return np.cos(self.week())

    def ma_gap(self, n=10):
        return windows(n, self.c, f=lambda w: w[-1] / w.mean() - 1)

    def ema_gap(self, n=20):
        return self.c / ema(self.c, n) - 1

    def macd_hist(self, fast=12, slow=26, signal=9):
        macd = ema(self.c, fast) - ema(self.c, slow)
        return (macd - ema(macd, signal)) / self.c

    def bollinger_b(self, n=20, k=2):
        def f(w):
            if np.ptp(w) == 0:
                return 0.5
            upper, lower = w.mean() + k * w.std(), w.mean() - k * w.std()
            return (w[-1] - lower) / (upper - lower)

        return windows(n, self.c, f=f)

    def bollinger_width(self, n=20, k=2):
        return windows(n, self.c, f=lambda w: 2 * k * w.std() / w.mean())

    def rsi(self, n=14):
        change = self.c - lag(self.c)
        up = wilder(np.where(np.isnan(change), np.nan, np.maximum(change, 0)), n)
        down = wilder(np.where(np.isnan(change), np.nan, np.maximum(-change, 0)), n)
        return 100 - 100 / (1 + up / down)

    def atr(self, n=14):
        last = lag(self.c)
        tr = np.max([self.h - self.l, np.abs(self.h - last), np.abs(self.l - last)], axis=0)
        tr[0] = np.nan
        return wilder(tr, n) / self.c

    def adx(self, n=14):
        last = lag(self.c)
        up, down = self.h - lag(self.h), lag(self.l) - self.l
        plus = np.where((up > down) & (up > 0), up, 0.0)
        minus = np.where((down > up) & (down > 0), down, 0.0)
        tr = np.max([self.h - self.l, np.abs(self.h - last), np.abs(self.l - last)], axis=0)
        plus[0] = minus[0] = tr[0] = np.nan
        tr = wilder(tr, n)
        di_plus, di_minus = 100 * div(wilder(plus, n), tr, 0), 100 * div(wilder(minus, n), tr, 0)
        return wilder(100 * div(np.abs(di_plus - di_minus), di_plus + di_minus, 0), n)

    def realised_vol(self, n=96):
        return windows(n, self.r, f=lambda w: np.sqrt(np.mean(w**2)))

    def parkinson_vol(self, n=96):
        return windows(n, np.log(self.h / self.l), f=lambda w: np.sqrt(np.sum(w**2) / (4 * n * np.log(2))))

    def garman_klass_vol(self, n=96):
        hl, co = np.log(self.h / self.l), np.log(self.c / self.o)
        return windows(n, hl, co, f=lambda a, b: np.sqrt(np.mean(0.5 * a**2 - (2 * np.log(2) - 1) * b**2)))

    def skew(self, n=96):
        def f(w):
            d = w - w.mean()
            return 0.0 if np.ptp(w) == 0 else np.mean(d**3) / np.mean(d**2) ** 1.5

        return windows(n, self.r, f=f)

    def autocorr(self, n=96):
        def f(w):
            d = w - w.mean()
            return 0.0 if np.ptp(w) == 0 else np.dot(d[1:], d[:-1]) / np.dot(d, d)

        return windows(n, self.r, f=f)

    def stochastic_k(self, n=14):
        def f(h, l, c):
            return (c[-1] - l.min()) / (h.max() - l.min()) if h.max() > l.min() else 0.5

        return windows(n, self.h, self.l, self.c, f=f)

    def donchian_pos(self, n=20):
        out = np.full(len(self.c), np.nan)
        for t in range(n, len(out)):
            top, bottom, c = self.h[t - n : t].max(), self.l[t - n : t].min(), self.c[t]
            if top > bottom:
                out[t] = np.clip((c - bottom) / (top - bottom), -1, 2)
            else:
                out[t] = 2 if c > bottom else -1 if c < bottom else 0.5
        return out

    def cci(self, n=20):
        def f(w):
            return 0.0 if np.ptp(w) == 0 else (w[-1] - w.mean()) / (0.015 * np.mean(np.abs(w - w.mean())))

        return windows(n, self.tp, f=f)

    def volume_z(self, n=96):
        return windows(n, self.v, f=zscore)

    def volume_ratio(self, n=20):
        return windows(n, self.v, f=lambda w: w[-1] / w.mean() if w.any() else 0.0)

    def signed_volume(self, n=20):
        side = np.sign(self.c - lag(self.c))
        return windows(n, side, self.v, f=lambda s, v: np.sum(s * v) / np.sum(v) if v.any() else 0.0)

    def mfi(self, n=14):
        change = self.tp - lag(self.tp)

        def f(d, flow):
            up, down = flow[d > 0].sum(), flow[d < 0].sum()
            return 100 * up / (up + down) if up + down > 0 else 50.0

        return windows(n, change, self.tp * self.v, f=f)

    def taker_buy_ratio(self):
        return div(self.taker, self.v, 0.5)

    def trade_count_z(self, n=96):
        return windows(n, self.trades, f=zscore)

    def pair(self, other):
        """Log returns of this symbol and of the other, whose last close stands where it has none."""
        other = pd.Series(other).ffill().to_numpy()
        own = np.where(np.isnan(other), np.nan, self.c)
        return np.log(own / lag(own)), np.log(other / lag(other))

    def beta(self, other, n=96):
        def f(y, x):
            return 0.0 if np.ptp(x) == 0 else np.cov(x, y, bias=True)[0, 1] / np.var(x)

        return windows(n, *self.pair(other), f=f)

    def correlation(self, other, n=96):
        def f(y, x):
            return 0.0 if np.ptp(x) == 0 or np.ptp(y) == 0 else np.corrcoef(x, y)[0, 1]

        return windows(n, *self.pair(other), f=f)

    def spread(self, other, n=96):
        ratio = np.log(self.c / pd.Series(other).ffill().to_numpy())
        return windows(n, ratio, f=lambda w: 0.0 if np.ptp(w) == 0 else (w[-1] - w.mean()) / w.std())

    def excess(self, other, n=24):
        other = pd.Series(other).ffill().to_numpy()
        return np.log(self.c / lag(self.c, n)) - np.log(other / lag(other, n))

    def rank(self, x):
        return pd.Series(x).ffill().to_numpy()

    def col(self, x):
        """A hole after the first value is the mean of all values before it."""
        x = x.copy()
        holes = np.isnan(x)
        for t in np.flatnonzero(holes):
            before = x[:t][~holes[:t]]
            x[t] = before.mean() if len(before) else np.nan
        return x

    def col_change(self, x, n=1):
        x = self.col(x)
        return x - lag(x, n)

    def col_z(self, x, n=96):
        return windows(n, self.col(x), f=zscore)

    def vwap_gap(self, n=96):
        def f(c, q, v):
            return c[-1] / (q.sum() / v.sum()) - 1 if v.any() else 0.0

        return windows(n, self.c, self.q, self.v, f=f)


    # ---- trend

    def efficiency_ratio(self, n=10):
        def f(w):
            path = np.abs(np.diff(w)).sum()
            return abs(w[-1] - w[0]) / path if path > 0 else 0.0

        return windows(n + 1, self.c, f=f)

    def linreg_slope(self, n=20):
        return windows(n, np.log(self.c), f=lambda w: 0.0 if np.ptp(w) == 0 else np.polyfit(np.arange(n), w, 1)[0])

    def linreg_r2(self, n=20):
        return windows(n, np.log(self.c), f=lambda w: 0.0 if np.ptp(w) == 0 else np.corrcoef(np.arange(n), w)[0, 1] ** 2)

    def ma_cross(self, fast=10, slow=50):
        return windows(slow, self.c, f=lambda w: w[-fast:].mean() / w.mean() - 1)

    def awesome(self, fast=5, slow=34):
        return windows(slow, (self.h + self.l) / 2, self.c, f=lambda m, c: (m[-fast:].mean() - m.mean()) / c[-1])

    def aroon(self, n=25):
        def f(h, l):
            since_high, since_low = np.argmax(h[::-1]), np.argmin(l[::-1])
            return (since_low - since_high) / n

        return windows(n + 1, self.h, self.l, f=f)

    def dist_high(self, n=96):
        return windows(n, self.h, self.c, f=lambda h, c: c[-1] / h.max() - 1)

    def dist_low(self, n=96):
        return windows(n, self.l, self.c, f=lambda l, c: c[-1] / l.min() - 1)

    def channel_width(self, n=96):
        return windows(n, self.h, self.l, self.c, f=lambda h, l, c: (h.max() - l.min()) / c[-1])

    # ---- oscillators

    def cmo(self, n=14):
        change = self.c - lag(self.c)

        def f(d):
            up, down = d[d > 0].sum(), -d[d < 0].sum()
            return (up - down) / (up + down) if up + down > 0 else 0.0

        return windows(n, change, f=f)

    def up_share(self, n=12):
        return windows(n, self.c - lag(self.c), f=lambda d: np.mean(d > 0))

    def stochastic_d(self, n=14, smooth=3):
        return windows(smooth, self.stochastic_k(n), f=np.mean)

    def ultimate(self, fast=7, middle=14, slow=28):
        last = lag(self.c)
        pressure = self.c - np.minimum(self.l, last)
        span = np.maximum(self.h, last) - np.minimum(self.l, last)
        pressure[0] = span[0] = np.nan

        def f(p, s):
            a = [p[-n:].sum() / s[-n:].sum() if s[-n:].sum() > 0 else 0.5 for n in (fast, middle, slow)]
            return 100 * (4 * a[0] + 2 * a[1] + a[2]) / 7

        return windows(slow, pressure, span, f=f)

    # ---- volatility

    def rs(self):
        h, l, c, o = np.log(self.h), np.log(self.l), np.log(self.c), np.log(self.o)
        return (h - c) * (h - o) + (l - c) * (l - o)

    def rogers_satchell_vol(self, n=96):
        return windows(n, self.rs(), f=lambda w: np.sqrt(max(w.mean(), 0)))

    def yang_zhang_vol(self, n=96):
        k = 0.34 / (1.34 + (n + 1) / (n - 1))
        night, day = np.log(self.o / lag(self.c)), np.log(self.c / self.o)

        def f(a, b, c):
            return np.sqrt(a.var(ddof=1) + k * b.var(ddof=1) + (1 - k) * c.mean())

        return windows(n, night, day, self.rs(), f=f)

    def vol_ratio(self, fast=10, slow=96):
        def f(w):
            return np.sqrt(np.mean(w[-fast:] ** 2) / np.mean(w**2)) if w.any() else 1.0

        return windows(slow, self.r, f=f)

    def downside_vol(self, n=96):
        return windows(n, self.r, f=lambda w: np.sqrt(np.mean(np.minimum(w, 0) ** 2)))

    def max_return(self, n=20):
        return windows(n, self.r, f=np.max)

    def kurtosis(self, n=96):
        def f(w):
            d = w - w.mean()
            return 0.0 if np.ptp(w) == 0 else np.mean(d**4) / np.mean(d**2) ** 2 - 3

        return windows(n, self.r, f=f)

    def jump_share(self, n=96):
        def f(w):
            bipower = np.pi / 2 * n / (n - 1) * np.sum(np.abs(w[1:] * w[:-1]))
            return max(0.0, 1 - bipower / np.sum(w**2)) if w.any() else 0.0

        return windows(n, self.r, f=f)

    def range_z(self, n=96):
        return windows(n, (self.h - self.l) / self.c, f=zscore)

    def chop(self, n=14):
        last = lag(self.c)
        span = np.maximum(self.h, last) - np.minimum(self.l, last)
        span[0] = np.nan

        def f(s, h, l):
            wide = h.max() - l.min()
            return 100 * np.log10(s.sum() / wide) / np.log10(n) if wide > 0 and s.sum() > 0 else 50.0

        return windows(n, span, self.h, self.l, f=f)

    # ---- volume

    def cmf(self, n=20):
        side = div(2 * self.c - self.h - self.l, self.h - self.l, 0)
        return windows(n, side, self.v, f=lambda s, v: np.sum(s * v) / v.sum() if v.any() else 0.0)

    def volume_corr(self, n=96):
        def f(m, v):
            return 0.0 if np.ptp(m) == 0 or np.ptp(v) == 0 else np.corrcoef(m, v)[0, 1]

        return windows(n, np.abs(self.r), self.v, f=f)

    def trade_size_z(self, n=96):
        return windows(n, div(self.v, self.trades, 0), f=zscore)

    def funding_z(self, n=96):
        return windows(n, pd.Series(self.funding).ffill().to_numpy(), f=zscore)

    def oi_change(self, n=24):
        now = pd.Series(self.interest).ffill().to_numpy()
        before = lag(now, n)
        out = np.log(now / before)
        out[(now <= 0) | (before <= 0)] = 0
        return np.where(np.isnan(now) | np.isnan(before), np.nan, out)

    def regime(self, state=2, states=2, n=1):
        return make_regime.regime(self.h, self.l, self.c, self.trained, state, states, n)

    def year(self):
        return 2 * np.pi * (self.time.dt.dayofyear.to_numpy() - 1) / 365.25

    def yearday_sin(self):
        return np.sin(self.year())

    def yearday_cos(self):
        return np.cos(self.year())


# Every feature at its defaults, and others at lengths short enough to lie within the flat stretch.
SPECS = """
log_return(1) momentum(20) gap range body upper_wick lower_wick high_low_pos hour_sin hour_cos weekday_sin
weekday_cos ma_gap(10) ema_gap(20) macd_hist(12,26,9) bollinger_b(20,2) bollinger_width(20,2) rsi(14) atr(14)
adx(14) realised_vol(96) parkinson_vol(96) garman_klass_vol(96) skew(96) autocorr(96) stochastic_k(14)
donchian_pos(20) cci(20) volume_z(96) volume_ratio(20) signed_volume(20) mfi(14) taker_buy_ratio
trade_count_z(96) vwap_gap(96) yearday_sin yearday_cos
efficiency_ratio(10) linreg_slope(20) linreg_r2(20) ma_cross(10,50) awesome(5,34) aroon(25) dist_high(96) dist_low(96)
channel_width(96) cmo(14) up_share(12) stochastic_d(14,3) ultimate(7,14,28) rogers_satchell_vol(96) yang_zhang_vol(96)
vol_ratio(10,96) downside_vol(96) max_return(20) kurtosis(96) jump_share(96) range_z(96) chop(14) cmf(20) volume_corr(96)
trade_size_z(96)
efficiency_ratio(4) linreg_slope(5) linreg_r2(6) ma_cross(3,9) aroon(6) dist_high(5) cmo(4) stochastic_d(5,2)
ultimate(2,4,8) rogers_satchell_vol(6) yang_zhang_vol(7) vol_ratio(3,12) downside_vol(5) kurtosis(9) jump_share(8)
range_z(6) chop(5) cmf(4) volume_corr(7) trade_size_z(5) yang_zhang_vol(3)@1h cmf(3)@1h aroon(4)@1h
col(x) col_change(x,1) col_z(x,96) beta(x,96) correlation(x,96) spread(x,96) excess(x,24) rank(x)
beta(x,5) correlation(x,7) spread(x,6) excess(x,3) beta(x,4)@1h spread(x,3)@1h excess(x,2)@1h
col_change(x,5) col_z(x,6) col(x)@1h col_z(x,3)@1h
log_return(5) momentum(7) ma_gap(3) macd_hist(3,8,4) bollinger_b(7,1.5) rsi(2) atr(3) adx(4) realised_vol(5)
skew(6) autocorr(9) volume_z(8) signed_volume(1) mfi(5) vwap_gap(6) trade_count_z(4) donchian_pos(3)
rsi(5)@1h atr(3)@1h volume_z(4)@1h log_return(1)@30m vwap_gap(3)@1h range@2h hour_sin@1h mfi(3)@45m
stochastic_k(5)@15m
funding_z(96) oi_change(24) funding_z(7) oi_change(3) funding_z(4)@1h oi_change(2)@30m
regime(2,2,1) regime(2,3,1) regime(1,3,2) regime(1,2,2)@30m
""".split()


def evaluate(bars, spec, trained):
    """trained: the rows that a fitted feature learns from."""
    name, _, args = spec.partition("(")
    of = {"rank": "x.rank", "beta": "x.close", "correlation": "x.close", "spread": "x.close", "excess": "x.close"}
    column = bars[of.get(name, "x")].to_numpy()
    args = [column if a == "x" else float(a) if "." in a else int(a) for a in args.rstrip(")").split(",") if a]
    features = Features(bars)
    features.trained = trained
    return getattr(features, name)(*args)


def resample(bars, interval):
    bucket = bars.open_ns // interval * interval
    g = bars.groupby(bucket)
    return pd.DataFrame(
        {
            "open_ns": g.open_ns.first().index,
            "open": g.open.first().values,
            "high": g.high.max().values,
            "low": g.low.min().values,
            "close": g.close.last().values,
            **{k: g[k].sum().values for k in ("volume", "quote_volume", "trade_count", "taker_buy_base")},
            # of the last bar, a hole included
            **{k: g[k].apply(lambda v: v.iloc[-1]).values for k in ("x", "x.close", "x.rank", "funding_rate", "open_interest") if k in bars},
        }
    )


def column(bars, spec):
    spec, _, interval = spec.partition("@")
    begin, end = make_regime.TRAIN
    if not interval:
        rows = np.arange(len(bars))
        return evaluate(bars, spec, (rows >= begin) & (rows < end))
    interval = int(interval[:-1]) * {"m": MINUTE, "h": 60 * MINUTE}[interval[-1]]
    slow = resample(bars, interval)
    # A bucket is known from the first base bar on that closes at or after the bucket's end.
    known = np.searchsorted((bars.open_ns + BASE).to_numpy(), (slow.open_ns + interval).to_numpy(), side="left")
    values = evaluate(slow, spec, (known >= begin) & (known < end))
    out = np.full(len(bars), np.nan)
    for at, value in zip(known, values):
        out[at:] = value
    return out


def main():
    bars = make_bars()
    bars.to_csv(os.path.join(HERE, "features_bars.csv"), index=False)
    # A comma inside a name would split the header: the test reads ';' as ','.
    with np.errstate(invalid="ignore", divide="ignore"):
        golden = pd.DataFrame({spec.replace(",", ";"): column(bars, spec) for spec in SPECS})
    golden.to_csv(os.path.join(HERE, "features_golden.csv"), index=False, float_format="%.12g")


if __name__ == "__main__":
    main()
