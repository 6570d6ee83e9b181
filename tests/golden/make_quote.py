#!/usr/bin/env python3
"""Two symbols, one quoted in BTC, an account in USDT: bars, orders, and what an independent simulation makes of them, for
tests/replay/test_quote.c. Cash flows alone: no average prices, no ledger. Writes tests/golden/quote.txt."""
import os
import random

MINUTES, FIRST_RATE, MISSING = 120, 10, {40, 41, 42, 43, 70}
CASH, TAKER, SLIP, FUNDING, BORROW = 100000.0, 5e-4, 2e-4, 500e-4, 300e-4
DAY = 24 * 60.0
draw = random.Random(17)


def walk(minutes, price, gap, range_, digits):
    bars = []
    for m in minutes:
        o = round(price * (1 + gap * draw.gauss(0, 1)), digits)
        c = round(o * (1 + range_ * draw.gauss(0, 1)), digits)
        h = round(max(o, c) * (1 + range_ * draw.random()), digits)
        low = round(min(o, c) * (1 - range_ * draw.random()), digits)
        bars.append((m, o, h, low, c))
        price = c
    return bars


def orders(n):
    """symbol's bar at whose close it is put -> (side, size, stop), or None: close."""
    plan, bar = {}, 2
    while bar < n - 6:
        plan[bar] = (draw.choice((1, -1)), round(0.1 + 0.5 * draw.random(), 3), draw.choice((0, 0, 0.004, 0.008)))
        bar += 2 + draw.randrange(7)
        plan[bar] = None
        bar += 1 + draw.randrange(3)
    plan[n - 3] = (1, 0.3, 0)  # still held when the bars end
    return plan


BARS = [walk(range(MINUTES), 0.05, 0.002, 0.004, 6),
        walk([m for m in range(FIRST_RATE, MINUTES - 5) if m not in MISSING], 60000, 0.003, 0.006, 2)]
PLAN = [orders(len(b)) for b in BARS]


def rate(symbol, t):
    """At minute t: a bar of minute m has closed at m + 1."""
    if symbol == 1:
        return 1.0
    known = [b[4] for b in BARS[1] if b[0] + 1 <= t]
    return known[-1] if known else None


cash, held, mark = CASH, [None, None], [0.0, 0.0]
waiting, equity, trades = [None, None], [], []


def worth(t):
    return cash + sum(h["q"] * mark[s] * rate(s, t) for s, h in enumerate(held) if h)


def charge(s, t, price):
    global cash
    h = held[s]
    days = (t - h["charged"]) / DAY
    owed = abs(h["q"]) * price * rate(s, t) * days * (FUNDING if h["q"] > 0 else BORROW - FUNDING)
    cash -= owed
    h["funding"] += owed
    h["flow"] -= owed
    h["charged"] = t


def trade(s, t, raw, quantity):
    """Cash moves by the whole value at the rate of the moment."""
    global cash
    price = raw * (1 + SLIP if quantity > 0 else 1 - SLIP)
    value = quantity * price * rate(s, t)
    fee = abs(value) * TAKER
    cash -= value + fee
    mark[s] = raw
    held[s]["flow"] -= value + fee
    held[s]["fees"] += fee
    return price, value


def leave(s, t, raw):
    h = held[s]
    charge(s, t, raw)
    trade(s, t, raw, -h["q"])
    trades.append((s, h["entry"], t, abs(h["q"]), h["flow"], h["fees"], h["funding"], h["flow"] / h["value"]))
    held[s] = None


def at_open(s, bar):
    t, o = bar[0], bar[1]
    order, waiting[s] = waiting[s], None
    if order == "close" and held[s]:
        leave(s, t, o)
    if held[s] and held[s]["stop"] and (o - held[s]["stop"]) * held[s]["q"] <= 0:
        leave(s, t, o)
    if isinstance(order, tuple) and not held[s]:
        side, size, stop = order
        price = o * (1 + side * SLIP)
        quantity = side * size * worth(t) / (price * rate(s, t))
        held[s] = {"q": quantity, "entry": t, "charged": t, "flow": 0.0, "fees": 0.0, "funding": 0.0}
        price, value = trade(s, t, o, quantity)
        held[s]["value"] = abs(value)
        held[s]["stop"] = price * (1 - side * stop) if stop else 0


def at_close(s, i):
    minute, _, high, low, close = BARS[s][i]
    t, h = minute + 1, held[s]
    if h and h["stop"] and (low <= h["stop"] if h["q"] > 0 else high >= h["stop"]):
        leave(s, t, h["stop"])
    if held[s]:
        charge(s, t, close)
    mark[s] = close
    if i in PLAN[s] and i < len(BARS[s]) - 1:
        if PLAN[s][i] is None:
            waiting[s] = "close"
        elif rate(s, t) is not None and not held[s]:
            waiting[s] = PLAN[s][i]
    if i == len(BARS[s]) - 1 and held[s]:
        leave(s, t, close)


for t in range(MINUTES + 1):
    closing = [(s, i) for s in (0, 1) for i, b in enumerate(BARS[s]) if b[0] + 1 == t]
    for s, i in closing:
        at_close(s, i)
    if closing:
        equity.append((t, worth(t)))
    for s in (0, 1):
        for b in BARS[s]:
            if b[0] == t:
                at_open(s, b)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "quote.txt"), "w") as out:
    for s, bars in enumerate(BARS):
        for b in bars:
            print("B", s, *b, file=out)
    for s, plan in enumerate(PLAN):
        for bar, o in sorted(plan.items()):
            print("O", s, bar, *(o if o else (0, 0, 0)), file=out)
    for t, value in equity:
        print("E", t, repr(value), file=out)
    for row in trades:
        print("T", *[repr(x) if isinstance(x, float) else x for x in row], file=out)
