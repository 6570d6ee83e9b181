#!/usr/bin/env python3
"""Golden trades for tests/replay/test_golden.c, from an implementation that shares nothing with the engine.

The engine walks events; this walks trades: for every order it lists all ways the position could end, with the bar
and the moment within the bar (0 open, 1 range, 2 close), and takes the earliest. Run from the repository root:
    python3 tests/golden/make_replay.py
"""
import random

N, MINUTE = 600, 60
DAY = 86400.0
random.seed(20240607)

COSTS = dict(taker=6.0, maker=1.5, half_spread=1.0, slippage=2.0, volatility=0.05, funding=300.0, borrow=150.0)


def make_bars():
    bars, price, at = [], 100.0, 0
    for _ in range(N):
        o = price * (1 + random.gauss(0, 0.003))
        c = o * (1 + random.gauss(0, 0.008))
        h = max(o, c) * (1 + random.uniform(0, 0.005))
        l = min(o, c) * (1 - random.uniform(0, 0.005))
        v = 0.0 if random.random() < 0.08 else round(random.uniform(1, 9), 3)
        bars.append((at, o, h, l, c, v))
        price = c
        at += MINUTE * (1 if random.random() < 0.95 else random.randint(2, 30))
    return bars


def make_orders():
    orders = []
    for t in range(N):
        u = random.random()
        if u < 0.03:
            orders.append((t, "close", 0, 0, 0, 0, 0))
        elif u < 0.30:
            orders.append((t, "open", random.choice((1, -1)), round(random.uniform(0.1, 1.5), 4),
                           0 if random.random() < 0.25 else round(random.uniform(0.001, 0.012), 5),
                           0 if random.random() < 0.25 else round(random.uniform(0.001, 0.015), 5),
                           random.choice((0, 0, random.randint(1, 15)))))
    return orders


def slip(bars, i, m):
    f = (COSTS["half_spread"] + COSTS["slippage"]) / 1e4
    if i:
        _, _, h, l, c, _ = bars[i - 1]
        f += COSTS["volatility"] * (h - l) / c
    return f * m


def next_traded(bars, i):
    while i < N and bars[i][5] == 0:
        i += 1
    return i


def mark_seconds(bars, e, x, raw, exit_s):
    """Price times time held: each bar's time since the last mark counts at its close, the last piece at the exit."""
    total, since = 0.0, bars[e][0]
    for i in range(e, x + 1):
        closes = bars[i][0] + MINUTE
        at, price = (exit_s, raw) if i == x else (closes, bars[i][4])
        total += price * (at - since)
        since = at
    return total


def one_trade(bars, order, closes, capital, m, target_first):
    t, _, side, size, stop, target, max_bars = order
    e = next_traded(bars, t + 1)
    due = t + max_bars if max_bars else 10 ** 9
    withdrawn = [c for c in closes if t < c < e]
    if e >= N or e > due or withdrawn:
        return None, (withdrawn[0] if withdrawn else min(e, N))
    entry = bars[e][1] * (1 + side * slip(bars, e, m))
    sl = entry * (1 - side * stop) if stop else None
    tp = entry * (1 + side * target) if target else None
    ends = []  # (bar, moment, priority, reason, raw price, maker)
    for i in range(e, N):
        _, o, h, l, c, v = bars[i]
        if v == 0:
            continue
        worst, best = (l, h) if side > 0 else (h, l)
        if any(e <= k < i for k in closes):
            ends.append((i, 0, 0, "signal", o, False))
        if i > due:
            ends.append((i, 0, 1, "time", o, False))
        if sl is not None and side * (o - sl) <= 0:
            ends.append((i, 0, 2, "stop", o, False))
        if tp is not None and side * (o - tp) >= 0:
            ends.append((i, 0, 3, "target", o, True))
        if sl is not None and side * (worst - sl) <= 0:
            ends.append((i, 1, 1 if target_first else 0, "stop", sl, False))
        if tp is not None and side * (best - tp) >= 0:
            ends.append((i, 1, 0 if target_first else 1, "target", tp, True))
        if i == due:
            ends.append((i, 2, 0, "time", c, False))
        if ends:
            break
    ends.append((N - 1, 3, 0, "end", bars[N - 1][4], False))
    x, moment, _, reason, raw, maker = min(ends)
    ambiguous = len([q for q in ends if q[0] == x and q[1] == 1]) == 2 and moment == 1
    price = raw if maker else raw * (1 - side * slip(bars, x, m))
    q = size * capital / entry
    entry_s, exit_s = bars[e][0], bars[x][0] + (MINUTE if moment else 0)
    fees = q * entry * COSTS["taker"] / 1e4 * m + q * price * (COSTS["maker"] if maker else COSTS["taker"]) / 1e4 * m
    rate = COSTS["funding"] if side > 0 else COSTS["borrow"] - COSTS["funding"]
    funding = rate / 1e4 * m * q / DAY * mark_seconds(bars, e, x, raw, exit_s)
    slippage = q * (abs(entry - bars[e][1]) + abs(price - raw))
    pnl = side * q * (price - entry) - fees - funding
    seen = [bars[e][1], raw]
    for i in range(e, x + 1):
        if bars[i][5] == 0:
            continue
        if i < x or moment >= 2:
            seen += [bars[i][2], bars[i][3]]
        if i < x or moment >= 1:
            seen.append(bars[i][1])
    moves = [side * (p / entry - 1) for p in seen]
    row = (side, reason, bars[t][0] + MINUTE, entry_s, exit_s, q, entry, price, fees, slippage, funding, pnl,
           min(0, min(moves)), max(0, max(moves)), x - e + (1 if moment else 0), int(ambiguous))
    return row, x


def all_trades(bars, orders, m, target_first):
    closes = [o[0] for o in orders if o[1] == "close"]
    capital, free_from, rows = 100000.0, 0, []
    for order in orders:
        if order[1] != "open" or order[0] < free_from:
            continue
        row, free_from = one_trade(bars, order, closes, capital, m, target_first)
        if row:
            capital += row[11]
            rows.append(row)
    return rows


def text(x):
    return x if isinstance(x, str) else repr(x)


bars, orders = make_bars(), make_orders()
with open("tests/golden/replay_bars.csv", "w") as f:
    f.write("seconds,open,high,low,close,volume\n")
    for b in bars:
        f.write(",".join(map(text, b)) + "\n")
with open("tests/golden/replay_orders.csv", "w") as f:
    f.write("bar,kind,side,size,stop,target,max_bars\n")
    for o in orders:
        f.write(",".join(map(text, o)) + "\n")
with open("tests/golden/replay_trades.csv", "w") as f:
    f.write("multiplier,target_first,side,reason,signal,entry,exit,quantity,entry_price,exit_price,fees,slippage,"
            "funding,pnl,mae,mfe,bars_held,ambiguous\n")
    for m in (0, 1, 2):
        for first in (0, 1):
            for row in all_trades(bars, orders, m, first):
                f.write(",".join(map(text, (m, first) + row)) + "\n")
