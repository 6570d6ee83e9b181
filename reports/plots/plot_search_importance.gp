# bars: per cent of the variance, row.

call 'panel.gp' 0 0 1 1
set lmargin at screen area_left; set rmargin at screen page_right
set tmargin at screen area_top;  set bmargin at screen area_bottom
set xrange [0:share_hi]
set yrange [-n_keys + 0.5:0.5]
unset ytics; set border 1; set grid xtics
set xlabel 'Share of the variance (%)'
plot ARG1.'.bars' using (0):2:(0):1:($2 - 0.3):($2 + 0.3) with boxxyerror fc rgb LINE_COLOR[2]
