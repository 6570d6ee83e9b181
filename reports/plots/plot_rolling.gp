# Above, the Sharpe ratio of the days just gone; below, their volatility.
# seeds: time, Sharpe ratio, volatility, line type, accounts parted by empty lines; means: a block of time, Sharpe ratio,
# volatility for each strategy; ticks: time, label.

split = page_bottom + 0.38 * (page_top - page_bottom)

call 'panel.gp' 0 0 1 1
set bmargin at screen split + 0.02
set xrange [time_from:time_to]
set yrange [sharpe_lo:sharpe_hi]
set grid xtics ytics
set format x ''
set ylabel 'Sharpe ratio'
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lt 11 back
plot ARG1.'.ticks' using 1:(NaN):xticlabels('') with lines, \
     ARG1.'.seeds' using 1:2:(thin($4, 175)) with lines lw 0.5 lc rgb variable, \
     for [i = 1:n_means] ARG1.'.means' index i - 1 using 1:2 with linespoints lt style_of[i] lw 1.6 ps 0.7 pn 9

unset arrow 1
set tmargin at screen split - 0.02; set bmargin at screen page_bottom
set yrange [0:volatility_hi]
set ylabel 'Volatility (%)'
set xlabel 'Time (UTC), the last day of each window'
plot ARG1.'.ticks' using 1:(NaN):xticlabels(2) with lines, \
     ARG1.'.seeds' using 1:3:(thin($4, 175)) with lines lw 0.5 lc rgb variable, \
     for [i = 1:n_means] ARG1.'.means' index i - 1 using 1:3 with linespoints lt style_of[i] lw 1.3 ps 0.6 pn 9
