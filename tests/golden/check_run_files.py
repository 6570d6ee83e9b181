"""The part of check_run.py that reads: a run's files, its bars, and the table of results."""
import csv
import gzip
import json
import os
import sys

import numpy as np
import pandas as pd

GATES, SIDE = ("long", "short"), {"long": 1, "short": -1}
DAY_NS = 86400 * 10**9


def nanoseconds(text):
    """ISO 8601 in UTC to int64 nanoseconds; pandas takes a fraction of a second in some rows only."""
    return pd.to_datetime(text, utc=True, format="mixed" if pd.__version__ >= "2" else None).astype("int64").to_numpy()


def epoch(number):
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, by their number of digits."""
    digits = len(str(int(number.iloc[len(number) // 2])))
    return number.astype("int64") * 10 ** (9 if digits <= 10 else 6 if digits <= 13 else 3 if digits <= 16 else 0)


def min_moves(bars, labels):
    """The label's least move at every bar: a constant, or multiples of Wilder's average true range over the close, which starts
    from the plain mean of its first n values; the first bar only gives the close to compare with."""
    n = len(bars["ns"])
    if not labels.get("min_move_atr", 0):
        return np.full(n, labels["min_move"])
    length, out, average = labels["atr_length"], np.full(n, np.nan), np.nan
    before = bars["close"][:-1]
    true_range = np.maximum(bars["high"][1:], before) - np.minimum(bars["low"][1:], before)
    for t in range(length, n):
        new = true_range[t - 1]
        average = true_range[:length].mean() if t == length else average + (new - average) / length
        out[t] = labels["min_move_atr"] * average / bars["close"][t]
    return out


def duration_ns(text):
    unit = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": DAY_NS, "w": 7 * DAY_NS}
    digits = text.rstrip("nusmhdw")
    return int(digits) * unit[text[len(digits):]]


def read_bars(path, interval_ns, first_ns, last_ns):
    """CSV with a header (time or date, open, high, low, close, volume) or Binance's twelve columns without one."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt") as f:
        head = next(csv.reader(f))
    if head[0].strip().isdigit():
        names = ["time", "open", "high", "low", "close", "volume", "end", "quote_volume", "trade_count", "taker_buy_base"]
        t = pd.read_csv(path, header=None, usecols=range(10), names=names)
        t["ns"] = epoch(t.time)
    else:
        t = pd.read_csv(path)
        t.columns = [c.strip().lower() for c in t.columns]
        names = ("time", "date", "timestamp", "datetime", "open_time", "open time")
        when = t[next(c for c in names if c in t.columns)]
        t["ns"] = epoch(when) if pd.api.types.is_numeric_dtype(when) else nanoseconds(when)
    t = t[(t.ns >= first_ns) & (t.ns <= last_ns)].sort_values("ns").drop_duplicates("ns")
    bars = {c: t[c].to_numpy(float) for c in ("open", "high", "low", "close", "volume")}
    bars.update({c: t[c].to_numpy(float) for c in ("quote_volume", "trade_count", "taker_buy_base") if c in t})
    bars["ns"], bars["interval"] = t.ns.to_numpy("int64"), interval_ns
    bars["close_ns"] = bars["ns"] + interval_ns
    return bars


class Run:
    def __init__(self, path, bars_of):
        self.path = path
        self.json = json.load(open(os.path.join(path, "run.json")))
        self.summary = json.load(open(os.path.join(path, "summary.json")))
        self.config = self.json["config"]
        self.folds, self.scores, self.trades, self.equity, self.training = (
            pd.read_csv(os.path.join(path, name + ".csv")) for name in ("folds", "scores", "trades", "equity", "training"))
        self.scores["ns"] = nanoseconds(self.scores.time)
        self.bars = {}
        for d in self.json["data"]:
            first, last = nanoseconds(pd.Series([d["first"], d["last"]]))
            file = bars_of.get(d["symbol"], d["file"])  # absolute: from whatever directory
            self.bars[d["symbol"]] = read_bars(file, duration_ns(d["interval"]), first, last)
            self.bars[d["symbol"]]["min_move"] = min_moves(self.bars[d["symbol"]], self.config["labels"])
            if len(self.bars[d["symbol"]]["ns"]) != d["bars"]:
                sys.exit(f"{file}: {len(self.bars[d['symbol']]['ns'])} bars, the run had {d['bars']}")
        self.trading = {s["name"]: s.get("trading", self.config["trading"]) for s in self.config["strategies"]}


class Report:
    def __init__(self):
        self.rows, self.skipped = [], []

    def skip(self, what):
        """What is not computed anew, said by name."""
        if what not in self.skipped:
            self.skipped.append(what)

    def add(self, field, ours, want, tolerance=1e-9, floor=1e-9):
        ours = np.nan if ours is None else float(ours)
        want = np.nan if want is None else float(want)
        if np.isnan(ours) or np.isnan(want) or np.isinf(ours) or np.isinf(want):
            rel = 0.0 if (np.isnan(ours) and np.isnan(want)) or ours == want else np.inf
        else:
            rel = abs(ours - want) / max(abs(want), floor)
        self.rows.append((field, ours, want, rel, tolerance))

    def add_all(self, field, ours, want, tolerance=1e-9, floor=1e-9):
        """Two arrays as one line: the pair that differs most."""
        ours, want = np.asarray(ours, float), np.asarray(want, float)
        if len(ours) == 0:
            return
        both = np.isnan(ours) & np.isnan(want)
        rel = np.where(both, 0, np.abs(ours - want) / np.maximum(np.abs(want), floor))
        rel = np.where(np.isnan(rel), np.inf, rel)
        i = int(np.argmax(rel))
        self.rows.append((f"{field} [{len(ours)}]", ours[i], want[i], float(rel[i]), tolerance))

    def show(self, verbose):
        bad = [r for r in self.rows if r[3] > r[4]]
        rows = sorted(self.rows, key=lambda r: -(r[3] / r[4]))
        print(f"{'field':<64} {'ours':>20} {'recomputed':>20} {'rel. diff.':>11} {'tolerance':>10}")
        for r in rows if verbose else rows[:max(30, len(bad))]:
            print(f"{r[0]:<64} {r[1]:>20.12g} {r[2]:>20.12g} {r[3]:>11.3g} {r[4]:>10.0e}{'  <-- DIFFERS' if r[3] > r[4] else ''}")
        for what in self.skipped:
            print(f"not computed anew: {what}")
        print(f"{len(self.rows)} lines, {len(bad)} above tolerance")
        return 1 if bad else 0
