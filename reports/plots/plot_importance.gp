# A panel for each model, a row for each feature. The report has set where the panels stand, because the names of the
# features stand beside their rows.
# bars: value, row, colour, panel; dots: value, row, panel

do for [p = 1:n_panels] {
    call 'panel.gp' 0 0 1 1
    set lmargin at screen panel_left[p]; set rmargin at screen panel_right[p]
    set tmargin at screen panel_top[p];  set bmargin at screen panel_bottom[p]
    set xrange [value_lo[p]:value_hi[p]]
    set yrange [-n_features[p] + 0.4:0.6]
    unset ytics; set border 1; set grid xtics; set xtics font FONT.',8'
    set xlabel (is_attention[p] ? 'Mean weight (%)' : 'Drop of average precision (points)') font FONT.',8.5' offset 0, 0.4
    if (value_lo[p] < 0) { set arrow 2 from 0, graph 0 to 0, graph 1 nohead lw 0.8 lc rgb INK front }
    plot ARG1.'.bars' using ($4 == p ? 0 : NaN):2:(0):1:($2 - 0.18):($2 + 0.18):3 with boxxyerror fc rgb variable, \
         ARG1.'.dots' using ($3 == p ? $1 : NaN):2 with points pt 7 ps 0.3 lc rgb 0xFFFFFF, \
         ARG1.'.dots' using ($3 == p ? $1 : NaN):2 with points pt 6 ps 0.3 lw 0.6 lc rgb INK
}
