# Left R, right C. epochs: epoch, R of training and validation, C of both.

do for [p = 0:1] {
    call 'panel.gp' 0 p 1 2
    set xrange [1:last > 1 ? last : 2]
    set yrange [p == 0 ? r_lo : c_lo:p == 0 ? r_hi : c_hi]
    set xlabel 'Epoch'
    if (last < 8) { set xtics 1 }
    if (best == best) { set arrow 1 from best, graph 0 to best, graph 1 nohead lt 11 }
    plot NaN, \
         ARG1.'.epochs' using 1:(column(2 + 2 * p)) with lines lt 2 lw 1.6, \
         ARG1.'.epochs' using 1:(column(3 + 2 * p)) with lines lt 3 lw 1.6
    unset arrow 1
}
