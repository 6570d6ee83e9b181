# Above, equity; below, the distance from its running peak.
# seeds: time, equity, drawdown, line type, paths parted by empty lines; means: a block of time, equity, drawdown for each
# strategy; ticks: time, label; bands: a block of time, from, to for each
# strategy; random: time, from, to.

split = page_bottom + 0.30 * (page_top - page_bottom)

call 'panel.gp' 0 0 1 1
set bmargin at screen split + 0.02
set xrange [time_from:time_to]
set yrange [equity_lo:equity_hi]
set grid xtics ytics
set format x ''
if (logarithmic) {
    set logscale y
    set ylabel 'Equity (start = 100, log scale)'
    set ytics (100)
    do for [i = 1:n_equity_ticks] { set ytics add (sprintf('%.10g', equity_tick[i]) equity_tick[i]) }
} else {
    set ylabel 'Equity (start = 100)'
}
set arrow 1 from graph 0, first 100 to graph 1, first 100 nohead lt 11 back
# gnuplot complains of a file of which nothing is shown, even in an empty loop
bands = n_bands ? "for [i = 1:n_bands] ARG1.'.bands' index i - 1 using 1:2:3 \
    with filledcurves fs solid noborder lc rgb thin(band_style[i], 222), " : ''
random = has_random ? "ARG1.'.random' using 1:2 with lines lw 0.9 dt (8,5) lc rgb INK, \
    ARG1.'.random' using 1:3 with lines lw 0.9 dt (8,5) lc rgb INK, " : ''
eval "plot ARG1.'.ticks' using 1:(NaN):xticlabels('') with lines, ".bands.random.\
     "ARG1.'.seeds' using 1:2:(thin($4, 150)) with lines lw 0.5 lc rgb variable, \
      for [i = 1:n_means] ARG1.'.means' index i - 1 using 1:2 with linespoints lt style_of[i] lw 1.7 ps 0.7 pn 9"

unset arrow 1; unset logscale; set ytics autofreq
set tmargin at screen split - 0.02; set bmargin at screen page_bottom
set yrange [drawdown_lo:0]
set ylabel 'Drawdown (%)'
set xlabel 'Time (UTC)'
plot ARG1.'.ticks' using 1:(NaN):xticlabels(2) with lines, \
     ARG1.'.seeds' using 1:3:(thin($4, 150)) with lines lw 0.5 lc rgb variable, \
     for [i = 1:n_means] ARG1.'.means' index i - 1 using 1:3 with linespoints lt style_of[i] lw 1.3 ps 0.6 pn 9
