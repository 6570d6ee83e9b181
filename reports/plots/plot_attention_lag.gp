# A row of panels for each strategy, the gates side by side: mean attention by lag, picked bars against all others.

do for [row = 0:n_rows - 1] {
    do for [gate = 0:1] {
        call 'panel.gp' row gate n_rows 2
        set xrange [n_lags[row + 1] - 0.5:-0.5]
        set yrange [weight_lo[row + 1]:weight_hi[row + 1]]
        set ylabel 'Weight (%)'
        if (row == n_rows - 1) { set xlabel 'Lag (bars before the decision)' }
        uniform = 100.0 / n_lags[row + 1]
        set arrow 1 from graph 0, first uniform to graph 1, first uniform nohead lt 11 back

        # blocks of rows "lag, weight": picked bars, then all others; a block for each head
        means = sprintf('%s.means%d_%d', ARG1, row, gate)
        heads = sprintf('%s.heads%d_%d', ARG1, row, gate)
        n = n_heads[2*row + gate + 1]
        # an empty iteration would still read its file, so models without heads get a plot of their own
        if (n > 0) {
            plot for [h = 1:n] heads index h - 1 using 1:2 with lines lt 12, \
                 means index 1 using 1:2 with lines lt 13, \
                 means index 0 using 1:2 with lines lt 2 lw 2.2
        } else {
            plot means index 1 using 1:2 with lines lt 13, \
                 means index 0 using 1:2 with lines lt 2 lw 2.2
        }
    }
}
