# Above, the price with every entry and exit; below, single trades bar by bar, the best and the worst.
# path: time, low, high, close; marks: blocks of time, price: entries long, entries short, exits. zoom: a block for each
# panel of bar, open, high, low, close; legs: a block for each of entry bar, price, exit bar, price, side, profit or not.

all_top = page_top
split = page_bottom + 0.56 * (page_top - page_bottom)

call 'panel.gp' 0 0 1 1
set bmargin at screen split + 0.035
set xrange [time_from:time_to]
set yrange [price_lo:price_hi]
set grid xtics ytics
set ylabel 'Price'
plot ARG1.'.ticks' using 1:(NaN):xticlabels(2) with lines, \
     ARG1.'.path' using 1:2:3 with filledcurves fc rgb 0xD5DCE2, \
     ARG1.'.path' using 1:4 with lines lw 0.6 dt solid lc rgb 0x8595A3, \
     ARG1.'.marks' index 2 using 1:2 with points pt 2 ps 0.45 lw 0.8 lc rgb 0x707070, \
     ARG1.'.marks' index 0 using 1:2 with points pt 9 ps 0.75 lc rgb 0x0072B2, \
     ARG1.'.marks' index 1 using 1:2 with points pt 11 ps 0.75 lc rgb 0xD55E00

page_top = split - 0.085
gap_x = 0.055; gap_y = 0.105
do for [p = 0:n_zooms - 1] {
    call 'panel.gp' p/3 p%3 2 3
    set xrange [zoom_from[p + 1] - 1:zoom_to[p + 1] + 1]
    set yrange [zoom_lo[p + 1]:zoom_hi[p + 1]]
    set xtics font FONT.',8'
    set ytics zoom_lo[p + 1], 0.5 * (zoom_hi[p + 1] - zoom_lo[p + 1]) font FONT.',8'; set format y '%.6g'
    if (p >= 3) { set xlabel 'Bars after the entry' }
    plot ARG1.'.zoom' index p using 1:4:3 with filledcurves fc rgb 0xE6EAED, \
         ARG1.'.zoom' index p using 1:4:(0):($3 - $4) with vectors nohead lw 0.7 dt solid lc rgb 0x8595A3, \
         ARG1.'.zoom' index p using ($1 - 0.35):2:(0.35):(0) with vectors nohead lw 0.7 dt solid lc rgb 0x8595A3, \
         ARG1.'.zoom' index p using 1:5:(0.35):(0) with vectors nohead lw 0.7 dt solid lc rgb 0x8595A3, \
         ARG1.'.legs' index p using 1:2:($3 - $1):($4 - $2):($6 > 0 ? 0x0072B2 : 0xD55E00) \
             with vectors nohead lw 1.4 dt solid lc rgb variable, \
         ARG1.'.legs' index p using ($5 == 0 ? $1 : NaN):2 with points pt 9 ps 1.0 lc rgb 0x0072B2, \
         ARG1.'.legs' index p using ($5 == 1 ? $1 : NaN):2 with points pt 11 ps 1.0 lc rgb 0xD55E00, \
         ARG1.'.legs' index p using 3:4 with points pt 2 ps 0.8 lw 1.2 lc rgb 0x1A1A1A
}
page_top = all_top
