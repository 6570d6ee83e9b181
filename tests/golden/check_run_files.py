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
        digits = len(str(t.time.iloc[0]))
        t["ns"] = t.time.astype("int64") * 10 ** (19 - digits if digits > 10 else 9)
    else:
        t = pd.read_csv(path)
        t.columns = [c.strip().lower() for c in t.columns]
        t["ns"] = nanoseconds(t[next(c for c in ("time", "date", "timestamp", "datetime") if c in t.columns)])
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
            file = bars_of.get(d["symbol"], d["file"])
            self.bars[d["symbol"]] = read_bars(file, duration_ns(d["interval"]), first, last)
            if len(self.bars[d["symbol"]]["ns"]) != d["bars"]:
                sys.exit(f"{file}: {len(self.bars[d['symbol']]['ns'])} bars, the run had {d['bars']}")
        self.trading = {s["name"]: s.get("trading", self.config["trading"]) for s in self.config["strategies"]}


class Report:
    def __init__(self):
        self.rows = []

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
        print(f"{len(self.rows)} lines, {len(bad)} above tolerance")
        return 1 if bad else 0
