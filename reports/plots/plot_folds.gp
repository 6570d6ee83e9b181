# Above, average precision; below, precision at the smallest K. The gates side by side.
# folds: a block for each model, a row for each fold; prevalence: two rows for each fold, its begin and its end. Both hold
# time, average precision of the long and the short gate, precision of the long and the short gate.

gap_y = 0.09

do for [row = 0:1] {
    do for [gate = 0:1] {
        call 'panel.gp' row gate 2 2
        set xrange [time_from:time_to]
        if (row == 0) {
            set yrange [ap_lo:ap_hi]
            set ylabel 'Average precision'
            set label 1 gate == 0 ? 'long gate' : 'short gate' at graph 0, 1 left offset 0, 0.9 font BOLD.',9.5'
        } else {
            set yrange [hits_lo:hits_hi]
            set ylabel sprintf('Precision@%g %% (%%)', k)
            set xlabel 'Time (UTC)'
        }
        column = 2 + 2 * row + gate
        plot ARG1.'.ticks' using 1:(NaN):xticlabels(2) with lines, \
             ARG1.'.prevalence' using 1:column:(0) with filledcurves y1=0 fc rgb 0xE6E6E3, \
             ARG1.'.prevalence' using 1:column with lines lt 11, \
             for [i = 1:n_lines] ARG1.'.folds' index i - 1 using 1:column with linespoints lt style_of[i] lw 1.4 ps 0.75
    }
}
