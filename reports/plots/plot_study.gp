# The dots of the table: one for each variant, in its row. dots: average precision, row, 1 when chosen.

call 'panel.gp' 0 0 1 1
set lmargin at screen panel_left; set rmargin at screen panel_right
set tmargin at screen panel_top; set bmargin at screen panel_bottom
set xrange [value_lo:value_hi]
set yrange [n_rows:0]
unset ytics; set border 1; set grid xtics; set xtics font FONT.',8.5'
if (baseline == baseline) { set arrow 1 from baseline, graph 0 to baseline, graph 1 nohead lt 11 lw 1.6 back }
plot ARG1.'.dots' using ($3 == 0 ? $1 : NaN):2 with points pt 6 ps 0.75 lw 1.2 lc rgb INK_SOFT, \
     ARG1.'.dots' using ($3 == 1 ? $1 : NaN):2 with points pt 7 ps 0.95 lc rgb 0x0072B2
