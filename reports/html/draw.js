// What is drawn on a chart's canvas beside the library's axes and lines: candles, trades, labels, folds, attention.
(() => {
  'use strict';
  // Colours of the page, so that canvas and text always belong together; paper: those of print.
  const print = { '--paper': '#ffffff', '--ink': '#1a1a1a', '--soft': '#5f5f5f', '--line': '#d5d5d0', '--grid': '#e9e9e5',
    '--long': '#0072b2', '--short': '#c14f00', '--good': '#00664b', '--bad': '#a63d00', '--focus': '#0060a0' };
  gw.onPaper = false;
  gw.colour = (name) => gw.onPaper ? print['--' + name] : getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

  // Where a bar lies on the canvas; the library's own way to ask is too slow for every one of 100,000 bars.
  function places(u) {
    const each = u.bbox.width / (u.scales.x.max - u.scales.x.min), zero = u.bbox.left - u.scales.x.min * each;
    return (bar) => Math.round(zero + bar * each);
  }
  const height = (u, value) => Math.round(u.valToPos(value, 'y', true));
  function inside(u, draw) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    draw(ctx, bbox, u.pxRatio || window.devicePixelRatio || 1);
    ctx.restore();
  }
  gw.visible = (u, n) => [Math.max(0, Math.floor(u.scales.x.min)), Math.min(n - 1, Math.ceil(u.scales.x.max))];

  // More bars than pixels: each column of pixels shows the lowest and the highest price in it.
  function columns(u, ctx, axis, from, to) {
    const edge = places(u);
    ctx.strokeStyle = gw.colour('ink');
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (let i = from; i <= to;) {
      const x = edge(i);
      let low = axis.low[i], high = axis.high[i];
      for (; i <= to && edge(i) === x; i++) {
        if (axis.low[i] < low) low = axis.low[i];
        if (axis.high[i] > high) high = axis.high[i];
      }
      ctx.moveTo(x + .5, height(u, high));
      ctx.lineTo(x + .5, Math.max(height(u, low), height(u, high) + 1));
    }
    ctx.stroke();
  }

  function bodies(u, ctx, axis, from, to, width) {
    const half = Math.max(1, Math.floor(width * .35)), edge = places(u), ink = gw.colour('ink'), paper = gw.colour('paper');
    ctx.lineWidth = 1;
    ctx.strokeStyle = ink;
    for (let i = from; i <= to; i++) {
      const x = edge(i) + .5, up = axis.close[i] >= axis.open[i];
      const top = height(u, Math.max(axis.open[i], axis.close[i])) + .5, bottom = height(u, Math.min(axis.open[i], axis.close[i])) + .5;
      ctx.beginPath();
      ctx.moveTo(x, height(u, axis.high[i]));
      ctx.lineTo(x, height(u, axis.low[i]));
      ctx.stroke();
      ctx.fillStyle = up ? paper : ink;
      ctx.fillRect(x - half, top, 2 * half, Math.max(1, bottom - top));
      ctx.strokeRect(x - half, top, 2 * half, Math.max(1, bottom - top));
    }
  }

  gw.drawCandles = (u, axis) => inside(u, (ctx, bbox, ratio) => {
    const [from, to] = gw.visible(u, axis.n), width = bbox.width / Math.max(1, u.scales.x.max - u.scales.x.min);
    if (!axis.high) return;
    if (width < 3 * ratio) columns(u, ctx, axis, from, to); else bodies(u, ctx, axis, from, to, width);
  });

  gw.drawFolds = (u, axis, named) => inside(u, (ctx, bbox, ratio) => {
    const edge = places(u);
    ctx.strokeStyle = gw.colour('line');
    ctx.fillStyle = gw.colour('soft');
    ctx.font = `${11 * ratio}px sans-serif`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'alphabetic';
    for (let k = 0; k < axis.foldAt.length; k++) {
      const x = edge(axis.foldAt[k] - .5) + .5;
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      if (named) ctx.fillText('fold ' + axis.fold[k], x + 3 * ratio, bbox.top + 12 * ratio);
    }
  });

  function triangle(ctx, x, y, size, up) {
    const s = up ? size : -size;
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x - size * .7, y + 1.3 * s);
    ctx.lineTo(x + size * .7, y + 1.3 * s);
    ctx.closePath();
    ctx.fill();
  }

  // trades: [{entry, exit, entryPrice, exitPrice, short, won}], bars as positions on the axis.
  // Where there are too many to be told apart they are small and pale, so that the price is still seen.
  gw.drawTrades = (u, trades, chosen) => inside(u, (ctx, bbox, ratio) => {
    const seen = trades.filter((t) => t.exit >= u.scales.x.min && t.entry <= u.scales.x.max);
    const many = seen.length > 12 + bbox.width / ratio / 8, won = gw.colour('long'), lost = gw.colour('short');
    for (const t of seen) {
      const small = many && t.row !== chosen, size = (small ? 4 : 6) * ratio;
      ctx.globalAlpha = small ? .7 : 1;
      const x0 = u.valToPos(t.entry, 'x', true), x1 = u.valToPos(t.exit, 'x', true);
      const y0 = u.valToPos(t.entryPrice, 'y', true), y1 = u.valToPos(t.exitPrice, 'y', true);
      ctx.strokeStyle = ctx.fillStyle = t.won ? won : lost;
      ctx.lineWidth = (t.row === chosen ? 3.5 : small ? .8 : 1.6) * ratio;
      ctx.setLineDash(t.won ? [] : [4 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x0, y0);
      ctx.lineTo(x1, y1);
      ctx.stroke();
      ctx.setLineDash([]);
      triangle(ctx, x0, y0, size, !t.short);
      ctx.fillRect(x1 - size / 3, y1 - size / 3, 2 * size / 3, 2 * size / 3);
    }
  });

  // Ticks of positive labels; one for each column of pixels is enough.
  gw.drawLabels = (u, axis) => inside(u, (ctx, bbox, ratio) => {
    const [from, to] = gw.visible(u, axis.n), long = 6 * ratio, edge = places(u);
    for (const [bit, colour, y] of [[2, 'long', bbox.top], [8, 'short', bbox.top + bbox.height - long]]) {
      ctx.fillStyle = gw.colour(colour);
      let last = -1;
      for (let i = from; i <= to; i++) {
        const x = edge(i);
        if (!(axis.label[i] & bit) || x === last) continue;
        ctx.fillRect(x, y, Math.max(1, ratio), long);
        last = x;
      }
    }
  });

  // Thresholds as dashed steps; one that was out of reach (above 1) or in no force is not drawn.
  gw.drawThresholds = (u, steps) => inside(u, (ctx, bbox, ratio) => {
    const edge = places(u);
    ctx.lineWidth = 1.2 * ratio;
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    ['long', 'short'].forEach((name, gate) => {
      ctx.strokeStyle = gw.colour(name);
      ctx.beginPath();
      for (const step of steps) {
        if (step.to < u.scales.x.min || step.from > u.scales.x.max || !(step.tau[gate] <= 1)) continue;
        ctx.moveTo(edge(step.from - .5), height(u, step.tau[gate]));
        ctx.lineTo(edge(step.to + .5), height(u, step.tau[gate]));
      }
      ctx.stroke();
    });
  });

  // Weights as columns under the bars that were looked at, 1/T as a dashed line.
  gw.drawAttention = (u, bar, weights, gate) => inside(u, (ctx, bbox, ratio) => {
    if (!weights) return;
    const width = Math.max(1, bbox.width / Math.max(1, u.scales.x.max - u.scales.x.min) * .7), floor = height(u, 0);
    ctx.fillStyle = gw.colour(gate);
    for (let i = 0; i < weights.length; i++) {
      const x = u.valToPos(bar - (weights.length - 1 - i), 'x', true), y = u.valToPos(100 * weights[i], 'y', true);
      ctx.fillRect(x - width / 2, y, width, floor - y);
    }
    ctx.strokeStyle = gw.colour('soft');
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, height(u, 100 / weights.length) + .5);
    ctx.lineTo(bbox.left + bbox.width, height(u, 100 / weights.length) + .5);
    ctx.stroke();
  });
})();
