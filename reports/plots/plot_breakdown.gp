# At most two strategies a page, in halves of it: beside the report's table what the trades brought by hour of the entry (or fold, where all hours
# are one) and by month. first, second: place, percent of the account, a block for each strategy; ticks: time, label.

do for [row = 0:n_rows - 1] {
    call 'panel.gp' row 0 2 1
    set lmargin at screen first_left; set rmargin at screen first_right
    set xrange [first_lo:first_hi]
    set yrange [first_y_lo[row + 1]:first_y_hi[row + 1]]
    set xlabel (by_hour ? 'Hour of the entry (UTC)' : 'Fold')
    set ylabel 'P&L (% of the account)'
    set boxwidth 0.8
    if (by_hour) { set xtics 0, 4, 20 }
    set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.8 lc rgb INK front
    plot ARG1.'.first' index row using 1:($2 >= 0 ? $2 : NaN) with boxes fc rgb 0x5FA3D3, \
         ARG1.'.first' index row using 1:($2 < 0 ? $2 : NaN) with boxes fc rgb 0xE0894F

    call 'panel.gp' row 0 2 1
    set lmargin at screen second_left; set rmargin at screen page_right
    set xrange [time_from:time_to]
    set yrange [second_y_lo[row + 1]:second_y_hi[row + 1]]
    set xlabel 'Month of the exit'
    set boxwidth 2630000 * 0.8
    set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.8 lc rgb INK front
    plot ARG1.'.ticks' using 1:(NaN):xticlabels(2) with lines, \
         ARG1.'.second' index row using 1:($2 >= 0 ? $2 : NaN) with boxes fc rgb 0x5FA3D3, \
         ARG1.'.second' index row using 1:($2 < 0 ? $2 : NaN) with boxes fc rgb 0xE0894F
    set boxwidth
}
