// A table that is sorted by its headings and shown page by page. Which rows it has is the caller's, as is what a click on a row does.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id), pageSize = 25, printed = 120;

  // name: of the elements NAME-table, NAME-pages and NAME-count. columns: [name, text of a row, what is sorted by (the text where null),
  // whether it is text]. signed: columns that are good above 0 and bad below, with what decides. dress: what else a row of the table needs.
  // told: the line above it, of the rows from `from` to `to`.
  gw.sortedTable = ({ name, columns, sort, down = false, signed = {}, tie = () => 0, dress = () => {}, told }) => {
    const view = { rows: [], page: 0, sort, down };
    const bounds = () => {
      const size = gw.onPaper ? printed : pageSize, from = gw.onPaper ? 0 : view.page * size;
      return [from, Math.min(from + size, view.rows.length)];
    };

    function row(r) {
      const tr = document.createElement('tr');
      columns.forEach(([column, text, , left], i) => {
        const cell = document.createElement(i ? 'td' : 'th');
        cell.textContent = text(r);
        if (left) cell.className = 'left';
        if (signed[column]) cell.className = signed[column](r) > 0 ? 'good' : 'bad';
        tr.append(cell);
      });
      dress(tr, r);
      return tr;
    }

    function show() {
      const [from, to] = bounds();
      byId(`${name}-table`).tBodies[0].replaceChildren(...view.rows.slice(from, to).map(row));
      byId(`${name}-count`).textContent = told(view.rows, from, to);
      document.querySelectorAll(`#${name}-pages button`).forEach((b) => {
        b.disabled = +b.dataset.page < 0 ? view.page === 0 : to >= view.rows.length;
      });
      document.querySelectorAll(`#${name}-table th[aria-sort]`).forEach((th) =>
        th.setAttribute('aria-sort', th.dataset.name !== view.sort ? 'none' : view.down ? 'descending' : 'ascending'));
    }

    function fill(rows) {
      const column = columns.find((c) => c[0] === view.sort), key = column[2] || column[1], sign = view.down ? -1 : 1;
      view.rows = rows.sort((a, b) => {
        const x = key(a), y = key(b);
        return x < y ? -sign : x > y ? sign : tie(a, b);
      });
      view.page = 0;
      show();
    }

    function heading([column, , , left]) {
      const th = document.createElement('th'), button = document.createElement('button');
      th.scope = 'col';
      th.dataset.name = column;
      th.setAttribute('aria-sort', 'none');
      if (left) th.className = 'left';
      button.type = 'button';
      button.textContent = column;
      button.addEventListener('click', () => {
        view.down = view.sort === column ? !view.down : false;
        view.sort = column;
        fill(view.rows);
      });
      th.append(button);
      return th;
    }

    const head = document.createElement('tr');
    head.append(...columns.map(heading));
    byId(`${name}-table`).tHead.append(head);
    byId(`${name}-pages`).addEventListener('click', (event) => {
      view.page += +(event.target.dataset.page || 0);
      show();
    });
    return { fill, show, paged: (n) => n > pageSize };
  };
})();
