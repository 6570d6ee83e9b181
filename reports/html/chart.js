// The chart: three panels over one axis of bars. What is shown is the state below; show() draws it.
(() => {
  'use strict';
  const state = { group: -1, axis: null, from: 0, to: 1, bar: -1, chosen: -1, trades: [], attention: new Map(), tau: null };
  const panels = [], order = ['price', 'probability', 'looked'];
  const byId = (id) => document.getElementById(id);
  const heights = () => gw.onPaper ? [300, 150, 100] : window.innerWidth < 600 ? [230, 150, 110] : [340, 190, 130];
  gw.state = state;

  // ---- panels

  const axisText = (u, marks) => marks.map((i) => state.marks.text(i));
  const stroke = (name) => () => gw.colour(name);
  function axes(label, values, last) {
    const common = { stroke: stroke('ink'), grid: { stroke: stroke('grid'), width: 1 }, ticks: { stroke: stroke('line'), width: 1 },
      font: '12px sans-serif', labelFont: '12px sans-serif' };
    return [
      { ...common, splits: () => state.marks.marks, values: last ? axisText : (u, marks) => marks.map(() => ''), size: last ? 34 : 8 },
      { ...common, label, labelSize: 18, size: 58, space: 22, values }
    ];
  }
  // Something of an earlier draw may ask while there is nothing in view.
  const padded = (lo, hi) => lo < hi ? [lo - .04 * (hi - lo), hi + .04 * (hi - lo)] : lo === hi ? [lo * .99, lo * 1.01 || 1] : [0, 1];

  function priceRange() {
    const { axis } = state, low = axis.low || axis.close, high = axis.high || axis.close;
    let lo = Infinity, hi = -Infinity;
    for (let i = Math.max(0, Math.floor(state.from)); low && i <= state.to && i < axis.n; i++) {
      if (low[i] < lo) lo = low[i];
      if (high[i] > hi) hi = high[i];
    }
    if (!low) for (const t of state.trades) if (t.exit >= state.from && t.entry <= state.to) {
      lo = Math.min(lo, t.entryPrice, t.exitPrice);
      hi = Math.max(hi, t.entryPrice, t.exitPrice);
    }
    return padded(lo, hi);
  }

  function probabilityRange(u) {
    let lo = 1, hi = 0;
    for (const p of [u.data[1], u.data[2]])
      for (let i = Math.max(0, Math.floor(state.from)); p && i <= state.to && i < p.length; i++) {
        if (p[i] === null) continue;
        if (p[i] > hi) hi = p[i];
        if (p[i] < lo) lo = p[i];
      }
    for (const step of state.steps)
      if (step.to >= state.from && step.from <= state.to) hi = Math.max(hi, ...step.tau.filter((tau) => tau <= 1));
    if (lo > .6 * hi) return padded(lo, hi); // all lie close together: from 0 on they would be one line
    return [0, hi > 0 ? Math.min(1, hi * 1.08) : 1];
  }

  // The bar whose attention is shown: the one under the pointer, else the last before it that a gate acted on.
  function lookedAt() {
    for (let bar = Math.min(state.bar < 0 ? state.to : state.bar, state.axis.n - 1) | 0, steps = 0; bar >= 0 && steps < 5000; bar--, steps++)
      if (state.attention.has(bar)) return bar;
    return -1;
  }
  function rowOf(bar) {
    const rows = state.attention.get(bar) || [], side = state.side;
    return rows.find((row) => gw.gateOf(row) === side) ?? rows[0];
  }
  function drawLooked(u) {
    const bar = lookedAt();
    if (bar >= 0) gw.drawAttention(u, bar, gw.weights(rowOf(bar)), gw.gateOf(rowOf(bar)));
  }
  function attentionRange() {
    const bar = lookedAt();
    if (bar < 0) return [0, 1];
    const weights = gw.weights(rowOf(bar));
    return [0, 100 * Math.max(...weights, 2 / weights.length) * 1.05];
  }

  const line = (name, extra = {}) => ({ stroke: stroke(name), width: 1.2, points: { show: false }, ...extra });
  const hiddenLine = { paths: () => null, points: { show: false } };
  const places = {
    price: { label: 'Price', range: priceRange, values: (u, v) => v.map((x) => String(+x.toPrecision(8)).replace('-', '−')),
      series: () => [state.axis.high ? hiddenLine : line('ink')],
      data: () => [state.axis.close],
      draw: [(u) => gw.drawFolds(u, state.axis, true), (u) => gw.drawCandles(u, state.axis), (u) => gw.drawTrades(u, state.trades, state.chosen)] },
    probability: { label: 'Probability', range: probabilityRange, values: (u, v) => v.map((x) => String(+x.toFixed(4))),
      series: () => [line('long'), line('short')], data: () => probabilities(),
      draw: [(u) => gw.drawFolds(u, state.axis, false), (u) => gw.drawLabels(u, state.axis), (u) => gw.drawThresholds(u, state.steps)] },
    looked: { label: 'Attention %', range: attentionRange, values: (u, v) => v.map((x) => String(+x.toFixed(3))),
      series: () => [hiddenLine], data: () => [null], draw: [drawLooked] }
  };

  // Plain arrays: in the library only null is a gap.
  const withGaps = (from, n) => {
    const out = new Array(n).fill(null);
    for (let i = 0; from && i < n; i++) if (from[i] === from[i]) out[i] = from[i];
    return out;
  };
  function probabilities() {
    const { axis } = state, group = gw.facts.groups[state.group];
    return [withGaps(gw.array(group.p_long), axis.n), withGaps(gw.array(group.p_short), axis.n)];
  }

  function makePanel(id, height, last) {
    const place = places[id], host = byId(id);
    const numbers = new Array(state.axis.n);
    for (let i = 0; i < numbers.length; i++) numbers[i] = i;
    return new uPlot({
      width: Math.max(200, host.clientWidth), height, legend: { show: false }, pxAlign: 1,
      scales: { x: { time: false, range: () => [state.from, state.to] }, y: { range: place.range } },
      axes: axes(place.label, place.values, last),
      series: [{}, ...place.series()],
      cursor: { sync: { key: 'gw', setSeries: false }, drag: { x: false, y: false, setScale: false }, points: { show: false }, focus: { prox: -1 } },
      hooks: { draw: place.draw, setCursor: [(u) => gw.pointAt && gw.pointAt(u)] }
    }, [numbers, ...place.data().map((d) => d || new Array(state.axis.n).fill(null))], host);
  }

  // ---- what is shown

  gw.redraw = () => {
    state.marks = gw.timeMarks(state.axis, Math.floor(state.from), Math.ceil(state.to), Math.max(2, Math.floor(byId('price').clientWidth / 110)));
    for (const u of panels) u.setScale('x', { min: state.from, max: state.to });
  };
  // The width is the page's, or a given one: what is to be printed is drawn before it has a width.
  gw.resize = (given) => {
    const width = typeof given === 'number' ? given : Math.max(200, byId('price').clientWidth);
    for (const u of panels) u.setSize({ width, height: heights()[order.indexOf(u.root.parentNode.id)] });
    if (panels.length) gw.redraw();
  };
  // Another bar is looked at: other weights, other heights.
  gw.redrawLooked = () => {
    if (!state.attention.size) return;
    const [min, max] = attentionRange();
    panels[panels.length - 1].setScale('y', { min, max });
  };
  gw.panels = panels;

  // Keeps at least five bars and never leaves the data.
  gw.setView = (from, to) => {
    const n = state.axis.n, width = Math.min(n + 1, Math.max(Math.min(5, n), to - from));
    const middle = (from + to) / 2;
    state.from = Math.max(-1, Math.min(n - width, middle - width / 2));
    state.to = state.from + width;
    gw.redraw();
  };

  // Thresholds as the stretches of bars over which they held.
  function stepsOf(group, axis) {
    const at = gw.array(group.tau_at) || [], long = gw.array(group.tau_long), short = gw.array(group.tau_short);
    return Array.from(at, (from, k) => ({ from, to: (k + 1 < at.length ? at[k + 1] : axis.n) - 1, tau: [long[k], short[k]] }));
  }

  // Those that ended before the first bar that is here are in the table alone.
  function tradesOf(group) {
    const t = gw.trades, out = [];
    for (let row = 0; row < t.n; row++) {
      if (t.group[row] !== group || 1000 * t.exit_s[row] < state.axis.time[0]) continue;
      out.push({ row, entry: gw.barAt(state.axis, 1000 * t.entry_s[row]), exit: gw.barAt(state.axis, 1000 * t.exit_s[row]),
        entryPrice: t.entry_price[row], exitPrice: t.exit_price[row], short: t.side[row] === 1, won: t.return[row] > 0 });
    }
    return out.sort((a, b) => a.entry - b.entry);
  }

  // Another contestant, seed or symbol; the view stays where it was when the symbol does.
  gw.showGroup = (number) => {
    const group = gw.facts.groups[number], axis = gw.axis(group.symbol), moved = axis !== state.axis;
    Object.assign(state, { group: number, axis, chosen: -1, attention: gw.attention(number), tau: gw.thresholds(group) });
    state.trades = tradesOf(number);
    state.steps = stepsOf(group, axis);
    if (moved) Object.assign(state, { from: Math.max(-1, axis.n - 260), to: axis.n, bar: -1 });
    for (const u of panels.splice(0)) u.destroy();
    if (!axis.n) return;
    state.marks = gw.timeMarks(axis, Math.floor(state.from), Math.ceil(state.to), 8);
    byId('looked').hidden = !state.attention.size;
    byId('probability').hidden = !group.p_long;
    const ids = order.filter((id) => !byId(id).hidden);
    for (const id of ids) panels.push(makePanel(id, heights()[order.indexOf(id)], id === ids[ids.length - 1]));
    gw.redraw();
  };
})();
