# points: x, y, colour of the category, label (0 neither, 1 long, 2 short), in the order of time: what is drawn last says nothing.

do for [p = 0:1] {
    call 'panel.gp' 0 p 1 2
    set xrange [x_lo:x_hi]
    set yrange [y_lo:y_hi]
    unset tics; unset grid; set border 0
    if (p == 0) {
        plot ARG1.'.points' using 1:2:3 with points pt 7 ps 0.22 lc rgb variable
    } else {
        plot ARG1.'.points' using 1:2:($4 == 0 ? 0.35 : 0.17):($4 == 0 ? 1 : $4 == 1 ? 5 : 9):($4 == 0 ? 10 : $4 == 1 ? 2 : 3) \
             with points ps variable pt variable lc variable
    }
}
