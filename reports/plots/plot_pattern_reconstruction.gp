# A column for each window: its heat map, the rebuilt one, its candles, the rebuilt ones. heat0, heat1: step, row, value;
# candles0, candles1: step, open, low, high, close; a block for each window.

do for [w = 0:n_columns - 1] {
    do for [half = 0:1] {
        call 'panel.gp' half w n_rows n_columns
        set xrange [-window_bars + 0.5:0.5]
        set yrange [-0.5:5.5]
        set cbrange [-1.5:1.5]
        unset tics; unset grid; set border 0
        plot sprintf('%s.heat%d', ARG1, half) index w using 1:2:3 with image

        call 'panel.gp' half + 2 w n_rows n_columns
        set xrange [-window_bars + 0.5:0.5]
        set yrange [price_lo:price_hi]
        if (w > 0) { unset ytics } else { set ytics nomirror }
        if (half == 0) { set format x '' } else { set xlabel 'Bar' }
        set xtics nomirror -window_bars + 1 + (window_bars - 1) % 25, 25
        set boxwidth 0.6
        plot sprintf('%s.candles%d', ARG1, half) index w using 1:2:3:4:5:($5 >= $2 ? LINE_COLOR[2] : LINE_COLOR[3]) \
             with candlesticks lw 0.6 lc rgb variable
    }
}
