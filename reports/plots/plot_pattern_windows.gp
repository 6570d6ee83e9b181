# One large panel (pattern_panel.gp) and, below it, when the windows closed. times: seconds, 1 long, 2 short, 0 neither.

call 'panel.gp' 0 0 1 1
set bmargin at screen page_bottom + 0.2
set ylabel 'Close (half ranges from the last)'
set xlabel 'Bars from the decision'
call 'pattern_panel.gp' ARG1 0 0.7

call 'panel.gp' 0 0 1 1
set tmargin at screen page_bottom + 0.09
set xrange [time_from:time_to]
set yrange [0:3]
unset ytics; unset grid; set border 1
set xlabel 'Time (UTC)'
plot ARG1.'.ticks' using 1:(NaN):xticlabels(2) with lines, \
     ARG1.'.times' using ($2 == 0 ? $1 : NaN):(1) with points lt 9 ps 0.6, \
     ARG1.'.times' using ($2 == 1 ? $1 : NaN):(2) with points lt 2 ps 0.6, \
     ARG1.'.times' using ($2 == 2 ? $1 : NaN):(2) with points lt 3 ps 0.6
