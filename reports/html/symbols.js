// The table of symbols: what the trades of each brought, searched and sorted.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);
  const all = gw.facts.by_symbol, pageSize = 25, printed = 120;
  const view = { rows: [], page: 0, sort: 'P&L', down: true };
  const contestant = (r) => gw.facts.strategies[r.strategy].name, won = (r) => r.wins / r.trades;

  // Columns: what is shown, what is sorted by, and whether it is text.
  const columns = [
    ['symbol', (r) => r.symbol, null, true],
    ['contestant', contestant, null, true],
    ['seed', (r) => r.seed, (r) => +r.seed],
    ['trades', (r) => gw.number(r.trades, 0), (r) => r.trades],
    ['won', (r) => (100 * won(r)).toFixed(0) + ' %', won],
    ['mean', (r) => gw.percent(r.mean, 3), (r) => r.mean],
    ['P&L', (r) => gw.number(r.pnl, 2), (r) => r.pnl]
  ];

  function filter() {
    const words = byId('symbol-search').value.toLowerCase().split(/\s+/).filter(Boolean), of = byId('symbol-strategy').value;
    view.rows = all.filter((r) => (!of || String(r.strategy) === of) && words.every((w) => r.symbol.toLowerCase().includes(w)));
    const column = columns.find((c) => c[0] === view.sort), key = column[2] || column[1], sign = view.down ? -1 : 1;
    view.rows.sort((a, b) => {
      const x = key(a), y = key(b);
      return x < y ? -sign : x > y ? sign : 0;
    });
    view.page = 0;
    show();
  }

  function row(r) {
    const tr = document.createElement('tr');
    columns.forEach(([name, text, , left], i) => {
      const cell = document.createElement(i ? 'td' : 'th');
      cell.textContent = text(r);
      if (left) cell.className = 'left';
      if (name === 'mean' || name === 'P&L') cell.className = (name === 'mean' ? r.mean : r.pnl) > 0 ? 'good' : 'bad';
      tr.append(cell);
    });
    return tr;
  }

  function show() {
    const n = view.rows.length, size = gw.onPaper ? printed : pageSize, from = gw.onPaper ? 0 : view.page * size, to = Math.min(from + size, n);
    if (!all.length) return;
    byId('symbol-table').tBodies[0].replaceChildren(...view.rows.slice(from, to).map(row));
    byId('symbol-count').textContent = n === 0 ? `No rows of ${all.length}.` : `${n} of ${all.length} rows, ${from + 1} to ${to}: `
      + `${view.rows.filter((r) => r.pnl > 0).length} made money. P&L in the account's money, mean: return of a trade; after costs.`;
    document.querySelectorAll('#symbol-pages button').forEach((b) => {
      b.disabled = +b.dataset.page < 0 ? view.page === 0 : to >= n;
    });
    document.querySelectorAll('#symbol-table th[aria-sort]').forEach((th) =>
      th.setAttribute('aria-sort', th.dataset.name !== view.sort ? 'none' : view.down ? 'descending' : 'ascending'));
  }
  gw.showSymbols = show;

  function heading([name, , , left]) {
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
    return th;
  }

  gw.startSymbols = () => {
    if (!all.length) {
      byId('symbol-count').textContent = 'There are no results by symbol.';
      return;
    }
    const head = document.createElement('tr');
    head.append(...columns.map(heading));
    byId('symbol-table').tHead.append(head);
    for (const s of new Set(all.map((r) => r.strategy))) byId('symbol-strategy').append(new Option(gw.facts.strategies[s].name, s));
    for (const id of ['symbol-search', 'symbol-strategy']) byId(id).addEventListener('input', filter);
    byId('symbol-pages').addEventListener('click', (event) => {
      view.page += +(event.target.dataset.page || 0);
      show();
    });
    for (const id of ['symbol-controls', 'symbol-table']) byId(id).hidden = false;
    byId('symbol-pages').hidden = all.length <= pageSize;
    filter();
  };
})();
