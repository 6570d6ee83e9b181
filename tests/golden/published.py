#!/usr/bin/env python3
"""The order rules that backtesting.py (0.6) and backtrader (1.9) publish, written down once more from the reading of them, and
every trade of a gatewalk run beside what each of them would have made of the same entry: when it fills and at what price, which
of stop and target ends it, what both sides pay.
    python3 tests/golden/published.py RUN_DIRECTORY
A trade is the same, to 1e-9, or it meets one of the differences named in DIFFERENCES, which is looked for in the bars; any other
fails. The run: one symbol, no spread and slippage, one commission for makers and takers, limits filled when touched, no
time exits. Read: kernc/backtesting.py backtesting/backtesting.py (_Broker._process_orders), mementum/backtrader
backtrader/brokers/bbroker.py (BackBroker.next, _try_exec_*) and its pages on orders and brackets.
"""
import collections
import csv
import datetime
import json
import sys

DIFFERENCES = {
    "gap past the target": "the bar opens beyond the target and comes back to the stop: both look at the stop first and leave "
                           "there; here the open, which was first, takes the target",
    "bar of the entry": "stop and target of a bracket begin to work with the bar after the entry (backtrader: of every entry; "
                        "backtesting.py: of limit and stop entries); here they work at once",
    "order to close": "it is filled at the open in all three, but backtrader asks a stop or target that waits first, for the whole bar",
}


class Rules:
    """What the two have in common, and where they part."""
    def __init__(self, name, waits_after_market, closes_first):
        self.name, self.waits_after_market, self.closes_first = name, waits_after_market, closes_first

    def entry(self, bars, i, side, kind, level):
        """First bar from i on in which it fills: at the open; a limit or stop there, or at its price when touched."""
        for k in range(i, len(bars)):
            _, open_, high, low, _ = bars[k]
            below = (kind == "limit") == (side > 0)  # reached by a falling price
            if kind == "market" or (open_ <= level if below else open_ >= level):
                return k, open_, True
            if low <= level if below else high >= level:
                return k, level, False
        return None

    def exit(self, bars, entered, waits, side, stop, target, close):
        """Bar, price, at its open?, by what. `waits`: stop and target work from the bar after the entry on. `close`: the bar
        at whose open an order to close may fill, or None."""
        first = entered + 1 if waits else entered
        for k in range(entered, len(bars)):
            _, open_, high, low, _ = bars[k]
            down, up = (stop, target) if side > 0 else (target, stop)
            if close == k and self.closes_first:
                return k, open_, True, "signal"
            if k >= first and stop is not None and (low <= stop if side > 0 else high >= stop):
                gap = open_ <= stop if side > 0 else open_ >= stop
                return k, open_ if gap else stop, gap, "stop"
            if k >= first and target is not None and (high >= target if side > 0 else low <= target):
                gap = open_ >= target if side > 0 else open_ <= target
                return k, open_ if gap else target, gap, "target"
            if close == k:
                return k, open_, True, "signal"
        return None


ENGINES = [Rules("backtesting.py", False, True), Rules("backtrader", True, False)]


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def table(path):
    with open(path) as f:
        return list(csv.DictReader(f))


def near(a, b):
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b))


class Run:
    def __init__(self, path):
        config = json.load(open(f"{path}/run.json"))["config"]
        self.bars = [(seconds(r["date"] + "T00:00:00Z"), *(float(r[c]) for c in ("open", "high", "low", "close")))
                     for r in table(config["data"][0]["file"])]
        self.at = {b[0]: i for i, b in enumerate(self.bars)}
        self.interval = 86400
        self.orders = {(o["strategy"], int(o["id"])): o for o in table(f"{path}/orders.csv")}
        self.exits = collections.defaultdict(list)
        for (who, _), o in self.orders.items():
            if o["parent"]:
                self.exits[who, int(o["parent"])].append(o)
        self.trades = table(f"{path}/trades.csv")
        self.rate = config["costs"]["taker_bps"] * 1e-4

    def from_time(self, when):
        """The first bar that opens then or later."""
        low, high = 0, len(self.bars)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.bars[middle][0] < when else (low, middle)
        return low


def compare(run, rules, t, counts):
    who, side = t["strategy"], 1 if t["side"] == "long" else -1
    order = run.orders[who, int(t["entry_order"])]
    kind = order["kind"]
    level = {o["kind"]: float(o["price"]) for o in run.exits[who, int(t["entry_order"])]}
    out = run.orders[who, int(t["exit_order"])]
    close = run.from_time(seconds(out["put_time"])) if t["reason"] == "signal" else None
    when = lambda k, at_open: run.bars[k][0] + (0 if at_open else run.interval)
    took = seconds(t["exit_time"]), t["reason"]

    def leaves(waits):
        left = rules.exit(run.bars, k, waits, side, level.get("stop"), level.get("limit"), close)
        same = left and (when(left[0], left[2]), left[3]) == took and near(left[1], float(t["exit_price"]))
        return left, same

    k, price, at_open = rules.entry(run.bars, run.from_time(seconds(order["put_time"])), side, kind,
                                    float(order["price"] or 0))
    if when(k, at_open) != seconds(t["entry_time"]) or not near(price, float(t["entry_price"])):
        return f"entry at {price} in bar {k}"
    paid = (price + float(t["exit_price"])) * float(t["quantity"]) * run.rate
    if not near(paid, float(t["fees"])):
        return f"fees of {paid}"
    waits = kind != "market" or rules.waits_after_market
    left, same = leaves(waits)
    if same:
        counts[rules.name, "same"] += 1
        return None
    # Not the same: which of the differences is it? Each is looked for in the bars, not taken from the trade.
    now = run.at.get(took[0])
    in_entry = took[0] in (run.bars[k][0], run.bars[k][0] + run.interval) and t["reason"] in ("stop", "target")
    if waits and in_entry and (leaves(False)[1] or kind != "market"):
        why = "bar of the entry"
    elif t["reason"] == "target" and left and left[3] == "stop" and now == left[0] and \
            (run.bars[now][1] - level["limit"]) * side >= 0 and near(run.bars[now][1], float(t["exit_price"])):
        why = "gap past the target"
    elif t["reason"] == "signal" and not rules.closes_first and left and left[0] == close and left[3] != "signal":
        why = "order to close"
    else:
        return f"exit {left}"
    counts[rules.name, why] += 1
    return None


def main():
    run = Run(sys.argv[1])
    counts, failed = collections.Counter(), 0
    for rules in ENGINES:
        for t in run.trades:
            if t["reason"] == "end":
                continue  # how the last day ends is not a rule of orders
            what = compare(run, rules, t, counts)
            if what:
                failed += 1
                print(f"{rules.name}: {t['strategy']} {t['side']} {t['entry_time']} to {t['exit_time']} ({t['reason']} "
                      f"{t['entry_price']} to {t['exit_price']}): {what}")
        print(f"{rules.name}: {counts[rules.name, 'same']} trades the same" +
              "".join(f", {counts[rules.name, d]} by another law ({d})" for d in DIFFERENCES if counts[rules.name, d]))
    same = min(counts[r.name, "same"] for r in ENGINES)
    if same < 100:
        failed += 1
        print(f"only {same} trades are the same: too few to say anything")
    sys.exit(1 if failed else 0)


main()
