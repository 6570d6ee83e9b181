// The table of trades: searched, filtered, sorted, and leading into the chart.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);
  const t = gw.trades, facts = gw.facts;
  const groupOf = (row) => facts.groups[t.group[row]];
  const clocks = facts.symbols.map((s, i) => gw.hasClock(gw.axis(i))), clock = clocks.includes(true);
  const time = (seconds, row) => gw.timeText(1000 * seconds, gw.isDrawn(groupOf(row)) ? clocks[groupOf(row).symbol] : clock);

  // Columns: what is shown, what is sorted by, and whether it is text.
  const columns = [
    ['contestant', (r) => facts.strategies[groupOf(r).strategy].name, null, true],
    ['seed', (r) => groupOf(r).seed, (r) => +groupOf(r).seed],
    ['symbol', (r) => facts.symbols[groupOf(r).symbol].name, null, true],
    ['side', (r) => t.side[r] ? 'short' : 'long', null, true],
    ['entry', (r) => time(t.entry_s[r], r), (r) => t.entry_s[r], true],
    ['exit', (r) => time(t.exit_s[r], r), (r) => t.exit_s[r], true],
    ['entry price', (r) => gw.price(t.entry_price[r]), (r) => t.entry_price[r]],
    ['exit price', (r) => gw.price(t.exit_price[r]), (r) => t.exit_price[r]],
    ['return', (r) => gw.percent(t.return[r]), (r) => t.return[r]],
    ['profit', (r) => gw.number(t.pnl[r], 2), (r) => t.pnl[r]],
    ['worst', (r) => gw.percent(t.mae[r]), (r) => t.mae[r]],
    ['best', (r) => gw.percent(t.mfe[r]), (r) => t.mfe[r]],
    ['bars', (r) => gw.number(t.bars_held[r], 0), (r) => t.bars_held[r]],
    ['probability', (r) => gw.number(t.probability[r], 4), (r) => t.probability[r]],
    ['reason', (r) => t.reasons[t.reason[r]], null, true]
  ];
  const text = (row) => columns.map((c) => c[1](row)).join(' ').toLowerCase();
  const texts = [];
  let table, total = 0; // the trades that could be shown

  function told(rows, from, to) {
    const n = rows.length;
    if (!n) return `No trades of ${total}.`;
    let sum = 0, won = 0;
    for (const r of rows) {
      sum += t.return[r];
      won += t.return[r] > 0;
    }
    return `${n} of ${total} trades, rows ${from + 1} to ${to}: ${(100 * won / n).toFixed(0)} % with profit, mean ${gw.percent(sum / n, 3)}.`;
  }

  // Where there are no bars a row leads nowhere.
  const leads = (r) => gw.isDrawn(groupOf(r)) && 1000 * t.exit_s[r] >= gw.axis(groupOf(r).symbol).time[0];
  function dress(tr, r) {
    if (!leads(r)) {
      tr.className = 'still';
      return;
    }
    tr.tabIndex = 0;
    tr.dataset.row = r;
    tr.setAttribute('aria-selected', String(r === gw.state.chosen));
  }

  function filter() {
    const words = byId('trade-search').value.toLowerCase().split(/\s+/).filter(Boolean);
    const side = byId('trade-side').value, result = byId('trade-result').value, reason = byId('trade-reason').value;
    const all = byId('trade-all').checked, rows = [];
    total = 0;
    for (let r = 0; r < t.n; r++) {
      if (!all && t.group[r] !== gw.state.group) continue;
      total++;
      if (side && (t.side[r] ? 'short' : 'long') !== side) continue;
      if (result && (t.return[r] > 0) !== (result === 'won')) continue;
      if (reason && t.reasons[t.reason[r]] !== reason) continue;
      if (words.length && !words.every((w) => (texts[r] ??= text(r)).includes(w))) continue;
      rows.push(r);
    }
    table.fill(rows);
  }

  function choose(tr) {
    if (tr && tr.dataset.row) gw.chooseTrade(+tr.dataset.row, true);
  }

  function listen() {
    const body = byId('trade-table').tBodies[0];
    for (const id of ['trade-search', 'trade-side', 'trade-result', 'trade-reason', 'trade-all']) byId(id).addEventListener('input', filter);
    body.addEventListener('click', (event) => choose(event.target.closest('tr')));
    body.addEventListener('keydown', (event) => {
      const tr = event.target.closest('tr');
      if (event.key === 'Enter') choose(tr);
      else if (event.key === 'ArrowDown') tr.nextElementSibling?.focus();
      else if (event.key === 'ArrowUp') tr.previousElementSibling?.focus();
      else return;
      event.preventDefault();
    });
  }

  gw.showTrades = () => {};
  gw.filterTrades = () => table && filter(); // the chart chooses before there is a table
  gw.startTrades = () => {
    if (!t.n) {
      byId('trade-count').textContent = 'Nothing was traded.';
      return;
    }
    const won = (r) => t.return[r];
    table = gw.sortedTable({ name: 'trade', columns, sort: 'entry', signed: { return: won, profit: won }, tie: (a, b) => a - b, dress, told });
    gw.showTrades = table.show;
    for (const reason of t.reasons) byId('trade-reason').append(new Option(reason, reason));
    listen();
    for (const id of ['trade-controls', 'trade-table', 'trade-pages']) byId(id).hidden = false;
    filter();
  };
})();
