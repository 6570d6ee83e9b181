#!/usr/bin/env python3
"""Fixtures for tests/replay/test_orders.c: kinds of orders x paths of the market x time in force x partial fills x empty
bars, each answered by tests/golden/simulate.py. Run from the repository root:
    python3 tests/golden/make_orders.py > tests/golden/replay_fixtures.txt
"""
import itertools
import random
import sys

sys.path.insert(0, "tests/golden")
from simulate import DAY, Simulation  # noqa: E402

MINUTE = 60
BEGIN = DAY - 3 * MINUTE  # the third minute's close is midnight: orders for the day end there

# Bar by bar: open, high, low, close, volume. For a buyer; a seller's are mirrored at 100.
QUIET = (100, 101, 99, 100, 5000)
EMPTY = (100, 100, 100, 100, 0)
PATHS = dict(
    touch=[QUIET, (100, 101, 98, 99, 5000), (99, 99.5, 98.5, 99, 5000), (99, 103, 98.5, 102, 5000), QUIET, QUIET],
    through=[QUIET, (100, 101, 97, 98.5, 5000), (98.5, 100, 98, 99.5, 5000), (99.5, 103, 99, 102.5, 5000), QUIET, QUIET],
    gap_down=[QUIET, QUIET, (96, 97, 95, 96.5, 5000), (96.5, 99, 94, 98.5, 5000), (98.5, 103, 98, 102, 5000), QUIET],
    gap_up=[QUIET, QUIET, (104, 105, 103, 104, 5000), (104, 108, 101, 102, 5000), (98, 99, 97, 98, 5000), QUIET],
    wide=[QUIET, (100, 105, 95, 101, 5000), (101, 106, 96, 100, 5000), QUIET, (100, 104, 97, 103, 5000), QUIET],
    empty=[QUIET, EMPTY, EMPTY, (97.5, 102.5, 97, 102, 5000), EMPTY, (102, 106, 99, 105, 5000)],
    climb=[QUIET, (100, 102.2, 99.8, 102, 4000), (102, 104, 101.5, 103.9, 6000), (104, 106.5, 103.6, 106, 3000),
           (106, 106.2, 103, 103.5, 8000), (103.5, 104, 100, 101, 5000)],
    fall=[QUIET, (100, 100.4, 97.9, 98, 4000), (98, 98.3, 96, 96.2, 6000), (96.2, 98.8, 96, 98.6, 3000),
          (98.6, 101, 98.4, 100.9, 9000), (101, 102.5, 100.5, 102.2, 5000)],
    jump=[QUIET, (100, 100.4, 99.6, 100.2, 5000), (100.3, 100.6, 99.8, 100.1, 5000), (103, 103.1, 101.5, 102, 5000),
          (103.5, 104.5, 102.1, 104.2, 5000), (106, 106.1, 103.9, 104, 5000)],
    thin=[QUIET, (100, 103, 97, 99, 300), (99, 104, 98, 103, 2500), (103, 103.5, 96.5, 97, 900),
          (97, 101, 96.8, 100.5, 20000), (100.5, 104.5, 97, 104, 700)],
    unknown_volume=[(o, h, l, c, float("nan")) for o, h, l, c, _ in
                    (QUIET, (100, 103, 97, 99, 0), (99, 104, 98, 103, 0), (103, 103.5, 96.5, 97, 0), QUIET, QUIET)],
)
ENTRIES = dict(
    market=dict(kind="market"),
    limit=dict(kind="limit", limit=98.0),
    limit_at_open=dict(kind="limit", limit=100.0),
    limit_better=dict(kind="limit", limit=100.5),
    stop=dict(kind="stop", stop=102.0),
    stop_limit=dict(kind="stop_limit", stop=102.0, limit=102.5),
    stop_limit_back=dict(kind="stop_limit", stop=102.0, limit=101.0),
    trailing=dict(kind="trailing", trail=0.015),
    trailing_distance=dict(kind="trailing", trail_distance=2.0),
)
EXITS = dict(
    none={},
    bracket=dict(stop=0.015, target=0.025),
    tight=dict(stop=0.004, target=0.003),
    trail=dict(trail=0.012),
    trail_target=dict(trail_distance=1.5, target=0.03),
)
LATER = dict(
    nothing=None,
    close=dict(kind="close"),
    reduce_limit=dict(kind="limit", limit=103.0, reason="target"),
    reduce_stop=dict(kind="stop", stop=97.2, reason="stop"),
    reduce_trailing=dict(kind="trailing", trail=0.01, reason="trail"),
    reduce_market=dict(kind="market", reason="signal"),
)
TIF = ("gtc", "day", "ioc", "bars")
FREE = dict(taker=0, maker=0, half_spread=0, slippage=0, volatility=0, funding=0, borrow=0, times=1)
DEAR = dict(taker=6, maker=1.5, half_spread=1, slippage=2, volatility=0.02, funding=300, borrow=150, times=1)


def mirror(order):
    for key in ("limit", "stop"):
        if key in order:
            order[key] = 200 - order[key]
    return order


def bars_of(path, side):
    rows = []
    for i, (o, h, l, c, v) in enumerate(PATHS[path]):
        if side < 0:
            o, h, l, c = 200 - o, 200 - l, 200 - h, 200 - c
        rows.append((BEGIN + i * MINUTE, float(o), float(h), float(l), float(c), float(v)))
    return rows


def fixture(path, side, entry, exits, tif, share, first, later, dear, due, rules):
    bars = bars_of(path, side)
    sim = Simulation(bars, MINUTE, DEAR if dear else FREE, stop_first=first, participation=share, **rules)
    asked = []

    def put(bar, buys, reduce, **kw):
        asked.append((bar, buys, reduce, kw))
        sim.put(buys=buys, **kw)

    def strategy(s, i):
        if i == 0:
            kw = mirror(dict(ENTRIES[entry])) if side < 0 else dict(ENTRIES[entry])
            until = dict(day=dict(until=DAY), ioc=dict(ioc=True), bars=dict(until_bar=2)).get(tif, {})
            ex = dict(stop=0, target=0, trail=0, trail_distance=0)
            ex.update(EXITS[exits])
            put(0, side, False, left=1000.0, exits=ex, due=due if due else float("inf"), **until, **kw)
        if i == 2 and LATER[later]:
            kw = mirror(dict(LATER[later])) if side < 0 else dict(LATER[later])
            put(2, -side, True, **kw)

    sim.run(strategy)
    return sim, bars, asked


def text(x):
    return repr(float(x))


def show(name, sim, bars, asked, tif, share, first, dear, due, rules):
    print(f"fixture {name} {int(first)} {share} {int(dear)} {int(rules['limit_touch'])} {int(rules['target_through'])}")
    for b in bars:
        print("bar", int(b[0]), *map(text, b[1:]))
    for bar, buys, reduce, kw in asked:
        ex = kw.get("exits") or {}
        print("order", bar, kw["kind"], buys, int(reduce), *(text(kw.get(k, 0)) for k in ("limit", "stop", "trail", "trail_distance")),
              "gtc" if reduce else tif, *(text(ex.get(k, 0)) for k in ("stop", "target", "trail", "trail_distance")),
              0 if reduce or not due else due)
    for o in sim.all:
        print("ends", o.id, o.kind, o.state, o.why or "-", text(o.filled), text(o.average))
    for t in sim.trades:
        print("trade", t["side"], t["reason"], int(t["entry"]), int(t["exit"]), t["bars"],
              *(text(t[k]) for k in ("quantity", "entry_price", "exit_price", "fees", "slippage", "funding", "pnl", "mae", "mfe")))
    print("worth", text(sim.equity[-1]))


def main():
    rng = random.Random(20240611)
    n = 0
    for entry, path in itertools.product(ENTRIES, PATHS):
        for _ in range(6):
            side, first, dear = rng.choice((1, -1)), rng.random() < 0.6, rng.random() < 0.5
            exits, later = rng.choice(list(EXITS)), rng.choice(list(LATER))
            tif, share = rng.choice(TIF), rng.choice((0, 0, 0.1, 0.25))
            due = rng.choice((0, 0, 2, 3, 4))
            rules = dict(limit_touch=rng.random() < 0.2, target_through=rng.random() < 0.2)
            sim, bars, asked = fixture(path, side, entry, exits, tif, share, first, later, dear, due, rules)
            n += 1
            name = f"{n}:{entry}/{path}/{exits}/{later}/{tif}/{'long' if side > 0 else 'short'}/due{due}"
            show(name, sim, bars, asked, tif, share, first, dear, due, rules)


main()
