# The place of the next plot, with plain axes.
# ARG1 row, ARG2 column (from 0), ARG3 rows, ARG4 columns.

unset label; unset object; unset arrow; unset title
set lmargin at screen panel_l(ARG2, ARG4); set rmargin at screen panel_r(ARG2, ARG4)
set tmargin at screen panel_t(ARG1, ARG3); set bmargin at screen panel_b(ARG1, ARG3)

set border 3 lw 0.8 lc rgb INK_SOFT
set tics out nomirror scale 0.5 font FONT.',9' tc rgb INK
set xtics autofreq; set ytics autofreq
set grid ytics back lt 1 lw 0.5 lc rgb 0xE2E2DE, lt 1 lw 0.5 lc rgb 0xE2E2DE
set autoscale; unset logscale; set format '%g'

unset key; unset colorbox; unset x2tics; unset y2tics; unset xdata; unset ydata
unset xlabel; set xlabel offset 0, 0.2 font FONT.',9.5'
unset ylabel; set ylabel offset -0.3, 0 font FONT.',9.5'
