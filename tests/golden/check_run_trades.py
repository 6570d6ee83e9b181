"""The part of check_run.py that trades: isolated trades, the traded result, the equity curve and its metrics."""
import os

import numpy as np
import pandas as pd

from check_run_files import DAY_NS, GATES, nanoseconds


def slip_at(bars, i, costs, times):
    """Cost of taking, as a fraction of the price, in bar i: half-spread + slippage, part of it by the last bar's range."""
    before = np.maximum(i - 1, 0)
    wide = np.where(i > 0, (bars["high"][before] - bars["low"][before]) / bars["close"][before], 0)
    return times * ((costs["half_spread_bps"] + costs["slippage_bps"]) * 1e-4 + costs["slippage_volatility"] * wide)


def true_range(bars, t, length):
    """Mean true range of the `length` bars up to t; NaN where the history is too short for it."""
    h, l, before = bars["high"][1:], bars["low"][1:], bars["close"][:-1]
    ranges = np.concatenate([[np.nan], np.maximum(h, before) - np.minimum(l, before)])
    return pd.Series(ranges).rolling(length).mean().to_numpy()[t]


def isolated(bars, t, side, stop_move, target_move, horizon, costs, times, last_bar=None, trail=(0, 0), closes=None):
    """Trades signalled at the close of the bars t, all at once. Entry at the next open that trades (not after bar t+h);
    in a bar the gap at the open comes first, then the stop, then the target, then the time exit at the close of t+h.
    Targets rest in the book: no slippage, maker's fee. A bar without volume fills nothing. last_bar: the bar at whose
    close everything still open is sold. trail: a trailing stop's distance as fraction and as price; it follows the open, and the
    best price once the worst is past, and is met on the way from there to the close. closes: by bar, whether what is held is
    closed at the next open."""
    n = len(bars["ns"]) if last_bar is None else last_bar + 1
    t, size = np.asarray(t), len(t)
    entry, exit_, reason = np.full(size, np.nan), np.full(size, np.nan), np.full(size, "", object)
    entry_bar, exit_bar = np.full(size, -1), np.full(size, -1)
    at_open, done = np.zeros(size, bool), np.zeros(size, bool)
    mae, mfe, ambiguous = np.zeros(size), np.zeros(size), np.zeros(size, bool)
    stop = target = np.full(size, np.nan)
    trails, extreme, leaves = bool(np.any(np.asarray(trail[0]) > 0) or np.any(np.asarray(trail[1]) > 0)), np.full(size, np.nan), np.zeros(size, bool)
    marked, since = np.zeros(size), np.zeros(size)  # price times time held, so far; until when
    due = t + horizon if horizon else np.full(size, n + 1)

    def leave(who, price, why, i, opening):
        exit_[who], reason[who], exit_bar[who], at_open[who], done[who] = price[who], why, i[who], opening, True

    step = 0
    while not done.all():
        step += 1
        i = t + step
        inside = i < n
        done |= ~inside & (entry_bar < 0)
        j = np.minimum(i, n - 1)
        o, h, l, c = (bars[k][j] for k in ("open", "high", "low", "close"))
        live = inside & ~done & (bars["volume"][j] > 0)
        done |= inside & (entry_bar < 0) & (i > due)
        enters = live & (entry_bar < 0) & ~done
        slip = slip_at(bars, j, costs, times)
        entry = np.where(enters, o * (1 + side * slip), entry)
        entry_bar = np.where(enters, j, entry_bar)
        since = np.where(enters, bars["ns"][j], since)
        was_done = done.copy()
        stop = entry * (1 - side * stop_move) if stop_move is not None else stop
        target = entry * (1 + side * target_move) if target_move is not None else target
        held = live & (entry_bar >= 0) & ~done
        worst, best = (l, h) if side > 0 else (h, l)
        nearest = lambda: side * np.fmax(side * stop, side * trailing) if trails else stop
        by = lambda who, level: np.where(level[who] == stop[who], "stop", "trail") if trails else "stop"
        trailing = np.full(size, np.nan)
        if trails:
            extreme = np.where(enters, o, extreme)
            trailing = extreme * (1 - side * trail[0]) - side * trail[1]
        with np.errstate(invalid="ignore"):
            closed = held & leaves
            late = held & (i > due) & ~closed
            first = nearest()
            gap_stop = held & ~closed & ~late & (side * (o - first) <= 0)
            gap_by = by(gap_stop, np.where(side * (o - stop) <= 0, stop, first))
            late |= closed
            gap_target = held & ~late & ~gap_stop & (side * (o - target) >= 0)
            rest = held & ~late & ~gap_stop & ~gap_target
            if trails:
                extreme = np.where(rest, side * np.fmax(side * extreme, side * o), extreme)
                trailing = extreme * (1 - side * trail[0]) - side * trail[1]
            level = nearest()
            stopped = rest & (side * (worst - level) <= 0)
            reached = rest & (side * (best - target) >= 0)
            trailed = np.zeros(size, bool)
            if trails:
                follows = rest & ~stopped & ~reached
                extreme = np.where(follows, side * np.fmax(side * extreme, side * best), extreme)
                trailing = extreme * (1 - side * trail[0]) - side * trail[1]
                trailed = follows & (side * (c - trailing) <= 0)
        ambiguous |= stopped & reached
        timed = rest & ~stopped & ~reached & ~trailed & (i >= due)
        # excursions: the whole range of the bars that the trade saw through; in the bar of its exit its open and
        # the exit, as nobody knows what else of that bar came before it
        for who, low, high in ((late | gap_stop | gap_target, o, o), (stopped, stop, o),
                               (reached & ~stopped, o, target), (rest & ~stopped & ~reached, worst, best)):
            mae = np.where(who, np.minimum(mae, side * (low / entry - 1)), mae)
            mfe = np.where(who, np.maximum(mfe, side * (high / entry - 1)), mfe)
        leave(late, o * (1 - side * slip), np.where(closed[late], "signal", "time"), i, True)
        leave(gap_stop, o * (1 - side * slip), gap_by, i, True)
        leave(gap_target, o, "target", i, True)
        leave(stopped, level * (1 - side * slip), by(stopped, level), i, False)
        leave(trailed, trailing * (1 - side * slip), "trail", i, False)
        leave(reached & ~stopped, target, "target", i, False)
        leave(timed, c * (1 - side * slip), "time", i, False)
        leave(inside & (entry_bar >= 0) & ~done & (i == n - 1), c * (1 - side * slip), "end", i, False)
        # funding is owed on the mark: each bar's time since the last mark at its close, the last piece at the exit
        left, close_ns = done & ~was_done & (entry_bar >= 0), bars["close_ns"][j]
        raw = np.where(reason == "target", exit_, exit_ / (1 - side * slip))
        mark, now = np.where(left, raw, c), np.where(left & at_open, bars["ns"][j], close_ns)
        counts = inside & (entry_bar >= 0) & ~was_done
        marked = np.where(counts, marked + mark * (now - since), marked)
        since = np.where(counts, now, since)
        if closes is not None:
            leaves |= inside & (entry_bar >= 0) & ~done & closes[j]
    maker = reason == "target"
    fees = times * 1e-4 * (costs["taker_bps"] * entry + np.where(maker, costs["maker_bps"], costs["taker_bps"]) * exit_)
    ends = np.where(at_open, bars["ns"][np.maximum(exit_bar, 0)], bars["close_ns"][np.maximum(exit_bar, 0)])
    rate = side * costs["funding_bps_per_day"] + (costs["borrow_bps_per_day"] if side < 0 else 0)
    funding = times * 1e-4 * rate * marked / DAY_NS
    return dict(pnl=(side * (exit_ - entry) - fees - funding) / entry, entry=entry, exit=exit_, reason=reason, fees=fees,
                funding=funding, entry_bar=entry_bar, exit_bar=exit_bar, exit_ns=ends, mae=mae, mfe=mfe, ambiguous=ambiguous, at_open=at_open)


def sides(rows, use_long=True, use_short=True):
    """What a gate's signal is at each row: 1, -1, or 0 where none fires or both do alike."""
    with np.errstate(invalid="ignore"):
        over = {g: (rows["p_" + g].to_numpy(np.float32) - rows["tau_" + g].to_numpy(np.float32)) for g in GATES}
    fires = {"long": (over["long"] >= 0) & use_long, "short": (over["short"] >= 0) & use_short}
    is_short = fires["short"] & (~fires["long"] | (over["short"] > over["long"]))
    is_long = fires["long"] & (~fires["short"] | (over["long"] > over["short"]))
    return is_long.astype(int) - is_short.astype(int)


def check_trades(run, report, only):
    own = {s["name"]: s.get("costs") for s in run.config["strategies"]}
    gates = {s["name"] for s in run.summary["strategies"] if s["strategy"] == "gate"}
    end_ns = nanoseconds(pd.Series([run.summary["end"]]))[0]  # the last test bar opens then
    if run.config["broker"]["intrabar"] != "stop_first":
        return
    for (name, seed), mine in run.trades.groupby(["strategy", "seed"], sort=False):
        trading = run.trading.get(name, run.config["trading"])
        scored = run.scores[(run.scores.strategy == name) & (run.scores.seed == seed)]
        if len(scored) == 0 or name not in gates or (only and name not in only):
            continue
        costs = own.get(name) or run.config["costs"]
        for symbol, bars in run.bars.items():
            trades = mine[mine.symbol == symbol]
            rows = scored[scored.symbol == symbol]
            last = int(np.searchsorted(bars["ns"], end_ns, "right")) - 1  # the last bar that closes inside the replay
            at = np.searchsorted(bars["close_ns"], rows.ns)
            side = dict(zip(at, sides(rows, trading["trade_long"], trading["trade_short"])))
            level = lambda key, t: trading[key] * bars["min_move"][t] if trading[key] > 0 else None
            who = f"{name} s{seed} {symbol}"
            check_walk(report, who, trades, bars, side, trading, level, costs, costs["multiplier"], last)


def check_walk(report, who, trades, bars, side, trading, level, costs, times, last):
    """Flat: the first signal is taken, its trade walked to its end, the next signal may be the bar of the exit."""
    if trading["exit_on_opposite"] or trading["limit_offset"] or trading["limit_atr"]:
        return  # check_simulated.py walks what waits for its price
    want, t_free = [], -1
    for t in sorted(side):
        if side[t] == 0 or t < t_free or t > last:
            continue
        trail = trading["trail"], trading["trail_atr"] * true_range(bars, t, trading["atr_length"]) if trading["trail_atr"] else 0
        one = isolated(bars, [t], side[t], level("stop_moves", t), level("target_moves", t), trading["horizon"], costs, times, last, trail)
        if not np.isfinite(one["entry"][0]):
            t_free = t + trading["horizon"]
            continue
        want.append((t, side[t], {k: v[0] for k, v in one.items()}))
        # flat again at the close of the bar of the exit, where the strategy may signal anew
        t_free = one["exit_bar"][0]
    report.add(f"{who} trades", len(trades), len(want), 1e-12)
    if len(want) != len(trades):
        return
    order = trades.assign(ns=nanoseconds(trades.signal_time)).sort_values("ns")
    q = order.quantity.to_numpy()
    get = lambda key: np.array([w[2][key] for w in want], float)
    report.add_all(f"{who} trade side", np.where(order.side == "long", 1, -1), [w[1] for w in want], 0.5)
    report.add_all(f"{who} signal time (ns)", order.ns, [bars["close_ns"][w[0]] for w in want], 1e-15)
    report.add_all(f"{who} entry time (ns)", nanoseconds(order.entry_time), bars["ns"][get("entry_bar").astype(int)], 1e-15)
    report.add_all(f"{who} exit time (ns)", nanoseconds(order.exit_time), get("exit_ns"), 1e-15)
    report.add_all(f"{who} entry price", order.entry_price, get("entry"), 1e-12)
    report.add_all(f"{who} exit price", order.exit_price, get("exit"), 1e-12)
    report.add(f"{who} exit reasons that differ", (order.reason.to_numpy() != np.array([w[2]["reason"] for w in want])).sum(), 0, 1e-12, 1)
    report.add_all(f"{who} return", order["return"], get("pnl"), 1e-9, 1e-5)
    report.add_all(f"{who} fees / quantity", order.fees / q, get("fees"), 1e-9)
    report.add_all(f"{who} funding / quantity", order.funding / q, get("funding"), 1e-9, 1e-6)
    if not trading["trail"] and not trading["trail_atr"]:  # check_simulated.py knows the paths of those
        report.add_all(f"{who} mae", order.mae, get("mae"), 1e-9, 1e-5)
        report.add_all(f"{who} mfe", order.mfe, get("mfe"), 1e-9, 1e-5)
        report.add_all(f"{who} ambiguous", order.ambiguous, get("ambiguous"), 1e-9, 1)
    report.add_all(f"{who} bars held", order.bars_held, get("exit_bar") - get("entry_bar") + 1 - get("at_open"), 1e-9, 1)


def left_at_open(bars, trade, exit_ns, side, costs):
    j = np.searchsorted(bars["ns"], exit_ns)
    if trade.reason == "signal":
        return True
    if trade.reason == "time":  # due at a bar that did not trade
        before = np.searchsorted(bars["close_ns"], exit_ns)
        return before == len(bars["ns"]) or bars["close_ns"][before] != exit_ns or bars["volume"][before] == 0
    if trade.reason == "end" or j == len(bars["ns"]) or bars["ns"][j] != exit_ns:
        return False
    slip = 0 if trade.reason == "target" else slip_at(bars, np.array(j), costs, costs["multiplier"])
    return abs(trade.exit_price / (bars["open"][j] * (1 - side * slip)) - 1) < 1e-12


def check_equity(run, report, only):
    """The curve from the trades and the bars alone: closed results, and what is open marked at the last close. Sizes:
    a share of the equity at the close before the entry."""
    own = {s["name"]: s.get("costs") for s in run.config["strategies"]}
    cash = run.config["broker"]["initial_cash"]
    orders = pd.read_csv(os.path.join(run.path, "orders.csv"))
    waited = set(orders.strategy[orders.kind.isin(["limit", "stop", "stop_limit", "trailing"]) & orders.parent.isna()])
    for (name, seed), e in run.equity.groupby(["strategy", "seed"], sort=False):
        trades = run.trades[(run.trades.strategy == name) & (run.trades.seed == seed)]
        costs = own.get(name) or run.config["costs"]
        taker = costs["taker_bps"] * 1e-4 * costs["multiplier"]
        accrues = costs["funding_bps_per_day"] != 0 or costs["borrow_bps_per_day"] != 0
        if (only and name not in only) or len(trades) == 0:
            continue
        if name in waited:
            report.skip(f"{name}: equity and trades of orders that waited inside bars (check_simulated.py)")
            continue
        ns, want, open_at = nanoseconds(e.time), np.full(len(e), cash, float), np.zeros(len(e), bool)
        entry, exit_ = nanoseconds(trades.entry_time), nanoseconds(trades.exit_time)
        side = np.where(trades.side == "long", 1, -1)
        opens = []
        for k, t in enumerate(trades.itertuples()):
            bars = run.bars[t.symbol]
            begins = np.searchsorted(ns, entry[k], "right")
            # an open has the time of the close before it: the point of that time still holds the trade
            ends = np.searchsorted(ns, exit_[k], "right" if left_at_open(bars, t, exit_[k], side[k], costs) else "left")
            want[ends:] += t.pnl
            last = np.searchsorted(bars["close_ns"], ns[begins:ends], "right") - 1
            want[begins:ends] += side[k] * t.quantity * (bars["close"][last] - t.entry_price) - taker * t.quantity * t.entry_price
            open_at[begins:ends] = True
            opens.append(bars["open"][np.searchsorted(bars["ns"], entry[k])])
        who = f"{name} s{seed}"
        keep = ~open_at if accrues else np.ones(len(e), bool)
        report.add_all(f"{who} equity curve", e.equity[keep], want[keep], 1e-9)
        slip = (trades.entry_price / np.array(opens) - 1) * side
        least = (costs["half_spread_bps"] + costs["slippage_bps"]) * 1e-4 * costs["multiplier"]
        if costs["slippage_volatility"] == 0:
            report.add_all(f"{who} entry = open and slippage", slip, np.full(len(slip), least), 1e-9, 1)
        before = np.searchsorted(ns, entry, "right") - 1
        at_entry = np.where(before >= 0, e.equity.to_numpy()[np.maximum(before, 0)], cash)
        # turned round at one open: what closing cost, and how that open marks what was held, come first
        turned = np.flatnonzero((entry[1:] == exit_[:-1]) & (entry[1:] > ns[0])) + 1
        if len(run.bars) == 1:
            done = np.concatenate([[0], np.cumsum(trades.pnl)])
            at_entry[turned] = cash + done[turned]
        size = run.trading.get(name, run.config["trading"])["size"]
        if not accrues and len(run.bars) == 1:
            report.add_all(f"{who} quantity = share of equity", trades.quantity, size * at_entry / trades.entry_price, 1e-9)


def under_water(equity, days):
    """Deepest fall below the peak, its length, and the longest time between a peak and the next."""
    peak = np.maximum.accumulate(equity)
    depth = 1 - equity / peak
    worst, longest, of_worst = depth.max(), 0.0, 0.0
    i = 0
    while i < len(equity):
        if depth[i] > 0:
            begin, j = i - 1, i
            while j < len(equity) and depth[j] > 0:
                j += 1
            length = days[min(j, len(equity) - 1)] - days[begin if begin >= 0 else 0]
            longest = max(longest, length)
            if depth[i:j].max() == worst:
                of_worst = length
            i = j
        else:
            i += 1
    return worst, of_worst, longest


def check_days(add, ratio, cash, equity):
    """What rests on returns by UTC day; midnight ends its day."""
    day = equity.resample("D", closed="right", label="left").last().dropna()
    r = np.diff(np.concatenate([[cash], day])) / np.concatenate([[cash], day[:-1]])
    if len(day) < 2:
        return
    root = np.sqrt((len(day) - 1) / ((day.index[-1] - day.index[0]).days / 365.25))
    add("sharpe_daily", ratio(r.mean(), r.std(ddof=1)) * root if r.std() > 0 else np.nan)
    add("sortino_daily", ratio(r.mean(), np.sqrt(np.mean(np.minimum(r, 0) ** 2))) * root)
    add("best_day", r.max())
    add("worst_day", r.min())
    if len(day) >= 90:
        last = r[-90:]
        add("rolling_sharpe_last", last.mean() / last.std(ddof=1) * root if last.std() > 0 else np.nan, 1e-7)


def check_portfolio(run, report, only):
    cash = run.config["broker"]["initial_cash"]
    for strategy in run.summary["strategies"]:
        for ours in strategy["portfolio"]["seeds"]:
            pick = lambda t: t[(t.strategy == strategy["name"]) & (t.seed == ours["seed"])]
            e, t = pick(run.equity), pick(run.trades)
            if only and strategy["name"] not in only:
                continue
            name = f"{strategy['name']} s{ours['seed']}"
            add = lambda key, want, *rest: report.add(f"{name} {key}", ours[key], want, *rest)
            ns, equity = nanoseconds(e.time), e.equity.to_numpy()
            years = (ns[-1] - ns[0]) / (365.25 * DAY_NS)
            per_year = (len(e) - 1) / years
            r = equity / np.concatenate([[cash], equity[:-1]]) - 1
            deepest, its_days, longest = under_water(np.concatenate([[cash], equity]), np.concatenate([[ns[0]], ns]) / DAY_NS)
            cagr = (equity[-1] / cash) ** (per_year / len(r)) - 1
            down = np.sqrt(np.mean(np.minimum(r, 0) ** 2))
            ratio = lambda a, b: a / b if b > 0 else np.nan if a == 0 else np.inf * np.sign(a)
            add("total_return", equity[-1] / cash - 1)
            add("cagr", cagr)
            add("volatility", r.std(ddof=1) * np.sqrt(per_year))
            add("sharpe", ratio(r.mean(), r.std(ddof=1)) * np.sqrt(per_year))
            add("sortino", ratio(r.mean(), down) * np.sqrt(per_year))
            check_days(add, ratio, cash, pd.Series(equity, index=pd.to_datetime(ns)))
            add("calmar", ratio(cagr, deepest))
            add("max_drawdown", deepest)
            add("max_drawdown_days", its_days)
            add("longest_drawdown_days", longest)
            report.add_all(f"{name} drawdown column", e.drawdown, equity / np.maximum.accumulate(np.maximum(equity, cash)) - 1, 1e-9, 1e-6)
            at = np.searchsorted(ns, nanoseconds(t.exit_time))
            held, within = e.exposure.to_numpy(), e.exposure.to_numpy()[at] == 0  # opened and closed between two closes
            entered = np.where(t["return"] != 0, (t.pnl / t["return"].replace(0, np.nan)).abs(), t.quantity * t.entry_price)
            add("exposure", (held.sum() + (entered / equity[at])[within].sum()) / len(e), 1e-7)
            add("max_exposure", held.max())
            add("time_under_water", (equity < np.maximum.accumulate(np.concatenate([[cash], equity]))[1:]).mean())
            add("time_in_market", ((held > 0) | np.isin(np.arange(len(e)), at[within])).mean())
            notional = (t.quantity * (t.entry_price + t.exit_price)).sum()
            add("turnover", notional / cash)
            add("turnover_per_year", notional / cash * per_year / len(r))
            add("n_trades", len(t))
            for key in ("fees", "slippage", "funding"):
                add(key, t[key].sum(), 1e-9, 1e-3)
            report.add(f"{name} final equity = cash + sum of pnl", equity[-1], cash + t.pnl.sum())
            if len(t) == 0:
                continue
            pnl, ret = t.pnl.to_numpy(), t["return"].to_numpy()
            add("long_share", (t.side == "long").mean())
            add("win_rate", (pnl > 0).mean())
            add("profit_factor", ratio(pnl[pnl > 0].sum(), -pnl[pnl < 0].sum()))
            add("expectancy", pnl.mean())
            add("sqn", np.sqrt(len(t)) * ret.mean() / ret.std(ddof=1) if len(t) > 1 and ret.std() > 0 else np.nan)
            add("average_trade", ret.mean())
            add("average_win", ret[pnl > 0].mean() if (pnl > 0).any() else np.nan)
            add("average_loss", ret[pnl <= 0].mean() if (pnl <= 0).any() else np.nan)
            add("best_trade", ret.max())
            add("worst_trade", ret.min())
            add("average_mae", t.mae.mean())
            add("average_mfe", t.mfe.mean())
            add("average_bars_held", t.bars_held.mean())
            add("median_bars_held", t.bars_held.median())
            add("max_bars_held", t.bars_held.max())
            add("average_hours_held", (nanoseconds(t.exit_time) - nanoseconds(t.entry_time)).mean() / 3600e9)
            add("ambiguous_share", t.ambiguous.mean())
            gross = np.where(t.side == "long", 1, -1) * t.quantity * (t.exit_price - t.entry_price)
            report.add_all(f"{name} pnl = gross - fees - funding", pnl, gross - t.fees - t.funding, 1e-9, 1e-2)
            report.add_all(f"{name} return = pnl / notional", ret, pnl / (t.quantity * t.entry_price), 1e-9, 1e-6)
