// Times, numbers and where the marks of a time axis stand whose bars are equally wide.
(() => {
  'use strict';
  const two = (n) => String(n).padStart(2, '0');
  const day = 86400000;

  // 2020-01-31, with the time of day where bars are shorter than a day.
  gw.timeText = (ms, withClock) => {
    if (!Number.isFinite(ms)) return '—';
    const d = new Date(ms), date = `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
    if (!withClock) return date;
    const seconds = d.getUTCSeconds() ? ':' + two(d.getUTCSeconds()) : '';
    return `${date} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}${seconds}`;
  };
  gw.hasClock = (axis) => {
    for (let i = 0; i < Math.min(axis.n, 500); i++) if (axis.time[i] % day) return true;
    return false;
  };

  gw.number = (value, digits) => !Number.isFinite(value) ? '—' : value.toFixed(digits).replace('-', '−');
  gw.percent = (value, digits = 2) => !Number.isFinite(value) ? '—'
    : (value < 0 ? '−' : '+') + Math.abs(100 * value).toFixed(digits) + ' %';
  // As many digits as a price of this size is told apart by.
  gw.price = (value) => !Number.isFinite(value) ? '—'
    : value.toFixed(Math.abs(value) >= 1000 ? 2 : Math.abs(value) >= 1 ? 4 : 6).replace('-', '−');

  // Steps of the calendar from fine to coarse: what makes two times fall into different ones, and how it is written.
  const month = (d) => 12 * d.getUTCFullYear() + d.getUTCMonth();
  const hhmm = (d) => `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
  const date = (d) => `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
  const yearMonth = (d) => `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}`;
  const fixed = (ms) => (d) => Math.floor(d.getTime() / ms);
  const steps = [
    ...[1, 5, 15, 30].map((m) => [fixed(m * 60000), hhmm]),
    ...[1, 3, 6, 12].map((h) => [fixed(h * 3600000), (d) => d.getUTCHours() ? hhmm(d) : date(d)]),
    [fixed(day), date], [(d) => Math.floor((d.getTime() / day + 3) / 7), date],
    ...[1, 3, 6].map((m) => [(d) => Math.floor(month(d) / m), yearMonth]),
    ...[1, 2, 5, 10].map((y) => [(d) => Math.floor(d.getUTCFullYear() / y), (d) => String(d.getUTCFullYear())])
  ];

  // The bars at which a step of the calendar begins: the finest step with at most `most` of them in view.
  function marksOf(step, axis, from, to, most) {
    const out = [], at = (i) => step(new Date(axis.time[i])), end = Math.min(to, axis.n - 1);
    for (let i = Math.max(0, from); i < end;) {
      const now = at(i);
      let same = i, other = end + 1; // steps rise with the bars: halving finds where the next one begins
      while (other - same > 1) {
        const mid = (same + other) >> 1;
        if (at(mid) === now) same = mid; else other = mid;
      }
      if (other > end) break;
      out.push(other);
      if (out.length > most) return null;
      i = other;
    }
    return out;
  }
  // Long stretches are looked at in strides first: a step that is too fine there is too fine.
  gw.timeMarks = (axis, from, to, most) => {
    const span = axis.n ? axis.time[Math.min(to, axis.n - 1)] - axis.time[Math.max(0, from)] : 0;
    const rough = [60000, 300000, 900000, 1800000, 3600000, 10800000, 21600000, 43200000, day, 7 * day, 30 * day, 91 * day,
      182 * day, 365 * day, 730 * day, 1826 * day, 3652 * day];
    for (let s = 0; s < steps.length; s++) {
      if (span / rough[s] > 3 * most) continue;
      const marks = marksOf(steps[s][0], axis, from, to, most);
      if (marks && (marks.length > 1 || s === 0 || span / rough[s] < 2))
        return { marks, text: (i) => steps[s][1](new Date(axis.time[i])) };
    }
    return { marks: [], text: () => '' };
  };
})();
