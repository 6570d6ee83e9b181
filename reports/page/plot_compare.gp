# Runs side by side: a page of text is drawn by the frame; the last page has all accounts on one axis.
# paths: time, equity, line type, accounts parted by empty lines; best: a block of time, equity for each run; ticks.

if (has_chart) {
    call 'panel.gp' 0 0 1 1
    set xrange [time_from:time_to]
    set yrange [equity_lo:equity_hi]
    set grid xtics ytics
    set xlabel 'Time (UTC)'
    set ylabel 'Equity (start = 100'.(logarithmic ? ', log scale)' : ')')
    if (logarithmic) {
        set logscale y
        set ytics (100)
        do for [i = 1:n_equity_ticks] { set ytics add (sprintf('%.10g', equity_tick[i]) equity_tick[i]) }
    }
    set arrow 1 from graph 0, first 100 to graph 1, first 100 nohead lt 11 back
    plot ARG1.'.ticks' using 1:(NaN):xticlabels(2) with lines, \
         ARG1.'.paths' using 1:2:(thin($3, 165)) with lines lw 0.7 dt solid lc rgb variable, \
         for [i = 1:n_best] ARG1.'.best' index i - 1 using 1:2 with linespoints lt style_of[i] lw 1.8 ps 0.7 pn 9
    unset logscale; set ytics autofreq
}
