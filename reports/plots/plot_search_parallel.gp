# lines: axis, place on it, rank; a blank line ends a trial.

call 'panel.gp' 0 0 1 1
set lmargin at screen area_left; set rmargin at screen area_right
set tmargin at screen area_top;  set bmargin at screen area_bottom
unset tics; unset grid; set border 0
set xrange [0:n_axes]
set yrange [0:1]
set cbrange [0:1]
plot ARG1.'.lines' using 1:2:3 with lines lw 0.9 lc palette, \
     ARG1.'.lines' using 1:($3 > 0.9 ? $2 : NaN):3 with lines lw 2.2 lc palette
