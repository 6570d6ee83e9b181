# shares: rank, per cent of the windows.

call 'panel.gp' 0 0 1 1
set xrange [0:n_categories + 1]
set yrange [share_lo:share_hi]
set xlabel 'Category, the largest first'
set ylabel 'Share of the windows (%)'
set arrow 1 from graph 0, first even to graph 1, first even nohead lt 11
plot ARG1.'.shares' using 1:2:(0.8) with boxes lc rgb LINE_COLOR[7]
unset arrow 1
