# A data file on one page: price above, then volume, then the share of positive labels by month.
# bars: time, low, high, close, volume; gaps: from, to; months: time, long, short; ticks: time, label.

high_split = page_bottom + 0.46 * (page_top - page_bottom)
low_split  = page_bottom + 0.24 * (page_top - page_bottom)

call 'panel.gp' 0 0 1 1
set bmargin at screen high_split + 0.015
set xrange [time_from:time_to]
set yrange [price_lo:price_hi]
set grid xtics ytics
set format x ''
set ylabel 'Price'.(logarithmic ? ' (log scale)' : '')
if (logarithmic) {
    set logscale y
    set ytics (sprintf('%.6g', price_tick[1]) price_tick[1])
    do for [i = 2:n_price_ticks] { set ytics add (sprintf('%.6g', price_tick[i]) price_tick[i]) }
}
plot ARG1.'.ticks' using 1:(NaN):xticlabels('') with lines, \
     ARG1.'.gaps' using (0.5 * ($1 + $2)):(price_lo):1:2:(price_lo):(price_hi) with boxxyerror fc rgb 0xF3D9C6, \
     ARG1.'.bars' using 1:2:3 with filledcurves fc rgb 0x9CC3DE, \
     ARG1.'.bars' using 1:4 with lines lw 0.9 dt solid lc rgb LINE_COLOR[2]

unset logscale; set ytics autofreq
set tmargin at screen high_split - 0.015; set bmargin at screen low_split + 0.015
set yrange [0:volume_hi]
set ylabel 'Volume'
set format y '%.0s%c'; set ytics 0, 0.5 * volume_hi
if (has_volume) {
    plot ARG1.'.ticks' using 1:(NaN):xticlabels('') with lines, \
         ARG1.'.bars' using 1:5 with impulses lw 0.7 lc rgb LINE_COLOR[9]
} else {
    set label 1 'no volume in this file' at graph 0.5, 0.5 center tc rgb INK_SOFT
    set yrange [0:1]; set format y ''
    plot ARG1.'.ticks' using 1:(NaN):xticlabels('') with lines
    unset label 1
}

set format y '%g'; set ytics autofreq
mark = n_months > 48 ? 0 : 0.4
set tmargin at screen low_split - 0.015; set bmargin at screen page_bottom
set yrange [0:share_hi]
set ylabel 'Positive (%)'
set xlabel 'Time (UTC)'
plot ARG1.'.ticks' using 1:(NaN):xticlabels(2) with lines, \
     ARG1.'.months' using 1:2 with linespoints lt 2 lw 1.1 dt solid ps mark, \
     ARG1.'.months' using 1:3 with linespoints lt 3 lw 1.1 dt solid ps mark
