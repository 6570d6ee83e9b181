// The page as a whole: who is shown, pointer and keys, colours, paper.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id), { facts, state } = gw;
  const charts = byId('charts');

  // ---- who is shown

  const picks = { strategy: byId('pick-strategy'), seed: byId('pick-seed'), symbol: byId('pick-symbol') };
  const shown = { strategy: (g) => facts.strategies[g.strategy].name, seed: (g) => g.seed, symbol: (g) => facts.symbols[g.symbol].name };
  const value = (key, g) => String(g[key]);

  function fill(key, groups, wanted) {
    const seen = new Map();
    for (const g of groups) seen.set(value(key, g), shown[key](g));
    picks[key].replaceChildren(...[...seen].map(([v, text]) => new Option(text, v)));
    picks[key].value = seen.has(wanted) ? wanted : [...seen.keys()][0];
    return picks[key].value;
  }

  // Each choice leaves those groups that have it; what was chosen before stays where it can. Of a universe some alone have bars.
  const drawn = facts.groups.filter(gw.isDrawn);
  function pick(wanted) {
    const strategy = fill('strategy', drawn, wanted.strategy);
    const of = drawn.filter((g) => value('strategy', g) === strategy), symbol = fill('symbol', of, wanted.symbol);
    const both = of.filter((g) => value('symbol', g) === symbol), seed = fill('seed', both, wanted.seed);
    const group = facts.groups.indexOf(both.find((g) => value('seed', g) === seed));
    if (group === state.group) return;
    gw.showGroup(group);
    gw.filterTrades();
    say();
  }
  const wanted = () => ({ strategy: picks.strategy.value, seed: picks.seed.value, symbol: picks.symbol.value });
  function next(key) {
    const select = picks[key], w = wanted();
    w[key] = select.options[(select.selectedIndex + 1) % select.options.length].value;
    pick(w);
  }

  for (const select of Object.values(picks)) select.addEventListener('input', () => pick(wanted()));

  // ---- what is under the pointer

  function part(text, name, bold) {
    const span = document.createElement('span');
    if (name) span.className = name;
    const [label, rest] = bold === undefined ? [null, text] : [text, bold];
    if (label) {
      const b = document.createElement('b');
      b.textContent = label + ' ';
      span.append(b);
    }
    span.append(rest);
    return span;
  }

  function gateWords(gate, name, bar) {
    const group = facts.groups[state.group], p = gw.array(group['p_' + name]);
    if (!p || p[bar] !== p[bar]) return [];
    const tau = state.tau(bar)[gate], bits = state.axis.label[bar] >> 2 * gate;
    const label = bits & 1 ? (bits & 2 ? ', label positive' : ', label negative') : '';
    const acts = p[bar] >= tau ? ', above τ' : '';
    return [part('p ' + name, name, `${gw.number(p[bar], 4)} (τ ${gw.number(tau, 4)}${acts}${label})`)];
  }

  function lookedWords(bar) {
    const row = (state.attention.get(bar) || [])[0];
    if (row === undefined) return [];
    const weights = gw.weights(row), n = weights.length;
    const most = [...weights.keys()].sort((a, b) => weights[b] - weights[a]).slice(0, 4);
    return [part('looked at', gw.gateOf(row), most.map((i) => `${n - 1 - i} bars back ${(100 * weights[i]).toFixed(1)} %`).join(', '))];
  }

  function say() {
    const { axis, bar } = state, out = byId('readout');
    if (!axis || bar < 0 || bar >= axis.n) {
      out.replaceChildren(part('Point at a bar, or use the arrow keys.'));
      return;
    }
    const parts = [part('', '', gw.timeText(axis.time[bar], gw.hasClock(axis)))];
    if (axis.close) for (const key of ['open', 'high', 'low', 'close']) parts.push(part(key, '', gw.price(axis[key][bar])));
    parts.push(...gateWords(0, 'long', bar), ...gateWords(1, 'short', bar), ...lookedWords(bar));
    for (const t of state.trades) if (t.entry <= bar && bar <= t.exit && parts.length < 14)
      parts.push(part(t.short ? 'short trade' : 'long trade', t.won ? 'long' : 'short',
        `${gw.price(t.entryPrice)} → ${gw.price(t.exitPrice)}, ${gw.percent(gw.trades.return[t.row])}, ${gw.trades.reasons[gw.trades.reason[t.row]]}`));
    out.replaceChildren(...parts);
  }

  gw.pointAt = (u) => {
    const idx = u.cursor.idx;
    if (idx === null || idx === undefined || idx === state.bar || u.cursor.left < 0 || u.cursor.top < 0) return;
    state.bar = idx;
    say();
    gw.redrawLooked();
  };

  function goTo(bar) {
    const n = state.axis.n, width = state.to - state.from;
    state.bar = Math.max(0, Math.min(n - 1, bar));
    if (state.bar < state.from || state.bar > state.to) gw.setView(state.bar - width / 2, state.bar + width / 2);
    for (const u of gw.panels) u.setCursor({ left: u.valToPos(state.bar, 'x'), top: -10 }, false);
    say();
    gw.redrawLooked();
  }

  gw.chooseTrade = (row, withView) => {
    if (gw.trades.group[row] !== state.group) {
      const g = facts.groups[gw.trades.group[row]];
      pick({ strategy: value('strategy', g), seed: value('seed', g), symbol: value('symbol', g) });
    }
    const trade = state.trades.find((t) => t.row === row);
    state.chosen = row;
    if (withView) {
      const room = Math.max(30, 1.5 * (trade.exit - trade.entry));
      gw.setView(trade.entry - room, trade.exit + room);
      byId('chart').scrollIntoView({ block: 'start' });
      charts.focus({ preventScroll: true });
    }
    goTo(trade.entry);
    gw.redraw();
    gw.showTrades();
  };

  // ---- moving

  const middle = () => state.bar >= state.from && state.bar <= state.to ? state.bar : (state.from + state.to) / 2;
  function zoom(factor, at = middle()) {
    gw.setView(at - (at - state.from) * factor, at + (state.to - at) * factor);
  }
  const pan = (share) => gw.setView(state.from + share * (state.to - state.from), state.to + share * (state.to - state.from));
  function trade(step) {
    const from = state.bar < 0 ? (step > 0 ? state.from : state.to) : state.bar, list = step > 0 ? state.trades : [...state.trades].reverse();
    const found = list.find((t) => step > 0 ? t.entry > from : t.entry < from);
    if (found) gw.chooseTrade(found.row, false);
  }
  function looked() {
    const bars = [...state.attention.keys()].sort((a, b) => a - b), found = bars.find((b) => b > state.bar) ?? bars[0];
    if (found !== undefined) goTo(found);
  }
  const deeds = { left: () => pan(-.5), right: () => pan(.5), in: () => zoom(.5), out: () => zoom(2),
    all: () => gw.setView(-1, state.axis.n), trade: () => trade(1), looked };
  const start = () => state.bar < 0 ? Math.round((state.from + state.to) / 2) : state.bar;
  const keys = { '+': deeds.in, '=': deeds.in, '-': deeds.out, '0': deeds.all, Home: () => goTo(0), End: () => goTo(state.axis.n - 1),
    ArrowUp: deeds.in, ArrowDown: deeds.out, n: () => trade(1), p: () => trade(-1), a: looked,
    c: () => next('strategy'), s: () => next('seed'), y: () => next('symbol') };

  charts.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (step && event.shiftKey) pan(step / 2);
    else if (step) goTo(start() + step);
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });
  byId('controls').addEventListener('click', (event) => deeds[event.target.dataset.do]?.());

  // ---- pointer: drag to move, two fingers or the wheel to zoom

  const pointers = new Map();
  const barUnder = (x) => {
    const over = gw.panels[0].over.getBoundingClientRect();
    return state.from + (x - over.left) / over.width * (state.to - state.from);
  };
  charts.addEventListener('pointerdown', (event) => {
    pointers.set(event.pointerId, event.clientX);
    charts.focus({ preventScroll: true });
  });
  window.addEventListener('pointermove', (event) => {
    if (!pointers.has(event.pointerId) || !gw.panels.length) return;
    const before = [...pointers.values()], each = (state.to - state.from) / gw.panels[0].over.clientWidth;
    pointers.set(event.pointerId, event.clientX);
    const after = [...pointers.values()];
    if (after.length === 1) return gw.setView(state.from - (after[0] - before[0]) * each, state.to - (after[0] - before[0]) * each);
    const apart = (x) => Math.max(10, Math.abs(x[0] - x[1]));
    zoom(apart(before) / apart(after), barUnder((after[0] + after[1]) / 2));
  });
  for (const end of ['pointerup', 'pointercancel']) window.addEventListener(end, (event) => pointers.delete(event.pointerId));
  charts.addEventListener('dblclick', (event) => zoom(.4, barUnder(event.clientX)));
  charts.addEventListener('wheel', (event) => {
    if (document.activeElement !== charts) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : .8, barUnder(event.clientX));
  }, { passive: false });

  // ---- colours, size and paper

  const redraw = () => gw.panels.forEach((u) => u.redraw(false, true));

  byId('theme').hidden = false;
  byId('theme').addEventListener('input', (event) => {
    if (event.target.value) document.documentElement.dataset.theme = event.target.value;
    else delete document.documentElement.dataset.theme;
    redraw();
  });
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  const paper = (on) => () => {
    gw.onPaper = on;
    gw.showTrades();
    gw.showSymbols();
    gw.resize(on ? 1000 : undefined); /* A4 across, less its margins */
    redraw();
  };
  window.addEventListener('beforeprint', paper(true));
  window.addEventListener('afterprint', paper(false));

  byId('chart-note').textContent = facts.note;
  if (drawn.length) {
    for (const id of ['controls', 'charts', 'readout', 'keys']) byId(id).hidden = false;
    const best = drawn.find((g) => facts.strategies[g.strategy].attention && facts.strategies[g.strategy].attention !== 'none') || drawn[0];
    pick({ strategy: value('strategy', best) });
    new ResizeObserver(gw.resize).observe(charts);
  } else if (!facts.note) {
    byId('chart-note').textContent = 'There is nothing to draw: no scores and no trades.';
  }
  gw.startTrades();
  gw.startSymbols();
})();
