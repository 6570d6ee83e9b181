# points: x, y, colour of the category, label (0 neither, 1 long, 2 short). Labelled ones are drawn last.

do for [p = 0:1] {
    call 'panel.gp' 0 p 1 2
    set xrange [x_lo:x_hi]
    set yrange [y_lo:y_hi]
    unset tics; unset grid; set border 0
    if (p == 0) {
        plot ARG1.'.points' using 1:2:3 with points pt 7 ps 0.22 lc rgb variable
    } else {
        plot ARG1.'.points' using ($4 == 0 ? $1 : NaN):2 with points lt 10 ps 0.3, \
             ARG1.'.points' using ($4 == 1 ? $1 : NaN):2 with points lt 2 ps 0.3, \
             ARG1.'.points' using ($4 == 2 ? $1 : NaN):2 with points lt 3 ps 0.35
    }
}
