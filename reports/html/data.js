// The run's data, out of the elements in which they stand: facts as JSON, arrays as base64 of little-endian numbers.
const gw = {};

(() => {
  'use strict';
  const types = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array, f8: Float64Array };
  const decoded = new Map();

  // ["f4", 12] to the typed array that element a12 holds; decoded when it is first asked for.
  function array(reference) {
    if (!reference) return null;
    const [type, number] = reference;
    if (!decoded.has(number)) {
      const text = atob(document.getElementById('a' + number).textContent);
      const bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      decoded.set(number, new types[type](bytes.buffer));
    }
    return decoded.get(number);
  }

  const facts = JSON.parse(document.getElementById('facts').textContent);
  gw.facts = facts;
  gw.array = array;

  // Bars of a symbol: when each opened (ms since 1970) and what it was.
  const axes = facts.symbols.map(() => null);
  gw.axis = (symbol) => {
    if (axes[symbol]) return axes[symbol];
    const of = facts.symbols[symbol];
    const units = array(of.time) || [];
    const time = new Float64Array(of.bars);
    for (let i = 0; i < of.bars; i++) time[i] = 1000 * (of.begin_s + units[i] * of.unit_s);
    return axes[symbol] = {
      n: of.bars, time, name: of.name, open: array(of.open), high: array(of.high), low: array(of.low), close: array(of.close),
      label: array(of.label), foldAt: array(of.fold_at) || [], fold: array(of.fold) || []
    };
  };

  gw.isDrawn = (group) => facts.symbols[group.symbol].bars > 0;

  // The last bar that opened at or before that time (ms); -1 before the first.
  gw.barAt = (axis, ms) => {
    let lo = 0, hi = axis.n;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (axis.time[mid] <= ms) lo = mid + 1; else hi = mid;
    }
    return lo - 1;
  };

  // Thresholds hold from the bar at which they begin until the next ones do.
  gw.thresholds = (group) => {
    const at = array(group.tau_at) || [], long = array(group.tau_long), short = array(group.tau_short);
    return (bar) => {
      let lo = 0, hi = at.length;
      while (lo < hi) {
        const mid = (lo + hi) >> 1;
        if (at[mid] <= bar) lo = mid + 1; else hi = mid;
      }
      return lo ? [long[lo - 1], short[lo - 1]] : [NaN, NaN];
    };
  };

  // Trades as one object of columns.
  gw.trades = (() => {
    const of = facts.trades, columns = { n: of.n, reasons: of.reasons };
    for (const key of Object.keys(of)) if (Array.isArray(of[key]) && key !== 'reasons') columns[key] = array(of[key]);
    return columns;
  })();

  // Rows of attention of one group, by bar; of both gates at the same bar the surer one's stands.
  gw.attention = (number) => {
    const of = facts.attention, rows = new Map();
    if (!of.n) return rows;
    const at = array(of.at), group = array(of.group);
    for (let i = 0; i < of.n; i++) {
      if (group[i] !== number) continue;
      if (!rows.has(at[i])) rows.set(at[i], []);
      rows.get(at[i]).push(i);
    }
    return rows;
  };
  // Weights of a row from the oldest lag to 0, as shares of 1.
  gw.weights = (row) => {
    const of = facts.attention, packed = array(of.weight), largest = array(of.largest)[row];
    const out = new Float64Array(of.lags);
    for (let i = 0; i < of.lags; i++) out[i] = packed[row * of.lags + i] / 65535 * largest;
    return out;
  };
  gw.gateOf = (row) => array(facts.attention.gate)[row] ? 'short' : 'long';
})();
