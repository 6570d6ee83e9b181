# A panel for each model. fits: epoch, training loss, validation loss, fits parted by empty lines;
# means: the same, their mean. Both files hold a block for each panel.

do for [p = 0:n_panels - 1] {
    call 'panel.gp' p/n_columns p%n_columns n_rows n_columns
    set xrange [1:epochs > 1 ? epochs : 2]
    set yrange [loss_lo[p + 1]:loss_hi[p + 1]]
    if (epochs <= 8) { set xtics 1 }
    if (p % n_columns == 0) { set ylabel 'Loss (mean per sample)' }
    if (p + n_columns >= n_panels) { set xlabel 'Epoch' }
    plot NaN, \
         ARG1.'.fits' index p using 1:2 with lines lw 0.5 lc rgb thin(2, 190), \
         ARG1.'.fits' index p using 1:3 with lines lw 0.5 lc rgb thin(3, 190), \
         ARG1.'.means' index p using 1:2 with lines lt 2 lw 2, \
         ARG1.'.means' index p using 1:3 with lines lt 3 lw 2
}
