// The table of symbols: what the trades of each brought, searched and sorted.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id), all = gw.facts.by_symbol;
  const contestant = (r) => gw.facts.strategies[r.strategy].name, won = (r) => r.wins / r.trades;
  const columns = [
    ['symbol', (r) => r.symbol, null, true],
    ['contestant', contestant, null, true],
    ['seed', (r) => r.seed, (r) => +r.seed],
    ['trades', (r) => gw.number(r.trades, 0), (r) => r.trades],
    ['won', (r) => (100 * won(r)).toFixed(0) + ' %', won],
    ['mean', (r) => gw.percent(r.mean, 3), (r) => r.mean],
    ['P&L', (r) => gw.number(r.pnl, 2), (r) => r.pnl]
  ];

  function told(rows, from, to) {
    if (!rows.length) return `No rows of ${all.length}.`;
    return `${rows.length} of ${all.length} rows, ${from + 1} to ${to}: ${rows.filter((r) => r.pnl > 0).length} made money. `
      + "P&L in the account's money, mean: return of a trade; after costs.";
  }

  gw.showSymbols = () => {};
  gw.startSymbols = () => {
    if (!all.length) {
      byId('symbol-count').textContent = 'There are no results by symbol.';
      return;
    }
    const table = gw.sortedTable({ name: 'symbol', columns, sort: 'P&L', down: true, signed: { mean: (r) => r.mean, 'P&L': (r) => r.pnl }, told });
    const filter = () => {
      const words = byId('symbol-search').value.toLowerCase().split(/\s+/).filter(Boolean), of = byId('symbol-strategy').value;
      table.fill(all.filter((r) => (!of || String(r.strategy) === of) && words.every((w) => r.symbol.toLowerCase().includes(w))));
    };
    gw.showSymbols = table.show;
    for (const s of new Set(all.map((r) => r.strategy))) byId('symbol-strategy').append(new Option(gw.facts.strategies[s].name, s));
    for (const id of ['symbol-search', 'symbol-strategy']) byId(id).addEventListener('input', filter);
    for (const id of ['symbol-controls', 'symbol-table']) byId(id).hidden = false;
    byId('symbol-pages').hidden = !table.paged(all.length);
    filter();
  };
})();
