# points: second objective, first, chosen; front: the same of those on it.

call 'panel.gp' 0 0 1 1
set xrange [x_lo:x_hi]
set yrange [y_lo:y_hi]
plot ARG1.'.points' using 1:2 with points pt 7 ps 0.5 lc rgb LINE_COLOR[10], \
     ARG1.'.front' using 1:2 with linespoints lt 2 pt 7 ps 0.6 lw 1.4, \
     ARG1.'.points' using ($3 == 1 ? $1 : NaN):2 with points pt 6 ps 1.5 lw 2 lc rgb LINE_COLOR[3]
