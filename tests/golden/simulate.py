#!/usr/bin/env python3
"""A broker of one symbol in plain Python, written from the rules and not from the engine: what tests/golden/make_orders.py
and check_orders.py compare the engine with.

A bar is a tape: its open, then prices in the order that the intrabar rule assumes. Between two prices of the tape the
market passes every price in between; whatever lies there is met in that order. Orders are plain objects in one list.
"""
import math

DAY = 86400
INF = float("inf")


class Order:
    def __init__(self, **kw):
        self.kind, self.buys, self.reason = "market", 1, None  # reason: how it ends a position; None: it opens one
        self.size, self.left, self.filled, self.average = 0.0, None, 0.0, 0.0
        self.limit = self.stop = self.trail = self.trail_distance = self.extreme = 0.0
        self.live, self.until, self.until_bar, self.due, self.ioc = -INF, INF, INF, INF, False
        self.parent, self.triggered, self.resting, self.tried = None, False, False, -1
        self.exits = dict(stop=0, target=0, trail=0, trail_distance=0)
        self.signal, self.state, self.why, self.id = 0, "waiting", "", 0
        self.__dict__.update(kw)

    def is_limit(self):
        return self.kind == "limit" or (self.kind == "stop_limit" and self.triggered)

    def is_market(self):
        return self.kind in ("market", "close") or (self.triggered and self.kind in ("stop", "trailing"))

    def level(self):
        return self.limit if self.is_limit() else self.stop

    def waits_below(self):
        """Met by a falling price: a bid, or a seller's stop."""
        return (self.buys > 0) == self.is_limit()

    def follow(self, price):
        if (price - self.extreme) * self.buys < 0:
            self.extreme = price
        self.stop = self.extreme * (1 + self.buys * self.trail) + self.buys * self.trail_distance


class Simulation:
    def __init__(self, bars, interval, costs, cash=100000.0, stop_first=True, participation=0.0, limit_touch=False,
                 target_through=False):
        self.bars, self.interval, self.costs, self.cash = bars, interval, costs, cash
        self.stop_first, self.participation = stop_first, participation
        self.limit_touch, self.target_through = limit_touch, target_through
        self.volume_known = any(b[5] > 0 for b in bars)
        self.orders, self.all, self.trades, self.equity, self.fills = [], [], [], [], []
        self.held, self.side, self.trade, self.mark, self.bar = 0.0, 0, None, 0.0, -1

    # ---- the account -------------------------------------------------------------------------

    def worth(self):
        return self.cash + self.side * self.held * self.mark

    def slip(self):
        c, i = self.costs, self.bar
        f = (c["half_spread"] + c["slippage"]) / 1e4
        if i > 0:
            _, _, h, l, close, _ = self.bars[i - 1]
            f += c["volatility"] * (h - l) / close
        return min(0.5, f * c["times"])

    def accrue(self, now, price):
        t, c = self.trade, self.costs
        rate = c["funding"] if self.side > 0 else c["borrow"] - c["funding"]
        owed = self.held * price * rate / 1e4 * c["times"] * (now - t["paid_until"]) / DAY
        t["paid_until"] = now
        t["funding"] += owed
        self.cash -= owed

    # ---- orders ------------------------------------------------------------------------------

    def put(self, **kw):
        """At the close of bar self.bar. Returns the order; it may have been refused."""
        now = self.bars[self.bar][0] + self.interval
        o = Order(live=now, signal=now, **kw)
        o.id = len(self.all) + 1
        self.all.append(o)
        closing = any(w.kind == "close" for w in self.orders)
        if o.kind == "close":
            entries = [w for w in self.orders if w.reason is None]
            for w in entries:
                self.end(w, "cancelled", "close_order")
            o.reason, o.buys, o.left = "signal", -self.side, INF
            if not self.held or closing:
                o.state, o.why = ("cancelled", "entries_withdrawn") if entries else ("rejected", "nothing_to_close")
                return o
            self.orders.append(o)
            return o
        if o.kind == "trailing":
            o.extreme = self.bars[self.bar][4]
            o.follow(o.extreme)
        waiting = [w for w in self.orders if w.reason is None]
        if o.reason is not None:
            if o.left is None:
                o.left = INF
            if not self.held and not waiting:
                o.state, o.why = "rejected", "nothing_to_close"
                return o
        else:
            if o.left is None and o.kind != "market":
                price = o.limit if o.kind in ("limit", "stop_limit") else o.stop
                o.left = o.size * self.worth() / price
            if waiting or (self.held and not closing):
                o.state, o.why = "rejected", "position_or_entry"
                return o
        self.orders.append(o)
        return o

    def end(self, o, state, why=""):
        o.state, o.why = state, why
        self.orders.remove(o)

    def able(self, o):
        if o.tried == self.bar or o.live > self.bars[self.bar][0]:
            return False
        if o.reason is not None:
            return self.held > 0 and o.buys == -self.side
        # the rest of an entry adds to its position, until that is being closed
        return self.held == 0 or (o.buys == self.side and not any(w.kind == "close" for w in self.orders))

    def meets(self, o, price):
        strict = o.is_limit() and (self.target_through if o.reason == "target" and o.parent else not self.limit_touch)
        gap = (o.level() - price) if o.waits_below() else (price - o.level())
        return gap > 0 if strict else gap >= 0

    # ---- fills -------------------------------------------------------------------------------

    def fill(self, o, raw, maker, now, inside, all_of_it=False):
        o.tried = self.bar
        price = raw if maker else raw * (1 + o.buys * self.slip())
        if o.is_limit():
            price = min(price, o.limit) if o.buys > 0 else max(price, o.limit)
        if o.reason is None and o.left is None:
            o.left = o.size * self.worth() / price
        if o.reason is None and not o.left > 0:
            return self.end(o, "rejected", "no_equity")
        q = o.left if o.reason is None else min(o.left, self.held)
        volume = self.bars[self.bar][5]
        if self.participation > 0 and self.volume_known and not math.isnan(volume) and not all_of_it:
            q = min(q, max(0, self.participation * volume - self.spent))
        if not q > 0:
            return
        fee = q * price * self.costs["maker" if maker else "taker"] / 1e4 * self.costs["times"]
        if self.held:
            self.accrue(now, raw)
        self.spent += q
        o.average = (o.average * o.filled + price * q) / (o.filled + q)
        o.filled += q
        o.left -= q
        self.cash -= o.buys * q * price + fee
        self.fills.append((o.id, now, o.buys * q, price))
        self.mark = raw
        self.open_or_add(o, q, raw, price, fee, now, inside) if o.reason is None else self.reduce(o, q, raw, price, fee, now, inside)

    def open_or_add(self, o, q, raw, price, fee, now, inside):
        if not self.held:
            self.side = o.buys
            self.trade = dict(side=o.buys, signal=o.signal, entry=now, quantity=0.0, entry_price=0.0, fees=0.0,
                              slippage=0.0, funding=0.0, gross=0.0, left=0.0, left_value=0.0, low=raw, high=raw,
                              first=self.bar, due=o.due, inside=self.bar if inside else -1, paid_until=now)
        t = self.trade
        t["entry_price"] = (t["entry_price"] * self.held + price * q) / (self.held + q)
        self.held += q
        t["quantity"] += q
        t["fees"] += fee
        t["slippage"] += q * abs(price - raw)
        self.see(raw)
        children = [w for w in self.orders if w.parent is o]
        for w in children:
            w.left += q
            self.place(w, o)
        if not children:
            for what, kind, reason in (("stop", "stop", "stop"), ("target", "limit", "target"), ("trail", "trailing", "trail")):
                if o.exits[what] > 0 or (what == "trail" and o.exits["trail_distance"] > 0):
                    w = Order(kind=kind, reason=reason, buys=-o.buys, left=q, parent=o, resting=True)
                    if kind == "trailing":
                        w.trail, w.trail_distance, w.extreme = o.exits["trail"], o.exits["trail_distance"], raw
                    self.place(w, o)
                    w.id = len(self.all) + 1
                    self.all.append(w)
                    self.orders.append(w)
        if o.left <= 1e-12 * o.filled:
            self.end(o, "filled")

    def place(self, w, entry):
        if w.kind == "trailing":
            w.follow(w.extreme)
        elif w.reason == "stop":
            w.stop = entry.average * (1 - entry.buys * entry.exits["stop"])
        else:
            w.limit = entry.average * (1 + entry.buys * entry.exits["target"])

    def reduce(self, o, q, raw, price, fee, now, inside):
        t = self.trade
        self.see(raw)
        t["gross"] += self.side * q * (price - t["entry_price"])
        t["fees"] += fee
        t["slippage"] += q * abs(price - raw)
        t["left"] += q
        t["left_value"] += q * price
        self.held -= q
        flat = self.held <= 1e-12 * t["quantity"]
        if o.left <= 1e-12 * o.filled or (flat and o.left == INF):
            self.end(o, "filled")
        if not flat:
            for w in [w for w in self.orders if w.parent and w.parent is o.parent and w is not o]:
                w.left -= q
                if w.left <= 1e-12 * q:
                    self.end(w, "cancelled", "other_filled")
            return
        self.held = 0.0
        exit_price, move = t["left_value"] / t["left"], t["entry_price"]
        t.update(reason=o.reason, exit=now, exit_price=exit_price, pnl=t["gross"] - t["fees"] - t["funding"],
                 bars=self.bar - t["first"] + (1 if inside else 0))
        moves = [self.side * (p / move - 1) for p in (t["low"], t["high"])]
        t.update(mae=min(0, *moves), mfe=max(0, *moves))
        self.trades.append(t)
        for w in list(self.orders):
            if w.parent and w.parent is o.parent:
                self.end(w, "cancelled", "other_filled")
            elif w.reason is not None or w.filled > 0:
                self.end(w, "cancelled", "position_gone")

    def see(self, price):
        t = self.trade
        t["low"], t["high"] = min(t["low"], price), max(t["high"], price)

    # ---- a bar -------------------------------------------------------------------------------

    def turn(self, o):
        if o.reason in ("signal", "time"):
            return ("signal", "time").index(o.reason)
        if o.reason is not None:
            return 3 if o.is_limit() else 2
        return 4 if o.is_market() and not o.triggered else 6 if o.is_limit() else 5

    def leave(self, reason, raw, now, inside, all_of_it=False):
        o = Order(kind="market", reason=reason, buys=-self.side, left=self.held, live=now)
        o.id = len(self.all) + 1
        self.all.append(o)
        self.orders.append(o)
        self.fill(o, raw, False, now, inside, all_of_it)

    def at_open(self, now, price):
        def ready(o):
            if not self.able(o):
                return False
            if o.kind == "stop_limit" and not o.triggered:
                return self.meets(o, price) and (o.limit - price) * o.buys >= 0
            return o.is_market() or self.meets(o, price)

        late = lambda: self.held and self.bar > self.trade["due"] and not any(w.reason == "time" for w in self.orders)
        if late() and not any(w.reason == "signal" and self.able(w) for w in self.orders):
            self.trade["due"] = INF
            self.leave("time", price, now, False)
        while True:
            able = [o for o in self.orders if ready(o)]
            if not able:
                break
            o = min(able, key=lambda w: (self.turn(w), w.id))
            maker = o.is_limit() and (o.resting or (o.reason == "target" and o.parent is not None))
            if not o.is_limit() and not o.is_market():
                o.triggered = True
            self.fill(o, price, maker, now, False)
        if late():
            self.trade["due"] = INF
            self.leave("time", price, now, False)
        for o in list(self.orders):
            if o.kind == "stop_limit" and not o.triggered and self.able(o) and self.meets(o, price):
                o.triggered = True
            if o.live <= now:
                o.resting = True
            if o.kind == "trailing" and o.resting and not o.triggered:
                o.follow(price)
            if o.ioc and o.resting:
                self.end(o, "expired", "time_in_force")

    def nearest(self, a, b):
        """What is met first on the way from a to b, and where."""
        best = None
        for o in self.orders:
            if not o.resting or o.is_market() or not self.able(o):
                continue
            if self.meets(o, a):
                where = a
            elif self.meets(o, b) and o.waits_below() == (b < a):
                where = o.level()
            else:
                continue
            key = (abs(where - a), self.turn(o), o.id)
            if best is None or key < best[0]:
                best = (key, o, where)
        return best

    def met(self, o, price, now):
        if o.kind == "stop_limit" and not o.triggered:
            o.triggered = True
            if (o.limit - price) * o.buys < 0:
                o.tried = self.bar
                return
            return self.fill(o, price, False, now, True)
        maker = o.is_limit()
        if not maker:
            o.triggered = True
        self.fill(o, price, maker, now, True)

    def through(self, o, h, l, c, now):
        at, held_from_open = o, self.held > 0
        bad, good = (l, h) if self.side > 0 else (h, l)
        if held_from_open:
            tape = [bad, good, c] if self.stop_first else [good, bad, c]
            self.see(o)
        else:
            tape = None
            while tape is None:
                ways = [w for w in (self.nearest(at, l), self.nearest(at, h)) if w]
                if not ways:
                    for w in self.orders:
                        if w.kind == "trailing" and w.resting:
                            w.follow(l), w.follow(h)
                    return
                _, order, at_price = min(ways, key=lambda w: (w[0][0], w[0][2]))
                by_limit = order.is_limit()
                self.met(order, at_price, now)
                if not self.held:
                    continue
                at = at_price
                bad, good = (l, h) if self.side > 0 else (h, l)
                if self.stop_first:
                    tape = [bad, c] if by_limit else [bad, good, c]
                else:
                    tape = [good, bad, c] if by_limit else [good, c]
        for price in tape:
            while True:
                hit = self.nearest(at, price)
                if hit is None:
                    break
                at = hit[2]
                self.met(hit[1], at, now)
            at, moved = price, False
            for w in self.orders:
                if w.kind == "trailing" and w.resting and not w.triggered:
                    before = w.extreme
                    w.follow(price)
                    moved |= w.extreme != before
            if self.held and (moved or self.trade["inside"] == self.bar):
                self.see(price)
        if self.held and self.trade["inside"] != self.bar:
            self.see(l), self.see(h)

    def step(self, i):
        self.bar, self.spent = i, 0.0
        begin, o, h, l, c, v = self.bars[i]
        now = begin + self.interval
        for w in [w for w in self.orders if w.until <= begin]:
            self.end(w, "expired", "time_in_force")
        if not v <= 0:
            for w in [w for w in self.orders if w.reason is None and w.due < i]:
                self.end(w, "expired", "horizon_passed")
            self.at_open(begin, o)
            self.through(o, h, l, c, now)
            if self.held and i >= self.trade["due"]:
                self.trade["due"] = INF
                self.leave("time", c, now, True)
        if self.held:
            self.accrue(now, c)
        for w in [w for w in self.orders if w.until <= now or w.until_bar <= i]:
            self.end(w, "expired", "time_in_force")
        self.mark = c

    def run(self, strategy, first=0, last=None):
        last = len(self.bars) if last is None else last
        for i in range(first, last):
            self.step(i)
            strategy(self, i)
            if i == last - 1:
                if self.held:
                    self.leave("end", self.bars[i][4], self.bars[i][0] + self.interval, True, True)
                for w in list(self.orders):
                    self.end(w, "expired", "data_end")
            self.equity.append(self.worth())
