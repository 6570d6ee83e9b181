# A row for each strategy: left its account under water, the deepest stretches shaded and numbered; the table beside it is
# the report's. low: time, worst drawdown of the day in percent, a block for each strategy; worst: from, to, its middle,
# number, whether there is room for it, a block for each strategy; ticks: time, label.

do for [row = 0:n_rows - 1] {
    call 'panel.gp' row 0 n_rows 1
    set rmargin at screen chart_right
    set xrange [time_from:time_to]
    set yrange [low_lo[row + 1]:0]
    set ylabel 'Below the peak (%)'
    label_column = row == n_rows - 1 ? 2 : 0
    if (row == n_rows - 1) { set xlabel 'Time (UTC)' }
    set grid xtics ytics
    if (label_column == 0) {
        set format x ''
        plot ARG1.'.worst' index row using 3:(0):1:2:(low_lo[row + 1]):(0) with boxxyerror fc rgb 0xEDE7DC, \
             ARG1.'.ticks' using 1:(NaN):xticlabels('') with lines, \
             ARG1.'.low' index row using 1:2:(0) with filledcurves y1=0 fc rgb 0xB9C6D0, \
             ARG1.'.low' index row using 1:2 with lines lw 0.9 dt solid lc rgb 0x0072B2, \
             ARG1.'.worst' index row using ($5 == 1 ? $3 : NaN):(0.93 * low_lo[row + 1]):4 with labels center font BOLD.',8' tc rgb INK
    } else {
        plot ARG1.'.worst' index row using 3:(0):1:2:(low_lo[row + 1]):(0) with boxxyerror fc rgb 0xEDE7DC, \
             ARG1.'.ticks' using 1:(NaN):xticlabels(2) with lines, \
             ARG1.'.low' index row using 1:2:(0) with filledcurves y1=0 fc rgb 0xB9C6D0, \
             ARG1.'.low' index row using 1:2 with lines lw 0.9 dt solid lc rgb 0x0072B2, \
             ARG1.'.worst' index row using ($5 == 1 ? $3 : NaN):(0.93 * low_lo[row + 1]):4 with labels center font BOLD.',8' tc rgb INK
    }
}
