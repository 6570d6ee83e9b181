# points: panel, place between the bounds, value, chosen, share of the search that had passed.

set cbrange [0:1]
do for [p = 0:n_panels - 1] {
    call 'panel.gp' p / n_columns p % n_columns n_rows n_columns
    set xrange [-0.04:1.04]
    set yrange [value_lo:value_hi]
    unset xtics
    if (p % n_columns > 0) { set format y '' }
    plot ARG1.'.points' using ($1 == p ? $2 : NaN):3:5 with points pt 7 ps 0.45 lc palette, \
         ARG1.'.points' using ($1 == p && $4 == 1 ? $2 : NaN):3 with points pt 6 ps 1.2 lw 1.6 lc rgb INK
}
