# trials: spent, value, line type, chosen; best, any and reference: spent, value.

call 'panel.gp' 0 0 1 1
set xrange [0:spent * 1.02 + 0.5]
set yrange [value_lo:value_hi]
set xlabel 'Whole budgets spent'
set ylabel 'Objective on validation'
plot ARG1.'.trials' using ($3 == 12 ? $1 : NaN):2 with points pt 1 ps 0.5 lw 0.8 lc rgb LINE_COLOR[10], \
     ARG1.'.trials' using ($3 == 2 ? $1 : NaN):2 with points pt 4 ps 0.6 lw 1.2 lc rgb LINE_COLOR[7], \
     ARG1.'.any' using 1:2 with lines lt 11 lw 1.6, \
     ARG1.'.reference' using 1:2 with lines lt 3 lw 1.6, \
     ARG1.'.best' using 1:2 with steps lt 2 lw 2, \
     ARG1.'.trials' using ($4 == 1 ? $1 : NaN):2 with points pt 6 ps 1.3 lw 1.6 lc rgb LINE_COLOR[2]
