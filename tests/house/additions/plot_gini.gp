# points: the strategy's number, long and short gate.
call 'panel.gp' 0 0 1 1
set xrange [0:n_points + 1]
set yrange [-1:1]
set ylabel 'Gini coefficient'
plot ARG1.'.points' using 1:2 with points pt 7 lc rgb INK_SOFT, ARG1.'.points' using 1:3 with points pt 6 lc rgb INK_SOFT
