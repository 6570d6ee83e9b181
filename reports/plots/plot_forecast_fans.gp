# A panel for each signal: fans upwards and downwards from the decision, and what came.
page_top = fan_top
do for [i = 0:n_panels - 1] {
    call 'panel.gp' i/n_columns i%n_columns n_rows n_columns
    set xrange [0:last_bar]
    set yrange [move_lo:move_hi]
    if (i % n_columns == 0) { set ylabel 'Move (ATR)' }
    if (i + n_columns >= n_panels) { set xlabel 'Bars after the decision' }
    set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lt 11 back
    fan = sprintf('%s.fan%d', ARG1, i)
    # bars, said, q05, q25, q75, q95, came: best, worst
    plot for [k = 0:1] fan index k using 1:3:6 with filledcurves fc rgb LINE_COLOR[15] fs solid noborder, \
         for [k = 0:1] fan index k using 1:4:5 with filledcurves fc rgb LINE_COLOR[12] fs solid noborder, \
         for [k = 0:1] fan index k using 1:2 with lines lt 3, \
         for [k = 0:1] fan index k using 1:7 with lines lt 1
}
