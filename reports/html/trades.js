// The table of trades: searched, filtered, sorted, and leading into the chart.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);
  const t = gw.trades, facts = gw.facts, pageSize = 25, printed = 120;
  const view = { rows: [], page: 0, sort: 'entry', down: false };
  const groupOf = (row) => facts.groups[t.group[row]];
  const clocks = facts.symbols.map((s, i) => gw.hasClock(gw.axis(i)));
  const time = (seconds, row) => gw.timeText(1000 * seconds, clocks[groupOf(row).symbol]);

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

  function filter() {
    const words = byId('trade-search').value.toLowerCase().split(/\s+/).filter(Boolean);
    const side = byId('trade-side').value, result = byId('trade-result').value, reason = byId('trade-reason').value;
    const all = byId('trade-all').checked, rows = [];
    let total = 0;
    for (let r = 0; r < t.n; r++) {
      if (!all && t.group[r] !== gw.state.group) continue;
      total++;
      if (side && (t.side[r] ? 'short' : 'long') !== side) continue;
      if (result && (t.return[r] > 0) !== (result === 'won')) continue;
      if (reason && t.reasons[t.reason[r]] !== reason) continue;
      if (words.length && !words.every((w) => (texts[r] ??= text(r)).includes(w))) continue;
      rows.push(r);
    }
    const column = columns.find((c) => c[0] === view.sort), key = column[2] || column[1], sign = view.down ? -1 : 1;
    rows.sort((a, b) => {
      const x = key(a), y = key(b);
      return x < y ? -sign : x > y ? sign : a - b;
    });
    view.rows = rows;
    view.total = total;
    view.page = 0;
    show();
  }

  function row(r) {
    const tr = document.createElement('tr');
    columns.forEach(([name, show, , left], i) => {
      const cell = document.createElement(i ? 'td' : 'th');
      cell.textContent = show(r);
      if (left) cell.className = 'left';
      if (name === 'return' || name === 'profit') cell.className = t.return[r] > 0 ? 'good' : 'bad';
      tr.append(cell);
    });
    tr.tabIndex = 0;
    tr.dataset.row = r;
    tr.setAttribute('aria-selected', String(r === gw.state.chosen));
    return tr;
  }

  function show() {
    const size = gw.onPaper ? printed : pageSize, from = gw.onPaper ? 0 : view.page * size, to = Math.min(from + size, view.rows.length);
    byId('trade-table').tBodies[0].replaceChildren(...view.rows.slice(from, to).map(row));
    let sum = 0, won = 0;
    for (const r of view.rows) {
      sum += t.return[r];
      won += t.return[r] > 0;
    }
    const n = view.rows.length;
    byId('trade-count').textContent = n === 0 ? `No trades of ${view.total}.`
      : `${n} of ${view.total} trades, rows ${from + 1} to ${to}: ${(100 * won / n).toFixed(0)} % with profit, mean ${gw.percent(sum / n, 3)}.`;
    document.querySelectorAll('#trade-pages button').forEach((b) => {
      b.disabled = +b.dataset.page < 0 ? view.page === 0 : to >= n;
    });
    document.querySelectorAll('#trade-table th[aria-sort]').forEach((th) =>
      th.setAttribute('aria-sort', th.dataset.name !== view.sort ? 'none' : view.down ? 'descending' : 'ascending'));
  }
  gw.filterTrades = filter;
  gw.showTrades = show;

  function choose(tr) {
    if (tr) gw.chooseTrade(+tr.dataset.row, true);
  }

  gw.startTrades = () => {
    if (!t.n) {
      byId('trade-count').textContent = 'Nothing was traded.';
      return;
    }
    const head = document.createElement('tr');
    for (const [name, , , left] of columns) {
      const th = document.createElement('th'), button = document.createElement('button');
      th.scope = 'col';
      th.dataset.name = name;
      th.setAttribute('aria-sort', 'none');
      if (left) th.className = 'left';
      button.type = 'button';
      button.textContent = name;
      button.addEventListener('click', () => {
        view.down = view.sort === name ? !view.down : false;
        view.sort = name;
        filter();
      });
      th.append(button);
      head.append(th);
    }
    byId('trade-table').tHead.append(head);
    for (const reason of t.reasons) byId('trade-reason').append(new Option(reason, reason));
    for (const id of ['trade-search', 'trade-side', 'trade-result', 'trade-reason', 'trade-all']) byId(id).addEventListener('input', filter);
    byId('trade-pages').addEventListener('click', (event) => {
      view.page += +(event.target.dataset.page || 0);
      show();
    });
    const body = byId('trade-table').tBodies[0];
    body.addEventListener('click', (event) => choose(event.target.closest('tr')));
    body.addEventListener('keydown', (event) => {
      const tr = event.target.closest('tr');
      if (event.key === 'Enter') choose(tr);
      else if (event.key === 'ArrowDown') tr.nextElementSibling?.focus();
      else if (event.key === 'ArrowUp') tr.previousElementSibling?.focus();
      else return;
      event.preventDefault();
    });
    for (const id of ['trade-controls', 'trade-table', 'trade-pages']) byId(id).hidden = false;
    filter();
  };
})();
