# A row of panels for each strategy. Left, scatter: worst loss, best gain, 1 when the trade won. Right, histogram: return,
# share of trades after costs, share before costs. Both files hold a block for each strategy.

do for [row = 0:n_rows - 1] {
    call 'panel.gp' row 0 n_rows 2
    set xrange [mae_lo:mae_hi]
    set yrange [mfe_lo:mfe_hi]
    set ylabel 'MFE (%)'
    if (row == n_rows - 1) { set xlabel 'MAE, adverse (%)' }
    plot NaN, \
         ARG1.'.scatter' index row using 1:($3 == 0 ? $2 : NaN) with points pt 2 ps 0.4 lw 0.8 lc rgb 0x50D55E00, \
         ARG1.'.scatter' index row using 1:($3 == 1 ? $2 : NaN) with points pt 7 ps 0.35 lc rgb 0x500072B2

    call 'panel.gp' row 1 n_rows 2
    set xrange [net_lo:net_hi]
    set yrange [0:share_hi]
    set ylabel 'Trades (%)'
    if (row == n_rows - 1) { set xlabel 'Return per trade (%)' }
    set arrow 1 from 0, graph 0 to 0, graph 1 nohead lw 0.8 lc rgb INK front
    plot NaN, \
         ARG1.'.histogram' index row using 1:2:(0) with filledcurves y1=0 fc rgb 0xB9C6D0, \
         ARG1.'.histogram' index row using 1:3 with lines lt 13 lw 1.1
}
