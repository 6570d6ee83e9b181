#!/usr/bin/env python3
"""Every trade and every point of the equity curve of a run's sma_cross, rsi_reversion and gate strategies against
tests/golden/simulate.py, to the cent. The strategies are written down here once more; of a model only its scores are read.
    python3 tests/golden/check_simulated.py RUN_DIRECTORY
One symbol, sizing by fraction, sma_cross without limits, gates without the opposite exit.
"""
import csv
import datetime
import gzip
import json
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from simulate import Simulation  # noqa: E402

CENT = 0.01


def seconds(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", ""))
    return int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())


def number(text):
    return float(text) if text else float("nan")


def read_bars(path):
    """Exchange dumps without a header in milliseconds, or a header that names time (or date) and the five prices."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as f:
        rows = list(csv.reader(f))
    if rows[0][0].isdigit():
        return [(int(r[0]) // 1000, *map(float, r[1:6])) for r in rows]
    names = [n.strip().lower() for n in rows[0]]
    when = names.index("time" if "time" in names else "date")
    at = [names.index(n) for n in ("open", "high", "low", "close", "volume")]
    return [(seconds(r[when]), *(float(r[i]) for i in at)) for r in rows[1:]]


def table(run, name):
    with open(f"{run}/{name}") as f:
        return list(csv.DictReader(f))


# ---- the strategies ----------------------------------------------------------------------------


def atr(bars, i, n):
    return sum(max(bars[k][2], bars[k - 1][4]) - min(bars[k][3], bars[k - 1][4]) for k in range(i - n + 1, i + 1)) / n


class Trader:
    def __init__(self, trading):
        self.t = trading

    def pending(self, s):
        return any(w.reason is None or w.kind == "close" for w in s.orders)

    def turn_to(self, s, i, side):
        if s.held and s.side == side:
            return
        if s.held or self.pending(s):
            s.put(kind="close")
        if not self.t["trade_long" if side > 0 else "trade_short"]:
            return
        exits = dict(stop=0, target=0, trail=0, trail_distance=0)
        if self.t.get("stop_atr", 0) or self.t.get("trail_atr", 0):
            if i < self.t["atr_length"]:
                return
            r = atr(s.bars, i, self.t["atr_length"])
            exits.update(stop=self.t["stop_atr"] * r / s.bars[i][4], trail_distance=self.t["trail_atr"] * r)
        s.put(kind="market", buys=side, size=self.t["size"], exits=exits)


class SmaCross(Trader):
    relation = 0

    def __call__(self, s, i):
        fast, slow = self.t["fast"], self.t["slow"]
        if i + 1 < slow:
            return
        mean = lambda n: sum(b[4] for b in s.bars[i - n + 1:i + 1]) / n
        a, b, before = mean(fast), mean(slow), self.relation
        if abs(a - b) > 1e-12 * b:
            self.relation = 1 if a > b else -1
        if before and self.relation != before:
            side = self.relation
            if s.held * s.side * side < 0 or self.pending(s):
                s.put(kind="close")
            if not s.held * s.side * side > 0 and self.t["trade_long" if side > 0 else "trade_short"]:
                s.put(kind="market", buys=side, size=self.t["size"])


class RsiReversion(Trader):
    gain = loss = None

    def __call__(self, s, i):
        n = self.t["rsi_length"]
        if i < n:
            return
        change = [s.bars[k][4] - s.bars[k - 1][4] for k in (range(i - n + 1, i + 1) if self.gain is None else (i,))]
        if self.gain is None:
            self.gain, self.loss = (sum(max(0, sign * c) for c in change) / n for sign in (1, -1))
        else:
            self.gain = (self.gain * (n - 1) + max(0, change[0])) / n
            self.loss = (self.loss * (n - 1) + max(0, -change[0])) / n
        if self.gain + self.loss <= 0:
            return
        rsi, held = 100 * self.gain / (self.gain + self.loss), s.held * s.side
        if rsi < self.t["oversold"]:
            self.turn_to(s, i, 1)
        elif rsi > self.t["overbought"]:
            self.turn_to(s, i, -1)
        elif (held > 0 and rsi >= self.t["neutral"]) or (held < 0 and rsi <= self.t["neutral"]):
            s.put(kind="close")


class Gate(Trader):
    def __init__(self, trading, scores, move):
        super().__init__(trading)
        self.scores, self.move = scores, move

    def __call__(self, s, i):
        t = self.t
        row = self.scores.get(s.bars[i][0] + s.interval)
        if row is None or self.pending(s) or s.held:
            return
        above = {}
        for side, gate in ((1, "long"), (-1, "short")):
            if t["trade_" + gate] and row[gate][0] >= row[gate][1]:
                above[side] = row[gate][0] - row[gate][1]
        if not above or (len(above) == 2 and abs(above[1] - above[-1]) < 1e-9):
            return
        side = max(above, key=above.get)
        close, r = s.bars[i][4], 0
        if t["limit_atr"] or t["trail_atr"]:
            if i < t["atr_length"]:
                return
            r = atr(s.bars, i, t["atr_length"])
        order = dict(buys=side, size=t["size"], due=i + t["horizon"] if t["horizon"] else float("inf"),
                     exits=dict(stop=t["stop_moves"] * self.move, target=t["target_moves"] * self.move, trail=t["trail"],
                                trail_distance=t["trail_atr"] * r))
        if t["limit_offset"] or t["limit_atr"]:
            s.put(kind="limit", limit=close - side * (t["limit_offset"] * close + t["limit_atr"] * r),
                  until_bar=i + t["limit_bars"], **order)
        else:
            s.put(kind="market", **order)


# ---- comparison --------------------------------------------------------------------------------


def trader_of(entry, run, seed, labels):
    kind, trading = entry["strategy"], entry["trading"]
    if trading["sizing"] != "fraction" or trading["exit_on_opposite"]:
        return None
    if kind == "sma_cross":
        return SmaCross(trading)
    if kind == "rsi_reversion":
        return RsiReversion(trading)
    if kind != "gate":
        return None
    scores = {}
    for row in table(run, "scores.csv"):
        if row["strategy"] == entry["name"] and row["seed"] == seed:
            scores[seconds(row["time"])] = {g: (number(row["p_" + g]), number(row["tau_" + g])) for g in ("long", "short")}
    return Gate(trading, scores, labels["min_move"])


def compare(run, entry, seed, bars, interval, config):
    trader = trader_of(entry, run, seed, config["labels"])
    if trader is None:
        return None
    mine = [r for r in table(run, "equity.csv") if r["strategy"] == entry["name"] and r["seed"] == seed]
    begin, end = seconds(mine[0]["time"]), seconds(mine[-1]["time"])
    first = next(i for i, b in enumerate(bars) if b[0] + interval >= begin)
    last = next((i for i, b in enumerate(bars) if b[0] + interval > end), len(bars))
    c, b = entry.get("costs") or config["costs"], config["broker"]
    costs = dict(taker=c["taker_bps"], maker=c["maker_bps"], half_spread=c["half_spread_bps"], slippage=c["slippage_bps"],
                 volatility=c["slippage_volatility"], funding=c["funding_bps_per_day"], borrow=c["borrow_bps_per_day"],
                 times=c["multiplier"])
    sim = Simulation(bars, interval, costs, b["initial_cash"], b["intrabar"] == "stop_first", b["participation"],
                     b["limit_touch"], b["target_through"])
    sim.run(trader, first, last)
    trades = [r for r in table(run, "trades.csv") if r["strategy"] == entry["name"] and r["seed"] == seed]
    orders = [r for r in table(run, "orders.csv") if r["strategy"] == entry["name"] and r["seed"] == seed]
    wrong = []

    def same(what, got, want, tolerance):
        if not abs(got - want) <= tolerance:
            wrong.append(f"{what}: {got} and {want}")

    same("number of trades", len(trades), len(sim.trades), 0)
    same("number of orders", len(orders), len(sim.all), 0)
    same("points of equity", len(mine), len(sim.equity), 0)
    for n, (got, want) in enumerate(zip(trades, sim.trades)):
        who = f"trade {n + 1}"
        if got["reason"] != want["reason"] or (got["side"] == "long") != (want["side"] > 0):
            wrong.append(f"{who}: {got['side']} {got['reason']}, want {want['side']} {want['reason']}")
        for key in ("signal", "entry", "exit"):
            same(f"{who} {key} time", seconds(got[key + "_time"]), want[key], 0)
        for key, value in (("fees", "fees"), ("slippage", "slippage"), ("funding", "funding"), ("pnl", "pnl")):
            same(f"{who} {key}", float(got[key]), want[value], CENT)
        for key in ("entry_price", "exit_price", "quantity"):
            same(f"{who} {key}", float(got[key]) / want[key], 1, 1e-9)
        for key in ("mae", "mfe"):
            same(f"{who} {key}", float(got[key]), want[key], 1e-9)
        same(f"{who} bars held", int(got["bars_held"]), want["bars"], 0)
    for n, (got, want) in enumerate(zip(orders, sim.all)):
        if (got["kind"], got["state"], got["reason"]) != (want.kind, want.state, want.why):
            wrong.append(f"order {n + 1}: {got['kind']} {got['state']} {got['reason']}, want {want.kind} {want.state} {want.why}")
        same(f"order {n + 1} filled", float(got["filled"]), want.filled, 1e-9 * max(1, want.filled))
    for got, want in zip(mine, sim.equity):
        same(f"equity at {got['time']}", float(got["equity"]), want, CENT)
    difference = max((abs(float(g["equity"]) - w) for g, w in zip(mine, sim.equity)), default=0)
    print(f"{entry['name']} seed {seed}: {len(sim.trades)} trades, {len(sim.all)} orders, {len(sim.equity)} points of "
          f"equity, largest difference {difference:.2g}" + ("" if not wrong else f"; {len(wrong)} WRONG"))
    for line in wrong[:5]:
        print("   ", line)
    return len(wrong)


def main(run):
    with open(f"{run}/run.json") as f:
        config = json.load(f)["config"]
    data = config["data"][0]
    bars = read_bars(data["file"])
    steps = sorted(b[0] - a[0] for a, b in zip(bars, bars[1:]))
    interval = steps[len(steps) // 2]
    compared, wrong = 0, 0
    for entry in config["strategies"]:
        seeds = sorted({r["seed"] for r in table(run, "equity.csv") if r["strategy"] == entry["name"]})
        for seed in seeds:
            n = compare(run, entry, seed, bars, interval, config)
            compared += n is not None
            wrong += n or 0
    print(f"{compared} contestants compared, {wrong} differences")
    return 0 if compared and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
